//! `server names`: what is held, and the way back for a name that was lost.

use std::fs;

use serde_json::json;

use crate::support::commands::{failed, printed, server};
use crate::support::{TestClient, TestServer};

const KEY: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const OTHER_KEY: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

/// Says hello; returns the client and the name that it is welcomed under, or the code of the error.
fn hello(server: &TestServer, user: &str, key: &str) -> (TestClient, String) {
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": user, "token": key}));
    let answer = peer.receive();
    let name = answer.get("user").unwrap_or(&answer["code"]).as_str().unwrap().to_owned();
    (peer, name)
}

/// The id of the owner of a name, as the list prints it.
fn owner_of(name: &str, list: &str) -> String {
    let line = list.lines().find(|line| line.ends_with(&format!(" {name}"))).expect(list);
    line.split(' ').next().unwrap().to_owned()
}

#[test]
fn a_lost_name_is_given_back_and_a_released_one_is_free() {
    let data = tempfile::tempdir().unwrap();
    let mut running = TestServer::start_in(data.path(), &[]);
    let (mut kim, _) = hello(&running, "kim", KEY);
    let (mut eve, _) = hello(&running, "ann", OTHER_KEY);
    for (peer, name) in [(&mut kim, "kim"), (&mut eve, "ann")] {
        peer.join("lobby");
        peer.post("lobby", name, "so that the name is held");
        peer.receive_own(name, name);
    }
    let list = printed(&["names"], data.path());
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.lines().all(|line| line.contains("  in use ") && line.contains("  current ")));
    let owner = owner_of("kim", &list);
    for words in [&["names", "release", "ann"][..], &["names", "give", "ann", &owner]] {
        let (_, error) = failed(words, data.path());
        assert!(error.contains("in use by a server with pid"), "{error}");
    }
    running.kill();

    let given = printed(&["names", "give", "ann", &owner], data.path());
    assert_eq!(given, "ann: reserved for kim, who takes it with /nick ann\n");
    assert_eq!(owner_of("ann", &printed(&["names", "list"], data.path())), owner);
    let mut running = TestServer::start_in(data.path(), &[]);
    assert_eq!(hello(&running, "ann", OTHER_KEY).1, "name_taken");
    let (mut kim, name) = hello(&running, "kim", KEY);
    assert_eq!(name, "kim");
    kim.send(&json!({"type": "nick", "user": "ann"}));
    assert_eq!(kim.receive_type("renamed")["to"], "ann");
    running.kill();

    assert_eq!(printed(&["names", "release", "KIM"], data.path()), "KIM: free for anyone now\n");
    let running = TestServer::start_in(data.path(), &[]);
    assert_eq!(hello(&running, "kim", OTHER_KEY).1, "kim");
    assert_eq!(hello(&running, "ann", KEY).1, "ann");
}

#[test]
fn what_cannot_be_done_with_a_name_says_what_to_try() {
    let data = tempfile::tempdir().unwrap();
    let mut running = TestServer::start_in(data.path(), &[]);
    hello(&running, "kim", KEY);
    running.kill();
    let before = fs::read(data.path().join("names.jsonl")).unwrap();
    let nobody = "0".repeat(32);
    let own = owner_of("kim", &printed(&["names"], data.path()));
    for (words, code, try_this) in [
        (&["names", "release", "ann"][..], 1, "server names list"),
        (&["names", "give", "ann", &nobody], 1, "server names list"),
        (&["names", "give", "kim", &own], 1, "holds the name already"),
        (&["names", "give", "ann", "kim"], 2, "server names list"),
        (&["names", "give", "ann"], 2, "server names give NAME OWNER"),
        (&["names", "release"], 2, "server names release NAME"),
        (&["names", "release", "two words"], 2, "is not a name"),
        (&["names", "rename"], 2, "server names [list"),
    ] {
        let output = server(words, data.path());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {error}");
        assert!(error.contains(try_this), "{words:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert_eq!(fs::read(data.path().join("names.jsonl")).unwrap(), before);
    let elsewhere = server(&["names"], &data.path().join("rooms"));
    assert!(String::from_utf8(elsewhere.stderr).unwrap().contains("--data DIR"));
}
