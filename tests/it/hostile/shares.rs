//! What all clients share, and one address may not take alone: rooms, private rooms, names; and the places
//! that one person has for what others write.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::under_attack::{from_elsewhere, under_attack, under_attack_in};
use crate::support::{RawClient, TIMEOUT, TestClient, TestServer};

/// With the limits for an address that a server has by itself, but for new connections: the tests make many.
const FAIR: &[&str] = &[
    "--max-per-address",
    "64",
    "--limit",
    "new-per-address=100000",
    "--limit",
    "control-rate=100000",
];

/// A client from an address of its own, 127.0.0.`host`.
fn guest(server: &TestServer, host: u8, user: &str) -> TestClient {
    let mut peer = TestClient::over(from_elsewhere(server.address, host));
    peer.send(&json!({"type": "hello", "user": user}));
    let welcome = peer.receive();
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    peer
}

/// Joins a room, or returns the code of the refusal.
fn join(peer: &mut TestClient, room: &str) -> Result<(), String> {
    peer.send(&json!({"type": "join", "room": room}));
    loop {
        let answer = peer.receive_any_of(&["joined", "error"]);
        if answer["room"] == room {
            return match answer["type"].as_str() {
                Some("joined") => Ok(()),
                _ => Err(answer["code"].as_str().unwrap().to_owned()),
            };
        }
    }
}

/// Posts, and waits until the post is stored.
fn say(peer: &mut TestClient, room: &str, cid: &str) {
    peer.post(room, cid, "here");
    let answer = peer.receive_with_cid(cid);
    assert_eq!(answer["type"], "post", "{answer}");
}

/// Writes to someone; the answer.
fn direct(peer: &mut TestClient, to: &str, cid: &str) -> Value {
    peer.send(&json!({"type": "direct", "to": to, "cid": cid, "text": "psst"}));
    peer.receive_with_cid(cid)
}

fn metric(address: SocketAddr, name: &str) -> f64 {
    RawClient(from_elsewhere(address, 11)).count(name)
}

#[test]
fn rooms_that_one_address_opens_leave_places_for_everyone() {
    let folder = tempfile::tempdir().unwrap();
    let everyone_finds_a_room = |server: &TestServer, when: &str| {
        for (host, room) in [(1, "lobby"), (20, "lobby"), (20, "another-new-room")] {
            let mut peer = guest(server, host, &format!("{when}-{host}-{}", &room[..5]));
            join(&mut peer, room).unwrap();
            say(&mut peer, room, "c1");
        }
    };
    under_attack_in(folder.path(), FAIR, |server| {
        let mut opened = 0;
        for n in 0..50 {
            let mut eve = guest(server, 1, &format!("eve{n}"));
            for room in 0..20 {
                let name = format!("room{n}x{room}");
                match join(&mut eve, &name) {
                    Ok(()) => say(&mut eve, &name, &name),
                    Err(code) => assert_eq!(code, "too_many_rooms"),
                }
                opened += usize::from(is_in(&mut eve, &name));
            }
        }
        assert_eq!(opened, 20, "new rooms of one address at once");
        everyone_finds_a_room(server, "before");
        assert_eq!(metric(server.address, "talk_quota_refusals_total{resource=\"rooms\"}"), 980.0);
        assert_eq!(metric(server.address, "talk_rooms_max{kind=\"public\"}"), 1_000.0);
        let held = metric(server.address, "talk_rooms_held{kind=\"public\"}");
        assert_eq!(held, 23.0, "those, lobby, square and the new one");
    });
    let again = TestServer::start_in(&folder.path().join("data"), FAIR);
    everyone_finds_a_room(&again, "after");
}

/// Whether a client is in this room.
fn is_in(peer: &mut TestClient, room: &str) -> bool {
    peer.send(&json!({"type": "who", "room": room}));
    peer.receive_any_of(&["members", "error"])["type"] == "members"
}

#[test]
fn joining_and_leaving_empty_rooms_takes_no_more_of_them() {
    under_attack(FAIR, |server| {
        let mut eve = guest(server, 1, "eve");
        let mut opened = 0;
        for n in 0..1_000 {
            let room = format!("room{n}");
            if join(&mut eve, &room).is_ok() {
                opened += 1;
                eve.send(&json!({"type": "leave", "room": room}));
            }
        }
        assert_eq!(opened, 20);
        let mut ann = guest(server, 20, "ann");
        join(&mut ann, "new-room").unwrap();
    });
}

