//! Many connections that are slow, greedy, or never finish: no other client waits for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::raw_client::{UPGRADE, frame, text};
use crate::support::under_attack::{SQUARE, under_attack};
use crate::support::{RawClient, TIMEOUT, TestClient, TestServer};

/// How long a new client waits for its welcome.
fn time_to_welcome(server: &TestServer, user: &str) -> Duration {
    let since = Instant::now();
    drop(RawClient::welcomed(server.address, user));
    since.elapsed()
}

#[test]
fn five_hundred_silent_and_five_hundred_slow_connections_keep_no_client_out() {
    under_attack(&["--limit", "head-wait=2s"], |server| {
        let since = Instant::now();
        let mut silent: Vec<RawClient> =
            (0..500).map(|_| RawClient::connect(server.address)).collect();
        let mut slow: Vec<RawClient> =
            (0..500).map(|_| RawClient::connect(server.address)).collect();
        let mut rounds = 0;
        while since.elapsed() < Duration::from_millis(1_500) {
            slow.iter_mut().for_each(|raw| raw.try_send(b"G"));
            rounds += 1;
            assert!(time_to_welcome(server, &format!("quick{rounds}")) < TIMEOUT / 10);
        }
        for raw in silent.iter_mut().chain(&mut slow) {
            let answer = raw.read_to_end();
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
        }
        assert!(since.elapsed() < TIMEOUT / 2, "a byte now and then gave them no more time");
    });
}

#[test]
fn a_million_pings_whose_pongs_are_not_read_cost_little() {
    under_attack(&["--limit", "flood-grace=1s", "--limit", "stall-wait=1s"], |server| {
        let mut raw = RawClient::welcomed(server.address, "pinger");
        raw.0.set_write_timeout(Some(TIMEOUT / 2)).unwrap();
        let pings = frame(0x89, &[b'x'; 125], true).repeat(1_000);
        let since = Instant::now();
        // The server delays it and then closes it: writing fails long before a million are sent.
        let sent = (0..1_000).take_while(|_| std::io::Write::write_all(&mut raw.0, &pings).is_ok());
        assert!(sent.count() < 1_000, "the server took a million pings");
        assert!(since.elapsed() < TIMEOUT / 2);
    });
}

