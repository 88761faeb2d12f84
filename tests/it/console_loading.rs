//! Looking back beyond the lines that a console keeps: what it loads, and from whom.

use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;

use crate::support::filled::fill;
use crate::support::{Peer, Running};
use crate::terminal::{Terminal, input, status};

const PAGE_UP: &str = "\x1b[5~";
const END: &str = "\x1b[F";

/// Rows of the terminal on which one looks back; below them is what there is more, the status line
/// and the line being typed.
const PANE: usize = 21;

/// A data directory whose lobby has `number 1` to `number COUNT`.
fn filled(count: u64) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), count, "number");
    data
}

/// The last words of each row.
fn ends(rows: &[String]) -> Vec<&str> {
    rows.iter().map(|row| row.rsplit(' ').next().unwrap_or_default()).collect()
}

fn has(rows: &[String], end: &str) -> bool {
    rows.iter().any(|row| row.ends_with(end))
}

/// Presses keys, and waits until they have been taken in: they are followed by one that is typed.
fn press(bob: &mut Terminal, keys: &str) -> Vec<String> {
    bob.type_in(&format!("{keys}x"));
    let rows = bob.until("it is pressed", |rows| input(rows) == "x");
    bob.type_in("\x15");
    bob.until("and taken back", |rows| input(rows).is_empty());
    rows
}

#[test]
fn a_page_that_a_killed_server_owes_comes_from_the_next() {
    let data = filled(900);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = Running::start_on(&listener, data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.until("all is there", |rows| has(rows, " number 900"));
    let stopped = Command::new("kill").args(["-STOP", &server.pid().to_string()]).status();
    assert!(stopped.unwrap().success());
    bob.type_in("/goto 300\r");
    bob.shows("-- loading more messages");
    server.kill();
    bob.shows("-- offline: more messages can be loaded when connected");

    let server = Running::start_on(&listener, data.path(), &[]);
    let rows = bob.until("it has been loaded", |rows| has(&rows[..PANE], " number 320"));
    let expected: Vec<String> = (300..=320).map(|n| n.to_string()).collect();
    assert_eq!(ends(&rows[..PANE]), expected);

    let (mut ann, _) = Peer::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "a new line");
    bob.shows("-- more below · 1 new");
    bob.type_in(END);
    let rows = bob.until("it goes on", |rows| has(rows, " ann a new line"));
    assert!(has(&rows, " number 900"), "{rows:#?}");
}

#[test]
fn a_held_key_leads_to_the_first_line_and_what_was_said_meanwhile_is_shown_once() {
    let data = filled(3_000);
    let server = Running::start_in(data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.until("all is there", |rows| has(rows, " number 3000"));
    let (mut ann, _) = Peer::joined(server.address, "ann", "lobby");
    let mut said = 0;
    let rows = loop {
        let rows = press(&mut bob, &PAGE_UP.repeat(7));
        if said < 12 {
            said += 1;
            ann.post("lobby", &said.to_string(), &format!("meanwhile {said}"));
            ann.hear_own("ann", &said.to_string());
        }
        if has(&rows[..2], " number 1") {
            break rows;
        }
    };
    bob.type_in(PAGE_UP);
    bob.shows("start of the room");
    let numbers = |numbers: std::ops::RangeInclusive<u64>| -> Vec<String> {
        numbers.map(|n| n.to_string()).collect()
    };
    assert_eq!(said, 12);
    assert_eq!(ends(&rows[..PANE])[1..], numbers(1..=20));

    bob.resize(12, 40);
    let rows = bob.until("it is painted anew", |rows| rows.len() == 12 && has(rows, " number 8"));
    assert_eq!(ends(&rows[..9])[1..], numbers(1..=8));
    bob.resize(24, 80);
    bob.until("and again", |rows| rows.len() == 24 && has(rows, " number 20"));

    bob.type_in(END);
    let rows = bob.until("it goes on", |rows| has(rows, " meanwhile 12"));
    let at = rows.iter().position(|row| row.ends_with(" meanwhile 1")).unwrap();
    assert_eq!(ends(&rows[at..at + 12]), numbers(1..=12));
    assert!(rows[at + 12].starts_with("[lobby]"), "nothing stands below them: {rows:#?}");
    ann.post("lobby", "13", "meanwhile 13");
    let on = bob.until("it is live", |rows| has(rows, " meanwhile 13"));
    let at = on.iter().position(|row| row.ends_with(" meanwhile 1")).unwrap();
    assert_eq!(ends(&on[at..at + 13]), numbers(1..=13));
}

#[test]
fn the_lines_one_looks_at_stay_while_more_come_in_than_are_kept() {
    let data = filled(900);
    let server = Running::start_in(data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.until("all is there", |rows| has(rows, " number 900"));
    let (mut ann, _) = Peer::joined(server.address, "ann", "lobby");
    let before = press(&mut bob, &PAGE_UP.repeat(2)); // nothing has to be loaded for that
    for n in 1..=3_000 {
        ann.post("lobby", &n.to_string(), &format!("said {n}"));
    }
    ann.hear_own("ann", "3000");
    let rows = bob.until("it has heard all", |rows| {
        status(rows).contains("#3900") && has(&rows[..PANE], ends(&before[..PANE])[PANE - 1])
    });
    assert_eq!(rows[..PANE], before[..PANE]);
    bob.type_in(PAGE_UP);
    bob.until("it goes back from there", |rows| has(&rows[PANE - 1..], ends(&before[..PANE])[0]));
    bob.type_in(END);
    bob.until("it goes on", |rows| has(rows, " said 3000"));
}
