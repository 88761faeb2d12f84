//! Too few resources: descriptors, threads, CPU time, writable files and directories, memory.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::Message;

use crate::support::commands::{exported, printed};
use crate::support::fixtures::fill;
use crate::support::raw_client::UPGRADE;
use crate::support::under_attack::{SQUARE, under_attack, under_attack_by, under_attack_traced};
use crate::support::{RawClient, TIMEOUT, TestClient, TestServer};

fn server() -> Command {
    Command::new(env!("CARGO_BIN_EXE_server"))
}

/// Whether a new client gets a WebSocket soon.
fn is_served(server: &TestServer) -> bool {
    let mut raw = RawClient::connect(server.address);
    raw.0.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    raw.try_send(UPGRADE.as_bytes());
    let mut answer = [0; 12];
    raw.0.read_exact(&mut answer).is_ok() && &answer == b"HTTP/1.1 101"
}

// ---- Descriptors -------------------------------------------------------------------------------

/// Sets how many descriptors a running process may have (prlimit(1)).
fn allow_descriptors(server: &TestServer, most: usize) {
    let status = Command::new("prlimit")
        .args(["--pid", &server.pid().to_string(), &format!("--nofile={most}:")])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn without_descriptors_the_server_waits_and_its_clients_go_on() {
    under_attack(&[], |server| {
        let (mut inside, _) = TestClient::joined(server.address, "inside", SQUARE);
        inside.post(SQUARE, "1", "before");
        inside.receive_with_cid("1");
        allow_descriptors(server, server.descriptors());
        let waiting: Vec<RawClient> =
            (0..100).map(|_| RawClient::connect(server.address)).collect();
        let before = server.cpu().as_secs_f64();
        let since = Instant::now();
        for n in 2..50 {
            inside.post(SQUARE, &n.to_string(), "meanwhile");
            assert_eq!(inside.receive_with_cid(&n.to_string())["text"], "meanwhile");
            inside.send(&json!({"type": "history", "room": SQUARE, "after": 0}));
            assert_eq!(inside.receive_type("history")["room"], SQUARE);
            inside.send(&json!({"type": "rooms"}));
            inside.receive_type("rooms");
        }
        let (spent, taken) = (server.cpu().as_secs_f64() - before, since.elapsed());
        assert!(spent < 1.0 + taken.as_secs_f64() / 2.0, "{spent} s of {taken:?}: it spins");
        drop(waiting);
        allow_descriptors(server, 1_024);
        let since = Instant::now();
        while !is_served(server) {
            assert!(since.elapsed() < TIMEOUT, "no client is served again");
        }
    });
}

#[test]
fn a_server_with_few_descriptors_computes_its_capacity_from_them() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_server")]);
    shell.stderr(Stdio::null());
    under_attack_by(&mut shell, &[], |server| {
        let held: Vec<RawClient> = (0..200).map(|_| RawClient::connect(server.address)).collect();
        let mut late = RawClient::connect(server.address);
        late.send(UPGRADE.as_bytes());
        let answer = late.read_to_end(); // the server answers only a few at a time
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 503"), "{answer:?}");
        drop(held);
        let since = Instant::now();
        while !is_served(server) {
            assert!(since.elapsed() < TIMEOUT, "no client is served again");
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

// ---- Refused system calls -----------------------------------------------------------------------

/// strace(1), attached to the server, makes system calls fail. Detaches when dropped.
struct FaultInjector(Child);

impl FaultInjector {
    fn attach(server: &TestServer, call: &str, fault: &str) -> FaultInjector {
        let mut child = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-p", &server.pid().to_string()])
            .args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}")])
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is installed");
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().contains("attached")));
        thread::spawn(move || said.for_each(drop)); // reads on, so that strace can print more
        FaultInjector(child)
    }
}

impl Drop for FaultInjector {
    fn drop(&mut self) {
        // SIGTERM, which std cannot send: strace then lets go of the server.
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "needs strace"]
fn whatever_accept_fails_with_the_next_client_is_served() {
    under_attack_traced(|server| {
        for error in ["ENFILE", "EMFILE", "ENOMEM", "ECONNABORTED", "EPROTO", "EINTR"] {
            let injector =
                FaultInjector::attach(server, "accept4", &format!("error={error}:when=1..8"));
            let since = Instant::now();
            while !is_served(server) {
                assert!(since.elapsed() < TIMEOUT, "no client is served after {error}");
            }
            drop(injector);
        }
    });
}

#[test]
#[ignore = "needs strace"]
fn a_thread_that_cannot_be_started_costs_one_connection() {
    under_attack_traced(|server| {
        // strace counts for each thread by itself.
        let injector = FaultInjector::attach(server, "clone3,clone", "error=EAGAIN:when=1..10");
        let refused = (0..100).take_while(|_| !is_served(server)).count();
        assert!((1..=50).contains(&refused), "{refused} were refused");
        drop(injector);
        assert!(is_served(server));
    });
}

// ---- Time --------------------------------------------------------------------------------------

fn signal(server: &TestServer, name: &str) {
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[test]
fn a_server_that_was_stopped_for_a_while_goes_on_with_its_clients() {
    let flags = ["--limit", "ping-every=400ms", "--limit", "pong-wait=10s"];
    let server = TestServer::start(&flags);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let (mut ben, _) = TestClient::joined(server.address, "ben", "lobby");
    signal(&server, "-STOP");
    let since = Instant::now();
    ann.post("lobby", "1", "while it stood still");
    while since.elapsed() < Duration::from_secs(2) {
        thread::yield_now();
    }
    signal(&server, "-CONT");
    assert_eq!(ann.receive_own("ann", "1")["seq"], 1);
    assert_eq!(ben.receive_own("ann", "1")["seq"], 1);
    ann.receives_nothing();
}

/// The user `nobody`, who owns no directory.
const NOBODY: u32 = 65_534;

/// Whether the tests run as root, for whom file modes do not count.
fn am_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A shell that limits the size of files, and execs the server. `ulimit -f` counts in 512 bytes (POSIX),
/// or in 1,024 (bash).
fn limited(limit: &str) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("{limit}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_server")]);
    shell
}

