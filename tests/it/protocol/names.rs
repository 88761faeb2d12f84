//! Whose name is whose.

use serde_json::json;

use crate::support::under_attack::besieged;
use crate::support::{Peer, Running};

#[test]
fn the_first_message_must_be_a_right_hello() {
    besieged(&[], |server| {
        for (message, code, close) in [
            (json!({"type": "rooms"}), "bad_message", 4400),
            (json!({"type": "hello"}), "bad_message", 4400),
            (json!({"type": "hello", "user": ""}), "bad_name", 4400),
            (json!({"type": "hello", "user": "two words"}), "bad_name", 4400),
            (json!({"type": "hello", "user": "\u{0410}dmin"}), "bad_name", 4400),
            (json!({"type": "hello", "user": "admin\u{200b}"}), "bad_name", 4400),
            (json!({"type": "hello", "user": "server"}), "bad_name", 4400),
        ] {
            let mut peer = Peer::connect(server.address);
            peer.say(&message);
            assert_eq!(peer.hear_error(), code, "{message}");
            assert_eq!(peer.hear_close(), close, "{message}");
        }
    });
}

#[test]
fn a_held_name_needs_its_token() {
    besieged(&[], |server| {
        let (mut laptop, welcome) = Peer::joined_with_welcome(server.address, "bob");
        let token = welcome["token"].as_str().unwrap();
        assert_eq!(token.len(), 32);

        let mut thief = Peer::connect(server.address);
        thief.say(&json!({"type": "hello", "user": "BOB"}));
        assert_eq!(thief.hear_error(), "name_taken");
        assert_eq!(thief.hear_close(), 4409);

        let mut phone = Peer::connect(server.address);
        phone.say(
            &json!({"type": "hello", "user": "bob", "token": token, "join": [{"room": "lobby"}]}),
        );
        assert_eq!(phone.hear()["token"], token);
        assert_eq!(phone.hear()["members"], json!(["bob"]), "one person on two devices");
        laptop.hears_nothing();

        drop(phone);
        drop(laptop);
        let mut thief = Peer::connect(server.address);
        thief.say(&json!({"type": "hello", "user": "bob"}));
        assert_eq!(thief.hear_error(), "name_taken", "held for its holder after a drop");
    });
}

#[test]
fn a_nick_is_claimed_like_a_name_and_told_to_the_room() {
    besieged(&[], |server| {
        let mut alice = Peer::joined(server.address, "alice", "lobby").0;
        let mut bob = Peer::joined(server.address, "bob", "lobby").0;
        alice.hear();
        bob.say(&json!({"type": "nick", "user": "ALICE"}));
        assert_eq!(bob.hear_error(), "name_taken");
        bob.say(&json!({"type": "nick", "user": "robert"}));
        let renamed = bob.hear();
        assert_eq!((&renamed["user"], &renamed["to"]), (&json!("bob"), &json!("robert")));
        assert_eq!(renamed["token"].as_str().map(str::len), Some(32));
        assert_eq!(alice.hear(), json!({"type": "renamed", "user": "bob", "to": "robert"}));
        bob.post("lobby", "c", "as robert");
        assert_eq!(alice.hear()["user"], "robert");
        bob.say(&json!({"type": "nick", "user": "Robert"}));
        assert_eq!(bob.hear()["type"], "post");
        assert_eq!(bob.hear()["to"], "Robert", "the same claim, spelled anew");
    });
}

#[test]
fn a_device_that_is_renamed_leaves_its_old_name_to_the_other_device() {
    let server = Running::start(&[]);
    let mut alice = Peer::joined(server.address, "alice", "lobby").0;
    let (_laptop, welcome) = Peer::joined_with_welcome(server.address, "bob");
    alice.hear();
    let mut phone = Peer::connect(server.address);
    let token = &welcome["token"];
    phone
        .say(&json!({"type": "hello", "user": "bob", "token": token, "join": [{"room": "lobby"}]}));
    phone.hear_type("joined");
    phone.say(&json!({"type": "nick", "user": "phone"}));
    let presence = alice.hear();
    assert_eq!((&presence["user"], &presence["state"]), (&json!("phone"), &json!("joined")));
    alice.say(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(alice.hear()["members"], json!(["alice", "bob", "phone"]));
}
