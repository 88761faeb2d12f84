//! The files of the web page, embedded in the binary: the server never reads them from disk.
//!
//! A fixed table: a path that is not in it, in any spelling, is not found.

use crate::http::{Method, Request, Response, Status};

/// One file: its path, its type, its bytes.
struct File {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// The files of `static/`, each by its path in it.
macro_rules! files {
    ($($name:literal is $content_type:expr),+ $(,)?) => {
        &[$(File {
            path: concat!("/", $name),
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../../static/", $name)),
        }),+]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const MANIFEST: &str = "application/manifest+json";

/// The first is the page.
const FILES: &[File] = files![
    "index.html" is HTML,
    "style.css" is CSS,
    "icon.svg" is SVG,
    "icon-maskable.svg" is SVG,
    "manifest.webmanifest" is MANIFEST,
    "actions.js" is JS,
    "client.js" is JS,
    "local-actions.js" is JS,
    "main.js" is JS,
    "model/chat.js" is JS,
    "model/commands.js" is JS,
    "model/completion.js" is JS,
    "model/edits.js" is JS,
    "model/goto.js" is JS,
    "model/history-requests.js" is JS,
    "model/history-window.js" is JS,
    "model/input-history.js" is JS,
    "model/member-requests.js" is JS,
    "model/members.js" is JS,
    "model/mentions.js" is JS,
    "model/notification.js" is JS,
    "model/own-names.js" is JS,
    "model/people.js" is JS,
    "model/read-position.js" is JS,
    "model/read-marker-sender.js" is JS,
    "model/refusals.js" is JS,
    "model/room.js" is JS,
    "model/room-choices.js" is JS,
    "model/search.js" is JS,
    "model/suggestions.js" is JS,
    "model/unread.js" is JS,
    "model/url.js" is JS,
    "navigation.js" is JS,
    "protocol/connection.js" is JS,
    "protocol/messages.js" is JS,
    "protocol/names.js" is JS,
    "protocol/outbox.js" is JS,
    "protocol/session.js" is JS,
    "protocol/socket.js" is JS,
    "protocol/subscriptions.js" is JS,
    "storage/outbox-store.js" is JS,
    "storage/preferences.js" is JS,
    "storage/store.js" is JS,
    "storage/tabs.js" is JS,
    "text/emoji.js" is JS,
    "text/markup.js" is JS,
    "text/room-links.js" is JS,
    "text/text.js" is JS,
    "text/time.js" is JS,
    "view/announcer.js" is JS,
    "view/appearance.js" is JS,
    "view/composer.js" is JS,
    "view/copying.js" is JS,
    "view/dom.js" is JS,
    "view/field-error.js" is JS,
    "view/login.js" is JS,
    "view/message.js" is JS,
    "view/message-actions.js" is JS,
    "view/message-list.js" is JS,
    "view/notices.js" is JS,
    "view/notifications.js" is JS,
    "view/page.js" is JS,
    "view/people.js" is JS,
    "view/rename.js" is JS,
    "view/rich-text.js" is JS,
    "view/room-picker.js" is JS,
    "view/rows.js" is JS,
    "view/settings.js" is JS,
    "view/suggestions.js" is JS,
];

/// The response for a path of the page, or `None`. `/r/ROOM` is the page too: it reads the room from its
/// URL.
pub(crate) fn find(request: &Request) -> Option<Response> {
    let path = request.target.path.as_str();
    let is_page = path == "/" || path.strip_prefix("/r/").is_some_and(|room| !room.contains('/'));
    let file =
        if is_page { FILES.first()? } else { FILES.iter().find(|file| file.path == path)? };
    if !matches!(request.method, Method::Get | Method::Head) {
        let message = "only GET and HEAD work here";
        let refused = Response::error(Status::METHOD_NOT_ALLOWED, message);
        return Some(refused.header("Allow", "GET, HEAD"));
    }
    let tag = tag(file.bytes);
    let known = request.headers.list("If-None-Match").any(|known| known == tag || known == "*");
    let response = if known {
        Response::new(Status::NOT_MODIFIED)
    } else {
        Response::with_body(Status::OK, file.content_type, file.bytes)
    };
    Some(response.header("ETag", tag).header("Cache-Control", "no-cache"))
}

/// An entity tag of the content: 64-bit FNV-1a, which is enough to distinguish two builds.
fn tag(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("\"{hash:016x}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Parser;

    fn get(method: &str, path: &str, header: &str) -> Option<Response> {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
        find(&Parser::new().feed(head.as_bytes()).unwrap().unwrap().0)
    }

    fn paths(folder: &std::path::Path, below: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{below}/{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                found.extend(paths(&entry.path(), &path));
            } else {
                found.push(path);
            }
        }
        found
    }

    #[test]
    fn every_file_of_the_folder_is_served_under_its_path() {
        let found = paths(concat!(env!("CARGO_MANIFEST_DIR"), "/static").as_ref(), "");
        assert_eq!(found.len(), FILES.len());
        for path in found {
            assert_eq!(get("GET", &path, "").unwrap().status(), Status::OK, "{path}");
        }
    }

    #[test]
    fn the_manifest_has_the_media_type_of_one() {
        let manifest = get("GET", "/manifest.webmanifest", "").unwrap();
        let bytes = manifest.to_bytes();
        assert!(
            String::from_utf8_lossy(&bytes)
                .contains("\r\nContent-Type: application/manifest+json\r\n")
        );
    }

    #[test]
    fn the_page_is_at_the_root_and_at_each_room() {
        let page = get("GET", "/", "");
        assert_eq!(page, get("GET", "/index.html", ""));
        assert_eq!(page, get("GET", "/r/lobby", ""));
        assert_eq!(page, get("GET", "/r/@alice+bob", ""));
        assert_eq!(page, get("GET", "/r/@alice+%D0%BE%D0%BB%D1%8F", ""));
        for path in ["/r/a/b", "/r", "/../Cargo.toml", "/%2e%2e/", "/.git/config", "/%69ndex.html"]
        {
            assert!(get("GET", path, "").is_none(), "{path}");
        }
    }

    #[test]
    fn a_file_the_browser_has_is_not_sent_again() {
        let header = format!("If-None-Match: W/\"x\", {}\r\n", tag(FILES[0].bytes));
        assert_eq!(get("GET", "/", &header).unwrap().status(), Status::NOT_MODIFIED);
        assert_eq!(get("GET", "/", "If-None-Match: \"x\"\r\n").unwrap().status(), Status::OK);
    }

    #[test]
    fn a_file_cannot_be_written() {
        let refused = get("DELETE", "/", "").unwrap();
        assert_eq!(refused.status(), Status::METHOD_NOT_ALLOWED);
    }
}
