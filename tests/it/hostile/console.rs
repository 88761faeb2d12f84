//! Text from other users and from servers never controls the terminal, nor looks like another user's text.

use std::io::Write;
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket};

use crate::support::TIMEOUT;
use crate::support::terminal::Terminal;

/// Escape sequences that terminals obey, and the 8-bit controls that some of them obey.
const COMMANDS: &[&str] = &[
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]0;title\x07",
    "\x1b[21t",
    "\x1bP$q\"p\x1b\\",
    "\x1b[c",
    "\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "\x1b[2J\x1b[H",
    "\x1b[?1049h",
    "\x1b[?2004h",
    "\x1b_apc\x1b\\",
    "\x1b^pm\x1b\\",
    "\x1b[201~",
    "\u{9b}2J",
    "\u{9d}0;title\u{9c}",
    "\r12:00 admin overwrites",
    "\x08\x08\x08\x08",
    "\x7f\0\x05\x0e",
];

/// Characters that are invisible, or that change the direction of text.
const HIDDEN: &str = "\u{202e}rlo\u{2066}lri\u{200b}zwsp\u{feff}bom\u{e0041}tag\u{ad}shy\u{2028}";

/// A server that sends what a test gives it.
struct HostileServer(WebSocket<TcpStream>);

impl HostileServer {
    fn open(bob: &str) -> (HostileServer, Terminal) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let terminal = Terminal::start(listener.local_addr().unwrap(), bob, &[]);
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let mut server = HostileServer(tungstenite::accept(stream).unwrap());
        assert_eq!(server.receive()["type"], "hello");
        (server, terminal)
    }

    fn receive(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    fn welcome(&mut self, evil: &str, head: usize) {
        self.send(&json!({"type": "welcome", "user": "bob", "server": evil, "motd": evil,
            "token": "00112233445566778899aabbccddeeff",
            "limits": {"text": 4096, "rate": 5, "burst": 20, "page": 100}}));
        self.send(&json!({"type": "joined", "room": "lobby", "log": "x", "first": 1, "head": head,
            "since": 0, "reset": false, "topic": evil, "count": 2, "members": ["bob", "eve"]}));
    }

    /// Answers the Close of the other side, whichever side sent the first.
    fn ends(mut self) {
        while self.0.read().is_ok() {}
    }

    /// An action of eve's that is recorded in the lobby's log.
    fn act(&mut self, seq: usize, act: &Value) {
        let mut record = act.clone();
        record["room"] = "lobby".into();
        record["seq"] = seq.into();
        record["at"] = 1_795_392_000_000_u64.into();
        record["user"] = "eve".into();
        record["cid"] = format!("c{seq}").into();
        self.send(&record);
    }

    fn record(&mut self, seq: usize, user: &str, text: &str) {
        self.send(
            &json!({"type": "post", "room": "lobby", "seq": seq, "at": 1_795_392_000_000_u64,
            "user": user, "cid": format!("c{seq}"), "text": text}),
        );
    }
}

/// Fails at a byte of the output that is neither text nor a sequence of our own.
fn is_clean(terminal: &Terminal) {
    let bytes = terminal.bytes();
    let text = String::from_utf8(bytes).unwrap();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\r' | '\n' => {}
            '\x1b' => {
                let end = rest.find(|c: char| c.is_ascii_alphabetic()).expect("a sequence ends");
                let (sequence, after) = rest.split_at(end + 1);
                let is_ours = [
                    "[K", "[2K", "[J", "[H", "[?2026h", "[?2026l", "[?2004h", "[?2004l", "[?1049h",
                    "[?1049l",
                ];
                let is_motion = sequence.starts_with('[')
                    && sequence.ends_with(['A', 'C', 'm'])
                    && sequence[1..end].chars().all(|c| c.is_ascii_digit() || c == ';');
                assert!(is_ours.contains(&sequence) || is_motion, "ESC {sequence:?} is not ours");
                rest = after;
            }
            c => {
                let is_hidden = HIDDEN.contains(c) && !c.is_ascii();
                assert!(
                    !c.is_control() && !is_hidden,
                    "{c:?} before {:?}",
                    &rest[..rest.len().min(20)]
                );
            }
        }
    }
    let ours = text.matches("\x1b[?2004h").count();
    assert_eq!(ours, 1, "only we mark pastes, and once");
}

#[test]
fn no_text_controls_the_terminal() {
    for command in COMMANDS {
        let (mut server, mut bob) = HostileServer::open("bob");
        server.welcome("talk", 1);
        // A correct server never sends such a text: the client treats it as an error, and disconnects.
        server.record(1, "eve", &format!("before {command} after"));
        server.ends();
        bob.wait_for("reconnecting");
        is_clean(&bob);
    }
}

#[test]
fn no_text_is_invisible_or_changes_the_direction() {
    let (mut server, mut bob) = HostileServer::open("bob");
    server.welcome("talk", 3);
    server.act(1, &json!({"type": "topic", "text": HIDDEN}));
    server.act(2, &json!({"type": "edit", "target": 1, "text": HIDDEN}));
    server.record(3, "eve", HIDDEN);
    let all = |rows: &[String]| rows.concat().replace(' ', "");
    let rows = bob.wait_until("all three, and the topic after them", |rows| {
        all(rows).matches(r"shy\u{2028").count() == 4
    });
    is_clean(&bob);
    let hidden = r"\u{202e}rlo\u{2066}lri\u{200b}zwsp\u{feff}bom\u{e0041}tag\u{ad}shy\u{2028}";
    assert!(all(&rows).contains(hidden), "{rows:#?}");
}

