//! The protocol's messages: hello, join, post, presence, typing, and the errors.

use serde_json::json;

use crate::support::under_attack::under_attack;
use crate::support::{TestClient, TestServer};

#[test]
fn two_members_receive_the_same_record_and_the_sender_its_cid() {
    let server = TestServer::start(&[]);
    let (mut alice, joined) = TestClient::joined(server.address, "alice", "lobby");
    assert_eq!(joined["members"], json!(["alice"]));
    assert_eq!(
        (&joined["first"], &joined["head"], &joined["since"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!((&joined["reset"], &joined["count"]), (&json!(false), &json!(1)));
    let (mut bob, joined) = TestClient::joined(server.address, "bob", "#lobby");
    assert_eq!(joined["members"], json!(["alice", "bob"]));
    assert_eq!(
        alice.receive(),
        json!({"type": "presence", "room": "lobby", "user": "bob", "state": "joined", "count": 2})
    );

    let text = "one\n\ttwo <b> \u{202e} \u{2028} \\ \" 😀";
    alice.post("lobby", "c-1", text);
    let record = alice.receive();
    assert_eq!(record, bob.receive());
    assert!(record["at"].as_u64().unwrap() > 1_600_000_000_000);
    let expected = json!({"type": "post", "room": "lobby", "seq": 1, "at": record["at"],
        "user": "alice", "cid": "c-1", "text": text});
    assert_eq!(record, expected);

    bob.send(
        &json!({"type": "post", "room": "lobby", "cid": "c-2", "text": "waves", "kind": "me"}),
    );
    assert_eq!(alice.receive()["kind"], "me");
    drop(bob);
    assert_eq!(alice.receive()["state"], "left");
}

#[test]
fn a_repeated_cid_is_one_record_and_answered_to_its_sender_alone() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    alice.receive();
    alice.post("lobby", "c", "once");
    let record = alice.receive();
    assert_eq!(bob.receive(), record);
    alice.post("lobby", "c", "once");
    assert_eq!(alice.receive(), record, "the original again");
    alice.post("lobby", "c", "something else");
    assert_eq!(alice.receive()["code"], "cid_conflict");
    bob.receives_nothing();
    bob.post("lobby", "c", "my own c"); // the same cid of another owner is another cid
    assert_eq!(bob.receive()["seq"], 2);
}

#[test]
fn an_error_names_its_request_and_the_connection_stays_open() {
    under_attack(&["--max-text", "20"], |server| {
        let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
        let long = "c".repeat(65);
        for (message, code) in [
            ("{", "bad_json"),
            (r#"{"type":"post","type":"post"}"#, "bad_json"),
            ("[1]", "bad_message"),
            (r#"{"type":"dance"}"#, "unknown_type"),
            (r#"{"room":"lobby"}"#, "bad_message"),
            (r#"{"type":"post","room":"lobby","text":"x"}"#, "bad_message"),
            (r#"{"type":"post","room":"lobby","cid":"","text":"x"}"#, "bad_message"),
            (r#"{"type":"post","room":"lobby","cid":7,"text":"x"}"#, "bad_message"),
            (r#"{"type":"post","room":"lobby","cid":{},"text":"x"}"#, "bad_message"),
            (r#"{"type":"post","room":"lobby","cid":"é","text":"x"}"#, "bad_message"),
            (
                &format!(r#"{{"type":"post","room":"lobby","cid":"{long}","text":"x"}}"#),
                "bad_message",
            ),
            (r#"{"type":"post","room":"lobby","cid":"c","text":7}"#, "bad_message"),
            (r#"{"type":"post","room":"lobby","cid":"c","text":""}"#, "bad_text"),
            (r#"{"type":"post","room":"lobby","cid":"c","text":"\u001b[2J"}"#, "bad_text"),
            (
                r#"{"type":"post","room":"lobby","cid":"c","text":"more than twenty bytes"}"#,
                "too_long",
            ),
            (r#"{"type":"post","room":"other","cid":"c","text":"x"}"#, "not_joined"),
            (r#"{"type":"join","room":"../etc"}"#, "bad_room"),
            (r#"{"type":"join","room":"lobby","since":-1}"#, "bad_message"),
            (r#"{"type":"join","room":"lobby","since":1.5}"#, "bad_message"),
            (r#"{"type":"join","room":"lobby","since":"5"}"#, "bad_message"),
            (r#"{"type":"join","room":"lobby","since":null}"#, "bad_message"),
            (r#"{"type":"join","room":"lobby","since":9007199254740993}"#, "bad_message"), // 2^53+1
            (r#"{"type":"join","room":"lobby","since":18446744073709551616}"#, "bad_message"), // 2^64
            (r#"{"type":"leave","room":"other"}"#, "not_joined"),
            (r#"{"type":"who","room":"other"}"#, "not_joined"),
            (r#"{"type":"history","room":"lobby"}"#, "bad_message"),
            (r#"{"type":"hello","user":"bob"}"#, "bad_message"),
        ] {
            bob.send_text(message);
            assert_eq!(bob.receive_error(), code, "{message}");
        }
        bob.send_text(r#"{"type":"post","room":"other","cid":"c-9","text":"x"}"#);
        assert_eq!(bob.receive()["cid"], "c-9");
        bob.send_text(r#"{"type":"who","room":"other"}"#);
        assert_eq!(bob.receive()["room"], "other");
        bob.send_text(r#"{"type":"post","room":"lobby","cid":"c","text":"fine","color":"red"}"#);
        assert_eq!(
            bob.receive()["seq"],
            1,
            "nothing above was stored; an unknown field is ignored"
        );
    });
}

#[test]
fn several_rooms_on_one_connection_are_numbered_separately() {
    let server = TestServer::start(&[]);
    let mut bob = TestClient::connect(server.address);
    bob.send(&json!({"type": "hello", "user": "bob", "agent": "bot",
        "join": [{"room": "lobby"}, {"room": "rust", "since": "now"}]}));
    assert_eq!(bob.receive()["type"], "welcome");
    assert_eq!(bob.receive()["room"], "lobby");
    assert_eq!(bob.receive()["room"], "rust");
    bob.post("rust", "a", "in rust");
    bob.post("lobby", "a", "in the lobby: the same cid, another room");
    assert_eq!((bob.receive()["seq"].clone(), bob.receive()["seq"].clone()), (json!(1), json!(1)));
    bob.send(&json!({"type": "rooms"}));
    assert_eq!(
        bob.receive()["rooms"],
        json!([{"name": "lobby", "head": 1, "members": 1}, {"name": "rust", "head": 1, "members": 1}])
    );
    bob.send(&json!({"type": "leave", "room": "rust"}));
    assert_eq!(bob.receive(), json!({"type": "left", "room": "rust"}));
    bob.post("rust", "b", "from outside");
    assert_eq!(bob.receive_error(), "not_joined");
}

#[test]
fn typing_is_sent_to_the_others_at_a_limited_rate() {
    under_attack(&[], |server| {
        let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
        let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
        alice.receive();
        for _ in 0..5 {
            bob.send(&json!({"type": "typing", "room": "lobby"}));
        }
        bob.post("lobby", "c", "done");
        assert_eq!(alice.receive(), json!({"type": "typing", "room": "lobby", "user": "bob"}));
        assert_eq!(alice.receive()["type"], "post", "five in a row are sent once");
        assert_eq!(bob.receive()["type"], "post", "no client gets its own typing");
    });
}

#[test]
fn the_list_of_members_is_sent_to_members() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
    let _bob = TestClient::joined(server.address, "Bob", "lobby");
    alice.receive();
    alice.send(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(
        alice.receive(),
        json!({"type": "members", "room": "lobby", "members": ["alice", "Bob"]})
    );
}

#[test]
fn many_members_are_counted_and_not_listed() {
    let server = TestServer::start(&[]);
    let crowd: Vec<TestClient> =
        (0..101).map(|n| TestClient::joined(server.address, &format!("u{n}"), "lobby").0).collect();
    let (mut last, joined) = TestClient::joined(server.address, "last", "lobby");
    assert_eq!((&joined["count"], &joined["members"]), (&json!(102), &json!(null)));
    let presence = last.receive_type("presence");
    assert_eq!((&presence["user"], &presence["state"]), (&json!(null), &json!(null)));
    assert!(presence["count"].as_u64() >= Some(101), "{presence}");
    drop(crowd);
}

#[test]
fn a_client_may_join_fifty_rooms_and_no_more() {
    under_attack(&[], |server| {
        let (mut bob, _) = TestClient::hello(server.address, "bob");
        for n in 0..51 {
            bob.send(&json!({"type": "join", "room": format!("room-{n}")}));
        }
        for _ in 0..50 {
            bob.receive_type("joined");
        }
        assert_eq!(bob.receive_type("error")["code"], "too_many_rooms");
    });
}

#[test]
fn a_post_too_fast_is_refused_with_a_time_to_wait_and_not_stored() {
    under_attack(&["--rate", "5", "--burst", "3"], |server| {
        let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
        for n in 0..4 {
            bob.post("lobby", &format!("c{n}"), "quick");
        }
        assert_eq!(bob.receive_seqs(3), [1, 2, 3]);
        let error = bob.receive();
        assert_eq!((&error["code"], &error["cid"]), (&json!("rate_limited"), &json!("c3")));
        let retry = error["retry_ms"].as_u64().unwrap();
        assert!((1..=201).contains(&retry), "{retry}");
        loop {
            bob.post("lobby", "c3", "quick");
            let answer = bob.receive();
            if answer["type"] == "post" {
                assert_eq!(answer["seq"], 4);
                return;
            }
            assert_eq!(answer["code"], "rate_limited");
        }
    });
}

#[test]
fn a_client_that_floods_for_ten_seconds_is_closed_with_4429() {
    under_attack(&["--rate", "5"], |server| {
        let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
        let mut writer = bob.socket.get_ref().try_clone().unwrap();
        let flood = std::thread::spawn(move || {
            let message = crate::support::raw_client::text(r#"{"type":"nonsense"}"#);
            while std::io::Write::write_all(&mut writer, &message).is_ok() {}
        });
        bob.socket.get_ref().set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        assert_eq!(bob.receive_close(), 4429);
        drop(bob);
        flood.join().unwrap();
    });
}

#[test]
fn a_flooding_client_that_disconnects_is_dropped_at_once() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    // The server would delay all of these for over six seconds, and then the message.
    let nonsense = crate::support::raw_client::text(r#"{"type":"nonsense"}"#).repeat(150);
    let line = r#"{"type":"post","room":"lobby","cid":"1","text":"the last of it"}"#;
    let flood = [nonsense, crate::support::raw_client::text(line)].concat();
    std::io::Write::write_all(bob.socket.get_mut(), &flood).unwrap();
    drop(bob);
    let received = std::iter::repeat_with(|| alice.receive());
    let mut received = received.skip_while(|received| received["state"] == "joined");
    assert_eq!(received.next().unwrap()["state"], "left");
}
