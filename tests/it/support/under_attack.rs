//! What must hold whatever attackers do: two bystanders chat all the time, and at the end everything is
//! checked.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::commands::printed;
use super::{RawClient, TIMEOUT, TestClient, TestServer};
use crate::common::local_address::connect_from;

/// The bystanders' room. Attackers may join it.
pub(crate) const SQUARE: &str = "square";

/// How long a message between the bystanders may take: 99 of 100 of them, on an idle machine. A control
/// measures what the load of this machine adds.
const MAX_LATENCY: Duration = Duration::from_millis(250);

/// How many times as long as the control a message may take: it wakes more threads than the control's byte.
const WAKES: u32 = 4;

/// The same while the server is traced: each of its system calls wakes the tracer twice, and waits for it.
const TRACED_WAKES: u32 = 40;

/// How soon after the last attacker its threads and descriptors are gone.
const CLEANUP: Duration = Duration::from_secs(5);

/// By how much memory may have grown, in KiB: the allocator returns memory late, and in parts.
const MAX_GROWTH: u64 = 64 * 1_024;

/// Runs attackers against a server with these flags. Afterwards nothing may be left of them, and the
/// bystanders must have noticed nothing.
pub(crate) fn under_attack(flags: &[&str], attackers: impl FnOnce(&TestServer)) {
    under_attack_with(flags, WAKES, attackers);
}

/// The same for attackers who trace the server.
pub(crate) fn under_attack_traced(attackers: impl FnOnce(&TestServer)) {
    under_attack_with(&[], TRACED_WAKES, attackers);
}

fn under_attack_with(flags: &[&str], wakes: u32, attackers: impl FnOnce(&TestServer)) {
    let mut errors = tempfile::tempfile().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.stderr(errors.try_clone().unwrap());
    let folder = tempfile::tempdir().unwrap();
    run_under_attack(&mut command, folder.path(), flags, wakes, attackers);
    let sent = all_of(&mut errors);
    assert!(!sent.contains("panic"), "{sent}");
}

/// Everything in a file, from its beginning.
pub(crate) fn all_of(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

/// The same for a server that is started by `command`; its log is not checked.
pub(crate) fn under_attack_by(
    command: &mut Command,
    flags: &[&str],
    attackers: impl FnOnce(&TestServer),
) {
    let folder = tempfile::tempdir().unwrap();
    run_under_attack(command, folder.path(), flags, WAKES, attackers);
}

/// The same with its data in `folder`, where a test can look at it afterwards.
pub(crate) fn under_attack_in(folder: &Path, flags: &[&str], attackers: impl FnOnce(&TestServer)) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    run_under_attack(&mut command, folder, flags, WAKES, attackers);
}

fn run_under_attack(
    command: &mut Command,
    folder: &Path,
    flags: &[&str],
    wakes: u32,
    attackers: impl FnOnce(&TestServer),
) {
    let data = folder.join("data");
    let mut server = TestServer::start_by(command, &data, flags);
    let bystanders = Bystanders::begin(server.address, folder);
    let (before, rss) = ((server.threads(), descriptors(&server)), server.rss_kib());

    attackers(&server);

    assert!(server.is_alive(), "the server has ended");
    let machine = bystanders.control_worst();
    let since = Instant::now();
    loop {
        let now = (server.threads(), descriptors(&server));
        if now.0 <= before.0 && now.1 <= before.1 {
            break;
        }
        let timeout = CLEANUP + machine * 20;
        assert!(since.elapsed() < timeout, "threads and descriptors: {now:?} after {before:?}");
        thread::yield_now();
    }
    let grown = server.rss_kib().saturating_sub(rss);
    assert!(grown <= MAX_GROWTH, "{grown} KiB of memory are still held");
    let panics = RawClient(from_elsewhere(server.address, 11)).count("talk_panics_total");
    assert!(panics == 0.0, "{panics} panics");

    let seen = bystanders.end(wakes);
    server.kill();
    seen.assert_in_log(&data);
}

/// How many descriptors it has that are not a room's file: those stay open.
fn descriptors(server: &TestServer) -> usize {
    let all = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let targets = all.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.extension().is_none_or(|end| end != "jsonl")).count()
}

/// A client that posts, one that reads, and a control: two threads that do the same without the server.
struct Bystanders {
    poster: JoinHandle<Vec<Sent>>,
    reader: JoinHandle<Vec<Received>>,
    control: JoinHandle<Vec<Duration>>,
    enough: Vec<Sender<()>>,
    lags: Receiver<Duration>,
}

/// A message that was acknowledged with this seq.
struct Sent {
    cid: String,
    seq: u64,
    at: Instant,
}

/// A record, and when it came.
struct Received {
    record: Value,
    at: Instant,
}

impl Bystanders {
    fn begin(address: SocketAddr, folder: &Path) -> Bystanders {
        let (mut ben, joined) = bystander(address, 9, "bystander-ben");
        let (ann, _) = bystander(address, 10, "bystander-ann");
        let first = joined["head"].as_u64().unwrap() + 1;
        let (enough_sent, stop_posting) = mpsc::channel();
        let (enough_measured, stop_measuring) = mpsc::channel();
        let (lag, lags) = mpsc::channel();
        let file = File::create(folder.join("control")).unwrap();
        Bystanders {
            poster: thread::spawn(move || post_until_stopped(ann, &stop_posting)),
            reader: thread::spawn(move || receive_all(&mut ben, first)),
            control: thread::spawn(move || run_control(file, &stop_measuring, &lag)),
            enough: vec![enough_sent, enough_measured],
            lags,
        }
    }

