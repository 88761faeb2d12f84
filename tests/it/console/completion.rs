//! Tab on a real pseudo-terminal: rooms that only the server knows, people of private rooms, the list.

use serde_json::json;

use crate::support::terminal::{Terminal, input};
use crate::support::{TestClient, TestServer};

#[test]
fn the_first_tab_after_join_completes_a_room_that_one_is_not_in() {
    let server = TestServer::start(&[]);
    let (_ann, _) = TestClient::joined(server.address, "ann", "builds");
    let mut bob = Terminal::live(server.address, "bob");
    for (typed, completed) in [("/join bu", "/join builds"), ("see #bu", "see #builds")] {
        bob.type_in(&format!("{typed}\t"));
        bob.wait_until("the room is completed", |rows| input(rows).trim_end() == completed);
        bob.type_in("\x15"); // ^U
        bob.wait_until("it is erased", |rows| input(rows).is_empty());
    }
    bob.type_in("/join bu\t");
    bob.wait_until("completed from the list that came", |rows| input(rows).contains("builds"));
    bob.type_in("\r");
    bob.wait_until("it is joined", |rows| rows.iter().any(|row| row.starts_with("[builds]")));
}

#[test]
fn the_second_tab_lists_the_candidates_in_one_row_and_the_next_key_removes_it() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("/re\t");
    bob.wait_until("the first is shown", |rows| input(rows).trim_end() == "/reply");
    bob.type_in("\t");
    let is_list = |row: &String| row.trim_end() == "/reply  /resend  /reconnect";
    let rows = bob.wait_until("the list", |rows| rows.iter().any(is_list));
    assert_eq!(input(&rows).trim_end(), "/resend");
    bob.type_in("x");
    bob.wait_until("it is gone", |rows| !rows.iter().any(is_list));
}

#[test]
fn a_person_of_a_private_room_is_completed_in_every_room() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut kim, _) = TestClient::joined(server.address, "Kim", "elsewhere");
    kim.send(&json!({"type": "direct", "to": "bob", "text": "psst", "cid": "1"}));
    bob.wait_for("direct message from Kim");
    bob.type_in("/msg ki\t");
    bob.wait_until("completed", |rows| input(rows).trim_end() == "/msg Kim");
}