#[test]
fn scrolled_back_messages_are_sanitized_too() {
    let (mut server, mut bob) = HostileServer::open("bob");
    server.welcome("talk", 40);
    (1..=10).for_each(|seq| server.record(seq, "eve", HIDDEN));
    (11..=40).for_each(|seq| server.record(seq, "eve", &format!("hi\n[lobby] bob {seq}")));
    bob.wait_for("[lobby] bob 40");
    bob.type_in(&"\x1b[5~".repeat(9)); // PgUp
    let rows = bob.wait_until("it is the beginning", |rows| rows[0].starts_with("-- "));
    assert_eq!(rows.iter().filter(|row| row.starts_with('[')).count(), 1, "{rows:#?}");
    assert!(rows.concat().contains(r"\u{202e}rlo"), "{rows:#?}");
    is_clean(&bob);
    let entered = String::from_utf8(bob.bytes()).unwrap().matches("\x1b[?1049h").count();
    assert_eq!(entered, 1, "only we switch to the alternate screen, and once");
}

#[test]
fn the_message_of_a_reply_is_sanitized_and_looks_like_no_other() {
    let forged = "↳ #1 admin: you are banned\n↳ #1 admin: go";
    for text in [HIDDEN, forged] {
        let (mut server, mut bob) = HostileServer::open("bob");
        server.welcome("talk", 3);
        server.record(1, "eve", text);
        server.act(2, &json!({"type": "post", "text": forged, "reply": 1}));
        server.act(3, &json!({"type": "post", "text": "done", "reply": 9}));
        let rows = bob.wait_for("eve done");
        let quotes: Vec<&String> = rows.iter().filter(|row| row.starts_with('↳')).collect();
        assert_eq!(quotes.len(), 2, "no other row begins like one: {rows:#?}");
        assert!(quotes[0].starts_with("↳ #1 eve: ") && quotes[1] == "↳ #9", "{rows:#?}");
        is_clean(&bob);
    }
    // Names come from the server, and are not trusted either.
    for evil in COMMANDS {
        let (mut server, mut bob) = HostileServer::open("bob");
        server.welcome("talk", 2);
        server.record(1, evil, "hi");
        server.act(2, &json!({"type": "post", "text": "done", "reply": 1}));
        bob.wait_for("eve done");
        is_clean(&bob);
    }
}

#[test]
fn no_second_line_looks_like_another_users_message() {
    let (mut server, mut bob) = HostileServer::open("bob");
    server.welcome("talk", 3);
    server.record(
        1,
        "eve",
        "hi\n00:00 admin you are banned\n[lobby] bob · offline\n> typed for you",
    );
    server.record(2, "eve", &format!("{}00:00 admin me too{}end", " ".repeat(66), " ".repeat(60)));
    server.act(
        3,
        &json!({"type": "edit", "target": 1, "text": "x\n00:00 admin me three\n- - unread"}),
    );
    let rows = bob.wait_for("unread");
    let forged = ["admin", "typed for you", "unread"];
    for row in rows.iter().filter(|row| forged.iter().any(|words| row.contains(words))) {
        assert!(row.starts_with("      "), "{rows:#?}");
    }
    assert!(rows.iter().any(|row| row == "        │ 00:00 admin you are banned"), "{rows:#?}");
    assert_eq!(rows.iter().filter(|row| row.starts_with("[lobby]")).count(), 1, "{rows:#?}");
}

#[test]
fn names_topics_errors_and_lists_are_no_more_trusted_than_texts() {
    for evil in COMMANDS.iter().copied().chain([HIDDEN, "a\nb"]) {
        let (mut server, mut bob) = HostileServer::open("bob");
        server.welcome(evil, 0);
        server.send(&json!({"type": "presence", "room": "lobby", "user": evil, "state": "joined", "count": 2}));
        server.send(&json!({"type": "renamed", "user": "eve", "to": evil}));
        server.send(&json!({"type": "typing", "room": "lobby", "user": evil}));
        server.send(&json!({"type": "members", "room": "lobby", "members": [evil]}));
        server.send(&json!({"type": "rooms", "rooms": [
            {"name": "lobby", "head": 1, "members": 1, "topic": evil}]}));
        server.send(
            &json!({"type": "error", "code": "forbidden", "message": format!("{evil} done")}),
        );
        bob.wait_for("· live ·"); // before the welcome it takes no input
        bob.type_in("/version\rsaid\r");
        let post = server.receive();
        server.send(
            &json!({"type": "error", "code": "bad_text", "message": evil, "cid": post["cid"]}),
        );
        bob.wait_for("not sent");
        server
            .0
            .close(Some(CloseFrame { code: 4403.into(), reason: "\x1b[2J kicked\u{9b}".into() }))
            .unwrap();
        server.ends();
        bob.wait_for("removed from this server");
        is_clean(&bob);
        assert_eq!(bob.wait_exit(), 1);
    }
}

#[test]
fn a_wrong_handshake_is_named_and_sanitized() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut bob = Terminal::start(listener.local_addr().unwrap(), "bob", &["--plain"]);
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(b"HTTP/1.1 302 \xc2\x9b2J\r\nLocation: \x1b]0;x\x07\r\n\r\n\x1b[2J").unwrap();
    bob.wait_for("reconnecting");
    let bytes = String::from_utf8(bob.bytes()).unwrap();
    assert!(!bytes.chars().any(|c| c.is_control() && c != '\r' && c != '\n'), "{bytes:?}");
}
