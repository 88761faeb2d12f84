//! ^Z gives the terminal back to the shell, and after `fg` the console has it again.

use crate::support::terminal::{Terminal, input, status};
use crate::support::{TestClient, TestServer};

#[test]
fn a_stopped_console_restores_the_terminal_and_fg_continues_where_it_was() {
    let server = TestServer::start(&[]);
    let script = "before=$(stty -g); \"$@\"; [ \"$before\" = \"$(stty -g)\" ] && echo as before; \
                  read line; echo \"read $line\"; fg >/dev/null; echo \"ended $?\"";
    let mut bob = Terminal::shell(server.address, "bob", script);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob.type_in("half a line\x1b[5~\x1a"); // PgUp, ^Z
    let rows = bob.wait_for("as before");
    assert!(status(&rows).is_empty() && input(&rows).is_empty(), "{rows:#?}");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "are you there?");
    ann.receive_own("ann", "1");
    bob.type_in("for the shell\r");
    bob.wait_for("read for the shell");
    let rows = bob.wait_until("it shows the newest", |rows| {
        rows.iter().any(|row| row.ends_with(" ann are you there?")) && input(rows) == "half a line"
    });
    assert!(status(&rows).starts_with("[lobby]"), "{rows:#?}");
    bob.type_in(" and the rest\r");
    assert_eq!(ann.receive_type("post")["text"], "half a line and the rest");
    bob.type_in("/quit\r");
    bob.wait_for("ended 0");
    assert_eq!(bob.wait_exit(), 0);
}

#[test]
fn without_a_shell_that_can_resume_it_the_console_does_not_stop() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("ab\x1acd");
    let rows = bob.wait_until("all is typed", |rows| input(rows) == "abcd");
    assert_eq!(rows.iter().filter(|row| row.starts_with("[lobby]")).count(), 1, "{rows:#?}");
}
