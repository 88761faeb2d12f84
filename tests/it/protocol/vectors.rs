//! Messages and values against `tests/vectors/wire`, against which the page's are tested too.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use talk::chat::protocol::{ClientMessage, ServerMessage};
use talk::chat::{Rejection, RoomName, Text, UserName};
use talk::json;

#[test]
fn every_request_is_read_or_refused_as_the_vectors_say() {
    for case in cases("requests") {
        let text = text(&case["text"]);
        match ClientMessage::parse(text, 4096, json::Limits::default()) {
            Ok(request) => {
                assert_eq!(case["ok"], true, "{text}");
                let again = ClientMessage::parse(&request.encode(), 4096, json::Limits::default());
                assert_eq!(again.as_ref(), Ok(&request), "{text}");
            }
            Err(refused) => {
                assert_eq!(case["code"], refused.code.as_str(), "{text}: {}", refused.message);
                let optional = |key: &str| case.get(key).map(|value| self::text(value).to_owned());
                assert_eq!(refused.cid.map(|cid| cid.to_string()), optional("cid"), "{text}");
                assert_eq!(refused.room.map(|room| room.to_string()), optional("room"), "{text}");
            }
        }
    }
}

#[test]
fn every_reply_is_read_and_written_as_the_vectors_say() {
    for case in cases("replies") {
        let text = text(&case["text"]);
        match ServerMessage::parse(text) {
            Ok(reply) => {
                assert_eq!(case["ok"], true, "{text}");
                let expected = case
                    .get("reads_as")
                    .cloned()
                    .unwrap_or_else(|| serde_json::from_str(text).unwrap());
                let written: Value = serde_json::from_str(&reply.encode()).unwrap();
                assert_eq!(written, expected, "{text}");
            }
            Err(rejection) => refused(&case, &rejection),
        }
    }
}

#[test]
fn every_name_room_and_text_is_accepted_or_refused_as_the_vectors_say() {
    for case in cases("names") {
        match text(&case["text"]).parse::<UserName>() {
            Ok(name) => {
                assert_eq!(case["ok"], true, "{name}");
                if let Some(key) = case.get("key") {
                    assert_eq!(name.key(), text(key));
                }
                let is_claimable = name.check_claimable().is_ok();
                assert_eq!(is_claimable, case.get("new") != Some(&false.into()), "{name}");
            }
            Err(rejection) => refused(&case, &rejection),
        }
    }
    for case in cases("rooms") {
        match text(&case["text"]).parse::<RoomName>() {
            Ok(room) => assert_eq!(case["name"], room.as_str()),
            Err(rejection) => refused(&case, &rejection),
        }
    }
    for case in cases("texts") {
        match Text::parse(text(&case["text"]), 16) {
            Ok(kept) => assert_eq!(case["kept"], kept.as_str()),
            Err(rejection) => refused(&case, &rejection),
        }
    }
}

#[test]
fn names_look_alike_as_the_vectors_say() {
    let file = file("names");
    let groups = file["look_alikes"].as_array().unwrap();
    let skeletons = |group: &Value| -> Vec<Vec<String>> {
        let names = group.as_array().unwrap().iter();
        names.map(|name| text(name).parse::<UserName>().unwrap().skeletons()).collect()
    };
    let share = |one: &[String], other: &[String]| one.iter().any(|one| other.contains(one));
    for (i, group) in groups.iter().enumerate() {
        let names = skeletons(group);
        assert!(names.iter().all(|name| share(name, &names[0])), "{group}");
        for other in &groups[i + 1..] {
            let others = skeletons(other);
            assert!(!names.iter().any(|name| share(name, &others[0])), "{group} {other}");
        }
    }
}

fn refused(case: &Value, rejection: &Rejection) {
    assert_eq!(case["code"], rejection.code.as_str(), "{}: {rejection}", case["text"]);
}

fn cases(name: &str) -> Vec<Value> {
    file(name)["cases"].as_array().unwrap().clone()
}

fn file(name: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/wire/{name}.json"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
