//! What the server logs: nothing that stops it, no secret, no text of a user, a bounded rate.

use std::fs::{self, OpenOptions};
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::raw_client::frame;
use crate::support::under_attack::{all_of, under_attack_by};
use crate::support::{RawClient, TestClient, TestServer};

fn server() -> Command {
    Command::new(env!("CARGO_BIN_EXE_server"))
}

/// Makes the server log many lines.
fn make_it_log(server: &TestServer) {
    for _ in 0..300 {
        let mut raw = RawClient::connect(server.address);
        raw.try_send(b"NONSENSE\r\n\r\n");
        raw.read_to_end();
    }
}

#[test]
fn a_stderr_that_cannot_be_written_stops_nothing() {
    let (reader, closed) = io::pipe().unwrap();
    drop(reader);
    let (_unread, full) = io::pipe().unwrap();
    let nowhere = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let cases: [(&str, Stdio); 3] =
        [("closed", closed.into()), ("full", nowhere.into()), ("unread", full.into())];
    for (_, stderr) in cases {
        under_attack_by(server().stderr(stderr), &["-vv"], make_it_log);
    }
}

#[test]
fn endless_bad_requests_are_ten_log_lines_a_second_and_a_count() {
    let mut log = tempfile::tempfile().unwrap();
    let mut command = server();
    command.stderr(log.try_clone().unwrap());
    let since = Instant::now();
    under_attack_by(&mut command, &["-vv"], |server| {
        // The server logs how many lines a second left out once that second is over.
        while since.elapsed() < Duration::from_millis(2_500) {
            make_it_log(server);
        }
    });
    let most = 10 * (since.elapsed().as_secs() as usize + 2);
    let text = all_of(&mut log);
    let refused = text.lines().filter(|line| line.contains("request-refused")).count();
    assert!((10..=most).contains(&refused), "{refused} lines");
    assert!(text.contains("left_out="), "the lines left out are counted: {text}");
}

#[test]
fn no_secret_and_no_text_is_in_the_log_and_every_event_is_one_short_line() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "open-sesame\n").unwrap();
    let mut log = tempfile::tempfile().unwrap();
    let mut command = server();
    command.stderr(log.try_clone().unwrap());
    let data = folder.path().join("data");
    let flags = ["-vv", "--password-file", secret.to_str().unwrap()];
    let mut running = TestServer::start_by(&mut command, &data, &flags);
    let mut peer = TestClient::connect(running.address);
    peer.send(&json!({"type": "hello", "user": "bob", "password": "open-sesame", "join": [{"room": "lobby"}]}));
    let welcome = peer.receive_type("welcome");
    let token = welcome["token"].as_str().unwrap().to_owned();
    peer.post("lobby", "cid-of-bob", "a text of bob's");
    peer.receive_with_cid("cid-of-bob");
    let mut guess = TestClient::connect(running.address);
    guess.send(&json!({"type": "hello", "user": "eve", "password": "a-wrong-guess"}));
    assert_eq!(guess.receive_error(), "forbidden");
    for line in [
        "GET /\x1b[31m\u{202e} HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nUser-Agent: a\rb\x1b\r\n\r\n",
    ] {
        let mut raw = RawClient::connect(running.address);
        raw.try_send(line.as_bytes());
        raw.read_to_end();
    }
    let mut raw = RawClient::welcomed_with(running.address, "tom", "open-sesame");
    raw.send(&frame(0x88, b"\x03\xe8evil\r\nreason\x1b[2J", true));
    raw.read_close();
    drop((peer, guess));
    running.kill();
    let text = all_of(&mut log);
    assert!(text.contains("hello") && text.lines().count() > 3, "{text}");
    for secret in ["open-sesame", "a-wrong-guess", &token, "cid-of-bob", "a text of bob's"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    for line in text.lines() {
        assert!(line.len() <= 300, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(line.starts_with("20"), "each line begins with its time: {line}");
    }
}
