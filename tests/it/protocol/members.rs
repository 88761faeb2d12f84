//! The members of a room: who has joined it and not left it, here or not, in pages.

use std::thread;

use serde_json::{Value, json};

use crate::support::fixtures::{member_name, write_members};
use crate::support::{TestClient, TestServer};

/// A device of the person with this digit as key, which follows their rooms.
fn device(server: &TestServer, user: &str, digit: char) -> TestClient {
    let mut peer = TestClient::connect(server.address);
    let token = digit.to_string().repeat(32);
    peer.send(&json!({"type": "hello", "user": user, "token": token, "rooms": true}));
    assert_eq!(peer.receive_type("welcome")["user"], user);
    peer
}

/// The same in a room; and its `joined`.
fn member(server: &TestServer, user: &str, digit: char, room: &str) -> (TestClient, Value) {
    let mut peer = device(server, user, digit);
    let joined = peer.join(room);
    (peer, joined)
}

/// The answer to a `who` with these fields.
fn ask(peer: &mut TestClient, fields: &Value) -> Value {
    let mut who = json!({"type": "who", "room": "dev"});
    who.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    peer.send(&who);
    peer.receive_type("members")
}

/// Who is not in the room `dev`.
fn absent(peer: &mut TestClient) -> Value {
    let answer = ask(peer, &json!({"state": "absent"}));
    let names = answer["members"].clone();
    let count = names.as_array().unwrap().len();
    assert_eq!((&answer["absent"], answer.get("more")), (&count.into(), None), "{answer}");
    names
}

/// Ends a connection, and waits until another client in the room knows: its `presence`.
fn disconnect(peer: TestClient, other: &mut TestClient) -> Value {
    drop(peer);
    loop {
        let presence = other.receive_type("presence");
        if presence["state"] == "left" {
            return presence;
        }
    }
}

#[test]
fn a_member_who_is_not_here_stays_one_until_they_leave_and_over_a_kill_of_the_server() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut ann, joined) = member(&server, "ann", 'a', "dev");
    assert_eq!((&joined["absent"], &joined["absent_members"]), (&0.into(), &json!([])));
    let (bob, _) = member(&server, "bob", 'b', "dev");
    let (mut zoe, _) = member(&server, "zoe", 'e', "dev");
    ann.receive_type("presence");
    ann.receive_type("presence");
    assert_eq!(absent(&mut ann), json!([]));

    let left = json!({"type": "presence", "room": "dev", "user": "bob", "state": "left",
        "member": true, "count": 2});
    assert_eq!(disconnect(bob, &mut ann), left);
    assert_eq!(absent(&mut ann), json!(["bob"]));
    zoe.send(&json!({"type": "leave", "room": "dev"}));
    let left = json!({"type": "presence", "room": "dev", "user": "zoe", "state": "left",
        "count": 1});
    assert_eq!(ann.receive_type("presence"), left, "no member any more");
    assert_eq!(absent(&mut ann), json!(["bob"]));

    // Connected, but not in this room: not here, and listed by the present name.
    let mut bob = device(&server, "bob", 'b');
    bob.send(&json!({"type": "nick", "user": "rob"}));
    bob.receive_type("renamed");
    assert_eq!(absent(&mut ann), json!(["rob"]));
    bob.join("dev");
    assert_eq!(absent(&mut ann), json!([]));
    let (mut other, joined) = member(&server, "rob", 'b', "dev");
    assert_eq!((&joined["absent"], &joined["absent_members"]), (&0.into(), &json!([])));
    drop(bob);
    other.round_trip();
    assert_eq!(absent(&mut ann), json!([]), "another device is here");
    disconnect(other, &mut ann);
    assert_eq!(absent(&mut ann), json!(["rob"]));

    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut eve, joined) = member(&server, "eve", 'c', "dev");
    assert_eq!((&joined["absent"], &joined["absent_members"]), (&2.into(), &json!(["ann", "rob"])));
    let (_ann, joined) = member(&server, "ann", 'a', "dev");
    assert_eq!((&joined["absent"], &joined["absent_members"]), (&1.into(), &json!(["rob"])));
    assert_eq!(absent(&mut eve), json!(["rob"]));
    let answer = ask(&mut eve, &json!({"state": "here"}));
    let wanted = json!({"type": "members", "room": "dev", "state": "here",
        "members": ["ann", "eve"], "here": 2, "absent": 1});
    assert_eq!(answer, wanted);

    // A leave on a device that is not in the room ends the membership as well.
    let mut bob = device(&server, "rob", 'b');
    bob.send(&json!({"type": "leave", "room": "dev"}));
    bob.receive_type("left");
    assert_eq!(absent(&mut eve), json!([]));
}

