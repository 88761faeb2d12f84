//! Long posts: a terminal shows 20 rows of each, and all of it on request.

use crate::support::piped_console;
use crate::support::terminal::Terminal;
use crate::support::{TestClient, TestServer};

#[test]
fn a_post_of_4000_lines_takes_20_rows_of_a_terminal_and_show_prints_the_rest() {
    let server = TestServer::start(&["--rate", "0"]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "before");
    ann.post("lobby", "2", &format!("top{}bottom", "\n".repeat(4_000)));
    ann.post("lobby", "3", "after");
    let rows = bob.wait_for(" ann after");
    let folded = rows.iter().filter(|row| row.trim_end() == "        │").count();
    assert!(folded <= 19, "{rows:#?}");
    assert!(rows.iter().any(|row| row == "      … 3981 more lines: /show 2"), "{rows:#?}");
    assert!(!rows.concat().contains("bottom"), "{rows:#?}");
    let lines = |bob: &Terminal| bob.bytes().iter().filter(|byte| **byte == b'\n').count();
    let before = lines(&bob);
    assert!(before < 200, "{before} rows");

    bob.type_in("/show 2\r");
    let rows = bob.wait_for("-- end of message #2 --");
    assert!(rows.iter().any(|row| row == "        │ bottom"), "{rows:#?}");
    assert!(lines(&bob) - before > 4_000, "all of it");
    bob.type_in("/show 9\r");
    bob.wait_for("!! there is no message #9 here");

    // A pipe and a program get all of it.
    for (flags, at_least) in [(&["--since", "0"][..], 4_000), (&["--since", "0", "--json"], 3)] {
        let (code, out, _) = piped_console::run(server.address, flags, b"");
        assert_eq!(code, 0);
        assert!(
            out.contains("bottom") && out.lines().count() >= at_least && !out.contains("/show")
        );
    }

    // One that is no longer kept here comes from the server.
    for n in 4..=600 {
        ann.post("lobby", &n.to_string(), &format!("line {n}"));
    }
    bob.wait_for(" ann line 600");
    bob.type_in("/show 2\r");
    let rows = bob.wait_until("all of it again", |rows| {
        rows.iter().any(|row| row == "-- end of message #2 --")
    });
    assert!(rows.iter().any(|row| row == "        │ bottom"), "{rows:#?}");
}
