//! The console's memory under a server that sends without end, and under a reader that has stopped; and how
//! soon it hears its person then.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::support::piped_console;
use crate::support::terminal::Terminal;
use crate::support::{TIMEOUT, TestClient, TestServer};

/// What a console may ever take, in KiB. A debug build has larger code and frames.
const MAX_RSS: u64 = if cfg!(debug_assertions) { 48 * 1_024 } else { 32 * 1_024 };

/// How long each flood lasts before the person leaves.
const FLOOD: Duration = Duration::from_secs(1);

/// How soon a console ends that was asked to, beyond the second that it waits for a server's Close. On an idle
/// machine it takes some milliseconds.
const LEAVES_WITHIN: Duration = Duration::from_secs(8);

/// The most memory that a process ever had, in KiB.
fn peak_rss(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it runs");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A frame of a server, of any length.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(length @ ..=125), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        (_, Err(_)) => {
            frame.push(127);
            frame.extend((text.len() as u64).to_be_bytes());
        }
    }
    frame.extend(text.bytes());
    frame
}

/// The first number in a flood; all have ten digits.
const FIRST: u64 = 1_000_000_001;

/// Makes the messages of one round of a flood, with this number in them.
type Flood = fn(u64) -> Vec<Value>;

fn record(room: &str, seq: u64, text: &str) -> Value {
    json!({"type": "post", "room": room, "seq": seq, "at": 1_795_392_000_000_u64, "user": "eve",
        "cid": format!("c{seq}"), "text": text})
}

fn error(message: &str) -> Value {
    json!({"type": "error", "code": "forbidden", "message": message})
}

/// What a server can send without end.
const FLOODS: &[(&str, Flood)] = &[
    ("errors", |n| vec![error(&format!("no {n} {}", "x".repeat(500)))]),
    ("errors of many lines", |n| vec![error(&format!("{n}{}", "\n".repeat(60_000)))]),
    ("records", |n| vec![record("lobby", n, &"x".repeat(4_000))]),
    ("records of many lines", |n| vec![record("lobby", n, &format!("{}x", "\n".repeat(4_000)))]),
    ("long names", |n| {
        let user = format!("{n}{}", "x".repeat(900));
        vec![json!({"type": "typing", "room": "lobby", "user": user})]
    }),
    ("history", |n| {
        let text = format!("{n}{}", "x".repeat(4_000));
        let records: Vec<Value> = (1..60).map(|seq| record("lobby", seq, &text)).collect();
        vec![json!({"type": "history", "room": "lobby", "records": records, "first": 1})]
    }),
    ("private rooms", |n| {
        let (room, log, members) = (format!("@bob+e{n}"), "x".repeat(900), ["bob", "eve"]);
        let joined = json!({"type": "joined", "room": room, "log": log, "first": 1, "head": 1,
            "since": 0, "reset": false, "topic": "x".repeat(200), "count": 2, "members": members});
        vec![joined, record(&room, 1, &"x".repeat(4_000))]
    }),
    ("rooms", |n| {
        let room = |r| json!({"name": format!("r{r}"), "head": n, "members": 1});
        vec![json!({"type": "rooms", "rooms": (0..5_000).map(room).collect::<Vec<_>>()})]
    }),
    ("members", |n| {
        let members: Vec<String> = (0..20_000).map(|m| format!("{n}-{m}")).collect();
        vec![json!({"type": "members", "room": "lobby", "members": members})]
    }),
    ("joins", |n| {
        let user = format!("e{n}");
        vec![
            json!({"type": "presence", "room": "lobby", "user": user, "state": "joined", "count": 2}),
        ]
    }),
    ("renames", |n| {
        vec![json!({"type": "renamed", "user": format!("e{n}"), "to": format!("f{n}")})]
    }),
    ("away", |n| {
        let (user, text) = (format!("e{n}"), "x".repeat(200));
        vec![json!({"type": "away", "room": "lobby", "user": user, "text": text})]
    }),
    ("unknown types", |n| {
        vec![json!({"type": format!("new{n}"), "all": vec![json!({"a": []}); 10_000]})]
    }),
    ("large unknown types", |n| {
        vec![json!({"type": format!("new{n}"), "all": "x".repeat(3_900_000)})]
    }),
];

/// Sends a flood until the console has closed the connection; returns the bytes sent. Each round differs only
/// in its number, so that making it costs nothing.
fn send_all(mut writer: TcpStream, flood: Flood) -> usize {
    let mut round: Vec<u8> =
        flood(FIRST).iter().flat_map(|message| frame(&message.to_string())).collect();
    let first = FIRST.to_string();
    let is_number = |at: &usize| round[*at..].starts_with(first.as_bytes());
    let numbers: Vec<usize> = (0..round.len()).filter(is_number).collect();
    let mut sent = 0;
    for n in FIRST.. {
        for at in &numbers {
            round[*at..*at + first.len()].copy_from_slice(n.to_string().as_bytes());
        }
        if writer.write_all(&round).is_err() {
            break;
        }
        sent += round.len();
    }
    sent
}

