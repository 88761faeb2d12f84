//! Scrolling back while new messages come, also beyond the messages that a console keeps.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::fixtures::fill;
use crate::support::terminal::{Terminal, input, status};
use crate::support::{TestClient, TestServer};

const PAGE_UP: &str = "\x1b[5~";
const END: &str = "\x1b[F";

/// Rows of the terminal for scrolling back; below them are the hint that there is more, the status line
/// and the input line.
const PANE: usize = 21;

/// Posts `line 1` to `line COUNT` to the lobby as ann; returns ann.
fn lobby(server: &TestServer, count: usize) -> TestClient {
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    (1..=count).for_each(|n| post(&mut ann, n));
    ann
}

fn post(ann: &mut TestClient, n: usize) {
    ann.post("lobby", &n.to_string(), &format!("line {n}"));
    ann.receive_own("ann", &n.to_string());
}

fn has(rows: &[String], end: &str) -> bool {
    rows.iter().any(|row| row.ends_with(end))
}

#[test]
fn the_scroll_position_stays_while_new_messages_come() {
    let server = TestServer::start(&["--rate", "0"]);
    let mut ann = lobby(&server, 60);
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("/version\r");
    bob.wait_until("all is there", |rows| {
        has(rows, " line 60") && rows.iter().any(|row| row.starts_with("-- console "))
    });

    bob.type_in("\x1b[5~\x1b[5~half"); // PgUp
    let more = |rows: &[String]| rows.iter().any(|row| row.starts_with("-- more below"));
    let back = bob.wait_until("it scrolls back", |rows| more(rows) && input(rows) == "half");
    assert!(has(&back, " line 20") && !has(&back, " line 60"), "{back:#?}");
    post(&mut ann, 61);
    let on = bob.wait_for("-- more below · 1 new · PgDn --");
    assert_eq!(on[..21], back[..21], "nothing has moved");
    assert_eq!(on.len(), 24);

    bob.type_in("\x1b[6~\x1b[6~\x1b[6~"); // PgDn
    let rows = bob.wait_until("it shows the newest", |rows| has(rows, " line 61") && !more(rows));
    let at = rows.iter().position(|row| row.ends_with(" line 61")).unwrap();
    assert!(rows[at - 1].contains("-- console "), "the first screen is as it was: {rows:#?}");
    assert_eq!(input(&rows), "half");

    bob.type_in("\x1b[5~\x03/quit\r");
    assert_eq!(bob.wait_exit(), 0);
}

#[test]
fn goto_scrolls_to_a_message_even_if_it_must_be_loaded() {
    let server = TestServer::start(&["--rate", "0"]);
    let _ann = lobby(&server, 150);
    let mut bob = Terminal::live(server.address, "bob");
    bob.wait_until("all is there", |rows| has(rows, " line 150"));
    bob.type_in("/goto 60\r");
    let rows = bob.wait_until("it is at the top", |rows| rows[0].ends_with(" line 60"));
    assert!(status(&rows).starts_with("[lobby]"), "{rows:#?}");
    bob.type_in("/goto #5\r");
    bob.wait_until("it has been loaded", |rows| rows[0].ends_with(" line 5"));
    bob.type_in("/goto 151\r");
    bob.wait_for("!! there is no message #151 yet: the newest is #150");
    bob.type_in("\x15\x1b[5~/quit\r");
    assert_eq!(bob.wait_exit(), 0);
}

/// The number at the end of the first row that has one.
fn first_number(rows: &[String]) -> u64 {
    let number = |row: &String| row.split_whitespace().next_back()?.parse().ok();
    rows.iter().find_map(number).unwrap_or(u64::MAX)
}

