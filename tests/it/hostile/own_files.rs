//! Files and directories that are somebody else's, links, and files that are removed or changed while the
//! server runs. Every link points to a decoy in the test's own directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::raw_client::RawClient;
use crate::support::{ServerLog, TIMEOUT, TestClient, TestServer};

/// A server on `data`, and its log.
fn start(data: &Path) -> (TestServer, ServerLog) {
    let (log, mut command) = (ServerLog::new(), Command::new(env!("CARGO_BIN_EXE_server")));
    log.of(&mut command);
    (TestServer::start_by(&mut command, data, &[]), log)
}

/// The error of a server that refuses to start on `data`: one line that names `path`.
fn refused(data: &Path, path: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.args(["--bind", "127.0.0.1:0", "--data"]).arg(data).stdin(Stdio::null());
    let output = command.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{error}");
    assert!(error.lines().count() == 1 && error.contains(path.to_str().unwrap()), "{error}");
    error
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Posts a line of bob, who stays connected; the client and its token.
fn bob_posts(server: &TestServer) -> (TestClient, Value) {
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    bob.post("lobby", "1", "a line");
    assert_eq!(bob.receive_with_cid("1")["seq"], 1);
    (bob, welcome["token"].clone())
}

fn bob_is_taken(server: &TestServer) {
    let mut stranger = TestClient::connect(server.address);
    stranger.send(&json!({"type": "hello", "user": "bob"}));
    assert_eq!(stranger.receive_error(), "name_taken");
}

#[test]
fn a_data_directory_that_others_may_write_to_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir_all(data.join("rooms")).unwrap();
    for mode in [0o777, 0o1777, 0o770] {
        set_mode(&data, mode);
        let error = refused(&data, &data);
        assert!(
            error.contains("written by other users") && error.contains("chmod go-w"),
            "{error}"
        );
    }
    set_mode(&data, 0o755);
    set_mode(&data.join("rooms"), 0o777);
    refused(&data, &data.join("rooms"));
    set_mode(&data, 0o700);
    let (server, _) = start(&data); // who cannot enter it cannot write to what is in it
    bob_posts(&server);
}

#[test]
#[ignore = "needs root: tests/run runs it"]
fn a_data_directory_of_another_user_is_refused_even_by_root() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir_all(data.join("rooms")).unwrap();
    chown(&data, Some(65_534), None).unwrap();
    let error = refused(&data, &data);
    assert!(error.contains("belongs to user 65534") && error.contains("chown"), "{error}");
}

#[test]
fn links_in_the_data_directory_are_not_followed() {
    let place = tempfile::tempdir().unwrap();
    let (data, decoy) = (place.path().join("data"), place.path().join("decoy"));
    let journals = ["lock", "names.jsonl", "marks.jsonl", "memberships.jsonl"];
    let written_anew = ["probe", "names.anew", "marks.anew", "memberships.anew"];
    for name in journals.into_iter().chain(written_anew) {
        fs::create_dir_all(data.join("rooms")).unwrap();
        set_mode(&data, 0o700);
        fs::write(&decoy, "of another program").unwrap();
        let link = data.join(name);
        symlink(&decoy, &link).unwrap();
        if journals.contains(&name) {
            assert!(refused(&data, &link).contains("is a link"), "{name}");
        } else {
            start(&data); // a file that every start writes again: the link goes
            assert!(!fs::symlink_metadata(&link).is_ok_and(|found| found.is_symlink()), "{name}");
        }
        assert_eq!(fs::read_to_string(&decoy).unwrap(), "of another program", "{name}");
        fs::remove_dir_all(&data).unwrap();
    }
    let (server, log) = start(&data);
    let (mut bob, _) = bob_posts(&server);
    let segment = data.join("rooms/lobby/0000000000000001.jsonl");
    fs::remove_file(&segment).unwrap();
    symlink(&decoy, &segment).unwrap();
    bob.post("lobby", "2", "through a link");
    assert_eq!(bob.receive_with_cid("2")["code"], "storage");
    log.wait_for("append-failed");
    assert_eq!(fs::read_to_string(&decoy).unwrap(), "of another program");
}