#[test]
fn a_full_server_still_opens_the_lobby() {
    under_attack(&["--limit", "rooms=3"], |server| {
        let mut eve = guest(server, 1, "eve");
        let codes: Vec<_> = (0..5).map(|n| join(&mut eve, &format!("room{n}"))).collect();
        assert_eq!(codes.iter().filter(|code| code.is_ok()).count(), 2, "square is the third");
        join(&mut eve, "lobby").unwrap();
        say(&mut eve, "lobby", "c1");
    });
}

#[test]
fn private_rooms_that_one_address_opens_leave_places_for_everyone() {
    under_attack(FAIR, |server| {
        let mut gang: Vec<TestClient> =
            (0..12).map(|n| guest(server, 1, &format!("eve{n}"))).collect();
        let mut opened = 0;
        for (one, peer) in gang.iter_mut().enumerate() {
            for other in 0..one {
                let cid = format!("{one}x{other}");
                let answer = direct(peer, &format!("eve{other}"), &cid);
                if answer["type"] == "post" {
                    opened += 1;
                } else {
                    assert_eq!(answer["code"], "too_many_rooms", "{answer}");
                    assert!(answer["retry_ms"].as_u64().is_some_and(|wait| wait > 1_000));
                }
            }
        }
        assert_eq!(opened, 50, "of 66 pairs");
        let again = direct(&mut gang[1], "eve0", "again");
        assert_eq!(again["type"], "post", "who has a room may go on: {again}");
        let (mut ann, mut ben) = (guest(server, 20, "ann"), guest(server, 21, "ben"));
        assert_eq!(direct(&mut ann, "ben", "c1")["type"], "post");
        assert_eq!(ben.receive_own("ann", "c1")["text"], "psst");
    });
}

/// The victim of these tests and a friend, who have written to each other.
fn friends(server: &TestServer) -> (TestClient, String, TestClient) {
    let mut victim = TestClient::connect(server.address);
    victim.send(&json!({"type": "hello", "user": "victim"}));
    let token = victim.receive()["token"].as_str().unwrap().to_owned();
    let mut friend = TestClient::hello(server.address, "zoe-the-friend").0;
    direct(&mut friend, "victim", "first");
    victim.receive_own("zoe-the-friend", "first");
    assert_eq!(direct(&mut victim, "zoe-the-friend", "answer")["seq"], 2);
    (victim, token, friend)
}

/// Lets strangers write one line each to the victim.
fn strangers_write(server: &TestServer, first: usize, count: usize) {
    for n in first..first + count {
        let mut eve = TestClient::hello(server.address, &format!("eve{n}")).0;
        assert_eq!(direct(&mut eve, "victim", "c")["seq"], 1);
    }
}

#[test]
fn after_fifty_strangers_a_friend_and_the_next_stranger_are_heard() {
    under_attack(&["--limit", "control-rate=100000"], |server| {
        let (mut victim, _, mut friend) = friends(server);
        strangers_write(server, 0, 80);
        let mut left = Vec::new();
        let mut entered = 0;
        while entered < 80 {
            let message = victim.receive_any_of(&["joined", "left"]);
            match message["type"].as_str() {
                Some("left") => left.push(message["room"].as_str().unwrap().to_owned()),
                _ => entered += 1,
            }
        }
        let oldest: Vec<String> = (0..31).map(|n| room_with(&format!("eve{n}"))).collect();
        assert_eq!(left, oldest, "a place is taken from the oldest stranger, never from a friend");
        assert_eq!(direct(&mut friend, "victim", "second")["seq"], 3);
        assert_eq!(victim.receive_own("zoe-the-friend", "second")["seq"], 3);
        for n in 0..50 {
            join(&mut victim, &format!("room{n}")).unwrap();
        }
        assert_eq!(join(&mut victim, "room50"), Err("too_many_rooms".into()), "its own places");
        // A stranger whose room was left is heard again.
        let mut eve = TestClient::hello(server.address, "mallory").0;
        direct(&mut eve, "victim", "m1");
        victim.receive_own("mallory", "m1");
        assert_eq!(direct(&mut victim, "mallory", "m2")["seq"], 2);
    });
}

