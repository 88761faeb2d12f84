//! A bot, and an example of `talk::client` as a library: it answers `!ping` with `pong`.
//!
//! `cargo run --example bot -- --server 127.0.0.1:8080 --user pingbot --room lobby`
//!
//! The library does what is hard: it reconnects, resumes the room where it was left, and sends an
//! answer until it is stored, once. The bot must only tell new messages from those that were posted
//! while it was offline, which need no answer any more: `joined` names the newest record of the
//! room, and every later one is new.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::{env, fmt};

use talk::chat::protocol::{Kind, Record, Since};
use talk::chat::{Operation, RoomName, Text, Token, UserName};
use talk::cli;
use talk::cli::{Args, Command, Flag};
use talk::client::{Address, Client, Config, Notice, State, start};
use talk::limits;
use talk::net::entropy::Entropy;

const COMMAND: Command = Command {
    usage: "bot [--server HOST:PORT] [--user NAME] [--room ROOM]",
    about: "Answers !ping with pong.",
    flags: &[
        Flag::value("server", "HOST:PORT", "the server").default("127.0.0.1:8080"),
        Flag::value("user", "NAME", "what it is called").default("pingbot"),
        Flag::value("room", "ROOM", "where it listens").default("lobby"),
        Flag::value("token-file", "FILE", "where the key of its name is kept; made if need be"),
        Flag::variable("password", "TALK_PASSWORD", "the server's password"),
        Flag::switch("help", "this text").short('h'),
    ],
    epilogue: "\
It runs until it is killed, and comes back by itself when the server was away.
Without a --token-file, its name is held against itself for a minute after that.",
};

fn main() -> ExitCode {
    let args = COMMAND.parse(env::args_os().skip(1), |name| env::var_os(name));
    match args.map_err(Failure::from).and_then(|args| run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure.to_string());
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
        return Err(Failure::Usage(format!("{word:?} belongs to no flag")));
    }
    let missing = || Failure::Usage("--user needs a value".to_owned());
    let user: UserName = args.parsed("user")?.ok_or_else(missing)?;
    let room: RoomName = args.parsed("room")?.unwrap_or_default();
    let server: Address = args.parsed("server")?.unwrap_or_default();
    let config = Config {
        server,
        user: user.clone(),
        token: args.get("token-file").map(|path| key(Path::new(path))).transpose()?,
        password: args.get("password").map(str::to_owned),
        rooms: vec![room.clone()],
        since: Since::Newest,
        agent: "bot",
        outbox: Vec::new(),
    };
    let (sender, notices) = channel();
    let client = start(config, sender)
        .map_err(|error| Failure::Runtime(format!("cannot start a connection: {error}")))?;
    Bot { client, user, room, head: u64::MAX, unsent: 0 }.run(&notices)
}

// ---- What it does ------------------------------------------------------------------------------

/// Answers that may wait to be stored: as many as a client may post at once. Pings that come faster
/// than answers are stored get no answer.
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
    /// Runs until the server refuses it for good.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most notices are for those who draw a chat"
    )]
    fn run(mut self, notices: &Receiver<Notice>) -> Result<(), Failure> {
        for notice in notices {
            match notice {
                // At each connection, before the records of the room.
                Notice::Joined(joined) => self.head = joined.head,
                Notice::Record(record) => self.on_record(&record),
                Notice::Stored { .. } => self.unsent = self.unsent.saturating_sub(1),
                Notice::Failed { cid, message, .. } => {
                    self.unsent = self.unsent.saturating_sub(1);
                    self.client.drop_line(&cid);
                    report(&format!("an answer was refused: {message}"));
                }
                Notice::State(State::Live) => report(&format!("listening in {}", self.room)),
                Notice::Trouble(fault) => report(&fault.to_string()),
                Notice::Error { message, room: Some(room), .. } if room == self.room => {
                    return Err(Failure::Runtime(format!("cannot join {room}: {message}")));
                }
                Notice::Stopped { code, .. } => {
                    let what = format!("the server has no place for {} ({code})", self.user);
                    return Err(Failure::Runtime(what));
                }
                _ => {}
            }
        }
        Err(Failure::Runtime("the connection's thread has ended".to_owned()))
    }

    /// Answers a ping that is new and from another user.
    fn on_record(&mut self, record: &Record) {
        let Kind::Operation(Operation::Post { text, me: false, .. }) = &record.kind else { return };
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

/// The key stored at `path`, or a new one. The file is written before the server gets the key: a
/// kill at any moment does not lock the bot out of its name.
fn key(path: &Path) -> Result<Token, Failure> {
    let at = path.display();
    match fs::read_to_string(path) {
        Ok(kept) => kept.trim().parse().map_err(|_| {
            Failure::Runtime(format!("{at} holds no key (32 hex digits): move it away"))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => make_key(path)
            .map_err(|error| Failure::Runtime(format!("cannot keep a key in {at}: {error}"))),
        Err(error) => Err(Failure::Runtime(format!("cannot read the key in {at}: {error}"))),
    }
}

/// Makes a key and a file with it. The file is complete or does not exist.
fn make_key(path: &Path) -> io::Result<Token> {
    let token = Token::from_bytes(Entropy::open()?.nonce()?);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600); // anyone who can read the key can use the name
    let mut file = options.open(&temporary)?;
    writeln!(file, "{}", token.reveal())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    Ok(token)
}

// ---- Errors ------------------------------------------------------------------------------------

/// Why the bot ends.
enum Failure {
    /// Wrong usage: exit 2.
    Usage(String),
    /// A failure at run time: exit 1.
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

/// Prints one line to standard error. Parts of it come from the server, so control characters are
/// replaced.
fn report(what: &str) {
    let safe = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let line: String = what.chars().map(safe).collect();
    writeln!(io::stderr(), "bot: {line}").ok();
}
