//! The bot of `examples/`, as built: it answers each new message once, and nothing else.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::commands::exported;
use crate::support::{PortGate, TestClient, TestServer};

/// The example, beside the directory of this test. `cargo test --test it` alone does not build it.
fn example() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let bot = profile.join("examples/bot");
    if !bot.exists() {
        let name = match profile.file_name().and_then(|name| name.to_str()).unwrap() {
            "debug" => "dev",
            other => other,
        };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", "bot", "--profile", name])
            .status();
        assert!(built.unwrap().success(), "the example does not build");
    }
    bot
}

/// A bot that runs until this is dropped.
struct Bot(Child);

impl Bot {
    fn start(server: SocketAddr, token_file: &Path) -> Bot {
        let child = Command::new(example())
            .args(["--server", &server.to_string(), "--user", "bot", "--room", "lobby"])
            .arg("--token-file")
            .arg(token_file)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Bot(child.unwrap())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A user in the lobby.
struct Person {
    name: &'static str,
    peer: TestClient,
    /// The seq of its last message.
    sent: Value,
}

impl Person {
    fn new(server: &TestServer, name: &'static str, token: &Value) -> Person {
        let mut peer = TestClient::connect(server.address);
        peer.send(&json!({"type": "hello", "user": name, "token": token,
            "join": [{"room": "lobby", "since": "now"}]}));
        assert_eq!(peer.receive()["type"], "welcome");
        assert_eq!(peer.receive()["type"], "joined");
        Person { name, peer, sent: Value::Null }
    }

    /// Sends a message and waits until it is stored.
    fn post(&mut self, cid: &str, text: &str) {
        self.peer.post("lobby", cid, text);
        self.sent = self.peer.receive_own(self.name, cid)["seq"].clone();
    }

    /// Waits until the bot has joined or left.
    fn sees_the_bot(&mut self, state: &str) {
        let is_it = |presence: &Value| presence["user"] == "bot" && presence["state"] == state;
        while !is_it(&self.peer.receive_type("presence")) {}
    }

    fn is_answered(&mut self) {
        let answer = self.peer.receive_type("post");
        assert_eq!(
            (&answer["user"], &answer["text"]),
            (&json!("bot"), &json!(format!("{}: pong", self.name)))
        );
        assert_eq!(answer["reply"], self.sent, "it says which line it answers");
    }
}

#[test]
fn the_bot_answers_each_ping_once_and_none_that_is_replayed() {
    let data = tempfile::tempdir().unwrap();
    let token_file = data.path().join("bot.key");
    let gate = PortGate::new();
    let token = json!("0".repeat(32));
    let mut server = TestServer::start_in(data.path(), &[]);
    gate.open(server.address);
    let mut ann = Person::new(&server, "ann", &token);
    ann.post("1", "!ping");

    let bot = Bot::start(gate.address, &token_file);
    ann.sees_the_bot("joined");
    ann.post("2", "!ping");
    ann.is_answered();
    ann.post("3", "ping! !ping");
    ann.peer
        .send(&json!({"type": "post", "room": "lobby", "cid": "4", "text": "!ping", "kind": "me"}));
    ann.peer.receive_own("ann", "4");
    let mut eve = Person::new(&server, "eve", &json!("e".repeat(32)));
    eve.post("1", "!ping");
    eve.is_answered();
    drop(eve);

    drop(bot);
    ann.sees_the_bot("left");
    ann.post("5", "!ping");
    let _bot = Bot::start(gate.address, &token_file);
    ann.sees_the_bot("joined");
    ann.post("6", "!ping");
    ann.is_answered();

    gate.close();
    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    let mut ann = Person::new(&server, "ann", &token);
    ann.post("7", "!ping");
    gate.open(server.address);
    ann.sees_the_bot("joined");
    ann.post("8", "!ping");
    ann.is_answered();

    let sent = exported(data.path());
    let sent: Vec<[&str; 2]> = sent
        .iter()
        .map(|record| ["user", "text"].map(|key| record[key].as_str().unwrap()))
        .collect();
    let expected = [
        ["ann", "!ping"], // before the bot joined
        ["ann", "!ping"],
        ["bot", "ann: pong"],
        ["ann", "ping! !ping"],
        ["ann", "!ping"], // an action (`/me`), not a message
        ["eve", "!ping"],
        ["bot", "eve: pong"],
        ["ann", "!ping"], // while the bot was not running
        ["ann", "!ping"],
        ["bot", "ann: pong"],
        ["ann", "!ping"], // while the bot could not reach the server
        ["ann", "!ping"],
        ["bot", "ann: pong"],
    ];
    assert_eq!(sent, expected);
    assert_eq!(fs::metadata(&token_file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_bot_prints_its_usage_and_its_errors() {
    let place = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(place.path(), &[]);
    let _eve = TestClient::joined(server.address, "eve", "lobby");
    let help = Command::new(example()).arg("--help").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && text.contains("--token-file FILE"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");

    let no_key = place.path().join("no key");
    fs::write(&no_key, "hello").unwrap();
    let (no_key, address) = (no_key.to_str().unwrap(), server.address.to_string());
    for (args, code, part) in [
        (&["--usr", "x"][..], 2, "did you mean --user?"),
        (&["--user", "two words"], 2, "--user: \"two words\": "),
        (&["--room", "../etc"], 2, "--room: "),
        (&["--server", "nowhere:port"], 2, "--server: "),
        (&["ann"], 2, "\"ann\" is not a flag"),
        (&["--token-file", no_key], 1, "holds no key"),
        (&["--token-file", "/proc/nowhere/key"], 1, "cannot save a key in /proc/nowhere/key: "),
        (&["--server", &address, "--user", "eve"], 1, "refused eve (4409)"),
    ] {
        let output = Command::new(example()).args(args).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {error}");
        let last = error.lines().last().unwrap();
        assert!(last.starts_with("bot: ") && last.contains(part), "{args:?}: {error}");
    }
}