#[test]
fn names_and_read_markers_that_are_removed_or_set_back_are_written_again_at_once() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (mut server, log) = start(&data);
    let before = fs::read(data.join("names.jsonl")).unwrap();
    let (mut bob, token) = bob_posts(&server);
    bob.send(&json!({"type": "mark", "room": "lobby", "seq": 1}));
    bob.round_trip();
    let again = |file: &str, change: &dyn Fn(&Path)| {
        let (path, count) = (data.join(file), log.count("file-written-again"));
        let since = Instant::now();
        change(&path);
        while log.count("file-written-again") == count {
            assert!(since.elapsed() < TIMEOUT, "{}", log.text());
        }
        let text = log.text();
        let last = text.lines().rfind(|line| line.contains("file-written-again"));
        assert!(last.unwrap().contains(&format!("file={file} ")), "{text}");
    };
    again("names.jsonl", &|path| fs::remove_file(path).unwrap());
    again("names.jsonl", &|path| fs::write(path, &before).unwrap());
    again("names.jsonl", &|path| {
        fs::write(place.path().join("backup"), &before).unwrap();
        fs::rename(place.path().join("backup"), path).unwrap();
    });
    again("marks.jsonl", &|path| fs::remove_file(path).unwrap());
    again("memberships.jsonl", &|path| fs::remove_file(path).unwrap());
    bob.post("lobby", "2", "goes on");
    assert_eq!(bob.receive_with_cid("2")["seq"], 2);
    server.kill();
    let (server, _) = start(&data);
    bob_is_taken(&server);
    let mut bob = TestClient::connect(server.address);
    bob.send(&json!({"type": "hello", "user": "bob", "token": token, "rooms": true}));
    assert_eq!(bob.receive()["rooms"], json!([{"room": "lobby"}]));
    assert_eq!(bob.join("lobby")["marked"], 1);
}

#[test]
fn names_and_read_markers_that_are_damaged_at_a_start_are_kept_beside_the_new_file() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (mut server, _) = start(&data);
    bob_posts(&server);
    for (round, end) in ["", "-1"].into_iter().enumerate() {
        server.kill();
        let damage = |file: &str| {
            let mut bytes = fs::read(data.join(file)).unwrap();
            bytes.extend([0; 100]);
            bytes.extend(format!("\nround {round}\n").as_bytes());
            fs::write(data.join(file), &bytes).unwrap();
            bytes
        };
        let files =
            ["names.jsonl", "marks.jsonl", "memberships.jsonl"].map(|file| (file, damage(file)));
        let (restarted, log) = start(&data);
        bob_is_taken(&restarted);
        for (file, bytes) in files {
            let backup = format!("{file}.damaged{end}");
            let line = format!("lines-not-read file={file} lines=2 backup={backup}\n");
            assert!(log.text().contains(&line), "{}", log.text());
            assert_eq!(fs::read(data.join(&backup)).unwrap(), bytes, "{backup}");
            assert_ne!(fs::read(data.join(file)).unwrap(), bytes, "{file}");
        }
        server = restarted;
    }
}

#[test]
fn a_start_without_the_names_of_a_directory_with_records_says_what_that_means_and_the_cure() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (mut server, log) = start(&data);
    let (bob, _) = bob_posts(&server);
    drop(bob);
    server.kill();
    assert_eq!(log.count("names-missing"), 0, "a new directory has none");
    let removals: [&dyn Fn(&Path); 2] =
        [&|names| fs::remove_file(names).unwrap(), &|names| fs::write(names, "").unwrap()];
    for remove in removals {
        remove(&data.join("names.jsonl"));
        let (mut server, log) = start(&data);
        assert_eq!(log.count("names-missing"), 1, "{}", log.text());
        for part in ["every_name_is_free_to_take", "stop,_restore_names.jsonl_from_a_backup,_start"]
        {
            assert!(log.text().contains(part), "{}", log.text());
        }
        server.kill();
    }
    let (_server, log) = start(&data);
    assert_eq!(log.count("names-missing"), 0, "{}", log.text());
}

#[test]
fn a_lock_that_is_removed_is_taken_again_and_keeps_a_second_server_out() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (server, log) = start(&data);
    fs::remove_file(data.join("lock")).unwrap();
    log.wait_for("lock-taken-again");
    assert!(refused(&data, &data).contains("in use by a server with pid"));
    bob_posts(&server);
}

#[test]
fn a_server_whose_lock_another_one_has_taken_stores_nothing_until_that_ends() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (first, log) = start(&data);
    let (mut bob, _) = bob_posts(&first);
    // Another server that has locked a new file before the first one looks.
    let other = place.path().join("lock");
    let other_lock = fs::File::create(&other).unwrap();
    other_lock.lock().unwrap();
    fs::rename(&other, data.join("lock")).unwrap();
    log.wait_for("lock-lost");
    let names = fs::metadata(data.join("names.jsonl")).unwrap().ino();
    bob.post("lobby", "2", "is not stored");
    assert_eq!(bob.receive_with_cid("2")["code"], "storage");
    let readiness = || RawClient::connect(first.address).get("/readyz");
    assert!(readiness().contains(" 503 "));
    fs::write(data.join("names.jsonl"), "of the other server").unwrap();
    bob.send(&json!({"type": "history", "room": "lobby", "after": 0}));
    assert_eq!(bob.receive_type("history")["records"].as_array().unwrap().len(), 1);
    drop(other_lock);
    log.wait_for("lock-taken-again");
    let since = Instant::now();
    while fs::metadata(data.join("names.jsonl")).unwrap().ino() == names {
        assert!(since.elapsed() < TIMEOUT, "the names are not written again");
    }
    bob.post("lobby", "3", "is stored again");
    assert_eq!(bob.receive_with_cid("3")["seq"], 2);
    assert_eq!(log.count("lock-lost"), 1);
}