/// The error of a server that cannot start.
fn refused(command: &mut Command, data: &Path) -> String {
    let command = command.args(["--bind", "127.0.0.1:0", "--data"]).arg(data);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains(data.to_str().unwrap()), "{error}");
    error
}

// ---- Directories and files: at the start -------------------------------------------------------

#[test]
fn a_data_directory_of_another_user_is_refused_at_the_start() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let server = place.path().join("server"); // where `nobody` can run it
    fs::copy(env!("CARGO_BIN_EXE_server"), &server).unwrap();
    let as_nobody = || {
        let mut command = Command::new(&server);
        if am_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    };
    let directory = |name: &str, mode: u32, theirs: bool| {
        let path = place.path().join(name);
        fs::create_dir_all(path.join("rooms")).unwrap();
        if am_root() && theirs {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    };
    let error = refused(&mut as_nobody(), &directory("read-only", 0o555, true));
    assert!(error.contains("data directory") && error.contains("Permission denied"), "{error}");
    if am_root() {
        let error = refused(&mut as_nobody(), &directory("of-root", 0o700, false));
        assert!(error.contains("data directory") && error.contains("Permission denied"), "{error}");
    }
}

#[test]
fn a_disk_that_cannot_be_written_is_reported_before_the_port_is_open() {
    let data = tempfile::tempdir().unwrap();
    let error = refused(&mut limited("ulimit -f 0; trap '' XFSZ"), data.path());
    assert!(error.contains("data directory"), "{error}");
}

// ---- Directories and files: later --------------------------------------------------------------

/// Posts until another answer than a record comes, or the connection ends: the records, and that answer.
fn post_until_refused(bob: &mut TestClient) -> (Vec<Value>, Option<Value>) {
    let mut stored = Vec::new();
    loop {
        let cid = format!("c{}", stored.len());
        let post = json!({"type": "post", "room": "lobby", "cid": cid,
            "text": "x".repeat(1_000)});
        let said = bob.socket.send(Message::text(post.to_string()));
        match said.and_then(|()| bob.socket.read()) {
            Ok(message) => {
                let answer: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
                if answer["type"] != "post" {
                    return (stored, Some(answer));
                }
                stored.push(answer);
            }
            Err(_) => return (stored, None),
        }
        assert!(stored.len() < 100, "the file has no limit");
    }
}

#[test]
fn a_server_that_the_file_size_limit_kills_has_lost_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_by(&mut limited("ulimit -f 16"), data.path(), &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let (stored, answer) = post_until_refused(&mut bob);
    assert_eq!((stored.is_empty(), answer), (false, None));
    assert_eq!(server.wait_exit().signal(), Some(25), "SIGXFSZ (signal(7))");
    let server = TestServer::start_in(data.path(), &[]);
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], stored.len());
    stored.iter().for_each(|record| assert_eq!(ann.receive(), *record));
    assert!(printed(&["verify"], data.path()).contains("intact"));
}

#[test]
fn a_log_file_that_may_not_grow_refuses_the_post_and_all_else_works() {
    let data = tempfile::tempdir().unwrap();
    let mut command = limited("ulimit -f 16; trap '' XFSZ");
    let server = TestServer::start_by(&mut command, data.path(), &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let (stored, answer) = post_until_refused(&mut bob);
    let error = answer.unwrap();
    assert_eq!(
        (&error["code"], &error["cid"]),
        (&"storage".into(), &format!("c{}", stored.len()).into())
    );
    let mut raw = RawClient::connect(server.address);
    raw.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(raw.read_to_end().starts_with(b"HTTP/1.1 503"));
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], stored.len(), "no number was used");
    stored.iter().for_each(|record| assert_eq!(ann.receive(), *record));
    ann.post("lobby", "short", "a line that still fits");
    assert_eq!(ann.receive_own("ann", "short")["seq"], stored.len() + 1);
    assert_eq!(exported(data.path()).len(), stored.len() + 1);
}

// ---- A log larger than memory ------------------------------------------------------------------

#[test]
fn a_long_log_is_not_held_in_memory() {
    let (empty, long) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let little = TestServer::start_in(empty.path(), &[]).rss_kib();
    fill(long.path(), 12_000, &"x".repeat(1_000)); // 13 MB
    let server = TestServer::start_in(long.path(), &[]);
    let much = server.rss_kib();
    assert!(much < little + 6 * 1024, "{little} KiB without a log, {much} KiB with one");
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!((&joined["first"], &joined["head"]), (&1.into(), &12_000.into()));
    assert_eq!(ann.receive_seqs(100), (11_901..=12_000).collect::<Vec<u64>>());
}