#[test]
fn scrolling_back_reaches_the_first_message_of_a_long_room_while_new_ones_come() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), 2_500, "number");
    let server = TestServer::start_in(data.path(), &["--rate", "0"]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    bob.wait_until("all is there", |rows| has(rows, " number 2500"));
    bob.type_in("\x1b[5~"); // PgUp
    let mut seen = first_number(&bob.wait_for("-- more below"));
    let mut said = 0;
    while seen > 1 {
        bob.type_in("\x1b[5~");
        let before = seen;
        let rows = bob.wait_until("an older page", |rows| first_number(rows) < before);
        seen = first_number(&rows);
        assert!(!rows[1..].concat().contains("2026 --") || seen == 1, "one day: {rows:#?}");
        assert!(has(&rows, &format!(" number {before}")), "no row is missing: {rows:#?}");
        said += 1;
        ann.post("lobby", &format!("m{said}"), "meanwhile");
    }
    bob.type_in("\x1b[5~\x1b[5~"); // to the day line above it, and no further
    let rows = bob.wait_for("start of the room");
    assert!(rows[0].contains("2026 --") && rows[1].ends_with(" number 1"), "{rows:#?}");
    bob.resize(30, 60);
    bob.wait_until("it is redrawn", |rows| {
        rows.len() == 30 && rows[1].ends_with(" number 1") && has(rows, " number 26")
    });
    bob.type_in("\x1b[1;3F"); // Alt-End
    bob.wait_until("it shows the newest", |rows| {
        has(rows, " ann meanwhile") && !has(rows, "PgDn --")
    });
    ann.post("lobby", "last", "the last");
    let rows = bob.wait_until("it is live", |rows| has(rows, " ann the last"));
    assert!(status(&rows).contains(&format!("#{}", 2_500 + said + 1)), "{rows:#?}");
    bob.type_in("\x1b[1;3H"); // Alt-Home
    bob.wait_until("where the room begins", |rows| has(rows, " number 1"));
    bob.type_in("\r");
    bob.wait_until("Enter on an empty line scrolls down", |rows| has(rows, " ann the last"));
}

#[test]
fn older_messages_are_loaded_once_the_server_is_back() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), 900, "number");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = TestServer::start_on(&listener, data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.wait_until("all is there", |rows| has(rows, " number 900"));
    server.kill();
    bob.wait_until("it is gone", |rows| !status(rows).contains("· live"));
    bob.type_in("/goto 300\r");
    bob.wait_for("-- offline: more messages can be loaded when connected");
    let _server = TestServer::start_on(&listener, data.path(), &[]);
    bob.wait_until("it has been loaded", |rows| rows[0].ends_with(" number 300"));
    bob.type_in("\x1b[5~");
    bob.wait_until("what is before it, too", |rows| {
        has(rows, " number 300") && has(rows, " number 290")
    });
}

#[test]
fn a_resize_while_scrolled_back_redraws_both_screens() {
    let server = TestServer::start(&["--rate", "0"]);
    let _ann = lobby(&server, 60);
    let mut bob = Terminal::live(server.address, "bob");
    bob.wait_until("all is there", |rows| has(rows, " line 60"));
    bob.type_in("\x1b[5~");
    let before = bob.wait_for("-- more below");
    bob.resize(12, 40);
    bob.wait_until("it is redrawn", |rows| {
        rows.len() == 12 && rows[0] == before[0] && rows[9].starts_with("-- more below")
    });
    bob.type_in("hi\r");
    bob.wait_until("it is sent", |rows| {
        has(rows, " bob hi") && !rows.concat().contains("more below")
    });
}

// ---- Messages to be loaded --------------------------------------------------------------------

/// A data directory whose lobby has `number 1` to `number COUNT`.
fn filled(count: u64) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), count, "number");
    data
}

/// The last word of each row.
fn ends(rows: &[String]) -> Vec<&str> {
    rows.iter().map(|row| row.rsplit(' ').next().unwrap_or_default()).collect()
}

/// Presses keys, and waits until the console has handled them: a typed letter follows them.
fn press(bob: &mut Terminal, keys: &str) -> Vec<String> {
    bob.type_in(&format!("{keys}x"));
    let rows = bob.wait_until("the keys are handled", |rows| input(rows) == "x");
    bob.type_in("\x15");
    bob.wait_until("the input line is empty again", |rows| input(rows).is_empty());
    rows
}

#[test]
fn a_page_requested_from_a_killed_server_comes_after_its_restart() {
    let data = filled(900);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = TestServer::start_on(&listener, data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.wait_until("all is there", |rows| has(rows, " number 900"));
    let stopped = Command::new("kill").args(["-STOP", &server.pid().to_string()]).status();
    assert!(stopped.unwrap().success());
    bob.type_in("/goto 300\r");
    bob.wait_for("-- loading more messages");
    server.kill();
    bob.wait_for("-- offline: more messages can be loaded when connected");

    let server = TestServer::start_on(&listener, data.path(), &[]);
    let rows = bob.wait_until("it has been loaded", |rows| has(&rows[..PANE], " number 320"));
    let expected: Vec<String> = (300..=320).map(|n| n.to_string()).collect();
    assert_eq!(ends(&rows[..PANE]), expected);

    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "a new line");
    bob.wait_for("-- more below · 1 new");
    bob.type_in(END);
    let rows = bob.wait_until("it shows the newest", |rows| has(rows, " ann a new line"));
    assert!(has(&rows, " number 900"), "{rows:#?}");
}

