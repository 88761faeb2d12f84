//! Recovery: the log after a restart, with damage, with a full disk.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use talk::chat::OwnerId;

use crate::support::commands::{failed, log_file, printed};
use crate::support::piped_console::run;
use crate::support::{RawClient, ServerLog, TIMEOUT, TestClient, TestServer};

fn readyz(server: &TestServer) -> bool {
    let mut raw = RawClient::connect(server.address);
    raw.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    raw.read_to_end().starts_with(b"HTTP/1.1 200")
}

// ---- After a restart ---------------------------------------------------------------------------

#[test]
fn a_restart_keeps_rooms_names_cids_and_the_log_id() {
    let data = tempfile::tempdir().unwrap();
    let mut before = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(before.address, "bob");
    let token = welcome["token"].as_str().unwrap();
    bob.post("lobby", "c1", "one");
    let one = bob.receive_own("bob", "c1");
    let (mut idle, _) = TestClient::joined(before.address, "idle", "lobby");
    idle.receive();
    before.kill();

    let mut after = TestServer::start_in(data.path(), &[]);
    for name in ["BOB", "idle"] {
        let mut thief = TestClient::connect(after.address);
        thief.send(&json!({"type": "hello", "user": name}));
        assert_eq!(thief.receive_error(), "name_taken", "{name} was connected a moment ago");
    }
    let mut bob = TestClient::connect(after.address);
    bob.send(&json!({"type": "hello", "user": "bob", "token": token}));
    assert_eq!(bob.receive()["token"], token);
    bob.send(&json!({"type": "rooms"}));
    let rooms = bob.receive();
    assert_eq!(
        (&rooms["rooms"][0]["name"], &rooms["rooms"][0]["head"]),
        (&"lobby".into(), &1.into())
    );
    bob.send(&json!({"type": "join", "room": "lobby"}));
    let joined = bob.receive();
    assert_eq!((&joined["head"], &joined["reset"]), (&1.into(), &false.into()));
    assert_eq!(bob.receive(), one);
    bob.post("lobby", "c1", "one");
    assert_eq!(bob.receive(), one, "a repeat is answered with the record");
    bob.post("lobby", "c1", "two");
    assert_eq!(bob.receive_error(), "cid_conflict");
    bob.post("lobby", "c2", "two");
    let two = bob.receive_own("bob", "c2");
    assert_eq!(two["seq"], 2);
    assert!(two["at"].as_u64() >= one["at"].as_u64());
    let secrets = Command::new("grep").arg("-r").arg(token).arg(data.path()).output().unwrap();
    assert!(secrets.stdout.is_empty(), "no token is on disk");

    after.kill();
    fs::remove_dir_all(data.path().join("rooms")).unwrap();
    let wiped = TestServer::start_in(data.path(), &[]);
    let mut bob = TestClient::connect(wiped.address);
    bob.send(&json!({"type": "hello", "user": "bob", "token": token,
        "join": [{"room": "lobby", "since": 2, "log": joined["log"]}]}));
    bob.receive();
    let rejoined = bob.receive();
    assert_eq!((&rejoined["reset"], &rejoined["head"]), (&true.into(), &0.into()));
    assert_ne!(rejoined["log"], joined["log"]);
}

#[test]
fn a_name_that_an_older_version_let_in_stays_with_its_owner() {
    let data = tempfile::tempdir().unwrap();
    let token = "00112233445566778899aabbccddeeff";
    let names = ["aliᴄe", "alice", "bob.", "b০b"];
    let lines: String = names
        .iter()
        .map(|name| {
            let owner = OwnerId::of_name_and_token(&name.parse().unwrap(), &token.parse().unwrap())
                .to_string();
            let line = json!({"user": name, "holder": owner, "posted": true});
            format!("{line}\n")
        })
        .collect();
    let server = TestServer::start_in(data.path(), &[]);
    drop(server);
    fs::write(data.path().join("names.jsonl"), lines).unwrap();
    let server = TestServer::start_in(data.path(), &[]);
    for name in names {
        let mut thief = TestClient::connect(server.address);
        thief.send(&json!({"type": "hello", "user": name}));
        assert_eq!(thief.receive_error(), "name_taken", "{name}");
        let mut owner = TestClient::connect(server.address);
        owner.send(&json!({"type": "hello", "user": name, "token": token,
            "join": [{"room": "lobby"}]}));
        assert_eq!(owner.receive()["user"], *name);
        owner.receive_type("joined");
        owner.post("lobby", "c", "still here");
        assert_eq!(owner.receive_own(name, "c")["user"], *name);
    }
    let mut new = TestClient::connect(server.address);
    new.send(&json!({"type": "hello", "user": "A1ice"}));
    assert_eq!(new.receive_error(), "bad_name");
}

