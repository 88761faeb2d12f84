//! A bot, and an example of `talk::client` as a library: it answers `!ping` with `pong`.
//!
//! `cargo run --example bot -- --server 127.0.0.1:8080 --user pingbot --room lobby`
//!
//! The library reconnects, continues the room where it was, and sends each answer until it is
//! stored, once. The bot only has to know which messages are new: after it was away it also gets the
//! older ones, which need no answer any more. `joined` names the newest record at that
//! moment; every later one is new.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fmt};
use talk::chat::protocol::ErrorMessage;

use talk::chat::protocol::{Record, RecordKind, ServerMessage, Since};
use talk::chat::{Operation, RoomName, Text, Token, UserName};
use talk::cli;
use talk::cli::{Args, Command, Flag};
use talk::client::{Address, Client, Config, ConnectionState, Event, Events, start};
use talk::limits;
use talk::net::entropy::Entropy;

const COMMAND: Command = Command {
    usage: "bot [--server HOST:PORT] [--user NAME] [--room ROOM]",
    about: "Answers !ping with pong.",
    flags: &[
        Flag::value("server", "HOST:PORT", "the server").default("127.0.0.1:8080"),
        Flag::value("user", "NAME", "its name").default("pingbot"),
        Flag::value("room", "ROOM", "the room it joins").default("lobby"),
        Flag::value("token-file", "FILE", "the file with the key of its name; created if missing"),
        Flag::variable("password", "TALK_PASSWORD", "the server's password"),
        Flag::switch("help", "this text").short('h'),
    ],
    epilogue: "\
It runs until it is killed, and reconnects by itself. Without a --token-file it
cannot have its name back for a minute after it ends.",
};

fn main() -> ExitCode {
    let args = COMMAND.parse(env::args_os().skip(1), |name| env::var_os(name));
    match args.map_err(Failure::from).and_then(|args| run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log(&failure.to_string());
            failure.exit_code()
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    if args.has("help") {
        let printed = io::stdout().write_all(COMMAND.help().as_bytes());
        return printed
            .map_err(|error| Failure::Runtime(format!("cannot print the help: {error}")));
    }
    if let Some(word) = args.words().first() {
        return Err(Failure::Usage(format!("{word:?} is not a flag")));
    }
    let missing = || Failure::Usage("--user needs a value".to_owned());
    let user: UserName = args.parsed("user")?.ok_or_else(missing)?;
    let room: RoomName = args.parsed("room")?.unwrap_or_default();
    let server: Address = args.parsed("server")?.unwrap_or_default();
    let config = Config {
        server,
        user: user.clone(),
        token: args.get("token-file").map(|path| load_key(Path::new(path))).transpose()?,
        password: args.get("password").map(str::to_owned),
        rooms: vec![room.clone()],
        since: Since::Newest,
        agent: "bot",
        presence: true,
        follows_rooms: false,
        outbox: Vec::new(),
    };
    let (client, events) = start(config)
        .map_err(|error| Failure::Runtime(format!("cannot start a connection: {error}")))?;
    Bot { client, user, room, head: u64::MAX, unsent: 0 }.run(&events)
}

// ---- What it does ------------------------------------------------------------------------------

/// Answers that may wait to be stored: as many as a client may post at once. If pings arrive faster
/// than that, the bot skips some.
const UNSENT: usize = limits::BURST as usize;

struct Bot {
    client: Client,
    user: UserName,
    room: RoomName,
    /// The newest record that the room had when it was joined.
    head: u64,
    /// Answers that are not stored yet.
    unsent: usize,
}

impl Bot {
    /// Runs until the server refuses the bot.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most events matter only to a program that shows a chat"
    )]
    fn run(mut self, events: &Events) -> Result<(), Failure> {
        for event in events {
            match event {
                // With each connection, before the records of the room.
                Event::Message(ServerMessage::Joined(joined)) => self.head = joined.head,
                Event::Record(record) => self.on_record(&record),
                Event::Stored { .. } => self.unsent = self.unsent.saturating_sub(1),
                Event::Failed { cid, rejection } => {
                    self.unsent = self.unsent.saturating_sub(1);
                    self.client.discard(&cid);
                    log(&format!("answer rejected: {rejection}"));
                }
                Event::State(ConnectionState::Live) => log(&format!("listening in {}", self.room)),
                Event::ConnectionLost(error) => log(&error.to_string()),
                Event::Message(ServerMessage::Error(ErrorMessage {
                    message,
                    room: Some(room),
                    ..
                })) if room == self.room => {
                    return Err(Failure::Runtime(format!("cannot join {room}: {message}")));
                }
                Event::Stopped { code, .. } => {
                    let what = format!("the server refused {} ({code})", self.user);
                    return Err(Failure::Runtime(what));
                }
                _ => {}
            }
        }
        Err(Failure::Runtime("the connection's thread has ended".to_owned()))
    }

    /// Answers a new ping of another user.
    fn on_record(&mut self, record: &Record) {
        let RecordKind::Operation(Operation::Post { text, me: false, .. }) = &record.kind else {
            return;
        };
        let is_new = record.seq > self.head;
        let is_ours = record.user.is_same_claim(&self.user);
        if text.as_str() != "!ping" || !is_new || is_ours || self.unsent == UNSENT {
            return;
        }
        if let Ok(answer) = Text::parse(&format!("{}: pong", record.user), limits::TEXT) {
            self.client.reply(&record.room, record.seq, answer);
            self.unsent += 1;
        }
    }
}

// ---- The key of its name -----------------------------------------------------------------------

/// Loads the key from the file at `path`, or creates both. A new key is on disk before it is sent:
/// a bot killed at any moment can still claim its name.
fn load_key(path: &Path) -> Result<Token, Failure> {
    let at = path.display();
    match fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map_err(|_| {
            Failure::Runtime(format!("{at} holds no key (32 hex digits): move it away"))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => create_key(path)
            .map_err(|error| Failure::Runtime(format!("cannot save a key in {at}: {error}"))),
        Err(error) => Err(Failure::Runtime(format!("cannot read the key in {at}: {error}"))),
    }
}

/// Creates a key and its file. The rename makes the file appear whole or not at all.
fn create_key(path: &Path) -> io::Result<Token> {
    let token = Token::from_bytes(Entropy::open()?.nonce()?);
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600); // who has the key has the name
    let mut file = options.open(&draft)?;
    writeln!(file, "{}", token.reveal())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(token)
}

// ---- Errors and messages -----------------------------------------------------------------------

/// Why the bot ends.
enum Failure {
    /// It was called wrongly: exit 2.
    Usage(String),
    /// It could not do what it was called for: exit 1.
    Runtime(String),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Runtime(_) => ExitCode::from(1),
        }
    }
}

impl From<cli::Error> for Failure {
    fn from(error: cli::Error) -> Failure {
        Failure::Usage(error.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(what) => write!(f, "{what} (see bot --help)"),
            Failure::Runtime(what) => f.write_str(what),
        }
    }
}

/// Prints one line on standard error. Part of it may come from the server, so control characters
/// are replaced.
fn log(what: &str) {
    let sanitize = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let line: String = what.chars().map(sanitize).collect();
    writeln!(io::stderr(), "bot: {line}").ok();
}