#[test]
fn holding_page_up_leads_to_the_first_message_and_new_messages_are_shown_once() {
    let data = filled(3_000);
    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.wait_until("all is there", |rows| has(rows, " number 3000"));
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let mut said = 0;
    let rows = loop {
        let rows = press(&mut bob, &PAGE_UP.repeat(7));
        if said < 12 {
            said += 1;
            ann.post("lobby", &said.to_string(), &format!("meanwhile {said}"));
            ann.receive_own("ann", &said.to_string());
        }
        if has(&rows[..2], " number 1") {
            break rows;
        }
    };
    bob.type_in(PAGE_UP);
    bob.wait_for("start of the room");
    let numbers = |numbers: std::ops::RangeInclusive<u64>| -> Vec<String> {
        numbers.map(|n| n.to_string()).collect()
    };
    assert_eq!(said, 12);
    assert_eq!(ends(&rows[..PANE])[1..], numbers(1..=20));

    bob.resize(12, 40);
    let rows = bob.wait_until("it is redrawn", |rows| rows.len() == 12 && has(rows, " number 8"));
    assert_eq!(ends(&rows[..9])[1..], numbers(1..=8));
    bob.resize(24, 80);
    bob.wait_until("and again", |rows| rows.len() == 24 && has(rows, " number 20"));

    bob.type_in(END);
    let rows = bob.wait_until("it shows the newest", |rows| has(rows, " meanwhile 12"));
    let at = rows.iter().position(|row| row.ends_with(" meanwhile 1")).unwrap();
    assert_eq!(ends(&rows[at..at + 12]), numbers(1..=12));
    assert!(rows[at + 12].starts_with("[lobby]"), "nothing is below them: {rows:#?}");
    ann.post("lobby", "13", "meanwhile 13");
    let on = bob.wait_until("it is live", |rows| has(rows, " meanwhile 13"));
    let at = on.iter().position(|row| row.ends_with(" meanwhile 1")).unwrap();
    assert_eq!(ends(&on[at..at + 13]), numbers(1..=13));
}

#[test]
#[expect(clippy::print_stderr, reason = "how long it takes, for --nocapture")]
fn any_message_or_time_of_100_000_is_shown_at_once_with_its_day_in_the_status_line() {
    let data = filled(100_000); // 100 seconds of them
    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.wait_until("all is there", |rows| has(rows, " number 100000"));
    let today = status(&bob.wait_until("all", |_| true)).to_owned();
    assert!(!today.contains("2026"), "{today}");
    // It is Mon, 23 Nov 2026, 00:36:17.902 UTC, and a record comes each millisecond.
    for (typed, number) in [
        ("/goto 1\r", 1),
        ("/goto 2026-11-23 00:37\r", 42_098),
        ("/goto 50000\r", 50_000),
        ("/goto 2026-11-22\r", 1),
        ("/goto 2026-11-23\r", 1),
    ] {
        let start = Instant::now();
        bob.type_in(typed);
        let rows = bob
            .wait_until("it has been loaded", |rows| has(&rows[..2], &format!(" number {number}")));
        let took = start.elapsed();
        eprintln!("{}: {took:?}", typed.trim_end());
        assert!(took < Duration::from_secs(5), "{typed:?} took {took:?}");
        assert!(status(&rows).starts_with("[lobby] Mon, 23 Nov 2026 · "), "{rows:#?}");
    }
    bob.type_in("/goto 2026-11-24\r");
    bob.wait_for("!! no messages here since then");
    bob.type_in(END);
    bob.wait_until("it shows the newest", |rows| has(rows, " number 100000"));
}

#[test]
fn scrolled_back_messages_stay_while_more_come_than_are_kept() {
    let data = filled(900);
    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.wait_until("all is there", |rows| has(rows, " number 900"));
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let before = press(&mut bob, &PAGE_UP.repeat(2)); // these pages are in memory
    for n in 1..=3_000 {
        ann.post("lobby", &n.to_string(), &format!("said {n}"));
    }
    ann.receive_own("ann", "3000");
    let rows = bob.wait_until("it has received all", |rows| {
        status(rows).contains("#3900") && has(&rows[..PANE], ends(&before[..PANE])[PANE - 1])
    });
    assert_eq!(rows[..PANE], before[..PANE]);
    bob.type_in(PAGE_UP);
    bob.wait_until("it scrolls back from there", |rows| {
        has(&rows[PANE - 1..], ends(&before[..PANE])[0])
    });
    bob.type_in(END);
    bob.wait_until("it shows the newest", |rows| has(rows, " said 3000"));
}
