//! A machine that gives too little: descriptors, threads, a place for the log's lines, time itself.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::raw::UPGRADE;
use crate::support::siege::{SQUARE, all_of, besieged, besieged_by};
use crate::support::{Peer, Raw, Running, SOON};

fn server() -> Command {
    Command::new(env!("CARGO_BIN_EXE_server"))
}

/// Whether somebody new gets a WebSocket soon.
fn is_served(server: &Running) -> bool {
    let mut raw = Raw::connect(server.address);
    raw.0.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    raw.try_send(UPGRADE.as_bytes());
    let mut answer = [0; 12];
    raw.0.read_exact(&mut answer).is_ok() && &answer == b"HTTP/1.1 101"
}

// ---- Descriptors -------------------------------------------------------------------------------

/// Sets how many descriptors a running process may have (prlimit(1)).
fn allow_descriptors(server: &Running, most: usize) {
    let status = Command::new("prlimit")
        .args(["--pid", &server.pid().to_string(), &format!("--nofile={most}:")])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn without_descriptors_the_server_waits_and_those_inside_go_on() {
    besieged(&[], |server| {
        let (mut inside, _) = Peer::joined(server.address, "inside", SQUARE);
        inside.post(SQUARE, "1", "before");
        inside.hear_answer_to("1");
        allow_descriptors(server, server.descriptors());
        let waiting: Vec<Raw> = (0..100).map(|_| Raw::connect(server.address)).collect();
        let before = server.cpu_seconds();
        let since = Instant::now();
        for n in 2..50 {
            inside.post(SQUARE, &n.to_string(), "meanwhile");
            assert_eq!(inside.hear_answer_to(&n.to_string())["text"], "meanwhile");
            inside.say(&json!({"type": "history", "room": SQUARE, "after": 0}));
            assert_eq!(inside.hear_type("history")["room"], SQUARE);
            inside.say(&json!({"type": "rooms"}));
            inside.hear_type("rooms");
        }
        let (spent, taken) = (server.cpu_seconds() - before, since.elapsed());
        assert!(spent < 1.0 + taken.as_secs_f64() / 2.0, "{spent} s of {taken:?}: it spins");
        drop(waiting);
        allow_descriptors(server, 1_024);
        let since = Instant::now();
        while !is_served(server) {
            assert!(since.elapsed() < SOON, "nobody is served again");
        }
    });
}

#[test]
fn a_start_with_few_descriptors_makes_room_for_as_many_as_there_are() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_server")]);
    shell.stderr(Stdio::null());
    besieged_by(&mut shell, &[], |server| {
        let held: Vec<Raw> = (0..200).map(|_| Raw::connect(server.address)).collect();
        let mut late = Raw::connect(server.address);
        late.send(UPGRADE.as_bytes());
        let answer = late.read_to_end(); // few are told why at a time
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 503"), "{answer:?}");
        drop(held);
        let since = Instant::now();
        while !is_served(server) {
            assert!(since.elapsed() < SOON, "nobody is served again");
        }
    });
}

#[test]
fn more_connections_than_the_machine_can_hold_are_refused_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    let output = server()
        .args(["--bind", "127.0.0.1:0", "--max-clients", "10000000", "--data"])
        .arg(data.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.lines().count() == 1 && error.contains("--max-clients"), "{error}");
}

// ---- What the system refuses -------------------------------------------------------------------

/// strace(1), attached to the server, that makes system calls fail. Dropped, it lets go.
struct Saboteur(Child);

impl Saboteur {
    fn attach(server: &Running, call: &str, fault: &str) -> Saboteur {
        let mut child = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-p", &server.pid().to_string()])
            .args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}")])
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is installed");
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().contains("attached")));
        thread::spawn(move || said.for_each(drop)); // it may say more
        Saboteur(child)
    }
}

