//! Questions, renames and texts of one address in numbers: its clients wait, and no others do.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::fixtures::write_members;
use crate::support::under_attack::{SQUARE, under_attack, under_attack_in};
use crate::support::{TestClient, TestServer};

/// The flags for a server with its shares per address, for hundreds of connections and messages of one.
const SHARES: [&str; 4] = ["--max-per-address", "1000", "--limit", "control-rate=100000"];

/// Posts 500 texts of 4,000 bytes to the room.
fn fill(server: &TestServer, room: &str) {
    let (mut writer, _) = TestClient::joined(server.address, "writer", room);
    let line = "é".repeat(2_000);
    for n in 0..500 {
        writer.post(room, &format!("{n}"), &line);
        writer.receive_with_cid(&n.to_string());
    }
}

/// Lets 50 clients ask again and again for a while, and returns how many answers they got.
fn ask_much(server: &TestServer, question: &Value, answer: &str) -> usize {
    let end = Instant::now() + Duration::from_secs(3);
    thread::scope(|scope| {
        let askers: Vec<_> = (0..50)
            .map(|n| {
                scope.spawn(move || {
                    let user = format!("asker{n}");
                    let (mut asker, _) = TestClient::hello(server.address, &user);
                    asker.send(&json!({"type": "join", "room": "lobby", "since": "now"}));
                    asker.receive_type("joined");
                    let mut answers = 0;
                    while answers == 0 || Instant::now() < end {
                        asker.send(question);
                        asker.receive_type(answer);
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).sum()
    })
}

#[test]
fn fifty_clients_of_one_address_that_search_all_the_time_delay_no_other() {
    under_attack(&[&SHARES[..], &["--limit", "posted-bytes=100MiB"]].concat(), |server| {
        fill(server, "lobby");
        let search = json!({"type": "search", "room": "lobby", "text": "zebra"});
        let answers = ask_much(server, &search, "found");
        assert!(answers > 0, "they wait, but are answered");
    });
}

#[test]
fn fifty_clients_of_one_address_that_read_history_get_their_share_of_bytes() {
    let limits = ["--limit", "posted-bytes=100MiB", "--limit", "answer-bytes=4MiB"];
    under_attack(&[&SHARES[..], &limits].concat(), |server| {
        fill(server, "lobby");
        let page = json!({"type": "history", "room": "lobby", "before": 400, "limit": 200});
        let answers = ask_much(server, &page, "history");
        // A page has 256 KiB: 16 at once, and 4 a second. As no one waits longer than 4 s, each asker gets
        // one of them and in 3 s a second one. Without quota there are some thousand.
        assert!((50..=150).contains(&answers), "{answers} pages");
    });
}

#[test]
fn fifty_clients_of_one_address_that_page_through_ten_thousand_members_delay_no_other() {
    let folder = tempfile::tempdir().unwrap();
    write_members(&folder.path().join("data"), "lobby", 10_000);
    under_attack_in(folder.path(), &SHARES, |server| {
        let page = json!({"type": "who", "room": "lobby", "state": "absent", "after": "m4999",
            "limit": 500});
        assert!(ask_much(server, &page, "members") > 50, "they are answered");
    });
}

/// A network gets 1 MiB of answers at once, and 256 KiB a second.
const SMALL_ANSWERS: [&str; 2] = ["--limit", "answer-bytes=1MiB"];

#[test]
fn older_and_newer_pages_of_history_are_charged_by_their_bytes() {
    let limits = [&SHARES[..], &SMALL_ANSWERS, &["--limit", "posted-bytes=100MiB"]].concat();
    under_attack(&limits, |server| {
        fill(server, "lobby");
        let (mut reader, _) = TestClient::hello(server.address, "reader");
        reader.send(&json!({"type": "join", "room": "lobby", "since": "now"}));
        reader.receive_type("joined");
        for (at, seq) in [("before", 400), ("after", 100)] {
            let (since, mut bytes) = (Instant::now(), 0);
            while bytes < 2 * 1_024 * 1_024 {
                reader.send(&json!({"type": "history", "room": "lobby", at: seq, "limit": 200}));
                bytes += reader.receive_type("history").to_string().len();
            }
            reader.round_trip();
            assert!(since.elapsed() >= Duration::from_secs(2), "{at}: {:?}", since.elapsed());
        }
    });
}

#[test]
fn pages_that_a_client_gets_after_its_hello_are_charged_and_come_all() {
    let limits = [&SHARES[..], &SMALL_ANSWERS, &["--limit", "posted-bytes=100MiB"]].concat();
    under_attack(&limits, |server| {
        fill(server, "lobby");
        let since = Instant::now();
        let mut reader = TestClient::connect(server.address);
        let join = json!({"room": "lobby", "since": 0});
        reader.send(&json!({"type": "hello", "user": "reader", "join": [join]}));
        assert_eq!(reader.receive_seqs(500), (1..=500).collect::<Vec<u64>>()); // 2 MB
        assert!(since.elapsed() >= Duration::from_secs(2), "{:?}", since.elapsed());
    });
}

#[test]
fn a_hello_with_thousands_of_joins_gets_each_room_once() {
    under_attack(&[&SHARES[..], &["--limit", "new-rooms=1000"]].concat(), |server| {
        fill_little(server, "lobby");
        for same in [true, false] {
            let room = |n: usize| if same { String::from("lobby") } else { format!("room{n}") };
            let joins: Vec<Value> =
                (0..1_000).map(|n| json!({"room": room(n), "since": 0})).collect();
            let mut peer = TestClient::connect(server.address);
            peer.send(&json!({"type": "hello", "user": format!("greedy-{same}"), "join": joins}));
            peer.send(&json!({"type": "nick", "user": format!("greedy-{same}-2")}));
            let mut seen = BTreeMap::<String, usize>::new();
            loop {
                let message = peer.receive();
                let kind = String::from(message["type"].as_str().unwrap());
                if kind == "renamed" {
                    break;
                }
                *seen.entry(kind).or_default() += 1;
            }
            let refused = seen.get("error").copied().unwrap_or(0);
            let expected = if same { (1, 0) } else { (50, 950) };
            assert_eq!((seen["joined"], refused), expected, "{seen:?}");
            assert_eq!(seen.get("post").copied().unwrap_or(0), if same { 10 } else { 0 });
        }
    });
}

/// Posts ten short texts to the room.
fn fill_little(server: &TestServer, room: &str) {
    let (mut writer, _) = TestClient::joined(server.address, "writer", room);
    for n in 0..10 {
        writer.post(room, &format!("{n}"), "hi");
        writer.receive_with_cid(&n.to_string());
    }
}

#[test]
fn names_and_away_messages_change_a_few_times_and_then_slowly() {
    under_attack(&[&SHARES[..], &["--rate", "5"]].concat(), |server| {
        let (mut member, _) = TestClient::joined(server.address, "member", SQUARE);
        let (mut restless, _) = TestClient::joined(server.address, "restless", SQUARE);
        member.receive_type("presence");
        let mut refused = 0;
        for n in 0..20 {
            restless.send(&json!({"type": "nick", "user": format!("restless{n}")}));
            restless.send(&json!({"type": "away", "text": format!("until {n}")}));
            for _ in 0..2 {
                let answer = restless.receive_any_of(&["renamed", "away", "error"]);
                if answer["type"] == "error" {
                    assert_eq!(answer["code"], "rate_limited");
                    let wait = answer["retry_ms"].as_u64().unwrap();
                    assert!((1..=10_001).contains(&wait), "{answer}");
                    refused += 1;
                }
            }
        }
        assert!((34..=36).contains(&refused), "five at once, and one in ten seconds: {refused}");
        member.round_trip();
    });
}

#[test]
fn clients_of_one_address_post_no_more_bytes_than_their_share() {
    under_attack(&[&SHARES[..], &["--limit", "posted-bytes=64KiB"]].concat(), |server| {
        let since = Instant::now();
        let line = "x".repeat(4_000);
        let mut stored = 0;
        for user in 0..20 {
            let user = format!("talker{user}");
            let (mut talker, _) = TestClient::joined(server.address, &user, "lobby");
            for n in 0..5 {
                let cid = format!("{user}-{n}");
                talker.post("lobby", &cid, &line);
                stored += usize::from(talker.receive_with_cid(&cid)["type"] == "post");
            }
        }
        // 64 KiB at once, and 1 KiB a second.
        let bytes = 65_536 + since.elapsed().as_millis() as usize * 1_024 / 1_000;
        assert!((16..=bytes / 4_000).contains(&stored), "{stored} of 100 stored");
    });
}
