//! The members of a room, here and not here: `/who`, and Tab for their names.

use crate::support::fixtures::write_members;
use crate::support::piped_console;
use crate::support::terminal::{Terminal, input};
use crate::support::{TestClient, TestServer};

#[test]
fn who_lists_those_not_here_and_tab_completes_their_names() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (kim, _) = TestClient::joined(server.address, "Kim", "lobby");
    bob.wait_for("Kim joined");
    drop(kim);
    bob.wait_for("Kim joined and left");
    bob.type_in("/who\r");
    bob.wait_for("Here (1): bob");
    bob.wait_for("Not here (1): Kim");
    bob.type_in("/who ki\r");
    bob.wait_for("people in #lobby whose names begin with ki");
    bob.wait_for("Here (0 of 1)");
    bob.type_in("and ki\t");
    bob.wait_until("completed", |rows| input(rows).trim_end() == "and Kim");
    bob.type_in("\x15");
    bob.wait_until("erased", |rows| input(rows).is_empty());

    let mut eve = Terminal::live(server.address, "eve");
    eve.type_in("ki\t");
    eve.wait_until("known from the join", |rows| input(rows).trim_end() == "Kim:");
}

#[test]
fn in_a_large_room_tab_asks_for_names_and_completes_when_they_come_if_nothing_else_was_typed() {
    let data = tempfile::tempdir().unwrap();
    write_members(data.path(), "lobby", 3_000);
    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("/who\r");
    bob.wait_for("Not here (3,000): m0000, m0001, ");
    bob.wait_for("and 2,900 more: /who PREFIX");
    bob.type_in("/who M29\r");
    bob.wait_for("Not here (100 of 3,000): m2900, m2901, ");
    bob.type_in("see @M299\t");
    bob.wait_until("completed", |rows| input(rows).trim_end() == "see @m2990");
    bob.type_in("\t");
    bob.wait_until("the next one", |rows| input(rows).trim_end() == "see @m2991");
    bob.wait_for("@m2990  @m2991  @m2992");
    bob.type_in("\x15");
    bob.wait_until("erased", |rows| input(rows).is_empty());
    bob.type_in("m1234\tx"); // the answer comes too late, or just in time
    bob.wait_until("what was typed stays", |rows| {
        ["m1234x", "m1234: x"].contains(&input(rows).trim_end())
    });
}

#[test]
fn a_program_can_ask_who_is_here_and_gets_the_answer_before_the_end() {
    let server = TestServer::start(&[]);
    let (kim, _) = TestClient::joined(server.address, "kim", "lobby");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    drop(kim);
    while ann.receive_type("presence")["state"] != "left" {}
    let flags = ["--user", "ci", "--commands"];
    let (code, out, err) = piped_console::run(server.address, &flags, b"/who\n/who K\n");
    assert_eq!((code, &*err), (0, ""), "{out}");
    let lines: Vec<&str> = out.lines().map(str::trim).collect();
    let wanted = [
        "-- people in #lobby --",
        "Here (1): ann",
        "Not here (1): kim",
        "-- people in #lobby whose names begin with K --",
        "Here (0 of 1)",
        "Not here (1): kim",
    ];
    assert_eq!(lines, wanted, "a script is in no list, and gets the answer on stdout");
    let (code, out, _) = piped_console::run(server.address, &["--user", "cron"], b"/who\n");
    assert!(code == 0 && out.ends_with("cron /who\n"), "without --commands it is text: {out}");
}
