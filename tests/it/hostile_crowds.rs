//! Many at once, who are slow, greedy, or never finish: nobody else waits for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::raw::{UPGRADE, frame, text};
use crate::support::siege::{SQUARE, besieged};
use crate::support::{Peer, Raw, Running, SOON};

/// How long somebody new takes to their welcome.
fn serves(server: &Running, user: &str) -> Duration {
    let since = Instant::now();
    drop(Raw::welcomed(server.address, user));
    since.elapsed()
}

#[test]
fn five_hundred_silent_and_five_hundred_dribbling_connections_keep_nobody_out() {
    besieged(&["--limit", "head-wait=2s"], |server| {
        let since = Instant::now();
        let mut silent: Vec<Raw> = (0..500).map(|_| Raw::connect(server.address)).collect();
        let mut slow: Vec<Raw> = (0..500).map(|_| Raw::connect(server.address)).collect();
        let mut rounds = 0;
        while since.elapsed() < Duration::from_millis(1_500) {
            slow.iter_mut().for_each(|raw| raw.try_send(b"G"));
            rounds += 1;
            assert!(serves(server, &format!("quick{rounds}")) < SOON / 10);
        }
        for raw in silent.iter_mut().chain(&mut slow) {
            let answer = raw.read_to_end();
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
        }
        assert!(since.elapsed() < SOON / 2, "a byte now and then gave them no more time");
    });
}

#[test]
fn a_million_pings_that_nobody_reads_the_answers_of_cost_little() {
    besieged(&["--limit", "flood-grace=1s", "--limit", "stall-wait=1s"], |server| {
        let mut raw = Raw::welcomed(server.address, "pinger");
        raw.0.set_write_timeout(Some(SOON / 2)).unwrap();
        let pings = frame(0x89, &[b'x'; 125], true).repeat(1_000);
        let since = Instant::now();
        // It is slowed down and then sent away: writing fails long before a million are out.
        let sent = (0..1_000).take_while(|_| std::io::Write::write_all(&mut raw.0, &pings).is_ok());
        assert!(sent.count() < 1_000, "a million pings were taken");
        assert!(since.elapsed() < SOON / 2);
    });
}

