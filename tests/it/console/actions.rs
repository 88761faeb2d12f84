//! Edits, deletes, topics, private rooms and unread counts in the console.

use serde_json::json;

use crate::support::terminal::{Terminal, input, status};
use crate::support::{TestClient, TestServer};

/// Waits until a row ends with this, and is not an unsent message.
fn wait_for_sent(terminal: &mut Terminal, end: &str) -> Vec<String> {
    let is_said = |row: &String| row.ends_with(end) && !row.contains(['…', '✗']);
    terminal.wait_until(end, |rows| rows.iter().any(is_said))
}

const UNREAD: &str = "- - - - - - - - unread - - - - - - - -";

#[test]
fn a_message_is_edited_and_deleted_and_gone_when_the_screen_is_redrawn() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let mut ann = Terminal::live(server.address, "ann");
    bob.type_in("kept\rhelo\r");
    wait_for_sent(&mut bob, " bob helo");
    bob.type_in("/edit hello\r");
    for terminal in [&mut bob, &mut ann] {
        wait_for_sent(terminal, " bob edited #2: hello");
    }
    bob.type_in("/edit\r");
    bob.wait_for("   #2 hello");
    ann.type_in("/edit 2 not mine\r");
    ann.wait_for("!! not sent: you can only edit or delete your own messages");
    let rows = ann.wait_until("it can be mended", |rows| input(rows) == "/edit 2 not mine");
    assert!(!status(&rows).contains("not sent") && !rows.concat().contains('✗'), "{rows:#?}");
    ann.type_in("\x15"); // ^U
    bob.type_in("/delete\r");
    for terminal in [&mut bob, &mut ann] {
        wait_for_sent(terminal, " bob deleted #2");
        terminal.type_in("\x0c"); // ^L
        terminal.wait_until("redrawn", |rows| {
            let has = |end: &str| rows.iter().any(|row| row.ends_with(end));
            has(" bob kept")
                && has(" bob (deleted)")
                && has(" bob edited #2: (deleted)")
                && !rows.concat().contains("hel")
        });
    }
    let mut eve = Terminal::live(server.address, "eve");
    let rows = wait_for_sent(&mut eve, " bob deleted #2");
    assert!(rows.iter().any(|row| row.ends_with(" bob (deleted)")), "{rows:#?}");
    bob.type_in("/edit won\r");
    wait_for_sent(&mut eve, " bob edited #1: won");
}

#[test]
fn a_reply_names_a_message_by_its_number_and_shows_it() {
    let server = TestServer::start(&[]);
    let mut ann = Terminal::live(server.address, "ann");
    let mut bob = Terminal::live(server.address, "bob");
    ann.type_in("tea?\r");
    wait_for_sent(&mut bob, " ann tea?");
    bob.type_in("/reply\r");
    bob.wait_for("   #1 ann: tea?");
    bob.type_in("/reply 1 yes\r");
    for terminal in [&mut bob, &mut ann] {
        let rows = wait_for_sent(terminal, " bob yes");
        let at = rows.iter().position(|row| row.ends_with(" bob yes")).unwrap();
        assert_eq!(rows[at - 1], "↳ #1 ann: tea?", "{rows:#?}");
    }
    ann.type_in("/delete 1\r");
    wait_for_sent(&mut bob, " ann deleted #1");
    bob.type_in("\x0c"); // ^L
    let is_gone = |rows: &[String]| rows.iter().any(|row| row == "↳ #1 (deleted)");
    bob.wait_until("redrawn", |rows| is_gone(rows) && !rows.concat().contains("tea"));
    bob.type_in("/reply 9 no\r");
    bob.wait_for("!! not sent: there is no message #9 in this room");
    let rows = bob.wait_until("it can be mended", |rows| input(rows) == "/reply 9 no");
    assert!(!status(&rows).contains("not sent") && !rows.concat().contains('✗'), "{rows:#?}");
    bob.type_in("\x15/resend\r"); // ^U
    bob.wait_for("!! no message has failed");
}

#[test]
fn a_topic_is_set_shown_and_cleared() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("/topic tea  at four\r");
    wait_for_sent(&mut bob, " bob set the topic: tea  at four");
    let mut ann = Terminal::live(server.address, "ann");
    ann.wait_for("-- #lobby: tea  at four --");
    bob.type_in("/topic -\r");
    wait_for_sent(&mut ann, " bob removed the topic");
    ann.type_in("/topic\r");
    ann.wait_for("-- #lobby has no topic");
}

