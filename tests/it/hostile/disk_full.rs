//! A disk that is nearly full, and a data directory that may not grow: posts are refused in time, and all
//! else goes on.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::support::commands::printed;
use crate::support::raw_client::RawClient;
use crate::support::{ServerLog, TIMEOUT, TestClient, TestServer};

/// A server on `data`, and its log.
fn start(data: &Path, flags: &[&str]) -> (TestServer, ServerLog) {
    let (log, mut command) = (ServerLog::new(), Command::new(env!("CARGO_BIN_EXE_server")));
    log.of(&mut command);
    (TestServer::start_by(&mut command, data, flags), log)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < TIMEOUT, "{what}");
    }
}

fn readiness(server: &TestServer) -> String {
    RawClient::connect(server.address).get("/readyz")
}

#[test]
fn posts_are_refused_before_the_disk_is_full_and_reading_and_deleting_work() {
    let data = tempfile::tempdir().unwrap();
    let first = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(first.address, "bob");
    for cid in ["1", "2"] {
        bob.post("lobby", cid, "while there was room");
        bob.receive_with_cid(cid);
    }
    drop((bob, first));

    let (server, log) = start(data.path(), &["--min-free", "900TiB"]);
    wait_until("it takes this disk for empty", || {
        readiness(&server).contains("the server's disk is nearly full")
    });
    let mut bob = TestClient::connect(server.address);
    bob.send(&json!({"type": "hello", "user": "bob", "token": welcome["token"]}));
    assert_eq!(bob.receive()["type"], "welcome");
    bob.join("lobby");
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], 2, "a new name is taken, and reads");
    assert_eq!(ann.receive_seqs(2), [1, 2]);
    for refused in [
        json!({"type": "post", "room": "lobby", "cid": "x", "text": "more"}),
        json!({"type": "edit", "room": "lobby", "cid": "x", "target": 2, "text": "more"}),
        json!({"type": "topic", "room": "lobby", "cid": "x", "text": "more"}),
        json!({"type": "direct", "to": "ann", "cid": "x", "text": "more"}),
    ] {
        bob.send(&refused);
        let error = bob.receive_with_cid("x");
        assert_eq!((&error["type"], &error["code"]), (&"error".into(), &"storage".into()));
        assert!(error["message"].as_str().unwrap().contains("disk is nearly full"), "{error}");
    }
    bob.post("lobby", "2", "while there was room");
    assert_eq!(bob.receive_with_cid("2")["seq"], 2, "a repeat has the answer of the first");
    bob.send(&json!({"type": "delete", "room": "lobby", "cid": "d", "target": 1}));
    assert_eq!(bob.receive_with_cid("d")["seq"], 3);
    assert_eq!(ann.receive_with_cid("d")["seq"], 3);
    ann.send(&json!({"type": "history", "room": "lobby", "after": 0}));
    assert_eq!(ann.receive_type("history")["records"].as_array().unwrap().len(), 3);

    let measured = |name: &str| RawClient::connect(server.address).count(name);
    assert_eq!(measured("talk_disk_free_bytes_min"), (900_u64 << 40) as f64);
    assert!(measured("talk_disk_free_bytes") > 0.0);
    assert_eq!(measured("talk_log_writable"), 0.0);
    assert_eq!(log.count("disk-full-posts-refused"), 1, "{}", log.text());
}