#[test]
fn a_client_that_sends_refused_empty_and_binary_messages_is_delayed_and_then_closed() {
    under_attack(&["--limit", "flood-grace=1s"], |server| {
        for (what, code, wire) in [
            ("empty", 4429, text("")),
            ("no JSON", 4429, text("{")),
            ("of no type", 4429, text(r#"{"type":"nonsense"}"#)),
            ("pongs", 4429, frame(0x8A, b"", true)),
            ("binary", 1003, frame(0x82, b"x", true)),
        ] {
            let mut raw =
                RawClient::welcomed(server.address, &format!("fool-{}", what.replace(' ', "-")));
            raw.0.set_write_timeout(Some(TIMEOUT / 2)).unwrap();
            let mut sender = RawClient(raw.0.try_clone().unwrap());
            let sending = thread::spawn(move || sender.try_send(&wire.repeat(10_000)));
            assert_eq!(raw.read_close(), code, "{what}");
            drop(raw);
            sending.join().unwrap();
        }
    });
}

#[test]
fn ten_thousand_room_names_make_no_more_rooms_than_the_limit() {
    let flags = ["--limit", "rooms=20", "--limit", "control-rate=100000"];
    under_attack(&flags, |server| {
        let (mut peer, _) = TestClient::hello(server.address, "founder");
        let mut refused = 0;
        for n in 0..10_000 {
            peer.send(&json!({"type": "join", "room": format!("room{n}")}));
            let answer = peer.receive_any_of(&["joined", "error"]);
            refused += usize::from(answer["code"] == "too_many_rooms");
        }
        assert!((9_980..=9_990).contains(&refused), "{refused} refused");
    });
}

#[test]
fn endless_new_names_joins_and_leaves_delay_no_other_client() {
    under_attack(&["--limit", "control-rate=100000"], |server| {
        let (mut peer, _) = TestClient::hello(server.address, "restless");
        for n in 0..1_000 {
            peer.send(&json!({"type": "join", "room": SQUARE}));
            peer.send(&json!({"type": "nick", "user": format!("restless{n}")}));
            peer.send(&json!({"type": "leave", "room": SQUARE}));
        }
        peer.round_trip();
    });
}

#[test]
fn fifty_clients_that_read_all_of_history_again_and_again_delay_no_other() {
    under_attack(&["--limit", "control-rate=100000", "--max-text", "1000"], |server| {
        let (mut writer, _) = TestClient::joined(server.address, "writer", "lobby");
        let line = "x".repeat(1_000);
        for n in 0..500 {
            writer.post("lobby", &format!("{n}"), &line);
            writer.receive_with_cid(&n.to_string());
        }
        thread::scope(|scope| {
            for n in 0..50 {
                scope.spawn(move || {
                    let (mut reader, _) = TestClient::hello(server.address, &format!("reader{n}"));
                    for _ in 0..3 {
                        reader.send(&json!({"type": "join", "room": "lobby", "since": 0}));
                        reader.receive_type("joined");
                        assert_eq!(reader.receive_seqs(500), (1..=500).collect::<Vec<u64>>());
                        reader.send(&json!({"type": "leave", "room": "lobby"}));
                        reader.receive_type("left");
                    }
                });
            }
        });
    });
}

#[test]
fn a_reset_in_the_middle_of_a_broadcast_ends_only_that_client() {
    under_attack(&[], |server| {
        let (mut writer, _) = TestClient::joined(server.address, "writer", SQUARE);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0.. {
                    let Ok(mut peer) = TestClient::try_connect(server.address) else { continue };
                    // Few names, because an address may claim few; each with a key of its own.
                    let (name, token) = (n % 8, format!("{:032x}", n % 8 + 1));
                    peer.send(
                        &json!({"type": "hello", "user": format!("brief{name}"), "token": token,
                        "join": [{"room": SQUARE, "since": 0}]}),
                    );
                    while peer.receive()["type"] != "joined" {}
                    let mut raw = RawClient(peer.socket.get_ref().try_clone().unwrap());
                    raw.try_send(&frame(0x01, b"half", true)[..7]);
                    socket2::SockRef::from(&raw.0).set_linger(Some(Duration::ZERO)).unwrap();
                    drop((raw, peer));
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
            for n in 0..500 {
                writer.post(SQUARE, &format!("w{n}"), "once");
                writer.receive_with_cid(&format!("w{n}"));
            }
            is_over.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn joins_leaves_and_readiness_do_not_wait_for_slow_clients() {
    under_attack(&["--max-text", "10000"], |server| {
        let stuck: Vec<TestClient> = (0..20)
            .map(|n| TestClient::joined(server.address, &format!("stuck{n}"), "lobby").0)
            .collect();
        let (mut writer, _) = TestClient::joined(server.address, "writer", "lobby");
        let line = "x".repeat(10_000);
        for n in 0..700 {
            writer.post("lobby", &format!("{n}"), &line);
            writer.receive_with_cid(&n.to_string());
            if n % 100 == 0 {
                let ready = RawClient::connect(server.address).get("/readyz");
                assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
                let (mut guest, _) =
                    TestClient::joined(server.address, &format!("guest{n}"), "lobby");
                guest.send(&json!({"type": "leave", "room": "lobby"}));
                guest.receive_type("left");
            }
        }
        drop(stuck);
    });
}

/// How a client leaves.
type Way = Box<dyn Fn(&mut RawClient)>;

#[test]
fn however_a_connection_ends_one_leave_is_sent() {
    under_attack(&[], |server| {
        let (mut witness, _) = TestClient::joined(server.address, "witness", "lobby");
        let close = || frame(0x88, &1000_u16.to_be_bytes(), true);
        let ways: [(&str, Way); 5] = [
            ("close", Box::new(move |raw| raw.send(&close()))),
            ("twice", Box::new(move |raw| raw.send(&close().repeat(2)))),
            ("fin", Box::new(|raw| raw.finish_sending())),
            (
                "reset",
                Box::new(|raw| {
                    socket2::SockRef::from(&raw.0).set_linger(Some(Duration::ZERO)).unwrap();
                }),
            ),
            ("rude", Box::new(|raw| raw.send(&frame(0x81, b"x", false)))),
        ];
        for (user, way) in ways {
            let mut raw = RawClient::welcomed(server.address, user);
            raw.send(&text(r#"{"type":"join","room":"lobby"}"#));
            let is = |presence: &Value, state: &str| {
                presence["user"] == user && presence["state"] == state
            };
            assert!(is(&witness.receive_type("presence"), "joined"), "{user}");
            way(&mut raw);
            if user != "reset" {
                let rest = raw.read_to_end();
                let closes = rest.windows(2).filter(|bytes| bytes == b"\x88\x02").count();
                assert!(closes <= 1, "{closes} Close frames for {user}");
            }
            drop(raw);
            assert!(is(&witness.receive_type("presence"), "left"), "{user}");
            witness.receives_nothing();
        }
    });
}

#[test]
fn every_one_of_many_simultaneous_connections_is_served() {
    under_attack(&[], |server| {
        let mut storm: Vec<RawClient> =
            (0..500).map(|_| RawClient::connect(server.address)).collect();
        storm.iter_mut().for_each(|raw| raw.send(UPGRADE.as_bytes()));
        for raw in &mut storm {
            assert_eq!(raw.read_exactly(12), b"HTTP/1.1 101");
        }
    });
}
