//! What must hold whatever strangers do: two bystanders talk all the while, and then everything is
//! looked at.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::commands::printed;
use super::{RawClient, TIMEOUT, TestClient, TestServer};

/// The bystanders' room. Whoever attacks them there is welcome to.
pub(crate) const SQUARE: &str = "square";

/// How long a line between the bystanders may take: 99 of 100 of them, on a machine that has nothing
/// else to do. What the same machine adds just now is measured beside.
const PROMPT: Duration = Duration::from_millis(250);

/// How soon after the last stranger nothing is left of them.
const TIDY: Duration = Duration::from_secs(5);

/// By how much memory may have grown, in KiB: the allocator gives back late, and in pieces.
const GROWTH: u64 = 64 * 1_024;

/// Lets strangers loose on a server with these flags. Afterwards it must be as if they had never been,
/// and the bystanders may have noticed nothing.
pub(crate) fn under_attack(flags: &[&str], strangers: impl FnOnce(&TestServer)) {
    let mut errors = tempfile::tempfile().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.stderr(errors.try_clone().unwrap());
    under_attack_by(&mut command, flags, strangers);
    let said = all_of(&mut errors);
    assert!(!said.contains("panic"), "{said}");
}

/// Everything in a file, from its beginning.
pub(crate) fn all_of(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

/// The same for a server that is started by `command`, whatever becomes of what it writes.
pub(crate) fn under_attack_by(
    command: &mut Command,
    flags: &[&str],
    strangers: impl FnOnce(&TestServer),
) {
    let folder = tempfile::tempdir().unwrap();
    outlives(command, folder.path(), flags, strangers);
}

/// The same with its data in `folder`, where a test can look at it afterwards.
pub(crate) fn under_attack_in(folder: &Path, flags: &[&str], strangers: impl FnOnce(&TestServer)) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    outlives(&mut command, folder, flags, strangers);
}

fn outlives(
    command: &mut Command,
    folder: &Path,
    flags: &[&str],
    strangers: impl FnOnce(&TestServer),
) {
    let data = folder.join("data");
    let mut server = TestServer::start_by(command, &data, flags);
    let bystanders = Bystanders::begin(server.address, folder);
    let (before, rss) = ((server.threads(), descriptors(&server)), server.rss_kib());

    strangers(&server);

    assert!(server.is_alive(), "the server has ended");
    let machine = bystanders.control_worst();
    let since = Instant::now();
    loop {
        let now = (server.threads(), descriptors(&server));
        if now.0 <= before.0 && now.1 <= before.1 {
            break;
        }
        let patience = TIDY + machine * 20;
        assert!(since.elapsed() < patience, "threads and descriptors: {now:?} after {before:?}");
        thread::yield_now();
    }
    let grown = server.rss_kib().saturating_sub(rss);
    assert!(grown <= GROWTH, "{grown} KiB of memory are still held");
    let panics = RawClient(from_elsewhere(server.address, 11)).count("talk_panics_total");
    assert!(panics == 0.0, "{panics} panics");

    let seen = bystanders.end();
    server.kill();
    seen.is_in_the_log_of(&data);
}

/// How many descriptors it has that are not a room's file: rooms stay.
fn descriptors(server: &TestServer) -> usize {
    let all = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let targets = all.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.extension().is_none_or(|end| end != "jsonl")).count()
}

/// One who talks, one who listens, and a pair that does the same without Talk.
struct Bystanders {
    talker: JoinHandle<Vec<Said>>,
    listener: JoinHandle<Vec<Heard>>,
    control: JoinHandle<Vec<Duration>>,
    enough: Vec<Sender<()>>,
    lags: Receiver<Duration>,
}

/// A line as its author knows it: acknowledged under this seq.
struct Said {
    cid: String,
    seq: u64,
    at: Instant,
}

/// A record as it came.
struct Heard {
    record: Value,
    at: Instant,
}

impl Bystanders {
    fn begin(address: SocketAddr, folder: &Path) -> Bystanders {
        let (mut ben, joined) = bystander(address, 9, "bystander-ben");
        let (ann, _) = bystander(address, 10, "bystander-ann");
        let first = joined["head"].as_u64().unwrap() + 1;
        let (enough_said, stop_talking) = mpsc::channel();
        let (enough_measured, stop_measuring) = mpsc::channel();
        let (lag, lags) = mpsc::channel();
        let file = File::create(folder.join("control")).unwrap();
        Bystanders {
            talker: thread::spawn(move || talk(ann, &stop_talking)),
            listener: thread::spawn(move || listen(&mut ben, first)),
            control: thread::spawn(move || measure(file, &stop_measuring, &lag)),
            enough: vec![enough_said, enough_measured],
            lags,
        }
    }