#[test]
fn a_script_is_no_member_and_an_earlier_client_sees_no_change() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = member(&server, "ann", 'a', "dev");
    let (bob, _) = member(&server, "bob", 'b', "dev");
    let mut script = TestClient::connect(server.address);
    script.send(&json!({"type": "hello", "user": "ci", "presence": false, "rooms": true}));
    script.receive_type("welcome");
    let joined = script.join("dev");
    assert_eq!((&joined["absent"], &joined["absent_members"]), (&0.into(), &json!([])));
    disconnect(bob, &mut ann);
    script.send(&json!({"type": "leave", "room": "dev"}));
    script.receive_type("left");
    assert_eq!(absent(&mut ann), json!(["bob"]), "not ci");

    let (mut old, joined) = TestClient::joined(server.address, "old", "dev");
    assert_eq!((joined.get("absent"), joined.get("absent_members")), (None, None));
    ann.send(&json!({"type": "away", "text": "lunch"}));
    old.receive_type("away");
    old.send(&json!({"type": "who", "room": "dev", "limit": 1, "prefix": 3}));
    let whole = json!({"type": "members", "room": "dev", "members": ["ann", "old"],
        "away": [{"user": "ann", "text": "lunch"}]});
    assert_eq!(old.receive(), whole);
}

#[test]
fn the_beginning_of_a_name_is_compared_like_names_and_who_is_away_is_said_of_those_here() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = member(&server, "ann", 'a', "dev");
    let people = [("Δημος", 'b'), ("δΑφνη", 'c'), ("José", 'd'), ("jo", 'e'), ("Zoe", 'f')];
    let mut peers: Vec<TestClient> =
        people.map(|(name, digit)| member(&server, name, digit, "dev").0).into();
    peers[3].send(&json!({"type": "away", "text": "tea"}));
    peers[3].receive_type("away");
    let page = |peer: &mut TestClient, state: &str, prefix: &str| {
        let answer = ask(peer, &json!({"state": state, "prefix": prefix}));
        assert_eq!(answer["prefix"], prefix);
        assert_eq!(answer["here"].as_u64().unwrap() + answer["absent"].as_u64().unwrap(), 6);
        answer
    };
    let jo = page(&mut ann, "here", "JO");
    assert_eq!(jo["members"], json!(["jo", "José"]));
    assert_eq!(jo["away"], json!([{"user": "jo", "text": "tea"}]));
    assert_eq!(page(&mut ann, "here", "δ")["members"], json!(["δΑφνη", "Δημος"]));
    assert_eq!(page(&mut ann, "absent", "δ")["members"], json!([]));
    for peer in peers {
        disconnect(peer, &mut ann);
    }
    assert_eq!(page(&mut ann, "absent", "Jos")["members"], json!(["José"]));
    assert_eq!(page(&mut ann, "absent", "Δ")["members"], json!(["δΑφνη", "Δημος"]));
    assert_eq!(page(&mut ann, "absent", "d")["members"], json!([]), "another script");
    assert_eq!(page(&mut ann, "absent", "+")["members"], json!([]), "the beginning of no name");
    let jo = page(&mut ann, "absent", "JO");
    assert_eq!((&jo["members"], jo.get("away")), (&json!(["jo", "José"]), None));
}

#[test]
fn a_bad_question_is_refused_and_nothing_is_lost() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = member(&server, "ann", 'a', "dev");
    let long = "é".repeat(25);
    for bad in [
        json!({"state": "asleep"}),
        json!({"state": 1}),
        json!({"state": "here", "prefix": ""}),
        json!({"state": "here", "prefix": long}),
        json!({"state": "here", "prefix": "a b"}),
        json!({"state": "absent", "prefix": "\n"}),
        json!({"state": "absent", "prefix": "\u{9b}"}),
        json!({"state": "absent", "prefix": ["a"]}),
        json!({"state": "absent", "after": ""}),
        json!({"state": "absent", "after": "x".repeat(60_000)}),
        json!({"state": "absent", "limit": 0}),
        json!({"state": "absent", "limit": 501}),
        json!({"state": "absent", "limit": "9"}),
    ] {
        let mut who = json!({"type": "who", "room": "dev"});
        who.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        ann.send(&who);
        let error = ann.receive();
        let said = (&error["code"], &error["room"]);
        assert_eq!(said, (&json!("bad_message"), &json!("dev")), "{bad}: {error}");
        assert!(error["message"].as_str().unwrap().len() < 100, "{error}");
    }
    ann.send(&json!({"type": "who", "room": "ops", "state": "here"}));
    assert_eq!(ann.receive_error(), "not_joined");
    assert_eq!(absent(&mut ann), json!([]));
    ann.post("dev", "1", "still here");
    assert_eq!(ann.receive_own("ann", "1")["seq"], 1);
}

