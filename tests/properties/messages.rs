//! The protocol's messages, both ways: any text as a client's and as a server's.

use talk::chat::protocol::{ClientMessage, NUMBER_MAX, ServerMessage};
use talk::chat::{ErrorCode, RoomName};
use talk::{json, limits};

/// An accepted message is written as strict JSON on one line, and read again as it was. A rejection
/// repeats nothing of the rejected text, and is itself a message.
pub(crate) fn any_bytes(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    request(text);
    reply(text);
}

fn request(text: &str) {
    match ClientMessage::parse(text, limits::TEXT, json::Limits::default()) {
        Ok(request) => {
            let again = one_line(&request.encode());
            let read = ClientMessage::parse(&again, limits::TEXT, json::Limits::default());
            assert_eq!(read.as_ref(), Ok(&request), "{again}");
            assert_eq!(read.map(|request| request.encode()), Ok(again));
            rules(text);
        }
        Err(refused) => {
            assert!(refused.message.is_ascii(), "{}", refused.message);
            assert!(refused.message.bytes().all(|byte| !byte.is_ascii_control()));
            assert!(refused.cid.is_none() || refused.room.is_none(), "one of them says which");
            let written = one_line(&ServerMessage::Error(refused.clone()).encode());
            let Ok(ServerMessage::Error(error)) = ServerMessage::parse(&written) else {
                panic!("{written} is no error")
            };
            assert_eq!(
                (error.code, error.cid, error.room),
                (refused.code, refused.cid, refused.room)
            );
        }
    }
}

fn reply(text: &str) {
    match ServerMessage::parse(text) {
        Ok(reply) => {
            let again = one_line(&reply.encode());
            let read = ServerMessage::parse(&again);
            assert_eq!(read.as_ref(), Ok(&reply), "{again}");
            assert_eq!(read.map(|reply| reply.encode()), Ok(again));
            if let ServerMessage::Other(value) = reply {
                let room = ServerMessage::unknown_record(&value).map(|(room, ..)| room);
                assert!(room.is_none_or(|room| value.get("room").is_some() && !room.as_str().is_empty()));
            }
        }
        Err(rejection) => {
            assert!(rejection.message.is_ascii(), "{}", rejection.message);
            let strict = json::parse(text).is_ok();
            assert_eq!(strict, rejection.code != ErrorCode::BadJson, "{rejection}");
        }
    }
}

fn one_line(json: &str) -> String {
    assert!(!json.contains(['\n', '\r', '\0']), "{json:?}");
    serde_json::from_str::<serde_json::Value>(json).expect("what we write others read");
    json.to_owned()
}

/// What an accepted client message must not contain, searched in the text itself.
fn rules(text: &str) {
    let value: serde_json::Value = serde_json::from_str(text).expect("strict JSON is JSON");
    let number = |key: &str| value.get(key).and_then(serde_json::Value::as_u64);
    for key in ["target", "reply", "seq", "before", "after", "limit"] {
        let used = match value["type"].as_str() {
            Some("edit" | "delete") => key == "target",
            Some("post" | "direct") => key == "reply",
            Some("mark") => key == "seq",
            Some("history") => matches!(key, "before" | "after" | "limit"),
            _ => false,
        };
        assert!(!used || number(key).is_none_or(|number| number <= NUMBER_MAX), "{key}");
    }
    let said = value["text"].as_str().unwrap_or_default();
    if matches!(value["type"].as_str(), Some("post" | "edit" | "direct" | "topic" | "away")) {
        let kept = said.trim_end_matches(['\r', '\n']);
        assert!(kept.len() <= limits::TEXT);
        assert!(!kept.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "{kept:?}");
    }
    if let Some(room) = value["room"].as_str()
        && !matches!(
            value["type"].as_str(),
            Some("hello" | "nick" | "rooms" | "direct" | "away" | "back")
        )
    {
        let room: RoomName = room.parse().expect("a request names a room that can be");
        assert_eq!(room.as_str().parse().as_ref(), Ok(&room), "{room}");
    }
}
