//! The built console between pipes: lines in, lines out, an exit code.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::str::Lines;

use crate::support::piped_console::{console, feed, run};
use crate::support::{TestClient, TestServer};

/// The lines of an output that begins with the day of its first message.
pub(super) fn after_the_day(out: &str) -> Lines<'_> {
    let mut lines = out.lines();
    let day = lines.next().unwrap_or_default();
    assert!(day.starts_with("-- ") && day.ends_with(" --"), "{out:?}");
    lines
}

#[test]
fn each_piped_line_is_stored_in_order_before_the_console_exits_with_0() {
    let server = TestServer::start(&[]);
    let (code, out, err) = run(server.address, &["--user", "ci"], b"hi\n\nthere\r\n//x\nlast");
    assert_eq!((code, err.as_str()), (0, ""));
    let said: Vec<&str> = after_the_day(&out).map(|line| &line[6..]).collect();
    assert_eq!(said, ["ci hi", "ci there", "ci //x", "ci last"]);
    assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");

    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], 4);
    assert_eq!(ann.receive_seqs(4), [1, 2, 3, 4]);
}

#[test]
fn a_refused_line_is_named_and_the_others_are_sent() {
    let server = TestServer::start(&["--max-text", "10"]);
    let input = b"ok\nfar too long a line\nwith \0 nul\n\xff\n/nocommand\nfine\n";
    let (code, out, err) = run(server.address, &["--user", "ci", "--commands"], input);
    assert_eq!(code, 1);
    let said: Vec<&str> = after_the_day(&out).map(|line| &line[6..]).collect();
    assert_eq!(said, ["ci ok", "ci fine"], "{err}");
    let expected = [
        ("line 2 not sent: ", "19 bytes"),
        ("line 3 not sent: ", "U+0000"),
        ("line 4 not sent: ", "not UTF-8"),
        ("line 5 not sent: ", "/nocommand"),
    ];
    assert_eq!(err.lines().count(), expected.len(), "{err}");
    for (which, why) in expected {
        // A text that is too long is refused by the server, later.
        assert!(err.lines().any(|line| line.contains(which) && line.contains(why)), "{which}{err}");
    }
}

#[test]
fn a_piped_line_is_text_whatever_it_begins_with() {
    let server = TestServer::start(&[]);
    let input = b"/topic hacked\n/usr/bin/foo failed\n/nick evil\n/quit\nlast\n";
    let (code, out, err) = run(server.address, &["--user", "ci"], input);
    assert_eq!((code, err.as_str()), (0, ""));
    let said: Vec<&str> = after_the_day(&out).map(|line| &line[6..]).collect();
    let lines =
        ["ci /topic hacked", "ci /usr/bin/foo failed", "ci /nick evil", "ci /quit", "ci last"];
    assert_eq!(said, lines);
    let (_, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!((&joined["head"], joined.get("topic")), (&5.into(), None));
}

#[test]
fn with_commands_each_takes_effect_after_the_lines_above_it() {
    let server = TestServer::start(&[]);
    let input = b"one\ntwo\n/nick rob\nthree\n/me waves\n/topic tea\n/part\nnowhere\n/join den\nfour\n/quit\nfive\n";
    let (code, _, err) = run(server.address, &["--user", "bob", "--commands"], input);
    assert_eq!(code, 1, "one line went nowhere");
    assert!(err.contains("line 8 not sent: "), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    let (_, out, _) = run(server.address, &["--since", "all"], b"");
    let said: Vec<&str> = after_the_day(&out).map(|line| &line[6..]).collect();
    assert_eq!(said[..4], ["bob one", "bob two", "rob three", "* rob waves"], "{out}");
    assert!(said[4].contains("tea"), "{out}");
    let (_, out, _) = run(server.address, &["--since", "all", "--room", "den"], b"");
    let said: Vec<&str> = after_the_day(&out).map(|line| &line[6..]).collect();
    assert_eq!(said, ["rob four"], "{out}");
}

#[test]
fn messages_of_others_are_printed_line_by_line_and_old_ones_are_not() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "old");
    ann.receive_own("ann", "1");
    let (mut command, _state) = console(server.address, &["--user", "ci"]);
    let mut child = command.spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"here\n").unwrap();
    ann.receive_type("post"); // nothing else says that it is there
    ann.post("lobby", "2", "new\nin two lines");
    let mut out = child.stdout.take().unwrap();
    let expected = "-- Mon, 23 Nov 2026 --\n12:34 ci here\n12:34 ann new\n      │ in two lines\n";
    let mut received = vec![0; expected.len()];
    out.read_exact(&mut received).unwrap(); // while the console still runs
    let received = String::from_utf8(received).unwrap_or_default();
    let said: Vec<&str> = after_the_day(&received).collect();
    let own_and_new = (&said[0][6..], &said[1][6..], said[2]);
    assert_eq!(own_and_new, ("ci here", "ann new", "      │ in two lines"));
    assert_eq!(feed(child, b"").status.code(), Some(0));
}

