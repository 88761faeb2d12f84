//! Names, rooms, numbers and texts that look like others.

use std::fs;

use serde_json::{Value, json};

use crate::support::under_attack::{under_attack, under_attack_in};
use crate::support::{TestClient, TestServer};

fn in_the_lobby(server: &TestServer) -> TestClient {
    TestClient::joined(server.address, "bob", "lobby").0
}

/// Limits so high that tests can send much that is refused.
const PATIENT: [&str; 2] = ["--limit", "control-rate=100000"];

#[test]
fn a_name_that_looks_like_another_is_refused() {
    under_attack(&PATIENT, |server| {
        let bad = [
            "\u{410}dmin",
            "admin\u{200b}",
            "\u{202e}nimda",
            "a\u{301}b\u{301}",
            "",
            " ",
            "a b",
            "a\nb",
            "a\0b",
            "a\u{1b}b",
            "#x",
            "@x",
            "a/b",
            "\u{ad}x",
            "\u{2066}x",
        ];
        for name in bad {
            let mut peer = TestClient::connect(server.address);
            peer.send(&json!({"type": "hello", "user": name}));
            assert_eq!(peer.receive_error(), "bad_name", "{name:?}");
        }
        let mut long = TestClient::connect(server.address);
        long.send(&json!({"type": "hello", "user": "x".repeat(33)}));
        assert_eq!(long.receive_error(), "bad_name");
        for name in ["system", "SERVER", "Talk"] {
            let mut peer = TestClient::connect(server.address);
            peer.send(&json!({"type": "hello", "user": name}));
            assert!(["bad_name", "name_taken"].contains(&peer.receive_error().as_str()), "{name}");
        }
        let (_jose, welcome) = TestClient::hello(server.address, "Jos\u{e9}");
        assert_eq!(welcome["user"], "Jos\u{e9}");
        let mut other = TestClient::connect(server.address);
        other.send(&json!({"type": "hello", "user": "JOS\u{c9}"}));
        assert_eq!(other.receive_error(), "name_taken", "names that differ in case are one name");
    });
}

#[test]
fn a_look_alike_of_a_held_name_is_refused() {
    under_attack(&PATIENT, |server| {
        let real = ["bobby", "alice", "greg", "sam", "eve", "ole", "coco", "Mary", "Will"];
        let _held = real.map(|name| TestClient::hello(server.address, name).0);
        let hello = |name: &str| {
            let mut peer = TestClient::connect(server.address);
            peer.send(&json!({"type": "hello", "user": name}));
            peer
        };
        let alike = [
            "bօbby",
            "alᎥce",
            "ꓮlice",
            "ɑlice",
            "ɡreɡ",
            "aliᴄe",
            "ꜱam",
            "ⲉve",
            "b০bby",
            "bഠbby",
            "٥le",
            "сосо",
            "aIice",
            "a1ice",
            "alice.",
            "_alice",
            "ALICE_",
            "-sam",
            "b0bby",
            "rnary",
            "vvill",
            "ѕаm",
            "а1ісе",
            "еvе",
            "СОСО",
            "saⅿ",
            "a丨ice",
            "alіce",
            "samˈ",
            "ꓳꓡꓰ",
            "sаm_",
        ];
        for name in alike {
            let mut peer = hello(name);
            assert_eq!(peer.receive_error(), "bad_name", "{name}");
        }
        for name in alike.iter().filter(|name| name.parse::<talk::chat::UserName>().is_ok()) {
            let mut peer = hello(name);
            let refusal = peer.receive();
            let sentence = refusal["message"].as_str().unwrap();
            assert!(!sentence.contains(name) && !sentence.contains("alice"), "{sentence}");
            assert_eq!(peer.receive_close(), 4409, "{name}");
        }
        let (mut other, _) = TestClient::hello(server.address, "zed");
        for name in ["aIice", "сосо", "aliᴄe"] {
            other.send(&json!({"type": "nick", "user": name}));
            assert_eq!(other.receive_error(), "bad_name", "{name}, as a nick");
        }
        other.send(&json!({"type": "nick", "user": "Zed."}));
        assert_eq!(other.receive()["to"], "Zed.", "looks like its own old name");
        for name in ["сара", "Алёна", "محمد", "さくら", "José", "alicia", "bobby2"]
        {
            let (_peer, welcome) = TestClient::hello(server.address, name);
            assert_eq!(welcome["user"], name, "looks like no name that is held");
        }
        let mut sara = hello("capa");
        assert_eq!(sara.receive_error(), "bad_name", "looks like сара, who came first");
    });
}

