//! A person is a key: names change, on every device, and what is theirs stays theirs.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::common::local_address::connect_from;
use crate::support::fixtures::copy_fixture;
use crate::support::under_attack::under_attack;
use crate::support::{RawClient, TestClient, TestServer};

const KEY: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const OTHER_KEY: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

/// Says hello with a key, and joins the lobby; returns the client, its `welcome` and its `joined`.
fn device(server: &TestServer, user: &str, key: &str) -> (TestClient, Value, Value) {
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": user, "token": key, "join": [{"room": "lobby", "since": 0}]}));
    let welcome = peer.receive();
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    let joined = peer.receive_type("joined");
    (peer, welcome, joined)
}

fn nick(user: &str) -> Value {
    json!({"type": "nick", "user": user})
}

/// The answer to a `nick`, or what another device of the person has caused.
fn answer(peer: &mut TestClient) -> Value {
    loop {
        let answer = peer.receive_any_of(&["renamed", "error"]);
        if answer["type"] == "error" || answer.get("token").is_some() {
            return answer;
        }
    }
}

fn refused_hello(server: &TestServer, user: &str, key: &str) -> String {
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": user, "token": key}));
    peer.receive_error()
}

#[test]
fn a_rename_reaches_every_device_of_the_person_and_each_room_once() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
    let (mut laptop, ..) = device(&server, "bob", KEY);
    let (mut phone, ..) = device(&server, "bob", KEY);
    assert_eq!(alice.receive_type("presence")["user"], "bob");
    phone.send(&nick("robert"));
    let told = json!({"type": "renamed", "user": "bob", "to": "robert", "token": KEY});
    assert_eq!(phone.receive(), told);
    assert_eq!(laptop.receive(), told);
    assert_eq!(alice.receive(), json!({"type": "renamed", "user": "bob", "to": "robert"}));
    for peer in [&mut alice, &mut laptop, &mut phone] {
        peer.receives_nothing();
    }
    laptop.post("lobby", "c1", "from the other device");
    assert_eq!(alice.receive_type("post")["user"], "robert");
    alice.send(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(alice.receive_type("members")["members"], json!(["alice", "robert"]));

    drop(phone);
    laptop.send(&nick("bob"));
    assert_eq!(laptop.receive_type("renamed")["to"], "bob", "the way back is open");
    assert_eq!(alice.receive()["to"], "bob");
}

#[test]
fn lines_markers_and_away_stay_a_persons_own_under_each_name() {
    let server = TestServer::start(&[]);
    let (mut bob, ..) = device(&server, "bob", KEY);
    bob.post("lobby", "c1", "hello");
    bob.receive_own("bob", "c1");
    bob.send(&json!({"type": "mark", "room": "lobby", "seq": 1}));
    bob.send(&json!({"type": "away", "text": "lunch"}));
    bob.send(&nick("rob"));
    bob.receive_type("renamed");
    bob.send(&json!({"type": "edit", "room": "lobby", "cid": "c2", "target": 1, "text": "hello!"}));
    let edit = bob.receive_type("edit");
    assert_eq!((&edit["user"], &edit["seq"]), (&"rob".into(), &2.into()));
    bob.post("lobby", "c1", "hello");
    let again = bob.receive_with_cid("c1");
    assert_eq!(
        (&again["seq"], &again["user"]),
        (&1.into(), &"rob".into()),
        "its cid is known, and it is ours"
    );

    let (_, welcome, joined) = device(&server, "rob", KEY);
    assert_eq!((&joined["marked"], &welcome["away"]), (&1.into(), &"lunch".into()));
    assert_eq!(joined["away"], json!([{"user": "rob", "text": "lunch"}]));
}

#[test]
fn a_device_that_missed_a_rename_is_welcomed_under_the_present_name() {
    let server = TestServer::start(&[]);
    let (mut laptop, ..) = device(&server, "bob", KEY);
    laptop.send(&nick("rob"));
    laptop.receive_type("renamed");
    let (mut phone, welcome, joined) = device(&server, "bob", KEY);
    assert_eq!((&welcome["user"], &welcome["token"]), (&"rob".into(), &KEY.into()));
    assert_eq!(welcome["former"], json!(["bob"]), "so that it knows its own messages");
    assert_eq!(joined["members"], json!(["rob"]));
    laptop.receives_nothing();
    let (_, welcome, _) = device(&server, "robin", KEY);
    assert_eq!(welcome["former"], json!(["rob", "bob"]));
    assert_eq!(welcome["user"], "robin", "a name that the person does not hold is a new one");
    for peer in [&mut laptop, &mut phone] {
        let told = json!({"type": "renamed", "user": "rob", "to": "robin", "token": KEY});
        assert_eq!(peer.receive_type("renamed"), told);
    }
}

