//! Typing while many messages arrive: no keystroke is lost, and no half-drawn screen is visible.

use std::thread;
use std::time::Instant;

use crate::support::terminal::{Terminal, input};
use crate::support::{TestClient, TestServer};

/// Messages in the flood, and how many of them are posted at once: more than 1,000 a second.
const LINES: usize = 6_000;
const AT_ONCE: usize = 50;

/// Fails if a screen has anything but messages of the flood in their order, the status line, and a prefix
/// of `text`.
fn is_whole(rows: &[String], text: &str) {
    assert!(text.starts_with(&input(rows)), "{rows:#?}");
    let at = rows.len() - 2;
    assert!(rows[at].starts_with("[lobby] bob · ") && rows[at + 1].starts_with('>'), "{rows:#?}");
    let number = |row: &String| row.rsplit_once(" ann flood ").map(|(_, n)| n.parse().unwrap());
    let numbers: Vec<Option<usize>> = rows[..at].iter().map(number).collect();
    let flood: Vec<usize> = numbers.iter().copied().skip_while(Option::is_none).flatten().collect();
    assert!(flood.windows(2).all(|pair| pair[1] == pair[0] + 1), "{rows:#?}");
    let first = numbers.iter().take_while(|number| number.is_none()).count();
    assert_eq!(flood.len(), at - first, "something is between the messages: {rows:#?}");
}

#[test]
fn messages_one_by_one_are_painted_at_most_fifty_times_a_second() {
    let server = TestServer::start(&["--rate", "0", "--sync", "interval"]);
    let begun = Instant::now();
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for n in 0..1_000 {
        ann.post("lobby", &n.to_string(), &format!("flood {n}"));
        ann.receive_own("ann", &n.to_string());
    }
    bob.wait_for(" ann flood 999");
    let bytes = bob.bytes();
    let begin = b"\x1b[?2026h";
    let paintings = bytes.windows(begin.len()).filter(|part| part == begin).count();
    let most = begun.elapsed().as_millis() / 20 + 4;
    assert!(paintings as u128 <= most, "{paintings} paintings, {most} allowed");
}

#[test]
fn input_typed_during_a_flood_stays_whole() {
    let server = TestServer::start(&["--rate", "0", "--sync", "interval"]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    bob.wait_for(" --> ann joined");
    let flood = move || {
        for batch in (0..LINES).collect::<Vec<_>>().chunks(AT_ONCE) {
            for n in batch {
                ann.post("lobby", &n.to_string(), &format!("flood {n}"));
            }
            ann.receive_own("ann", &batch[AT_ONCE - 1].to_string());
        }
        ann
    };
    let flood = thread::Builder::new().name("flood".to_owned()).spawn(flood).unwrap();

    let text = "the quick brown fox jumps over the lazy dog; 日本語 and zoë, äöü";
    let mut typed = String::new();
    for letter in text.chars() {
        typed.push(letter);
        bob.type_in(&letter.to_string());
        bob.wait_until("the letter is there", |rows| {
            is_whole(rows, text);
            input(rows) == typed.trim_end()
        });
    }
    let last = format!(" ann flood {}", LINES - 1);
    let rows = bob.wait_until("the flood is over", |rows| {
        is_whole(rows, text);
        rows.len() == 24 && rows[21].ends_with(&last)
    });
    assert_eq!(rows[22], format!("[lobby] bob · live · 2 people · #{LINES}"));
    assert_eq!(rows[23], format!("> {text}"));
    let numbers = rows[..22].iter().map(|row| row.rsplit(' ').next().unwrap().parse::<usize>());
    assert!(numbers.map(Result::unwrap).eq(LINES - 22..LINES), "{rows:#?}");

    bob.type_in("\r");
    let mut ann = flood.join().unwrap();
    let received = loop {
        let record = ann.receive_type("post");
        if record["user"] == "bob" {
            break record;
        }
    };
    assert_eq!(received["text"], text);
}
