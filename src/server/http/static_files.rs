//! The files of the web page, embedded in the binary: the server never reads them from disk.
//!
//! A fixed table: a path that is not in it is not found, however it is written.

use crate::http::{Method, Request, Response, Status};

/// One file: its path, its type, its bytes.
struct File {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// The files of `static/`, each by its own name.
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
    "acts.js" is JS,
    "address.js" is JS,
    "changes.js" is JS,
    "commands.js" is JS,
    "complete.js" is JS,
    "emoji.js" is JS,
    "histories.js" is JS,
    "house.js" is JS,
    "link.js" is JS,
    "main.js" is JS,
    "marker.js" is JS,
    "marks.js" is JS,
    "markup.js" is JS,
    "mentions.js" is JS,
    "notice.js" is JS,
    "outbox.js" is JS,
    "people.js" is JS,
    "places.js" is JS,
    "queue.js" is JS,
    "recall.js" is JS,
    "room.js" is JS,
    "rows.js" is JS,
    "search.js" is JS,
    "seek.js" is JS,
    "session.js" is JS,
    "socket.js" is JS,
    "store.js" is JS,
    "switcher.js" is JS,
    "tabs.js" is JS,
    "taste.js" is JS,
    "text.js" is JS,
    "times.js" is JS,
    "view-acts.js" is JS,
    "view-composer.js" is JS,
    "view-copy.js" is JS,
    "view-dom.js" is JS,
    "view-door.js" is JS,
    "view-line.js" is JS,
    "view-log.js" is JS,
    "view-notice.js" is JS,
    "view-settings.js" is JS,
    "view-switcher.js" is JS,
    "view-text.js" is JS,
    "view.js" is JS,
    "visits.js" is JS,
    "wire.js" is JS,
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

    #[test]
    fn every_file_of_the_folder_is_served_under_its_name() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/static");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = format!("/{}", file.unwrap().file_name().into_string().unwrap());
            assert_eq!(get("GET", &path, "").unwrap().status(), Status::OK, "{path}");
        }
    }

    #[test]
    fn a_browser_takes_the_manifest_for_one() {
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