#[test]
fn a_data_directory_at_its_maximum_takes_posts_again_once_some_are_erased() {
    let data = tempfile::tempdir().unwrap();
    let flags = ["--max-data", "200KiB", "--min-free", "0"];
    let (server, log) = start(data.path(), &flags);
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    let text = "x".repeat(4_000);
    let mut stored = 0;
    let refused = loop {
        bob.post("lobby", &format!("c{stored}"), &text);
        let answer = bob.receive_with_cid(&format!("c{stored}"));
        if answer["type"] != "post" {
            break answer;
        }
        stored += 1;
        assert!(stored < 50, "it has no maximum");
    };
    assert_eq!(refused["code"], "storage");
    assert!(stored > 40, "only {stored} of 4 kB in 200 KiB");
    assert!(readiness(&server).contains(" 503 "));
    log.wait_for("disk-full-posts-refused");
    assert!(RawClient::connect(server.address).count("talk_data_bytes") >= 200.0 * 1_024.0 * 0.97);
    drop((bob, server));

    let flags = ["--max-data", "190KiB", "--min-free", "0"];
    let (server, log) = start(data.path(), &flags); // counts what the first one has left
    wait_until("it does not count", || readiness(&server).contains(" 503 "));
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], stored);
    assert_eq!(ann.receive_seqs(stored), (1..=stored as u64).collect::<Vec<_>>());
    let mut bob = TestClient::connect(server.address);
    bob.send(&json!({"type": "hello", "user": "bob", "token": welcome["token"]}));
    bob.receive();
    bob.join("lobby");
    for target in 1..=10 {
        let cid = format!("d{target}");
        bob.send(&json!({"type": "delete", "room": "lobby", "cid": cid, "target": target}));
        assert_eq!(bob.receive_with_cid(&cid)["type"], "delete");
    }
    wait_until("erasure makes no room", || readiness(&server).contains(" 200 "));
    ann.post("lobby", "again", "there is room");
    assert_eq!(ann.receive_with_cid("again")["type"], "post");
    log.wait_for("posts-accepted-again");
    drop(server);
    assert!(printed(&["verify"], data.path()).contains("intact"));
}

/// A shell in a mount namespace of its own that runs `script` and then the server.
fn in_namespace(script: &str) -> (Command, ServerLog) {
    let (log, mut command) = (ServerLog::new(), Command::new("unshare"));
    let script = format!("{script}; exec \"$0\" \"$@\"");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]);
    command.arg(env!("CARGO_BIN_EXE_server"));
    log.of(&mut command);
    (command, log)
}

#[test]
#[ignore = "needs root: tests/run runs it"]
fn without_df_the_log_says_so_once_and_posts_are_stored() {
    let data = tempfile::tempdir().unwrap();
    let hide = "for dir in /usr/bin /bin; do [ -L $dir ] || mount -t tmpfs none $dir; done";
    let (mut command, log) = in_namespace(&format!("set -e; {hide}"));
    let server = TestServer::start_by(&mut command, data.path(), &["--min-free", "900TiB"]);
    log.wait_for("free-space-unknown");
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    bob.post("lobby", "1", "a line");
    assert_eq!(bob.receive_with_cid("1")["seq"], 1);
    assert!(readiness(&server).contains(" 200 "));
}

#[test]
#[ignore = "needs root: tests/run runs it"]
fn a_small_disk_never_becomes_full() {
    let data = tempfile::tempdir().unwrap();
    let disk = data.path().display();
    let (mut command, log) =
        in_namespace(&format!("set -e; mount -t tmpfs -o size=8m,mode=0700 none '{disk}'"));
    let server = TestServer::start_by(&mut command, data.path(), &["--sync", "interval"]);
    wait_until("it does not measure the disk", || {
        let page = RawClient::connect(server.address).get("/metrics");
        page.contains("\ntalk_disk_free_bytes ")
    });
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let text = "\"".repeat(4_000); // two bytes on the disk for each
    let refused = (1..).find_map(|n| {
        let cid = format!("c{n}");
        bob.post("lobby", &cid, &text);
        let answer = bob.receive_with_cid(&cid);
        assert!(n < 1_200, "8 MiB have no end");
        (answer["type"] == "error").then_some(answer)
    });
    let refused = refused.unwrap();
    assert_eq!(refused["code"], "storage");
    assert!(refused["message"].as_str().unwrap().contains("disk is nearly full"), "{refused}");
    let free = RawClient::connect(server.address).count("talk_disk_free_bytes");
    assert!((500_000.0..850_000.0).contains(&free), "{free}");
    bob.send(&json!({"type": "delete", "room": "lobby", "cid": "d", "target": 1}));
    assert_eq!(bob.receive_with_cid("d")["type"], "delete");
    log.wait_for("disk-full-posts-refused");
    assert_eq!(log.count("append-failed"), 0);
}