#[test]
fn after_a_reconnect_a_friend_is_heard_before_fifty_strangers() {
    under_attack(&["--limit", "control-rate=100000"], |server| {
        let (victim, token, mut friend) = friends(server);
        drop(victim);
        assert_eq!(direct(&mut friend, "victim", "second")["seq"], 3);
        strangers_write(server, 0, 80);
        let hello = json!({"type": "hello", "user": "victim", "token": token});
        let mut victim = TestClient::connect(server.address);
        victim.send(&hello);
        victim.send(&json!({"type": "join", "room": "rust"}));
        let mut entered = Vec::new();
        loop {
            let joined = victim.receive_any_of(&["joined", "error"]);
            assert_eq!(joined["type"], "joined", "{joined}");
            if joined["room"] == "rust" {
                break; // there was a place for it
            }
            entered.push(joined["room"].as_str().unwrap().to_owned());
        }
        let newest = (31..80).map(|n| room_with(&format!("eve{n}")));
        let expected: Vec<String> = newest.chain([room_with("zoe-the-friend")]).collect();
        assert_eq!(entered, expected, "the friend, and the newest strangers");
        assert_eq!(direct(&mut friend, "victim", "third")["seq"], 4);
        assert_eq!(victim.receive_own("zoe-the-friend", "third")["seq"], 4);
    });
}

#[test]
fn at_a_hello_strangers_send_ten_messages_each_and_friends_all() {
    under_attack(&["--limit", "control-rate=100000"], |server| {
        let (victim, token, mut friend) = friends(server);
        drop(victim);
        let write = |peer: &mut TestClient| {
            (0..30).map(|n| direct(peer, "victim", &n.to_string())["seq"].clone()).last().unwrap()
        };
        assert_eq!(write(&mut friend), 32);
        for n in 0..3 {
            let mut eve = TestClient::hello(server.address, &format!("eve{n}")).0;
            assert_eq!(write(&mut eve), 30);
        }
        let mut victim = TestClient::connect(server.address);
        victim.send(&json!({"type": "hello", "user": "victim", "token": token}));
        victim.send(&json!({"type": "rooms"})); // answered after the hello
        let mut seqs = BTreeMap::<String, Vec<u64>>::new();
        loop {
            let message = victim.receive_any_of(&["post", "rooms"]);
            if message["type"] == "rooms" {
                break;
            }
            let room = message["room"].as_str().unwrap().to_owned();
            seqs.entry(room).or_default().push(message["seq"].as_u64().unwrap());
        }
        let strangers = (0..3).map(|n| (room_with(&format!("eve{n}")), (21..=30).collect()));
        let friends = (room_with("zoe-the-friend"), (1..=32).collect());
        assert_eq!(seqs, strangers.chain([friends]).collect::<BTreeMap<String, Vec<u64>>>());
        // The rest is there for the asking.
        let older = json!({"type": "history", "room": room_with("eve0"), "before": 21});
        victim.send(&older);
        let page = victim.receive_type("history");
        assert_eq!(page["records"].as_array().unwrap().len(), 20);
    });
}

/// Twelve strangers and the victim's own session compete for three places.
#[test]
fn of_private_messages_that_compete_for_places_none_is_lost() {
    const LINES: usize = 30;
    under_attack(&["--limit", "control-rate=100000", "--limit", "rooms-per-client=3"], |server| {
        let (mut victim, _) = TestClient::hello(server.address, "victim");
        let heard = thread::scope(|scope| {
            for n in 0..12 {
                scope.spawn(move || {
                    let mut eve = TestClient::hello(server.address, &format!("eve{n}")).0;
                    for line in 0..LINES {
                        direct(&mut eve, "victim", &line.to_string());
                    }
                    eve.round_trip();
                });
            }
            let mut heard = HashSet::new();
            while heard.len() < 12 * LINES {
                let post = victim.receive_any_of(&["post", "error"]);
                assert_eq!(post["type"], "post", "{post}");
                heard.insert((post["user"].to_string(), post["seq"].as_u64().unwrap()));
                if heard.len() % 10 == 0 {
                    let user = post["user"].as_str().unwrap();
                    victim.send(&json!({"type": "join", "room": room_with(user), "since": 0}));
                }
            }
            heard
        });
        assert!(heard.iter().all(|(_, seq)| (1..=LINES as u64).contains(seq)));
        // Rooms whose messages were on their way were not left: they are, once all is quiet.
        victim.round_trip();
        let mut last = TestClient::hello(server.address, "last").0;
        direct(&mut last, "victim", "c");
        victim.receive_own("last", "c");
        let members: Vec<bool> = (0..12)
            .map(|n| {
                let room = room_with(&format!("eve{n}"));
                victim.send(&json!({"type": "who", "room": room}));
                loop {
                    let answer = victim.receive_any_of(&["members", "error"]);
                    if answer["type"] == "error" {
                        return false;
                    }
                    if answer["room"] == room {
                        return true;
                    }
                }
            })
            .collect();
        assert!(members.iter().filter(|is_in| **is_in).count() <= 2, "{members:?}");
    });
}

