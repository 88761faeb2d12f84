//! Where the system gives too little: a directory of somebody else's, files that may not grow, a log
//! much larger than memory should be.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::commands::{exported, printed};
use crate::support::filled::fill;
use crate::support::{Peer, Raw, Running};

/// Nobody, whom no directory belongs to.
const NOBODY: u32 = 65_534;

/// Whether the tests run as root, whom no mode keeps out.
fn am_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A shell that limits the size of files, and becomes the server. `ulimit -f` counts in 512 bytes
/// (POSIX), or in 1,024 (bash).
fn limited(limit: &str) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("{limit}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_server")]);
    shell
}

/// What a server says that cannot start.
fn refused(command: &mut Command, data: &Path) -> String {
    let command = command.args(["--bind", "127.0.0.1:0", "--data"]).arg(data);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains(data.to_str().unwrap()), "{error}");
    error
}

// ---- At the start ------------------------------------------------------------------------------

#[test]
fn a_directory_that_is_not_ones_own_is_refused_at_the_start() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let server = place.path().join("server"); // where nobody can reach it
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
fn a_disk_that_takes_nothing_at_the_start_is_said_before_the_port_is_open() {
    let data = tempfile::tempdir().unwrap();
    let error = refused(&mut limited("ulimit -f 0; trap '' XFSZ"), data.path());
    assert!(error.contains("data directory"), "{error}");
}

// ---- Later -------------------------------------------------------------------------------------

/// Posts until something else than a record comes, or nothing more: what was acknowledged, and that.
fn post_until_refused(bob: &mut Peer) -> (Vec<Value>, Option<Value>) {
    let mut stored = Vec::new();
    loop {
        let cid = format!("c{}", stored.len());
        let post = serde_json::json!({"type": "post", "room": "lobby", "cid": cid,
            "text": "x".repeat(1_000)});
        let said = bob.socket.send(tungstenite::Message::text(post.to_string()));
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
    let mut server = Running::start_by(&mut limited("ulimit -f 16"), data.path(), &[]);
    let (mut bob, _) = Peer::joined(server.address, "bob", "lobby");
    let (stored, answer) = post_until_refused(&mut bob);
    assert_eq!((stored.is_empty(), answer), (false, None));
    assert_eq!(server.ends().signal(), Some(25), "SIGXFSZ (signal(7))");
    let server = Running::start_in(data.path(), &[]);
    let (mut ann, joined) = Peer::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], stored.len());
    stored.iter().for_each(|record| assert_eq!(ann.hear(), *record));
    assert!(printed(&["verify"], data.path()).contains("intact"));
}

#[test]
fn a_file_that_may_not_grow_refuses_the_line_and_all_else_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let mut command = limited("ulimit -f 16; trap '' XFSZ");
    let server = Running::start_by(&mut command, data.path(), &[]);
    let (mut bob, _) = Peer::joined(server.address, "bob", "lobby");
    let (stored, answer) = post_until_refused(&mut bob);
    let error = answer.unwrap();
    assert_eq!(
        (&error["code"], &error["cid"]),
        (&"storage".into(), &format!("c{}", stored.len()).into())
    );
    let mut raw = Raw::connect(server.address);
    raw.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(raw.read_to_end().starts_with(b"HTTP/1.1 503"));
    let (mut ann, joined) = Peer::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], stored.len(), "no number was used");
    stored.iter().for_each(|record| assert_eq!(ann.hear(), *record));
    ann.post("lobby", "short", "a line that still fits");
    assert_eq!(ann.hear_own("ann", "short")["seq"], stored.len() + 1);
    assert_eq!(exported(data.path()).len(), stored.len() + 1);
}

// ---- Much --------------------------------------------------------------------------------------

#[test]
fn a_long_log_is_not_held_in_memory() {
    let (empty, long) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let little = Running::start_in(empty.path(), &[]).rss_kib();
    fill(long.path(), 12_000, &"x".repeat(1_000)); // 13 MB
    let server = Running::start_in(long.path(), &[]);
    let much = server.rss_kib();
    assert!(much < little + 6 * 1024, "{little} KiB without a log, {much} KiB with one");
    let (mut ann, joined) = Peer::joined(server.address, "ann", "lobby");
    assert_eq!((&joined["first"], &joined["head"]), (&1.into(), &12_000.into()));
    assert_eq!(ann.hear_seqs(100), (11_901..=12_000).collect::<Vec<u64>>());
}