#[test]
fn former_names_and_what_looks_like_them_are_refused_to_others() {
    under_attack(&[], |server| {
        let (mut alice, ..) = device(server, "alice", KEY);
        alice.send(&nick("kim"));
        alice.receive_type("renamed");
        let (mut eve, ..) = device(server, "eve", OTHER_KEY);
        for (name, code) in [
            ("alice", "name_taken"),
            ("ALICE", "name_taken"),
            ("kim", "name_taken"),
            ("a1ice", "bad_name"),
            ("alice_", "bad_name"),
            ("k\u{131}m", "name_taken"),
            ("аlice", "bad_name"),
        ] {
            eve.send(&nick(name));
            let error = eve.receive_type("error");
            assert_eq!(error["code"], code, "{name}: {error}");
            assert!(!error["message"].as_str().unwrap().contains(name), "it repeats {name}");
            assert_eq!(refused_hello(server, name, OTHER_KEY), code, "{name}");
        }
        eve.round_trip();
    });
}

#[test]
fn a_key_shown_with_anothers_name_opens_nothing_and_with_its_own_name_that_person() {
    let server = TestServer::start(&[]);
    let (mut ann, ..) = device(&server, "ann", KEY);
    let (mut ben, ..) = device(&server, "ben", OTHER_KEY);
    assert_eq!(refused_hello(&server, "ann", OTHER_KEY), "name_taken");
    ben.send(&json!({"type": "nick", "user": "ann", "token": OTHER_KEY}));
    assert_eq!(ben.receive_type("error")["code"], "name_taken");
    // An old client keeps a key for each name, and shows that of the name it wants.
    ben.send(&json!({"type": "nick", "user": "ann", "token": KEY}));
    let told = json!({"type": "renamed", "user": "ben", "to": "ann", "token": KEY});
    assert_eq!(ben.receive_type("renamed"), told);
    assert_eq!(ann.receive_type("presence")["state"], "joined");
    let left = ann.receive_type("presence");
    assert_eq!((&left["user"], &left["state"]), (&"ben".into(), &"left".into()));
    ann.send(&nick("kim"));
    assert_eq!(ben.receive_type("renamed")["to"], "kim", "they are one person now");
}

#[test]
fn two_devices_that_rename_at_once_end_with_one_name_on_both() {
    let server = TestServer::start(&[]);
    for round in 0..20 {
        let key = format!("{round:032x}");
        let mut devices = ['a', 'b'].map(|side| {
            let peer = device(&server, &format!("n{round}"), &key).0;
            (peer, format!("n{round}{side}"))
        });
        thread::scope(|scope| {
            for (peer, wanted) in &mut devices {
                scope.spawn(|| peer.send(&nick(wanted)));
            }
        });
        let mut names = devices.each_mut().map(|(peer, _)| answer(peer)["to"].clone());
        let mut members = [Value::Null, Value::Null];
        // Each session handles its `nick` before its first `who`. So the second `who` comes after both.
        for _ in 0..2 {
            for (n, (peer, _)) in devices.iter_mut().enumerate() {
                peer.send(&json!({"type": "who", "room": "lobby"}));
                members[n] = loop {
                    let message = peer.receive_any_of(&["renamed", "members"]);
                    if message["type"] == "members" {
                        break message["members"].clone();
                    }
                    names[n] = message["to"].clone();
                };
            }
        }
        assert_eq!(names[0], names[1], "round {round}");
        assert_eq!(members, [json!([names[0]]), json!([names[0]])], "round {round}");
        drop(devices);
        while RawClient::connect(server.address).count("talk_connections{kind=\"bot\"}") > 0.0 {}
    }
}

#[test]
fn a_name_that_a_third_person_gives_back_goes_to_one_of_those_who_want_it() {
    let server = TestServer::start(&[]);
    let (mut ann, ..) = device(&server, "ann", KEY);
    for name in ["one", "two", "three", "four"] {
        ann.send(&nick(name));
        answer(&mut ann);
    }
    let mut others: Vec<TestClient> =
        (0..8).map(|n| device(&server, &format!("other{n}"), &format!("{n:032x}")).0).collect();
    thread::scope(|scope| {
        for peer in &mut others {
            scope.spawn(|| (0..20).for_each(|_| peer.send(&nick("ann"))));
        }
        scope.spawn(|| ann.send(&nick("five"))); // her sixth name gives the first back
    });
    assert_eq!(answer(&mut ann)["to"], "five");
    let got = others.iter_mut().filter_map(|peer| {
        let answers: Vec<Value> = (0..20).map(|_| answer(peer)).collect();
        let refused = answers.iter().filter(|answer| answer["code"] == "name_taken").count();
        let renamed = answers.iter().filter(|answer| answer["to"] == "ann").count();
        assert_eq!(refused + renamed, 20, "{answers:?}");
        (renamed > 0).then_some(())
    });
    assert!(got.count() <= 1);
    ann.send(&nick("six"));
    assert_eq!(answer(&mut ann)["to"], "six");
}