#[test]
fn a_second_server_is_refused_and_a_killed_ones_lock_is_free() {
    let data = tempfile::tempdir().unwrap();
    let mut first = TestServer::start_in(data.path(), &[]);
    let (_, error) = failed(&["--bind", "127.0.0.1:0"], data.path());
    assert!(error.contains(&format!("in use by a server with pid {}", first.pid())), "{error}");
    assert_eq!(error.lines().count(), 1);
    let (_, error) = failed(&["repair", "nowhere"], data.path());
    assert!(error.contains("no log of room nowhere"), "{error}");
    TestClient::hello(first.address, "unharmed");
    first.kill();
    TestServer::start_in(data.path(), &[]);
}

#[test]
fn a_data_directory_that_cannot_be_used_is_one_line_at_once() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let under = file.join("under");
    for data in [Path::new("/proc/nowhere"), &file, &under] {
        let start = Instant::now();
        let (out, error) = failed(&["--bind", "127.0.0.1:0"], data);
        assert!(out.is_empty(), "the port was never open");
        assert!(error.contains("data directory") && error.lines().count() == 1, "{error}");
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn records_beyond_the_retention_are_gone_and_joined_reports_the_first_left() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &["--retain-records", "5"]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let (mut said, mut first) = (0, 1);
    let deadline = Instant::now() + TIMEOUT;
    // Until retention has removed old records, and has no file left to remove during a replay.
    while first < 10 || said - first >= 9 {
        if first < 10 {
            said += 1;
            bob.post("lobby", &format!("c{said}"), "hello");
            bob.receive_own("bob", &format!("c{said}"));
        }
        bob.send(&json!({"type": "history", "room": "lobby", "after": said}));
        first = bob.receive_type("history")["first"].as_u64().unwrap();
        assert!(Instant::now() < deadline, "nothing is dropped: {first} to {said}");
    }
    bob.send(&json!({"type": "join", "room": "lobby", "since": 0}));
    let joined = bob.receive_type("joined");
    assert_eq!((&joined["first"], &joined["since"]), (&first.into(), &(first - 1).into()));
    assert_eq!(bob.receive_seqs((said + 1 - first) as usize), (first..=said).collect::<Vec<u64>>());
    assert!(said - first + 1 >= 5, "at least as many as were asked for are kept");
    assert!(printed(&["verify", "lobby"], data.path()).contains("intact"));
}

// ---- Damage and full disks ---------------------------------------------------------------------

#[test]
fn a_log_that_is_deleted_under_the_server_refuses_posts_and_serves_what_it_had() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    bob.post("lobby", "c1", "one");
    bob.receive_own("bob", "c1");
    assert!(readyz(&server));
    fs::remove_file(log_file(data.path())).unwrap();
    bob.post("lobby", "c2", "two");
    let error = bob.receive();
    assert_eq!((&error["code"], &error["cid"]), (&"storage".into(), &"c2".into()));
    assert!(!readyz(&server));
    bob.send(&json!({"type": "join", "room": "other"}));
    bob.receive_type("joined");
    bob.post("other", "c3", "other rooms are unharmed");
    assert_eq!(bob.receive_own("bob", "c3")["seq"], 1);
    bob.send(&json!({"type": "history", "room": "lobby", "after": 0}));
    assert_eq!(bob.receive_type("history")["records"].as_array().unwrap().len(), 1);
}

#[test]
fn a_damaged_room_is_read_only_until_it_is_repaired_and_others_are_not() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    for n in 1..=5 {
        bob.post("lobby", &format!("c{n}"), &format!("line {n}"));
        bob.receive_own("bob", &format!("c{n}"));
    }
    server.kill();
    let path = log_file(data.path());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("line 3", "lime 3")).unwrap();

    let (out, error) = failed(&["verify"], data.path());
    assert!(out.contains("DAMAGED") && out.contains("record 3, at byte "), "{out}");
    assert!(error.contains("1 of 1 rooms are damaged"), "{error}");
    let mut server = TestServer::start_in(data.path(), &[]);
    server.wait_until_checked();
    assert!(!readyz(&server));
    let hello = json!({"type": "hello", "user": "bob", "token": welcome["token"],
        "join": [{"room": "lobby"}]});
    let mut bob = TestClient::connect(server.address);
    bob.send(&hello);
    assert_eq!(bob.receive_type("joined")["head"], 2);
    assert_eq!(bob.receive_seqs(2), [1, 2]);
    bob.post("lobby", "c6", "more");
    assert_eq!(bob.receive_error(), "storage");
    server.kill();

    let (out, _) = failed(&["export", "lobby"], data.path());
    assert!(out.contains("<bob> line 2\n") && !out.contains("line 4"), "{out}");
    let out = printed(&["repair", "lobby"], data.path());
    assert!(out.contains("ends with record 2") && out.contains(".damaged"), "{out}");
    assert!(printed(&["repair", "lobby"], data.path()).contains("nothing to repair"));
    let server = TestServer::start_in(data.path(), &[]);
    assert!(readyz(&server));
    let mut bob = TestClient::connect(server.address);
    bob.send(&hello);
    bob.receive_type("joined");
    bob.receive_seqs(2);
    bob.post("lobby", "c6", "more");
    assert_eq!(bob.receive_own("bob", "c6")["seq"], 3);
}