#[test]
fn a_room_is_a_directory_inside_the_data_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    under_attack_in(folder.path(), &PATIENT, |server| {
        let mut bob = in_the_lobby(server);
        let bad = [
            "../../etc/x",
            "a/b",
            ".",
            "..",
            "...",
            "a\\b",
            "C:",
            "a b",
            "",
            "a\0b",
            "%2e%2e",
            "\u{202e}x",
            "lobby\u{200b}",
        ];
        for room in bad.into_iter().map(String::from).chain(["x".repeat(200)]) {
            bob.send(&json!({"type": "join", "room": room}));
            assert_eq!(bob.receive_error(), "bad_room", "{room:?}");
        }
        bob.post("lobby", "1", "hello");
        bob.receive_own("bob", "1");
    });
    let inside: Vec<String> = fs::read_dir(folder.path().join("data/rooms"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(inside.iter().all(|room| ["lobby", "square"].contains(&room.as_str())), "{inside:?}");
    let beside: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| name == "data" || name == "control"), "{beside:?}");
}

#[test]
fn an_author_in_a_post_is_ignored() {
    under_attack(&[], |server| {
        let mut bob = in_the_lobby(server);
        bob.send(&json!({
            "type": "post", "room": "lobby", "cid": "1", "text": "x",
            "user": "ann", "from": "ann", "nick": "ann", "seq": 99, "at": 1, "ts": 1, "admin": true
        }));
        let record = bob.receive_type("post");
        assert_eq!((&record["user"], &record["seq"]), (&json!("bob"), &json!(1)));
        assert!(record["at"].as_u64().unwrap() > 1_600_000_000_000 && record["admin"].is_null());
    });
}

#[test]
fn json_that_is_not_strict_is_refused_and_the_connection_stays_open() {
    under_attack(&PATIENT, |server| {
        let mut bob = in_the_lobby(server);
        let texts = [
            "[".repeat(60_000),
            r#"{"a":"#.repeat(10_000),
            "{\"type\":\"rooms\",\"x\":".to_owned() + &"[".repeat(33) + &"]".repeat(33) + "}",
            r#"{"type":"rooms","type":"rooms"}"#.to_owned(),
            r#"{"type":"rooms"} x"#.to_owned(),
            r#"{"type":"rooms","x":NaN}"#.to_owned(),
            r#"{"type":"rooms"/* no */}"#.to_owned(),
            "{'type':'rooms'}".to_owned(),
            "\u{feff}{\"type\":\"rooms\"}".to_owned(),
            r#"{"type":"rooms","x":"\ud800"}"#.to_owned(),
            r#"{"type":"rooms","x":"\udc00\ud800"}"#.to_owned(),
            r#"{"type":"rooms","x":"\q"}"#.to_owned(),
            "{\"type\":\"rooms\",\"x\":\"\t\"}".to_owned(),
            "{\"type\":\"rooms\",\"x\":\"\0\"}".to_owned(),
            r#"{"type":"rooms","x":01}"#.to_owned(),
        ];
        for text in &texts {
            bob.send_text(text);
            assert_eq!(bob.receive_error(), "bad_json", "{}", &text[..text.len().min(60)]);
        }
        for number in
            ["1e999999", "-0", "1e-999", "123456789012345678901234567890", "9007199254740993"]
        {
            bob.send_text(&format!(r#"{{"type":"rooms","x":{number}}}"#));
            let answer = bob.receive();
            assert!(
                answer["type"] == "rooms" || answer["code"] == "bad_json",
                "{number}: {answer}"
            );
            bob.send_text(&format!(r#"{{"type":"history","room":"lobby","after":{number}}}"#));
            let answer = bob.receive();
            let is_zero = number == "-0" || number == "1e-999";
            let refused =
                ["bad_message", "bad_json"].contains(&answer["code"].as_str().unwrap_or(""));
            assert!(refused || is_zero && answer["type"] == "history", "{number}: {answer}");
        }
    });
}

#[test]
fn a_text_is_stored_exactly_as_written_or_refused() {
    under_attack(&PATIENT, |server| {
        let mut bob = in_the_lobby(server);
        let fine = [
            "\u{202e}right to left",
            "a\u{200d}b",
            "\u{1f468}\u{200d}\u{1f469}",
            "a\tb\nc",
            "\u{2028}\u{2029}",
            "<script>alert(1)</script>",
            "\\ \" / <",
            "__proto__",
            "\n{\"seq\":9999}",
            "\u{301}\u{301}\u{301}",
        ];
        for (n, text) in fine.into_iter().enumerate() {
            bob.post("lobby", &format!("f{n}"), text);
            let record: Value = bob.receive_with_cid(&format!("f{n}"));
            assert_eq!(record["text"], text);
        }
        for (n, text) in
            ["a\0b", "\u{7f}", "\u{9b}31m", "\u{1b}[2J", "a\rb", "\u{8}"].into_iter().enumerate()
        {
            bob.post("lobby", &format!("b{n}"), text);
            assert_eq!(bob.receive_with_cid(&format!("b{n}"))["code"], "bad_text", "{text:?}");
        }
    });
}