impl Drop for Saboteur {
    fn drop(&mut self) {
        // SIGTERM, which std cannot send: strace then lets go of the server.
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "needs strace"]
fn whatever_accept_fails_with_the_next_client_is_served() {
    besieged(&[], |server| {
        for error in ["ENFILE", "EMFILE", "ENOMEM", "ECONNABORTED", "EPROTO", "EINTR"] {
            let saboteur = Saboteur::attach(server, "accept4", &format!("error={error}:when=1..8"));
            let since = Instant::now();
            while !is_served(server) {
                assert!(since.elapsed() < SOON, "nobody is served after {error}");
            }
            drop(saboteur);
        }
    });
}

#[test]
#[ignore = "needs strace"]
fn a_thread_that_the_system_refuses_costs_one_connection() {
    besieged(&[], |server| {
        // strace counts for each thread by itself.
        let saboteur = Saboteur::attach(server, "clone3,clone", "error=EAGAIN:when=1..10");
        let refused = (0..100).take_while(|_| !is_served(server)).count();
        assert!((1..=50).contains(&refused), "{refused} were refused");
        drop(saboteur);
        assert!(is_served(server));
    });
}

// ---- Where its log lines go --------------------------------------------------------------------

/// Makes the server write many lines.
fn make_it_talk(server: &Running) {
    for _ in 0..300 {
        let mut raw = Raw::connect(server.address);
        raw.try_send(b"NONSENSE\r\n\r\n");
        raw.read_to_end();
    }
}

#[test]
fn a_log_that_nobody_takes_stops_nothing() {
    let (reader, closed) = io::pipe().unwrap();
    drop(reader);
    let (_unread, full) = io::pipe().unwrap();
    let nowhere = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let cases: [(&str, Stdio); 3] =
        [("closed", closed.into()), ("full", nowhere.into()), ("unread", full.into())];
    for (_, stderr) in cases {
        besieged_by(server().stderr(stderr), &["-vv"], make_it_talk);
    }
}

#[test]
fn bad_requests_without_end_are_ten_lines_a_second_and_a_count() {
    let mut log = tempfile::tempfile().unwrap();
    let mut command = server();
    command.stderr(log.try_clone().unwrap());
    let since = Instant::now();
    besieged_by(&mut command, &["-vv"], |server| {
        // What a second leaves out is said once it is over.
        while since.elapsed() < Duration::from_millis(2_500) {
            make_it_talk(server);
        }
    });
    let most = 10 * (since.elapsed().as_secs() as usize + 2);
    let text = all_of(&mut log);
    let refused = text.lines().filter(|line| line.contains("request-refused")).count();
    assert!((10..=most).contains(&refused), "{refused} lines");
    assert!(text.contains("left_out="), "those left out are counted: {text}");
}

#[test]
fn no_secret_and_no_text_is_in_the_log_and_every_event_is_one_short_line() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "open-sesame\n").unwrap();
    let mut log = tempfile::tempfile().unwrap();
    let mut command = server();
    command.stderr(log.try_clone().unwrap());
    let data = folder.path().join("data");
    let flags = ["-vv", "--password-file", secret.to_str().unwrap()];
    let mut running = Running::start_by(&mut command, &data, &flags);
    let mut peer = Peer::connect(running.address);
    peer.say(&json!({"type": "hello", "user": "bob", "password": "open-sesame", "join": [{"room": "lobby"}]}));
    let welcome = peer.hear_type("welcome");
    let token = welcome["token"].as_str().unwrap().to_owned();
    peer.post("lobby", "cid-of-bob", "a text of bob's");
    peer.hear_answer_to("cid-of-bob");
    let mut guess = Peer::connect(running.address);
    guess.say(&json!({"type": "hello", "user": "eve", "password": "a-wrong-guess"}));
    assert_eq!(guess.hear_error(), "forbidden");
    for line in [
        "GET /\x1b[31m\u{202e} HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nUser-Agent: a\rb\x1b\r\n\r\n",
    ] {
        let mut raw = Raw::connect(running.address);
        raw.try_send(line.as_bytes());
        raw.read_to_end();
    }
    let mut raw = Raw::welcomed_with(running.address, "tom", "open-sesame");
    raw.send(&crate::support::raw::frame(0x88, b"\x03\xe8evil\r\nreason\x1b[2J", true));
    raw.read_close();
    drop((peer, guess));
    running.kill();
    let text = all_of(&mut log);
    assert!(text.contains("hello") && text.lines().count() > 3, "{text}");
    for secret in ["open-sesame", "a-wrong-guess", &token, "cid-of-bob", "a text of bob's"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    for line in text.lines() {
        assert!(line.len() <= 300, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(line.starts_with("20"), "each line begins with its time: {line}");
    }
}

// ---- Time --------------------------------------------------------------------------------------

fn signal(server: &Running, name: &str) {
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[test]
fn a_server_that_was_stopped_for_a_while_goes_on_with_whoever_is_left() {
    let flags = ["--limit", "ping-every=400ms", "--limit", "pong-wait=10s"];
    let server = Running::start(&flags);
    let (mut ann, _) = Peer::joined(server.address, "ann", "lobby");
    let (mut ben, _) = Peer::joined(server.address, "ben", "lobby");
    signal(&server, "-STOP");
    let since = Instant::now();
    ann.post("lobby", "1", "while it stood still");
    while since.elapsed() < Duration::from_secs(2) {
        thread::yield_now();
    }
    signal(&server, "-CONT");
    assert_eq!(ann.hear_own("ann", "1")["seq"], 1);
    assert_eq!(ben.hear_own("ann", "1")["seq"], 1);
    ann.hears_nothing();
}