/// A server that sends a flood to one console, until that has gone.
struct FloodingServer {
    stream: TcpStream,
    sender: Option<JoinHandle<usize>>,
}

impl FloodingServer {
    fn start(stream: TcpStream, flood: Flood) -> FloodingServer {
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let mut socket = tungstenite::accept(stream.try_clone().unwrap()).unwrap();
        welcome(&mut socket);
        let writer = stream.try_clone().unwrap();
        let sender = thread::spawn(move || send_all(writer, flood));
        FloodingServer { stream, sender: Some(sender) }
    }

    /// The bytes it sent.
    fn stop(mut self) -> usize {
        self.stream.shutdown(Shutdown::Both).ok();
        self.sender.take().unwrap().join().unwrap()
    }
}

fn welcome(socket: &mut WebSocket<TcpStream>) {
    socket.read().unwrap();
    for message in [
        json!({"type": "welcome", "user": "bob", "server": "flood", "token": "00112233445566778899aabbccddeeff",
            "limits": {"text": 4096, "rate": 5, "burst": 20, "page": 100}}),
        json!({"type": "joined", "room": "lobby", "log": "x", "first": 1, "head": FIRST - 1, "since": FIRST - 1, "reset": false,
            "count": 2, "members": ["bob", "eve"]}),
    ] {
        socket.send(Message::text(message.to_string())).unwrap();
    }
}

#[test]
fn no_server_fills_the_consoles_memory_and_quit_is_heard_at_once() {
    for (name, flood) in FLOODS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut bob = Terminal::start(listener.local_addr().unwrap(), "bob", &[]);
        let (stream, _) = listener.accept().unwrap();
        let server = FloodingServer::start(stream, *flood);
        thread::sleep(FLOOD); // the flood needs this time; nothing is waited for
        let peak = peak_rss(bob.process_id());
        bob.type_in("/quit\r");
        let since = Instant::now();
        bob.wait_exit();
        let took = since.elapsed();
        let sent = server.stop() / 1_000_000;
        assert!(peak < MAX_RSS, "{name}: {peak} KiB after {sent} MB");
        assert!(took < LEAVES_WITHIN, "{name}: left after {took:?}");
    }
}

#[test]
fn no_server_fills_the_memory_of_a_console_between_pipes() {
    let (_, flood) = FLOODS.iter().find(|(name, _)| *name == "records").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut command, _state) =
        piped_console::console(listener.local_addr().unwrap(), &["--user", "bob"]);
    // Its output is taken by no one: a pager, left open.
    let mut console = command.stderr(Stdio::null()).spawn().unwrap();
    let (stream, _) = listener.accept().unwrap();
    let server = FloodingServer::start(stream, *flood);
    thread::sleep(8 * FLOOD); // as long as a console without bounds needs to exceed this one
    let peak = peak_rss(console.id());
    console.kill().unwrap();
    console.wait().unwrap();
    let sent = server.stop() / 1_000_000;
    assert!(peak < MAX_RSS, "{peak} KiB after {sent} MB");
}

/// Lines of 4 KB that the reader of `console --follow` does not take in time. `TALK_FOLLOW_LINES` sets another
/// number.
fn follow_lines() -> u64 {
    std::env::var("TALK_FOLLOW_LINES").map_or(16_000, |lines| lines.parse().unwrap())
}

/// Lines posted at once.
const AT_ONCE: u64 = 50;

#[test]
fn a_console_whose_output_no_one_reads_stays_small_and_prints_every_line_once_later() {
    let lines = follow_lines();
    let server = TestServer::start(&["--rate", "0", "--sync", "interval"]);
    let flags = ["--follow", "--json", "--since", "0"];
    let (mut command, _state) = piped_console::console(server.address, &flags);
    let mut console = command.stderr(Stdio::null()).spawn().unwrap();
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let text = "x".repeat(4_000);
    for first in (0..lines).step_by(AT_ONCE as usize) {
        let last = (first + AT_ONCE).min(lines) - 1;
        (first..=last).for_each(|n| ann.post("lobby", &n.to_string(), &text));
        ann.receive_own("ann", &last.to_string());
    }
    let peak = peak_rss(console.id());
    assert!(peak < MAX_RSS, "{peak} KiB");
    let mut next = 1;
    for line in BufReader::new(console.stdout.take().unwrap()).lines() {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(record["seq"], next, "each line once, in order");
        next += 1;
        if next > lines {
            break;
        }
    }
    assert_eq!(next, lines + 1);
    let peak = peak_rss(console.id());
    console.kill().unwrap();
    console.wait().unwrap();
    assert!(peak < MAX_RSS, "{peak} KiB");
}
