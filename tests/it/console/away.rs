//! Away messages at a terminal: set, shown, kept over a restart, cleared.

use std::net::TcpListener;

use serde_json::json;

use crate::support::terminal::Terminal;
use crate::support::{TestClient, TestServer};

#[test]
fn away_and_back_are_shown_to_the_others() {
    let data = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap(); // stays open while no server runs
    let mut server = TestServer::start_on(&listener, data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    bob.type_in("/away lunch\r");
    bob.wait_for("-- you are away: lunch (/back ends it) --");
    bob.wait_for("[lobby] bob (away) · live");
    assert_eq!(ann.receive_type("away")["text"], "lunch");
    ann.send(&json!({"type": "away", "text": "tea\u{202e}"}));
    let rows = bob.wait_for(" --- ann is away: tea");
    assert!(rows.iter().any(|row| row.ends_with("ann is away: tea\\u{202e}")), "{rows:#?}");
    bob.type_in("/who\r");
    bob.wait_for("Here (2): ann (away: tea\\u{202e}), bob (away: lunch)");

    bob.type_in("/msg ann see you\r");
    bob.wait_for("-- ann is away: tea");
    assert_eq!(ann.receive_type("post")["text"], "see you", "said all the same");

    server.kill();
    bob.wait_for("; reconnecting"); // "· live" may be gone before, while a room is joined
    bob.type_in("/back\r");
    bob.wait_for("!! you are offline: try again");
    let _server = TestServer::start_on(&listener, data.path(), &[]);
    bob.wait_for("[lobby] bob (away) · live");
    bob.type_in("\r"); // the text is still on the input line
    bob.wait_for("-- you are back --");
    bob.wait_for("[lobby] bob · live");
}