#[test]
fn a_room_whose_directory_was_renamed_is_not_damaged_and_no_repair_cuts_it_off() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    for n in ["c1", "c2"] {
        bob.post("lobby", n, n);
        bob.receive_own("bob", n);
    }
    server.kill();
    let [old, new] = ["lobby", "hall"].map(|name| data.path().join("rooms").join(name));
    fs::rename(&old, &new).unwrap();
    let before = fs::read(new.join(log_file(data.path()).file_name().unwrap())).unwrap();

    let (out, error) = failed(&["verify"], data.path());
    assert!(!out.contains("DAMAGED") && !out.contains("server repair"), "{out}");
    for part in
        ["hall: ", "UNUSABLE", "belongs to the log of room lobby", "rename it back to lobby"]
    {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(error.contains("1 of 1 rooms are unusable"), "{error}");
    let (_, error) = failed(&["repair", "hall"], data.path());
    assert!(error.contains("nothing was changed") && error.contains("back to lobby"), "{error}");

    let log = ServerLog::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    log.of(&mut command);
    let mut server = TestServer::start_by(&mut command, data.path(), &[]);
    log.wait_for("room-not-loaded");
    assert!(log.text().contains("rename_it_back_to_lobby"), "{}", log.text());
    let mut bob = TestClient::hello(server.address, "eve").0;
    bob.send(&json!({"type": "join", "room": "hall"}));
    assert_eq!(bob.receive_error(), "storage");
    let (code, out, err) = run(server.address, &["--room", "hall", "--since", "all"], b"");
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.contains("cannot join hall"), "{err}");
    server.kill();
    assert_eq!(fs::read(new.join(log_file(data.path()).file_name().unwrap())).unwrap(), before);

    fs::rename(&new, &old).unwrap();
    assert!(printed(&["verify"], data.path()).contains("records 1 to 2 in 1 file: intact"));
    let server = TestServer::start_in(data.path(), &[]);
    assert_eq!(TestClient::joined(server.address, "ann", "lobby").1["head"], 2);
}

#[test]
#[ignore = "needs root: tests/run runs it"]
fn a_full_disk_refuses_posts_and_accepts_them_again_without_a_missing_seq() {
    let place = tempfile::tempdir().unwrap();
    let mount = |args: &[&str]| {
        let done = Command::new(args[0]).args(&args[1..]).arg(place.path()).status().unwrap();
        assert!(done.success(), "{args:?}");
    };
    mount(&["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "talk"]);
    let unmounted = std::panic::catch_unwind(|| fill_and_empty(place.path()));
    mount(&["umount", "-l"]);
    unmounted.unwrap();
}

fn fill_and_empty(data: &Path) {
    let server = TestServer::start_in(data, &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let (mut alice, _) = TestClient::joined(server.address, "alice", "lobby");
    let text = "x".repeat(1_500);
    let mut stored = 0;
    let refused = loop {
        bob.post("lobby", &format!("c{stored}"), &text);
        let answer = loop {
            let message = bob.receive();
            if message["type"] == "post" || message["type"] == "error" {
                break message;
            }
        };
        if answer["type"] == "error" {
            break answer;
        }
        stored += 1;
        assert!(stored < 100, "the disk is never full");
    };
    assert_eq!(
        (&refused["code"], &refused["cid"]),
        (&"storage".into(), &format!("c{stored}").into())
    );
    assert!(!readyz(&server));
    assert_eq!(alice.receive_seqs(stored).len(), stored);
    alice.receives_nothing();
    alice.send(&json!({"type": "history", "room": "lobby", "after": 0, "limit": 5}));
    assert_eq!(alice.receive_type("history")["records"].as_array().unwrap().len(), 5);
    // Makes room on the disk: truncates another file on it.
    let lock = fs::read_dir(data).unwrap().count();
    assert!(lock >= 3);
    let done = Command::new("mount").args(["-o", "remount,size=256k"]).arg(data).status().unwrap();
    assert!(done.success());
    let deadline = Instant::now() + TIMEOUT;
    while !readyz(&server) {
        assert!(Instant::now() < deadline, "the server does not notice that there is room again");
    }
    bob.post("lobby", &format!("c{stored}"), &text);
    assert_eq!(bob.receive_own("bob", &format!("c{stored}"))["seq"], stored as u64 + 1, "no gap");
    assert!(printed(&["verify"], data).contains("intact"));
}