#[test]
fn who_sends_refused_empty_and_binary_messages_is_slowed_and_then_sent_away() {
    besieged(&["--limit", "flood-grace=1s"], |server| {
        for (what, code, wire) in [
            ("empty", 4429, text("")),
            ("no JSON", 4429, text("{")),
            ("of no type", 4429, text(r#"{"type":"nonsense"}"#)),
            ("pongs", 4429, frame(0x8A, b"", true)),
            ("binary", 1003, frame(0x82, b"x", true)),
        ] {
            let mut raw =
                Raw::welcomed(server.address, &format!("fool-{}", what.replace(' ', "-")));
            raw.0.set_write_timeout(Some(SOON / 2)).unwrap();
            let mut sender = Raw(raw.0.try_clone().unwrap());
            let sending = thread::spawn(move || sender.try_send(&wire.repeat(10_000)));
            assert_eq!(raw.read_close(), code, "{what}");
            drop(raw);
            sending.join().unwrap();
        }
    });
}

#[test]
fn ten_thousand_names_of_rooms_make_no_more_rooms_than_there_may_be() {
    let flags = ["--limit", "rooms=20", "--limit", "control-rate=100000"];
    besieged(&flags, |server| {
        let (mut peer, _) = Peer::hello(server.address, "founder");
        let mut refused = 0;
        for n in 0..10_000 {
            peer.say(&json!({"type": "join", "room": format!("room{n}")}));
            let answer = peer.hear_type_of(&["joined", "error"]);
            refused += usize::from(answer["code"] == "too_many_rooms");
        }
        assert!((9_980..=9_990).contains(&refused), "{refused} refused");
    });
}

#[test]
fn new_names_joins_and_leaves_without_end_keep_nobody_waiting() {
    besieged(&["--limit", "control-rate=100000"], |server| {
        let (mut peer, _) = Peer::hello(server.address, "restless");
        for n in 0..1_000 {
            peer.say(&json!({"type": "join", "room": SQUARE}));
            peer.say(&json!({"type": "nick", "user": format!("restless{n}")}));
            peer.say(&json!({"type": "leave", "room": SQUARE}));
        }
        peer.hear_answer();
    });
}

#[test]
fn fifty_who_read_all_of_history_again_and_again_keep_nobody_waiting() {
    besieged(&["--limit", "control-rate=100000", "--max-text", "1000"], |server| {
        let (mut writer, _) = Peer::joined(server.address, "writer", "lobby");
        let line = "x".repeat(1_000);
        for n in 0..500 {
            writer.post("lobby", &format!("{n}"), &line);
            writer.hear_answer_to(&n.to_string());
        }
        thread::scope(|scope| {
            for n in 0..50 {
                scope.spawn(move || {
                    let (mut reader, _) = Peer::hello(server.address, &format!("reader{n}"));
                    for _ in 0..3 {
                        reader.say(&json!({"type": "join", "room": "lobby", "since": 0}));
                        reader.hear_type("joined");
                        assert_eq!(reader.hear_seqs(500), (1..=500).collect::<Vec<u64>>());
                        reader.say(&json!({"type": "leave", "room": "lobby"}));
                        reader.hear_type("left");
                    }
                });
            }
        });
    });
}

#[test]
fn who_resets_in_the_middle_of_a_broadcast_is_gone_and_nothing_else() {
    besieged(&[], |server| {
        let (mut writer, _) = Peer::joined(server.address, "writer", SQUARE);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0.. {
                    let Ok(peer) = Peer::try_connect(server.address) else { continue };
                    let mut raw = Raw(peer.socket.get_ref().try_clone().unwrap());
                    raw.try_send(&text(&format!(
                        r#"{{"type":"hello","user":"brief{n}","join":[{{"room":"{SQUARE}","since":0}}]}}"#
                    )));
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
                writer.hear_answer_to(&format!("w{n}"));
            }
            is_over.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn joins_leaves_and_readiness_do_not_wait_for_stuck_readers() {
    besieged(&["--max-text", "10000"], |server| {
        let stuck: Vec<Peer> = (0..20)
            .map(|n| Peer::joined(server.address, &format!("stuck{n}"), "lobby").0)
            .collect();
        let (mut writer, _) = Peer::joined(server.address, "writer", "lobby");
        let line = "x".repeat(10_000);
        for n in 0..700 {
            writer.post("lobby", &format!("{n}"), &line);
            writer.hear_answer_to(&n.to_string());
            if n % 100 == 0 {
                let ready = Raw::connect(server.address).get("/readyz");
                assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
                let (mut guest, _) = Peer::joined(server.address, &format!("guest{n}"), "lobby");
                guest.say(&json!({"type": "leave", "room": "lobby"}));
                guest.hear_type("left");
            }
        }
        drop(stuck);
    });
}

/// How somebody leaves.
type Way = Box<dyn Fn(&mut Raw)>;

#[test]
fn however_a_connection_ends_its_leaving_is_told_once() {
    besieged(&[], |server| {
        let (mut witness, _) = Peer::joined(server.address, "witness", "lobby");
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
            let mut raw = Raw::welcomed(server.address, user);
            raw.send(&text(r#"{"type":"join","room":"lobby"}"#));
            let is = |told: &Value, state: &str| told["user"] == user && told["state"] == state;
            assert!(is(&witness.hear_type("presence"), "joined"), "{user}");
            way(&mut raw);
            if user != "reset" {
                let rest = raw.read_to_end();
                let closes = rest.windows(2).filter(|bytes| bytes == b"\x88\x02").count();
                assert!(closes <= 1, "{closes} Close frames for {user}");
            }
            drop(raw);
            assert!(is(&witness.hear_type("presence"), "left"), "{user}");
            witness.hears_nothing();
        }
    });
}

#[test]
fn a_storm_of_connections_is_served_to_the_last() {
    besieged(&[], |server| {
        let mut storm: Vec<Raw> = (0..500).map(|_| Raw::connect(server.address)).collect();
        storm.iter_mut().for_each(|raw| raw.send(UPGRADE.as_bytes()));
        for raw in &mut storm {
            assert_eq!(raw.read_exactly(12), b"HTTP/1.1 101");
        }
    });
}
