//! Log files that another program has changed: a copy, an editor, another version; and texts that look
//! like lines of the log.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha1_smol::Sha1;

use crate::support::commands::{exported, failed, log_file, printed, server};
use crate::support::fixtures::fill;
use crate::support::{RawClient, TIMEOUT, TestClient, TestServer};

/// Starts a server on this data, reads its first line on standard error, and kills it.
fn first_word(data: &Path) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["--bind", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    let (said, received) = channel();
    thread::spawn(move || {
        let mut line = String::new();
        words.read_line(&mut line).unwrap();
        said.send(line).ok();
    });
    let line = received.recv_timeout(TIMEOUT);
    child.kill().unwrap();
    child.wait().unwrap();
    line.expect("the server logs what it has found")
}

fn is_ready(server: &TestServer) -> bool {
    let mut raw = RawClient::connect(server.address);
    raw.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    raw.read_to_end().starts_with(b"HTTP/1.1 200")
}

// ---- Reported at the start ---------------------------------------------------------------------

#[test]
fn a_start_reports_in_one_line_what_it_has_cut_and_where() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), 5, "a line");
    let whole = fs::read(log_file(data.path())).unwrap();
    fs::write(log_file(data.path()), &whole[..whole.len() - 9]).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let said = first_word(data.path());
    for part in ["torn-tail-cut", "lobby", "0000000000000001.jsonl", &format!("offset={last} ")] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let torn_file = log_file(data.path()).with_extension(format!("jsonl.torn-{last}"));
    assert_eq!(
        fs::read(torn_file).unwrap(),
        &whole[last..whole.len() - 9],
        "no byte is thrown away"
    );
}

#[test]
fn a_start_names_file_seq_and_offset_of_damage() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), 5, "a line");
    let text = fs::read_to_string(log_file(data.path())).unwrap();
    fs::write(log_file(data.path()), text.replace("a line 3", "a lime 3")).unwrap();
    let offset = text.split_inclusive('\n').take(3).map(str::len).sum::<usize>();
    let said = first_word(data.path());
    for part in ["damaged-read-only", "lobby", "0000000000000001.jsonl", "seq=3 ", "server_repair"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.contains(&format!("offset={offset} ")), "{said}");
}

#[test]
fn a_log_of_a_later_version_is_refused_and_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), 5, "a line");
    let text = fs::read_to_string(log_file(data.path())).unwrap();
    let (header, records) = text.split_once('\n').unwrap();
    let newer = header.replace("\"version\":2", "\"version\":3");
    let (body, _) = newer.split_once(",\"check\"").unwrap();
    let check = Sha1::from(format!("0000000000000000{body}")).digest().to_string();
    let newer = format!("{body},\"check\":\"{}\"}}\n{records}", &check[..16]);
    fs::write(log_file(data.path()), &newer).unwrap();
    let (out, error) = failed(&["--bind", "127.0.0.1:0"], data.path());
    assert!(out.is_empty(), "the port was never open");
    assert!(error.contains("format 3, of a later version"), "{error}");
    assert_eq!(error.lines().count(), 1);
    assert_eq!(fs::read_to_string(log_file(data.path())).unwrap(), newer);
}

// ---- A live log changed by another program ----------------------------------------------------

type Change = fn(&Path);

#[test]
fn a_log_that_another_program_has_changed_is_not_written_any_more() {
    let acts: [(&str, Change); 4] = [
        ("removed", |log| fs::remove_file(log).unwrap()),
        ("moved", |log| fs::rename(log, log.with_extension("elsewhere")).unwrap()),
        ("cut", |log| fs::File::options().write(true).open(log).unwrap().set_len(100).unwrap()),
        ("longer", |log| fs::write(log, fs::read_to_string(log).unwrap() + "more\n").unwrap()),
    ];
    for (act, change) in acts {
        let data = tempfile::tempdir().unwrap();
        let server = TestServer::start_in(data.path(), &[]);
        let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
        let (mut alice, _) = TestClient::joined(server.address, "alice", "lobby");
        bob.post("lobby", "c1", "one");
        bob.receive_own("bob", "c1");
        alice.receive_own("bob", "c1");
        change(&log_file(data.path()));
        for cid in ["c2", "c3"] {
            bob.post("lobby", cid, "two");
            let error = bob.receive_type("error");
            assert_eq!((&error["code"], &error["cid"]), (&"storage".into(), &cid.into()), "{act}");
        }
        alice.receives_nothing();
        assert!(!is_ready(&server), "{act}");
    }
}

// ---- A copy ------------------------------------------------------------------------------------