    /// How long the machine itself has kept somebody waiting so far.
    fn control_worst(&self) -> Duration {
        self.lags.try_iter().max().unwrap_or_default()
    }

    /// Everybody says their last, and compares.
    fn end(self) -> Seen {
        self.enough.iter().for_each(|enough| enough.send(()).unwrap());
        let said = self.talker.join().expect("the talker was served");
        let heard = self.listener.join().expect("the listener was served");
        let control = self.control.join().unwrap();
        let own = |heard: &&Heard| heard.record["user"] == "bystander-ann";
        let own: Vec<&Heard> = heard.iter().filter(own).collect();
        assert_eq!(own.len(), said.len(), "each line came once");
        let mut lags = Vec::new();
        for (said, heard) in said.iter().zip(own) {
            assert_eq!(
                (&heard.record["cid"], &heard.record["seq"]),
                (&said.cid.clone().into(), &said.seq.into())
            );
            lags.push(heard.at.saturating_duration_since(said.at));
        }
        let (lag, machine) = (p99(lags), p99(control));
        let bound = PROMPT.max(machine * 4); // a line wakes more threads than the control's byte
        assert!(lag <= bound, "p99 of {lag:?}; without Talk {machine:?}");
        Seen { records: heard.into_iter().map(|heard| heard.record).collect() }
    }
}

/// Says a line, waits for it, and says the next.
fn talk(mut ann: TestClient, stop: &Receiver<()>) -> Vec<Said> {
    let mut said = Vec::new();
    loop {
        let is_last =
            said.len() >= 20 && stop.recv_timeout(BREATH) != Err(RecvTimeoutError::Timeout);
        let cid = format!("{}", 1_000_000 + said.len()); // nobody else has such
        let (seq, at) = loop {
            let at = Instant::now();
            ann.post(SQUARE, &cid, if is_last { "last" } else { "here" });
            let answer = ann.receive_with_cid(&cid);
            match answer["retry_ms"].as_u64() {
                Some(wait) => thread::sleep(Duration::from_millis(wait)), // as it is told to
                None => break (answer["seq"].as_u64().unwrap(), at),
            }
        };
        said.push(Said { cid, seq, at });
        if is_last {
            return said;
        }
    }
}

fn bystander(address: SocketAddr, house: u8, user: &str) -> (TestClient, Value) {
    let mut peer = TestClient::over(from_elsewhere(address, house));
    peer.send(&json!({"type": "hello", "user": user}));
    assert_eq!(peer.receive()["type"], "welcome");
    let joined = peer.join(SQUARE);
    (peer, joined)
}

/// A connection from an address of its own, 127.0.0.`house`: strangers may use up those of theirs.
fn from_elsewhere(address: SocketAddr, house: u8) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, house], 0)).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    socket.into()
}

/// How long a bystander is silent between two lines.
const BREATH: Duration = Duration::from_millis(30);

/// Hears everything, in order and without a hole, up to the other's last line.
fn listen(ben: &mut TestClient, first: u64) -> Vec<Heard> {
    let mut heard = Vec::new();
    loop {
        let record = ben.receive();
        if !matches!(record["type"].as_str(), Some("post" | "edit" | "delete" | "topic")) {
            continue;
        }
        assert_eq!(record["seq"], first + heard.len() as u64, "no hole and nothing twice");
        let is_last = record["user"] == "bystander-ann" && record["text"] == "last";
        heard.push(Heard { record, at: Instant::now() });
        if is_last {
            return heard;
        }
    }
}

/// What the way of a line costs without a server: a line in a file, forced to the disk, and a byte to
/// another thread and back.
fn measure(mut file: File, stop: &Receiver<()>, lag: &Sender<Duration>) -> Vec<Duration> {
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
    while stop.recv_timeout(BREATH) == Err(RecvTimeoutError::Timeout) {
        let since = Instant::now();
        file.write_all(b"a line of a log\n").unwrap();
        file.sync_data().unwrap();
        here.write_all(b"x").unwrap();
        here.read_exact(&mut [0]).unwrap();
        lags.push(since.elapsed());
        lag.send(since.elapsed()).ok(); // nobody may ask
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

/// What the bystanders agree on.
struct Seen {
    records: Vec<Value>,
}

impl Seen {
    /// The log is whole, and has each of those records once.
    fn is_in_the_log_of(&self, data: &Path) {
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