#[test]
fn two_users_chat_in_private_and_a_third_sees_nothing() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let mut ann = Terminal::live(server.address, "Ann");
    let (mut eve, _) = TestClient::joined(server.address, "eve", "lobby");
    bob.type_in("/msg Ann psst\r");
    let rows = wait_for_sent(&mut bob, "bob psst");
    assert!(rows.iter().any(|row| row.starts_with("[@Ann] ")), "{rows:#?}");
    assert!(status(&rows).starts_with("[lobby] "), "{rows:#?}");
    ann.wait_for("-- direct message from bob: Alt-2 to open, /r TEXT to reply --");
    ann.wait_until("it is counted", |rows| status(rows).ends_with(" · new in @bob!"));
    ann.type_in("/r yes?\r");
    bob.wait_for("-- direct message from Ann: Alt-2 to open");
    bob.type_in("/query @ann\r");
    let rows = wait_for_sent(&mut bob, " Ann yes?");
    assert!(status(&rows).starts_with("[@Ann] "), "{rows:#?}");
    ann.type_in("\x1b2"); // Alt-2
    let rows = wait_for_sent(&mut ann, " bob psst");
    assert!(rows.iter().any(|row| row.ends_with(" Ann yes?")), "{rows:#?}");
    ann.type_in("here\r");
    wait_for_sent(&mut bob, " Ann here");
    eve.receives_nothing();

    bob.type_in("/nick rob\r");
    bob.wait_until("the room stays", |rows| status(rows).starts_with("[@Ann] rob "));
    ann.wait_until("its label follows", |rows| status(rows).starts_with("[@rob] Ann "));
    bob.type_in("still me\r");
    wait_for_sent(&mut ann, " rob still me");
}

#[test]
fn a_message_to_a_name_that_nobody_has_is_refused_at_once_and_can_be_mended() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("/r yes\r");
    bob.wait_for("!! no direct message to reply to yet");
    bob.type_in("\x15/msg bob hi\r"); // ^U
    bob.wait_for("!! that is your own name");
    bob.type_in("\x15/msg zed hi\r");
    bob.wait_for("!! nobody is called zed");
    let rows = bob.wait_until("it can be mended", |rows| input(rows) == "/msg zed hi");
    assert!(status(&rows).starts_with("[lobby]") && !status(&rows).contains("not sent"));
    bob.type_in("\x15/msg nobody\r");
    let rows = bob.wait_for("!! nobody is called nobody");
    assert!(status(&rows).starts_with("[lobby]"), "{rows:#?}");
    let (_zed, _) = TestClient::hello(server.address, "zed");
    bob.type_in("/msg zed hi\r");
    let rows = wait_for_sent(&mut bob, " bob hi");
    assert!(rows.iter().any(|row| row.starts_with("[@zed] ")), "{rows:#?}");
}

#[test]
fn what_is_sent_without_a_server_outlives_the_console_and_is_sent_in_order() {
    let (home, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut server = TestServer::start_in(data.path(), &[]);
    let address = server.address;
    let start = |user: &str| Terminal::start_in(home.path(), address, user, &[]);
    let mut ann = start("ann");
    ann.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    ann.type_in("so that the name stays mine\r");
    wait_for_sent(&mut ann, " ann so that the name stays mine");
    let mut bob = start("bob");
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob.type_in("helo\r");
    wait_for_sent(&mut bob, " bob helo");
    server.kill();
    bob.wait_until("it is reported", |rows| status(rows).contains("offline"));
    bob.type_in("/edit hello\r/topic tea\r/msg ann psst\r/delete 1\r");
    let waiting = [
        "  …   bob edited #2: hello",
        "  …   bob set the topic: tea",
        "[@ann]   …   bob psst",
        "  …   bob deleted #1",
    ];
    let all = |rows: &[String]| waiting.iter().all(|row| rows.iter().any(|shown| shown == row));
    bob.wait_until("all wait", all);
    bob.kill();
    let mut bob = start("bob");
    bob.wait_for("-- 4 messages from an earlier run are not sent yet --");
    bob.wait_until("all wait", all);
    bob.kill();
    ann.wait_until("offline", |rows| status(rows).contains("offline"));

    let _server = TestServer::start_in(data.path(), &["--bind", &address.to_string()]);
    ann.type_in("/reconnect\r");
    ann.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    let mut bob = start("bob");
    wait_for_sent(&mut bob, " bob edited #2: hello");
    wait_for_sent(&mut bob, " bob set the topic: tea");
    wait_for_sent(&mut bob, " bob psst");
    bob.wait_for("!! not sent: you can only edit or delete your own messages"); // #1 is ann's
    let rows = ann.wait_for("-- direct message from bob: Alt-2 to open");
    let at = |end: &str| rows.iter().position(|row| row.ends_with(end)).unwrap();
    assert!(at(" bob edited #2: hello") < at(" bob set the topic: tea"), "{rows:#?}");
    bob.wait_until("nothing is left", |rows| !status(rows).contains("not sent"));
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);
}