#[test]
fn a_reply_is_printed_with_the_message_it_names_and_can_be_piped_in() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    ann.post("lobby", "1", "tea\nor not?");
    ann.receive_own("ann", "1");
    let flags = ["--user", "ci", "--commands"];
    let (code, out, err) = run(server.address, &flags, b"/reply #1 yes\n/reply 9 no\n");
    assert_eq!(after_the_day(&out).next(), Some("↳ #1 ann: tea or not?"), "{out}");
    assert_eq!(after_the_day(&out).nth(1).map(|line| &line[6..]), Some("ci yes"), "{out}");
    assert_eq!((code, after_the_day(&out).count()), (1, 2), "{out}");
    assert!(err.contains("not sent: \"no\": there is no message #9 in this room"), "{err}");
    let said = ann.receive_type("post");
    assert_eq!((&said["text"], &said["reply"]), (&"yes".into(), &1.into()));
}

#[test]
fn a_closed_stdout_ends_the_console_without_a_panic() {
    let server = TestServer::start(&[]);
    let (mut command, _state) = console(server.address, &["--user", "ci"]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = feed(child, b"one\ntwo\nthree\n");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
    let (_, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], 3, "the first message was stored");
}

#[test]
fn errors_on_the_command_line_end_with_2_and_a_hint() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (flags, hint) in [
        (&["--usr", "bob"][..], "unknown flag --usr (did you mean --user?)"),
        (&[], "no name given (try --user NAME)"),
        (&["--user", "a b"], "--user: \"a b\""),
        (&["bob"], "try --user bob"),
    ] {
        let (code, out, err) = run(nowhere, flags, b"");
        assert_eq!((code, out.as_str()), (2, ""), "{flags:?}");
        assert!(err.starts_with("console: ") && err.contains(hint), "{err}");
    }
    let (code, out, err) = run(nowhere, &["--help"], b"");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("--user NAME") && out.contains("$TALK_USER"), "{out}");
    let (code, out, _) = run(nowhere, &["-V"], b"");
    assert_eq!((code, out), (0, format!("console {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_refused_name_or_password_ends_with_1_and_a_hint() {
    let server = TestServer::start(&[]);
    let (_ann, _) = TestClient::hello(server.address, "ann");
    let (code, _, err) = run(server.address, &["--user", "ann"], b"hi\n");
    assert_eq!(code, 1);
    assert!(err.contains("the name ann is in use (try another with --user"), "{err}");
    let wrong_key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wrong_key.path(), "0".repeat(32)).unwrap();
    let with_key = ["--user", "ann", "--key-file", wrong_key.path().to_str().unwrap()];
    for flags in [&with_key[..], &[&with_key[..], &["--send", "hi"]].concat()] {
        let (code, _, err) = run(server.address, flags, b"hi\n");
        assert_eq!((code, err.contains("wrong key for ann")), (1, true), "{err}");
    }
    let (code, _, err) = run(server.address, &["--user", "ann."], b"hi\n");
    assert_eq!(code, 1);
    let expected = "the server refused the name ann.: this name looks like one that is in use; choose \
                    another (try another with --user)";
    assert!(err.contains(expected), "{err}");

    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("password");
    std::fs::write(&file, "open sesame\n").unwrap();
    let file = file.to_str().unwrap();
    let server = TestServer::start(&["--password-file", file]);
    let (code, _, err) = run(server.address, &["--user", "bob"], b"hi\n");
    assert_eq!(code, 1);
    assert!(err.contains("the server needs a password"), "{err}");
    assert!(err.contains("--password-file"), "{err}");
    let with_password = ["--user", "bob", "--password-file", file];
    assert_eq!(run(server.address, &with_password, b"hi\n").0, 0);
}

#[test]
fn a_key_is_stored_so_that_the_name_stays_the_users() {
    let server = TestServer::start(&[]);
    let (mut command, _state) = console(server.address, &["--user", "bob"]);
    for line in ["one\n", "two\n"] {
        let output = feed(command.spawn().unwrap(), line.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    assert_eq!(run(server.address, &["--user", "bob"], b"three\n").0, 1, "the key is elsewhere");
}
