//! Names: who owns one, renames, and names that look alike.

use serde_json::json;

use crate::support::TestClient;
use crate::support::under_attack::under_attack;

#[test]
fn the_first_message_must_be_a_valid_hello() {
    under_attack(&[], |server| {
        for (message, code, close) in [
            (json!({"type": "rooms"}), "bad_message", 4400),
            (json!({"type": "hello"}), "bad_message", 4400),
            (json!({"type": "hello", "user": ""}), "bad_name", 4400),
            (json!({"type": "hello", "user": "two words"}), "bad_name", 4400),
            (json!({"type": "hello", "user": "\u{0410}dmin"}), "bad_name", 4400),
            (json!({"type": "hello", "user": "admin\u{200b}"}), "bad_name", 4400),
            (json!({"type": "hello", "user": "server"}), "bad_name", 4400),
        ] {
            let mut peer = TestClient::connect(server.address);
            peer.send(&message);
            assert_eq!(peer.receive_error(), code, "{message}");
            assert_eq!(peer.receive_close(), close, "{message}");
        }
    });
}

#[test]
fn a_name_that_is_owned_needs_its_token() {
    under_attack(&[], |server| {
        let (mut laptop, welcome) = TestClient::joined_with_welcome(server.address, "bob");
        let token = welcome["token"].as_str().unwrap();
        assert_eq!(token.len(), 32);

        let mut thief = TestClient::connect(server.address);
        thief.send(&json!({"type": "hello", "user": "BOB"}));
        assert_eq!(thief.receive_error(), "name_taken");
        assert_eq!(thief.receive_close(), 4409);

        let mut phone = TestClient::connect(server.address);
        phone.send(
            &json!({"type": "hello", "user": "bob", "token": token, "join": [{"room": "lobby"}]}),
        );
        assert_eq!(phone.receive()["token"], token);
        assert_eq!(phone.receive()["members"], json!(["bob"]), "one user on two devices");
        laptop.receives_nothing();

        drop(phone);
        drop(laptop);
        let mut thief = TestClient::connect(server.address);
        thief.send(&json!({"type": "hello", "user": "bob"}));
        assert_eq!(thief.receive_error(), "name_taken", "kept for its owner after a disconnect");
    });
}

#[test]
fn a_rename_claims_the_name_and_is_sent_to_the_room() {
    under_attack(&[], |server| {
        let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
        let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
        alice.receive();
        bob.send(&json!({"type": "nick", "user": "ALICE"}));
        assert_eq!(bob.receive_error(), "name_taken");
        bob.send(&json!({"type": "nick", "user": "robert"}));
        let renamed = bob.receive();
        assert_eq!((&renamed["user"], &renamed["to"]), (&json!("bob"), &json!("robert")));
        assert_eq!(renamed["token"].as_str().map(str::len), Some(32));
        assert_eq!(alice.receive(), json!({"type": "renamed", "user": "bob", "to": "robert"}));
        bob.post("lobby", "c", "as robert");
        assert_eq!(alice.receive()["user"], "robert");
        bob.send(&json!({"type": "nick", "user": "Robert"}));
        assert_eq!(bob.receive()["type"], "post");
        assert_eq!(bob.receive()["to"], "Robert", "the same claim, in another case");
    });
}