#[test]
fn messages_since_the_last_run_begin_below_the_unread_line() {
    let server = TestServer::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let start = || Terminal::start_in(home.path(), server.address, "bob", &[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for n in 1..=2 {
        ann.post("lobby", &n.to_string(), &format!("line {n}"));
    }
    let mut bob = start();
    let rows = wait_for_sent(&mut bob, " ann line 2");
    assert!(!rows.iter().any(|row| row == UNREAD), "{rows:#?}");
    bob.type_in("mine\r");
    wait_for_sent(&mut bob, " bob mine");
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);

    ann.post("lobby", "4", "line 4");
    ann.receive_own("ann", "4");
    let mut bob = start();
    let rows = wait_for_sent(&mut bob, " ann line 4");
    let at = rows.iter().position(|row| row == UNREAD).unwrap();
    assert!(rows[at - 1].ends_with(" bob mine"), "{rows:#?}");
    assert!(rows[at + 1].ends_with(" ann line 4"), "{rows:#?}");
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);

    for n in 5..=150 {
        ann.post("lobby", &n.to_string(), &format!("line {n}"));
    }
    ann.receive_own("ann", "150");
    let mut bob = start();
    wait_for_sent(&mut bob, " ann line 150");
    let shown = String::from_utf8(bob.bytes()).unwrap();
    assert!(shown.contains("46 unread messages above: Alt-U shows the first"), "{shown}");
}

#[test]
fn what_another_client_has_read_is_above_the_unread_line() {
    let server = TestServer::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let (mut tab, welcome) = TestClient::hello(server.address, "bob");
    tab.send(&json!({"type": "join", "room": "lobby"}));
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for n in 1..=4 {
        ann.post("lobby", &n.to_string(), &format!("line {n}"));
    }
    assert_eq!(tab.receive_seqs(4), [1, 2, 3, 4]);
    tab.send(&json!({"type": "mark", "room": "lobby", "seq": 2}));
    tab.receives_nothing();
    drop(tab);
    let key = home.path().join("key");
    std::fs::write(&key, welcome["token"].as_str().unwrap()).unwrap();
    let flags = ["--key-file", key.to_str().unwrap()];
    let mut bob = Terminal::start_in(home.path(), server.address, "bob", &flags);
    let rows = wait_for_sent(&mut bob, " ann line 4");
    let at = rows.iter().position(|row| row == UNREAD).unwrap();
    assert!(rows[at - 1].ends_with(" ann line 2") && rows[at + 1].ends_with(" ann line 3"));
}

#[test]
fn what_one_device_has_shown_is_not_unread_on_the_other() {
    let server = TestServer::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let start = || {
        let flags = ["--room", "lobby", "--room", "rust"];
        let mut bob = Terminal::start_in(home.path(), server.address, "bob", &flags);
        bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
        bob
    };
    let (mut laptop, mut phone) = (start(), start());
    let (mut ann, _) = TestClient::joined(server.address, "ann", "rust");
    ann.post("rust", "1", "hi");
    for device in [&mut laptop, &mut phone] {
        device.wait_until("it is counted", |rows| status(rows).ends_with(" · new in #rust"));
    }
    laptop.type_in("\x1b2"); // Alt-2
    phone.wait_until("it is read", |rows| !status(rows).contains("new in"));
    phone.type_in("\x1b2");
    wait_for_sent(&mut phone, " ann hi");
}