fn room_with(other: &str) -> String {
    let (one, two) = (other.min("victim"), other.max("victim"));
    format!("@{one}+{two}")
}

#[test]
fn names_that_one_address_takes_leave_names_for_everyone() {
    under_attack(FAIR, |server| {
        let mut eve = guest(server, 1, "eve");
        join(&mut eve, "lobby").unwrap();
        let mut taken = vec![String::from("eve")];
        let mut refused = 0;
        let since = Instant::now();
        for n in 0..14_000 {
            let name = format!("eve{n}");
            eve.send(&json!({"type": "nick", "user": name}));
            let answer = eve.receive_any_of(&["renamed", "error"]);
            if answer["type"] == "renamed" {
                say(&mut eve, "lobby", &name); // held for days now
                taken.push(name);
            } else {
                assert_eq!(answer["code"], "rate_limited", "{answer}");
                assert!(answer["retry_ms"].as_u64().is_some_and(|wait| wait <= 60_000));
                refused += 1;
            }
            if refused == 1_000 {
                break;
            }
        }
        assert!(since.elapsed() < TIMEOUT, "{:?}", since.elapsed());
        assert_eq!(taken.len(), 64, "new names of one address at once");
        assert!(metric(server.address, "talk_names_held") <= 67.0, "those and the bystanders");
        assert!(metric(server.address, "talk_quota_refusals_total{resource=\"names\"}") >= 1e3);
        say(&mut eve, "lobby", "goes-on");

        // A new name from that address is refused so that its client comes back later.
        let mut late = TestClient::over(from_elsewhere(server.address, 1));
        late.send(&json!({"type": "hello", "user": "late"}));
        assert_eq!(late.receive_error(), "rate_limited");
        assert_eq!(late.receive_close(), 1013);
        guest(server, 20, "late"); // others have their own names
    });
}

#[test]
fn the_owner_of_a_held_name_is_never_refused() {
    let flags = [FAIR, &["--limit", "new-names=1"]].concat();
    under_attack(&flags, |server| {
        let mut ann = TestClient::over(from_elsewhere(server.address, 1));
        ann.send(&json!({"type": "hello", "user": "ann"}));
        let token = ann.receive()["token"].as_str().unwrap().to_owned();
        join(&mut ann, "lobby").unwrap();
        say(&mut ann, "lobby", "c1");
        for _ in 0..3 {
            let mut again = TestClient::over(from_elsewhere(server.address, 1));
            again.send(&json!({"type": "hello", "user": "Ann", "token": token}));
            assert_eq!(again.receive()["type"], "welcome");
            again.send(&json!({"type": "nick", "user": "ANN"}));
            assert_eq!(again.receive()["type"], "renamed", "the same name in another spelling");
        }
        let mut new = TestClient::over(from_elsewhere(server.address, 1));
        new.send(&json!({"type": "hello", "user": "eve"}));
        assert_eq!(new.receive_error(), "rate_limited");
    });
}

#[test]
fn beyond_the_maximum_of_names_those_in_use_stay() {
    under_attack(&["--limit", "names=16", "--limit", "control-rate=100000"], |server| {
        let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
        let (mut eve, _) = TestClient::joined(server.address, "eve", "lobby");
        for n in 0..200 {
            eve.send(&json!({"type": "nick", "user": format!("eve{n}")}));
            eve.receive_type("renamed");
            say(&mut eve, "lobby", &n.to_string());
        }
        assert!(metric(server.address, "talk_names_held") <= 16.0);
        let mut thief = TestClient::connect(server.address);
        thief.send(&json!({"type": "hello", "user": "ann"}));
        assert_eq!(thief.receive_error(), "name_taken");
        say(&mut ann, "lobby", "still-ann");
    });
}

#[test]
fn a_client_of_ours_that_is_refused_a_name_tries_again() {
    let flags = [FAIR, &["--limit", "new-names=1"]].concat();
    let server = TestServer::start(&flags);
    let (_ann, _) = TestClient::hello(server.address, "ann");
    let since = Instant::now();
    let mut console = std::process::Command::new(env!("CARGO_BIN_EXE_console"))
        .args(["--user", "bob", "--server", &server.address.to_string(), "--send", "hello"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while metric(server.address, "talk_quota_refusals_total{resource=\"names\"}") < 2.0 {
        assert!(since.elapsed() < TIMEOUT, "it came back once at most");
        assert!(console.try_wait().unwrap().is_none(), "it gave up");
        thread::sleep(Duration::from_millis(20));
    }
    console.kill().unwrap();
    console.wait().unwrap();
}
