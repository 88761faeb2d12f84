//! The servers that are compared, and the form of a message for each.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::client::{Client, hello, is};
use crate::support::server::Server;
use crate::uwebsockets;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The server under measurement, with its rooms in memory (a tmpfs).
    Talk,
    /// The same, with its rooms on disk.
    TalkOnDisk,
    /// One `write` for each client and message.
    Bare,
    /// One `write` for each client and round.
    Batch,
    /// tokio-tungstenite's chat example.
    Tokio,
    /// tungstenite, a thread for each connection.
    Threads,
    /// The same, with an fsync of each message before it is sent.
    ThreadsOnDisk,
    /// uWebSockets' publish/subscribe.
    Uws,
}

/// The room of all clients, unless they are spread over several.
pub(crate) const LOBBY: &str = "lobby";

/// A server and its data directory.
pub(crate) struct Running {
    pub(crate) server: Server,
    target: Target,
    _data: TempDir,
}

impl Target {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Target::Talk => "talk",
            Target::TalkOnDisk => "talk, on disk",
            Target::Bare => "bare",
            Target::Batch => "bare-batch",
            Target::Tokio => "tokio-tungstenite",
            Target::Threads => "tungstenite, threads",
            Target::ThreadsOnDisk => "the same, with fsync",
            Target::Uws => "uWebSockets",
        }
    }

    /// Whether it can be built on this machine.
    pub(crate) fn is_available(self) -> bool {
        self != Target::Uws || uwebsockets::server().is_some()
    }

    pub(crate) fn start(self) -> Running {
        let data = tempfile::tempdir_in(self.directory()).unwrap();
        let server = match self {
            Target::Talk | Target::TalkOnDisk => {
                Server::start(data.path(), &["--max-text", "10000"])
            }
            Target::Bare => Server::reference(&["serve-bare"]),
            Target::Batch => Server::reference(&["serve-batch"]),
            Target::Tokio => Server::reference(&["serve-tokio"]),
            Target::Threads => Server::reference(&["serve-threads"]),
            Target::ThreadsOnDisk => {
                let file = data.path().join("messages");
                Server::reference(&["serve-threads", file.to_str().unwrap()])
            }
            Target::Uws => Server::run(Command::new(uwebsockets::server().unwrap())),
        };
        Running { server, target: self, _data: data }
    }

    /// Ours, with a limit of open files; and how many connections it has room for.
    pub(crate) fn start_within(files: usize) -> (Running, usize) {
        let data = tempfile::tempdir_in(Target::Talk.directory()).unwrap();
        let (server, room) = Server::start_within(files, data.path());
        (Running { server, target: Target::Talk, _data: data }, room)
    }

    /// A tmpfs if there is one; the disk under measurement otherwise.
    fn directory(self) -> PathBuf {
        let memory = Path::new("/dev/shm");
        let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let on_disk = matches!(self, Target::TalkOnDisk | Target::ThreadsOnDisk);
        if !on_disk && memory.is_dir() { memory.into() } else { disk.into() }
    }

    /// What a client sends: a post to ours, and to others the record that ours makes of it, so that all deliver
    /// the same bytes.
    pub(crate) fn post(self, place: usize, room: &str, cid: &str, text: &str) -> String {
        let record = match self {
            Target::Talk | Target::TalkOnDisk => String::new(),
            Target::Bare
            | Target::Batch
            | Target::Tokio
            | Target::Threads
            | Target::ThreadsOnDisk
            | Target::Uws => {
                format!(r#""seq":100000,"at":1795394177902,"user":"{}","#, user(place))
            }
        };
        format!(r#"{{"type":"post","room":"{room}",{record}"cid":"{cid}","text":"{text}"}}"#)
    }
}

impl Running {
    /// A client in a room (only ours has rooms). It receives everything from now on; a client of the bare targets
    /// only after `wait_until_known`.
    pub(crate) fn client(&self, place: usize, room: &str) -> Client {
        let address = &self.server.address;
        match self.target {
            Target::Talk | Target::TalkOnDisk => {
                let mut client = Client::connect(address);
                client.send(&hello(&user(place), room, "\"now\""));
                client.wait(|payload| is(payload, "joined"));
                client
            }
            Target::Bare | Target::Batch => Client::bare(address),
            Target::Uws => Client::connect(address),
            Target::Tokio | Target::Threads | Target::ThreadsOnDisk => {
                after_echo(Client::connect(address), place)
            }
        }
    }

    /// Returns once the bare targets know all clients up to `last`, as they accept in order. If each client sent
    /// a greeting, 10,000 clients would receive 50,000,000 greetings.
    pub(crate) fn wait_until_known(&self, last: Client, place: usize) -> Client {
        match self.target {
            Target::Bare | Target::Batch => after_echo(last, place),
            Target::Talk
            | Target::TalkOnDisk
            | Target::Tokio
            | Target::Threads
            | Target::ThreadsOnDisk
            | Target::Uws => last,
        }
    }
}

/// A client that has received its own message, and so receives everything from now on.
fn after_echo(mut client: Client, place: usize) -> Client {
    let greeting = user(place);
    client.send(&greeting);
    client.wait(|payload| payload == greeting.as_bytes());
    client
}

pub(crate) fn user(place: usize) -> String {
    format!("client{place:05}")
}