#[test]
fn whose_name_is_somebody_elses_now_is_in_no_list() {
    let server = TestServer::start(&["--limit", "names=16"]);
    let (mut ann, _) = member(&server, "ann", 'a', "dev");
    let (bob, _) = member(&server, "bob", 'b', "dev");
    disconnect(bob, &mut ann);
    assert_eq!(absent(&mut ann), json!(["bob"]));
    let others = (0..15).map(|n| TestClient::hello(server.address, &format!("kim{n}")));
    let _others: Vec<_> = others.collect();
    assert_eq!(absent(&mut ann), json!([]), "too many names: bob's was given back");
    let (other, joined) = member(&server, "bob", 'e', "dev");
    assert_eq!(joined["absent"], 0);
    disconnect(other, &mut ann);
    assert_eq!(absent(&mut ann), json!(["bob"]), "the other bob, once");
}

#[test]
fn a_connection_that_becomes_another_persons_leaves_a_member_who_is_not_here() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = member(&server, "ann", 'a', "dev");
    let (mut bob, _) = member(&server, "bob", 'b', "dev");
    let (_zoe, _) = member(&server, "zoe", 'e', "dev");
    let _yan = device(&server, "yan", 'd');
    let go_by = |peer: &mut TestClient, name: &str, digit: char| {
        let token = digit.to_string().repeat(32);
        peer.send(&json!({"type": "nick", "user": name, "token": token}));
        peer.receive_type("renamed");
    };
    go_by(&mut bob, "zoe", 'e');
    let left = json!({"type": "presence", "room": "dev", "user": "bob", "state": "left",
        "member": true, "count": 2});
    assert_eq!(ann.receive_type("presence")["state"], "joined");
    assert_eq!(ann.receive_type("presence")["state"], "joined");
    assert_eq!(ann.receive_type("presence"), left);
    assert_eq!(absent(&mut ann), json!(["bob"]));
    go_by(&mut ann, "yan", 'd');
    assert_eq!(absent(&mut ann), json!(["ann", "bob"]), "who is here now has not joined");
    let here = ask(&mut ann, &json!({"state": "here"}));
    assert_eq!((&here["members"], &here["absent"]), (&json!(["yan", "zoe"]), &json!(2)));
    go_by(&mut ann, "ann", 'a');
    assert_eq!(absent(&mut ann), json!(["bob"]));
}

/// All names of one list, page by page.
fn pages(peer: &mut TestClient, state: &str, limit: usize) -> Vec<String> {
    let (mut names, mut question) = (Vec::new(), json!({"state": state, "limit": limit}));
    loop {
        let answer = ask(peer, &question);
        assert_eq!(answer.get("after"), question.get("after"));
        let page = answer["members"].as_array().unwrap();
        assert!(page.len() <= limit && (page.len() == limit || answer.get("more").is_none()));
        names.extend(page.iter().map(|name| name.as_str().unwrap().to_owned()));
        if answer.get("more").is_none() {
            return names;
        }
        question["after"] = names.last().unwrap().as_str().into();
    }
}

#[test]
fn pages_of_two_thousand_members_have_no_doubles_and_no_holes_while_people_come_and_go() {
    const MEMBERS: usize = 2_000;
    /// Every fortieth comes and goes.
    const MOVING: usize = 40;
    let data = tempfile::tempdir().unwrap();
    write_members(data.path(), "dev", MEMBERS);
    let server = TestServer::start_in(data.path(), &["--limit", "control-rate=100000"]);
    let (mut ann, joined) = member(&server, "ann", 'a', "dev");
    assert_eq!((&joined["absent"], joined.get("absent_members")), (&MEMBERS.into(), None));
    let come_and_go = |n: usize| {
        let mut peer = TestClient::connect(server.address);
        let (user, token) = (member_name(n), format!("{n:032x}"));
        peer.send(
            &json!({"type": "hello", "user": user, "token": token, "join": [{"room": "dev"}]}),
        );
        peer.receive_type("joined");
    };
    let resting: Vec<String> = (0..MEMBERS).filter(|n| n % MOVING != 0).map(member_name).collect();
    thread::scope(|scope| {
        let moving = scope.spawn(|| (0..MEMBERS).step_by(MOVING).for_each(come_and_go));
        let mut rounds = 0;
        while !moving.is_finished() || rounds < 2 {
            let mut names = pages(&mut ann, "absent", 37);
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "each once");
            assert!(names.is_sorted());
            names.retain(|name| name[1..].parse::<usize>().unwrap() % MOVING != 0);
            assert!(names == resting, "no holes");
            rounds += 1;
        }
    });
    // The last of them may still be leaving.
    while ask(&mut ann, &json!({"state": "here", "limit": 1}))["here"] != 1 {}
    let all: Vec<String> = (0..MEMBERS).map(member_name).collect();
    assert!(pages(&mut ann, "absent", 500) == all);
    assert_eq!(pages(&mut ann, "here", 1), ["ann"]);
    let page = ask(&mut ann, &json!({"state": "absent", "prefix": "M19"}));
    assert_eq!((page["members"].as_array().unwrap().len(), page.get("more")), (100, None));
    assert_eq!(
        ask(&mut ann, &json!({"state": "absent"}))["members"].as_array().unwrap().len(),
        100
    );
}