    /// The longest time that the control took so far.
    fn control_worst(&self) -> Duration {
        self.lags.try_iter().max().unwrap_or_default()
    }

    /// Ends the chat, and compares what was sent with what was received.
    fn end(self, wakes: u32) -> Seen {
        self.enough.iter().for_each(|enough| enough.send(()).unwrap());
        let sent = self.poster.join().expect("the poster was served");
        let received = self.reader.join().expect("the reader was served");
        let control = self.control.join().unwrap();
        let own = |received: &&Received| received.record["user"] == "bystander-ann";
        let own: Vec<&Received> = received.iter().filter(own).collect();
        assert_eq!(own.len(), sent.len(), "each line came once");
        let mut lags = Vec::new();
        for (sent, received) in sent.iter().zip(own) {
            assert_eq!(
                (&received.record["cid"], &received.record["seq"]),
                (&sent.cid.clone().into(), &sent.seq.into())
            );
            lags.push(received.at.saturating_duration_since(sent.at));
        }
        let (lag, machine) = (p99(lags), p99(control));
        let bound = MAX_LATENCY.max(machine * wakes);
        assert!(lag <= bound, "p99 of {lag:?}; without Talk {machine:?}");
        Seen { records: received.into_iter().map(|received| received.record).collect() }
    }
}

/// Posts a message, waits for its record, and posts the next.
fn post_until_stopped(mut ann: TestClient, stop: &Receiver<()>) -> Vec<Sent> {
    let mut sent = Vec::new();
    loop {
        let is_last =
            sent.len() >= 20 && stop.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout);
        let cid = format!("{}", 1_000_000 + sent.len()); // no other client uses such cids
        let (seq, at) = loop {
            let at = Instant::now();
            ann.post(SQUARE, &cid, if is_last { "last" } else { "here" });
            let answer = ann.receive_with_cid(&cid);
            match answer["retry_ms"].as_u64() {
                Some(wait) => thread::sleep(Duration::from_millis(wait)), // as the server asks
                None => break (answer["seq"].as_u64().unwrap(), at),
            }
        };
        sent.push(Sent { cid, seq, at });
        if is_last {
            return sent;
        }
    }
}

fn bystander(address: SocketAddr, host: u8, user: &str) -> (TestClient, Value) {
    let mut peer = TestClient::over(from_elsewhere(address, host));
    peer.send(&json!({"type": "hello", "user": user}));
    assert_eq!(peer.receive()["type"], "welcome");
    let joined = peer.join(SQUARE);
    (peer, joined)
}

/// A connection from an address of its own, 127.0.0.`host`: attackers may use up the slots of theirs.
pub(crate) fn from_elsewhere(address: SocketAddr, host: u8) -> TcpStream {
    let stream = connect_from([127, 0, 0, host], address).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream
}

/// How long a bystander waits between two messages.
const PAUSE: Duration = Duration::from_millis(30);

/// Receives every record, in order and none missing, up to the other's last message.
fn receive_all(ben: &mut TestClient, first: u64) -> Vec<Received> {
    let mut received = Vec::new();
    loop {
        let record = ben.receive();
        if !matches!(record["type"].as_str(), Some("post" | "edit" | "delete" | "topic")) {
            continue;
        }
        assert_eq!(record["seq"], first + received.len() as u64, "none missing and none twice");
        let is_last = record["user"] == "bystander-ann" && record["text"] == "last";
        received.push(Received { record, at: Instant::now() });
        if is_last {
            return received;
        }
    }
}

/// The cost of a message without a server: a line in a file, an fsync, and a byte to another thread and
/// back.
fn run_control(mut file: File, stop: &Receiver<()>, lag: &Sender<Duration>) -> Vec<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut there, _) = listener.accept().unwrap();
    here.set_nodelay(true).unwrap();
    here.set_read_timeout(Some(TIMEOUT)).unwrap();
    let echo = thread::spawn(move || {
        let mut byte = [0];
        while there.read_exact(&mut byte).is_ok() && there.write_all(&byte).is_ok() {}
    });
    let mut lags = Vec::new();
    while stop.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        let since = Instant::now();
        file.write_all(b"a line of a log\n").unwrap();
        file.sync_data().unwrap();
        here.write_all(b"x").unwrap();
        here.read_exact(&mut [0]).unwrap();
        lags.push(since.elapsed());
        lag.send(since.elapsed()).ok(); // the receiver may be gone
    }
    drop(here);
    echo.join().unwrap();
    lags
}

fn p99(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    let at = (all.len() * 99).div_ceil(100);
    all.get(at.saturating_sub(1)).copied().unwrap_or_default()
}

/// The records that the bystanders agree on.
struct Seen {
    records: Vec<Value>,
}

impl Seen {
    /// Asserts that the log is sound, and has each of these records once.
    fn assert_in_log(&self, data: &Path) {
        printed(&["verify"], data);
        let exported = printed(&["export", SQUARE, "--format", "jsonl"], data);
        let mut stored = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        for seen in &self.records {
            let stored = stored.find(|stored| stored["seq"] == seen["seq"]);
            let stored = stored.unwrap_or_else(|| panic!("{seen} was seen and is not stored"));
            for field in ["user", "cid", "text"] {
                assert_eq!(stored[field], seen[field], "{seen}");
            }
        }
    }
}
