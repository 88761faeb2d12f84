//! One key on several devices: a name that one of them changes is the name of all.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::piped_console::{console, feed};
use crate::support::terminal::Terminal;
use crate::support::{TestClient, TestServer};

const KEY: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";

/// A device that has the key, in the lobby.
fn phone(server: &TestServer) -> TestClient {
    let mut phone = TestClient::connect(server.address);
    phone.send(&json!({"type": "hello", "user": "bob", "token": KEY, "join": [{"room": "lobby"}]}));
    phone.receive_type("joined");
    phone
}

/// The files with the key, below a directory.
fn files_with_key(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with_key(&path));
        } else if fs::read_to_string(&path).is_ok_and(|text| text.trim() == KEY) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

#[test]
fn a_name_changed_elsewhere_is_taken_over_and_the_key_is_saved_under_it_as_well() {
    let server = TestServer::start(&[]);
    let mut phone = phone(&server);
    phone.send(&json!({"type": "nick", "user": "rob"}));
    phone.receive_type("renamed");
    let key_file = tempfile::NamedTempFile::new().unwrap();
    fs::write(key_file.path(), KEY).unwrap();
    let flags = ["--user", "bob", "--token-file", key_file.path().to_str().unwrap()];
    let (mut command, state) = console(server.address, &flags);
    let output = feed(command.spawn().unwrap(), b"one\n");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(phone.receive_type("post")["user"], "rob");
    assert_eq!(files_with_key(state.path()), ["rob"]);
    assert_eq!(fs::read_to_string(key_file.path()).unwrap().trim(), KEY, "the chosen file stays");

    let (mut command, _) = console(server.address, &["--user", "rob"]);
    command.env("XDG_STATE_HOME", state.path());
    let output = feed(command.spawn().unwrap(), b"two\n");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(phone.receive_type("post")["user"], "rob");
}

#[test]
fn a_console_shows_the_name_that_another_device_of_its_person_chooses() {
    let server = TestServer::start(&[]);
    let mut phone = phone(&server);
    let key_file = tempfile::NamedTempFile::new().unwrap();
    fs::write(key_file.path(), KEY).unwrap();
    let mut bob = Terminal::start(
        server.address,
        "bob",
        &["--token-file", key_file.path().to_str().unwrap()],
    );
    bob.wait_for("[lobby] bob · live");
    phone.send(&json!({"type": "nick", "user": "rob"}));
    bob.wait_for("--- bob is now known as rob");
    bob.wait_for("[lobby] rob · live");
    bob.type_in("from the console\r");
    assert_eq!(phone.receive_type("post")["user"], "rob");
    bob.type_in("/nick bob\r");
    bob.wait_for("[lobby] bob · live");
    assert_eq!(phone.receive_type("renamed")["to"], "bob", "the way back is open");
}
