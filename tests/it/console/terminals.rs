//! The console on terminals of all kinds: any width, without colours, without a screen.

use std::time::Instant;

use crate::support::terminal::{Terminal, input, status};
use crate::support::{TIMEOUT, TestClient, TestServer};

#[test]
fn from_40_to_400_columns_lines_are_wrapped_and_nothing_is_cut_off() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for (n, (rows, columns)) in [(50, 40), (60, 41), (40, 200), (24, 400)].into_iter().enumerate() {
        bob.resize(rows, columns);
        let width = usize::from(columns);
        let typed = "日本".repeat(width / 3);
        bob.type_in(&format!("\x15{typed}")); // ^U
        bob.wait_until("what is typed is broken at this width", |rows| {
            let first = rows.iter().find(|row| row.starts_with("> "));
            let used = first.map_or(0, |row| 2 + 2 * (row.chars().count() - 2));
            input(rows) == typed && (width - 4..width).contains(&used)
        });
        let said: Vec<String> = (0..60).map(|word| format!("word-{n}-{word}")).collect();
        ann.post("lobby", &n.to_string(), &said.join(" "));
        let screen = bob.wait_until("the line is broken at this width", |rows| {
            let words = rows.iter().flat_map(|row| row.split_whitespace());
            let of_line = words.filter(|word| word.starts_with(&format!("word-{n}-")));
            let count = rows.iter().filter(|row| row.contains(&format!("word-{n}-"))).count();
            of_line.eq(said.iter()) && count == rows_of(&said, width) && input(rows) == typed
        });
        assert_eq!(screen.iter().filter(|row| row.starts_with("[lobby] bob · live")).count(), 1);
    }
}

#[test]
fn keys_typed_right_after_a_resize_leave_no_second_status_row() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let mut typed = "a".repeat(60);
    bob.type_in(&typed);
    bob.wait_until("the input is in one row", |rows| input(rows) == typed);
    bob.resize(24, 40);
    for key in ["x", "y", "z"] {
        bob.type_in(key);
        typed.push_str(key);
        bob.wait_until("the key is seen", |rows| rows.iter().any(|row| row.ends_with(key)));
    }
    let screen = bob.wait_until("the input is in two rows", |rows| input(rows) == typed);
    let status_rows = screen.iter().filter(|row| row.starts_with("[lobby] bob · live")).count();
    assert_eq!(status_rows, 1, "{screen:#?}");
}

/// The rows that `12:34 ann` and these words need: all but the first begin below the first word, and
/// the last column is free.
fn rows_of(words: &[String], width: usize) -> usize {
    let (mut rows, mut used) = (1, "12:34 ann".len());
    for word in words {
        if used + 1 + word.len() > width - 1 {
            (rows, used) = (rows + 1, 10 + word.len());
        } else {
            used += 1 + word.len();
        }
    }
    rows
}

/// Everything between `ESC [` and `m`.
fn styles(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let sequences = text.split("\x1b[").skip(1);
    let style = |rest: &str| {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    };
    sequences.filter_map(style).collect()
}

fn with(server: &TestServer, user: &str, environment: &str) -> Terminal {
    Terminal::shell(server.address, user, &format!("{environment} exec \"$@\""))
}

#[test]
fn a_terminal_gets_the_colours_that_it_announces_or_none() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "hi");
    let is_plain = |style: &String| ["0", "1", "2", "7"].contains(&style.as_str());
    for (user, environment, colours) in [
        ("a", "NO_COLOR=1 COLORTERM=truecolor", None),
        ("b", "TERM=xterm COLORTERM=", Some("1;3")),
        ("c", "COLORTERM=", Some("1;38;5;")),
        ("d", "COLORTERM=truecolor", Some("1;38;2;")),
    ] {
        let mut bob = with(&server, user, environment);
        bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
        bob.wait_for(" ann hi");
        let used = styles(&bob.bytes());
        match colours {
            None => assert!(used.iter().all(is_plain), "{environment}: {used:?}"),
            Some(of) => {
                assert!(used.iter().any(|style| style.starts_with(of)), "{environment}: {used:?}");
            }
        }
        bob.type_in("/quit\r");
        assert_eq!(bob.wait_exit(), 0);
    }
}

#[test]
fn a_dumb_terminal_and_a_screen_reader_get_lines_and_no_escape_sequence() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "hi");
    for (user, environment) in [("a", "TERM=dumb"), ("b", "TALK_PLAIN=1")] {
        let mut bob = with(&server, user, environment);
        bob.wait_for(" ann hi");
        bob.type_in("/goto 1\nhello\n");
        bob.wait_for("-- end of older messages --");
        while ann.receive_type("post")["text"] != "hello" {}
        bob.type_in("/quit\n");
        assert_eq!(bob.wait_exit(), 0);
        assert!(!bob.bytes().contains(&0x1b), "{:?}", String::from_utf8_lossy(&bob.bytes()));
    }
}

#[test]
fn a_screen_reader_gets_lines_as_wide_as_the_resized_terminal() {
    let server = TestServer::start(&["--rate", "0"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let mut bob = with(&server, "bob", "TALK_PLAIN=1");
    let text = ["word"; 25].join(" ");
    ann.post("lobby", "first", &text);
    bob.wait_until("it is in two rows", |rows| rows.iter().any(|row| row.starts_with("      w")));
    bob.resize(24, 200);
    let deadline = Instant::now() + TIMEOUT;
    let line = format!(" ann {text}\r\n");
    for n in 0.. {
        ann.post("lobby", &n.to_string(), &text);
        if String::from_utf8_lossy(&bob.bytes()).contains(&line) {
            return;
        }
        ann.receive_own("ann", &n.to_string());
        assert!(Instant::now() < deadline, "still in two rows");
    }
}