#[test]
fn a_rename_is_there_or_not_after_a_kill_before_its_answer() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, ..) = device(&server, "bob", KEY);
    bob.post("lobby", "c", "so that the name is held");
    bob.receive_own("bob", "c");
    drop(bob);
    let mut possible = vec![String::from("bob")];
    for round in 0..8 {
        let (mut bob, welcome, _) = device(&server, &possible[0], KEY);
        let user = welcome["user"].as_str().unwrap().to_owned();
        assert!(possible.contains(&user), "round {round}: {user} of {possible:?}");
        assert_eq!(refused_hello(&server, &user, OTHER_KEY), "name_taken");
        bob.send(&nick(&format!("bob{round}")));
        possible = vec![format!("bob{round}")];
        if round % 2 == 0 {
            answer(&mut bob); // what was answered stays
        } else {
            possible.insert(0, user);
        }
        server.kill();
        server = TestServer::start_in(data.path(), &[]);
    }
}

#[test]
fn ten_thousand_names_from_one_address_stay_within_its_share_and_the_file_stays_small() {
    let data = tempfile::tempdir().unwrap();
    let flags = ["--max-per-address", "64", "--limit", "control-rate=1000000"];
    let server = TestServer::start_in(data.path(), &flags);
    let connect = || connect_from([127, 0, 0, 9], server.address).unwrap();
    let mut mallory = TestClient::over(connect());
    mallory.send(&json!({"type": "hello", "user": "mallory", "token": KEY}));
    assert_eq!(mallory.receive()["type"], "welcome");
    for n in 0..10_000_u32 {
        if n % 50 == 0 {
            // Some with a key of their own. Each connection counts as well.
            if let Ok(mut peer) = TestClient::try_over(connect()) {
                peer.send(&json!({"type": "hello", "user": format!("squat{n}"), "token": format!("{n:032x}")}));
                peer.receive();
            }
        } else {
            mallory.send(&nick(&format!("m{n}")));
            mallory.receive();
        }
    }
    let held = RawClient::connect(server.address).count("talk_names_held");
    assert!(held <= 64.0, "{held} names");
    let text = fs::read_to_string(data.path().join("names.jsonl")).unwrap();
    assert!(text.len() < 64 * 1_024, "{} bytes", text.len());
    for n in 0..10_000 {
        mallory.send(&nick(["m1", "mallory"][n % 2])); // claims nothing new, and is written down
        mallory.receive();
    }
    let text = fs::read_to_string(data.path().join("names.jsonl")).unwrap();
    assert!(text.len() < 2 * 1_024 * 1_024, "{} bytes", text.len());
}

#[test]
fn the_data_and_the_keys_of_an_older_version_go_on_working() {
    let data = tempfile::tempdir().unwrap();
    // Written by the version before keys: Alice and bob have posted, and were connected when it was killed.
    copy_fixture("before-keys", &data.path().join("data"));
    let start = || TestServer::start_in(&data.path().join("data"), &[]);
    let mut server = start();
    assert_eq!(refused_hello(&server, "alice", OTHER_KEY), "name_taken");

    let (mut alice, welcome, joined) = device(&server, "alice", KEY);
    assert_eq!((&welcome["user"], &welcome["token"]), (&"Alice".into(), &KEY.into()));
    assert_eq!(joined["marked"], 3);
    let private = alice.receive_type("joined");
    assert_eq!((&private["room"], &private["head"]), (&"@alice+bob".into(), &2.into()));
    alice.send(
        &json!({"type": "edit", "room": "lobby", "cid": "n1", "target": 4, "text": "hello Bob"}),
    );
    assert_eq!(alice.receive_type("edit")["seq"], 5);
    alice.post("lobby", "c3", "hello bob");
    assert_eq!(alice.receive_with_cid("c3")["seq"], 4, "its cid is known");

    alice.send(&nick("kim"));
    assert_eq!(alice.receive_type("renamed")["to"], "kim");
    alice.send(
        &json!({"type": "edit", "room": "lobby", "cid": "n2", "target": 1, "text": "the 1st line"}),
    );
    assert_eq!(alice.receive_type("edit")["user"], "kim");
    server.kill();

    let server = start(); // the key is known by now, whatever name it comes with
    let (mut alice, welcome, joined) = device(&server, "zoe", KEY);
    assert_eq!((&welcome["user"], &joined["marked"]), (&"zoe".into(), &3.into()));
    alice.send(&json!({"type": "delete", "room": "lobby", "cid": "n3", "target": 4}));
    assert_eq!(alice.receive_type("delete")["user"], "zoe");
    alice.send(&nick("alice"));
    alice.receive_type("renamed");
    alice.send(&json!({"type": "direct", "to": "bob", "cid": "n4", "text": "still you and me"}));
    assert_eq!(alice.receive_own("alice", "n4")["seq"], 3, "in the room from before");
    let (mut bob, ..) = device(&server, "bob", OTHER_KEY);
    assert_eq!(bob.receive_own("alice", "n4")["room"], "@alice+bob");
}