#[test]
fn a_copy_of_a_live_log_starts_with_its_whole_records() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &["--sync", "interval"]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    bob.post("lobby", "first", "first");
    bob.receive_own("bob", "first");
    let done = AtomicBool::new(false);
    let copies: Vec<Vec<u8>> = thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                bob.post("lobby", &format!("c{n}"), &"x".repeat(3_000));
                bob.receive_own("bob", &format!("c{n}"));
            }
        });
        let copies = (1..=5).map(|n| copy_beyond(n * 30_000, &log_file(data.path()))).collect();
        done.store(true, Ordering::Relaxed);
        copies
    });
    let original = exported(data.path());
    for copy in copies {
        // The copy as it is, and one that ends in the middle of a line.
        for kept in [copy.len(), copy.len() - 5] {
            let elsewhere = tempfile::tempdir().unwrap();
            fs::create_dir_all(log_file(elsewhere.path()).parent().unwrap()).unwrap();
            fs::write(log_file(elsewhere.path()), &copy[..kept]).unwrap();
            let whole = copy[..kept].iter().filter(|byte| **byte == b'\n').count() - 1;
            let torn = copy[kept - 1] != b'\n';
            let verdict = if torn {
                format!("record {}, at byte ", whole + 1)
            } else {
                format!("records 1 to {whole} in 1 file: intact")
            };
            let verified = server_says(&["verify"], elsewhere.path());
            assert!(verified.contains(&verdict), "{verdict}: {verified}");
            let again = TestServer::start_in(elsewhere.path(), &[]);
            let (mut ann, joined) = TestClient::joined(again.address, "ann", "lobby");
            assert_eq!(joined["head"], whole);
            ann.post("lobby", "more", "more");
            assert_eq!(ann.receive_own("ann", "more")["seq"], whole + 1);
            drop(again);
            assert_eq!(exported(elsewhere.path())[..whole], original[..whole]);
        }
    }
}

/// The content of the file once it has more than `bytes`.
fn copy_beyond(bytes: u64, path: &Path) -> Vec<u8> {
    while fs::metadata(path).unwrap().len() < bytes {
        thread::yield_now();
    }
    fs::read(path).unwrap()
}

/// The output of a command, whether it succeeds or not.
fn server_says(args: &[&str], data: &Path) -> String {
    let output = server(args, data);
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

// ---- Texts -------------------------------------------------------------------------------------

#[test]
fn no_text_becomes_a_record_of_its_own_or_ends_one() {
    let texts = [
        "\n{\"type\":\"post\",\"room\":\"lobby\",\"seq\":9999,\"at\":1,\"user\":\"admin\"}\n.",
        "\",\"seq\":9999,\"at\":1,\"check\":\"0000000000000000\"}",
        "\u{2028}\u{2029}\u{feff}",
        "\\n\\u0000\\\\",
        &"\"".repeat(4_096),
        &format!("{}.", "\n".repeat(4_095)),
        &"\u{10ffff}".repeat(1_024),
    ];
    let data = tempfile::tempdir().unwrap();
    let mut before = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = TestClient::joined(before.address, "bob", "lobby");
    let mut stored: Vec<Value> = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        bob.post("lobby", &format!("c{n}"), text);
        let record = bob.receive_own("bob", &format!("c{n}"));
        assert_eq!((&record["seq"], &record["text"]), (&json!(n + 1), &json!(text)));
        stored.push(record);
    }
    before.kill();
    let log = fs::read_to_string(log_file(data.path())).unwrap();
    assert_eq!(log.lines().count(), 1 + texts.len(), "one line each");
    assert!(log.lines().all(|line| line.len() < 64 * 1024));
    assert!(printed(&["verify"], data.path()).contains("intact"));
    assert_eq!(exported(data.path()), stored);
    let after = TestServer::start_in(data.path(), &[]);
    let (mut ann, joined) = TestClient::joined(after.address, "ann", "lobby");
    assert_eq!(joined["head"], texts.len());
    for record in stored {
        assert_eq!(ann.receive(), record);
    }
}

// ---- A repair ----------------------------------------------------------------------------------

/// Starts the repair of a damaged lobby, and kills it after `wait`, unless it has ended before.
fn repair_for(wait: Duration, data: &Path) {
    let mut repair = Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["repair", "lobby", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while start.elapsed() < wait && repair.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    repair.kill().ok(); // it may have ended
    repair.wait().unwrap();
}

#[test]
fn a_repair_that_is_killed_anywhere_is_done_again_and_loses_no_byte() {
    const KILLS: u32 = 50;
    let whole = tempfile::tempdir().unwrap();
    fill(whole.path(), 60, "a line");
    let good = fs::read_to_string(log_file(whole.path())).unwrap();
    let damaged = good.replace("a line 50\"", "a lime 50\"");
    let damage = |data: &Path| {
        fs::create_dir_all(log_file(data).parent().unwrap()).unwrap();
        fs::write(log_file(data), &damaged).unwrap();
    };
    damage(whole.path());
    let start = Instant::now();
    repair_for(TIMEOUT, whole.path());
    let undisturbed = start.elapsed();
    for kill in 0..KILLS {
        let data = tempfile::tempdir().unwrap();
        damage(data.path());
        repair_for(undisturbed * kill / KILLS, data.path());
        printed(&["repair", "lobby"], data.path());
        let verified = printed(&["verify"], data.path());
        assert!(verified.contains("records 1 to 49 in 2 files: intact"), "kill {kill}: {verified}");
        let files = fs::read_dir(log_file(data.path()).parent().unwrap()).unwrap();
        let mut files = files.map(|file| fs::read(file.unwrap().path()).unwrap());
        assert!(
            files.any(|bytes| bytes == damaged.as_bytes()),
            "kill {kill}: the damaged file is gone"
        );
    }
}
