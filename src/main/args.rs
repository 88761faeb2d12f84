//! The server's command line: flags and environment variables to a configuration. It reads the files that
//! flags name, and `/proc`; it starts nothing.

use std::ffi::OsString;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use talk::chat::Password;
use talk::cli::{Args, Command, Flag};
use talk::handshake::{Hosts, Policy, Proxies};
use talk::limits;
use talk::log::{LogConfig, SyncPolicy};
use talk::ownership;
use talk::server::{Ceiling, Config, Level, PostLimits, ceiling};

use crate::admin::{self, AdminCommand};
use crate::bind::BindAddress;
use crate::exit::Failure;
use crate::limit_flags;
use crate::name_commands::{self, NameCommand};

/// What the command line asks the program to do.
pub(crate) enum Mode {
    /// Print a text.
    Print(String),
    /// Run the server.
    Serve(Box<ServerOptions>),
    /// Run a command on a data directory.
    Admin(AdminCommand),
    /// List or change the names of a data directory.
    Names(NameCommand),
}

/// How to run the server.
pub(crate) struct ServerOptions {
    /// Where to listen.
    pub(crate) bind: BindAddress,
    /// The data directory.
    pub(crate) data: PathBuf,
    /// The configuration of the server.
    pub(crate) config: Config,
    /// How many connections this machine can hold.
    pub(crate) ceiling: Ceiling,
    /// What to log.
    pub(crate) level: Level,
    /// Whether to print nothing at start.
    pub(crate) quiet: bool,
}

const COMMAND: Command = Command {
    usage: "server [FLAGS]\n       server verify [ROOM] | repair ROOM | export ROOM | limits",
    about: "The server of Talk, a chat for browsers and terminals.",
    flags: &[
        Flag::value(
            "bind",
            "HOST:PORT",
            "where to listen; 0.0.0.0:8080 accepts connections from the network, fd:0 uses the \
             listening socket on standard input (systemd)",
        )
        .env("TALK_BIND")
        .default("127.0.0.1:8080"),
        Flag::value("data", "DIR", "the directory for rooms and names; created if necessary")
            .env("TALK_DATA")
            .default("talk-data"),
        Flag::value("motd", "FILE", "a file with a message for everyone who connects")
            .env("TALK_MOTD"),
        Flag::value(
            "password-file",
            "FILE",
            "a file whose first line is the password for this server",
        )
        .env("TALK_PASSWORD_FILE"),
        Flag::value(
            "allow-origin",
            "URL",
            "another web page that may connect, like https://a.example; repeatable",
        )
        .env("TALK_ALLOW_ORIGIN"),
        Flag::value(
            "allow-host",
            "NAME",
            "a host name of this server, like chat.example; repeatable",
        )
        .env("TALK_ALLOW_HOST"),
        Flag::value(
            "trust-proxy",
            "ADDR",
            "a proxy to trust for client addresses (X-Forwarded-For), or a network of proxies like \
             10.0.0.0/8; repeatable",
        )
        .env("TALK_TRUST_PROXY"),
        Flag::value(
            "max-clients",
            "N",
            "connections at once (default: as many as this machine can hold)",
        )
        .env("TALK_MAX_CLIENTS"),
        Flag::value(
            "max-per-address",
            "N",
            "connections per address at once; 0 turns off every limit per address",
        )
        .env("TALK_MAX_PER_ADDRESS")
        .default("64"),
        Flag::value("rate", "N", "messages per client and second; 0 for no limit")
            .env("TALK_RATE")
            .default("5"),
        Flag::value("burst", "N", "messages a client may send at once before --rate applies")
            .env("TALK_BURST")
            .default("20"),
        Flag::value(
            "limit",
            "NAME=VALUE",
            "change another limit (list: server limits); repeatable",
        )
        .env("TALK_LIMIT"),
        Flag::value("max-text", "BYTES", "maximum length of a message")
            .env("TALK_MAX_TEXT")
            .default("4096"),
        Flag::value(
            "sync",
            "always|interval",
            "fsync each message before it is shown, or within 200 ms: then a power failure may \
             lose the last 200 ms, a kill nothing",
        )
        .env("TALK_SYNC")
        .default("always"),
        Flag::value("retain-days", "N", "delete messages older than N days (default: keep all)")
            .env("TALK_RETAIN_DAYS"),
        Flag::value(
            "retain-records",
            "N",
            "keep at least N messages per room, and delete older ones: anyone who posts N messages \
             makes all before them go (default: keep all)",
        )
        .env("TALK_RETAIN_RECORDS"),
        Flag::value(
            "max-data",
            "SIZE",
            "bytes of the data directory, like 20GiB, from which on messages are refused to all, \
             whichever client used them (default: no limit of its own)",
        )
        .env("TALK_MAX_DATA"),
        Flag::value(
            "min-free",
            "SIZE",
            "free bytes of its disk below which messages are refused; 0 turns this off (default: \
             10 % of the disk, at most 1GiB)",
        )
        .env("TALK_MIN_FREE"),
        Flag::value(
            "hold-names",
            "DURATION",
            "how long a name stays reserved after its last use, once its owner has posted",
        )
        .env("TALK_HOLD_NAMES")
        .default("90d"),
        Flag::switch("quiet", "print warnings only").short('q'),
        Flag::switch("verbose", "log every connection; twice (-vv): refused requests too")
            .short('v'),
        Flag::value("completions", "bash|zsh|fish", "print completions for that shell"),
        Flag::switch("version", "print the version").short('V'),
        Flag::switch("help", "print this help").short('h'),
    ],
    epilogue: "\
Examples:
  server                              this computer only
  server --bind 0.0.0.0:8080          everyone on the network
  server --bind 0.0.0.0:8080 --password-file secret.txt

To stop it, type quit in its terminal, or kill it: nothing is lost.

Commands (server COMMAND --help says more):
  server verify [ROOM]   check every stored line
  server export ROOM     print the messages of a room
  server repair ROOM     remove the damaged end of a room
  server remove ROOM     remove a room with all its messages
  server names           list the held names, make one free or give one back
  server limits          list the limits that --limit can change

Every flag has an environment variable of its name: --bind is TALK_BIND.",
};

/// Parses the command line.
///
/// # Errors
/// For an unknown flag, a bad value, or a file that cannot be read.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Mode, Failure> {
    let mut arguments = arguments.into_iter().peekable();
    if arguments.next_if(|first| first == "limits").is_some() {
        return limit_flags::parse(arguments, env).map(Mode::Print);
    }
    if arguments.next_if(|first| first == "names").is_some() {
        return name_commands::parse(arguments, env).map(Mode::Names);
    }
    if let Some(command) = arguments.peek().and_then(|first| admin::find_command(first)) {
        return admin::parse(command, arguments.skip(1), env).map(Mode::Admin);
    }
    let args = COMMAND.parse(arguments, env)?;
    if args.has("help") {
        return Ok(Mode::Print(COMMAND.help()));
    }
    if let Some(shell) = args.get("completions") {
        let commands = ["verify", "export", "repair", "remove", "names", "limits"];
        return Ok(Mode::Print(COMMAND.completions("server", &commands, shell)?));
    }
    if args.has("version") {
        return Ok(Mode::Print(format!("talk {}\n", env!("CARGO_PKG_VERSION"))));
    }
    if let Some(word) = args.words().first() {
        let what = match admin::find_command(word.as_ref()) {
            _ if word == "names" => String::from("put names first: server names --data DIR"),
            _ if word == "limits" => {
                format!("put {word} first, without other words: server {word}")
            }
            Some(_) => format!("put {word} first: server {word} --data DIR"),
            None => format!("unknown command {word:?}"),
        };
        return Err(Failure::Usage(what));
    }
    server_options(&args).map(|options| Mode::Serve(Box::new(options)))
}

fn server_options(args: &Args) -> Result<ServerOptions, Failure> {
    let bind = BindAddress::read(args.get("bind").unwrap_or_default())?;
    let ceiling = ceiling(|path| fs::read_to_string(path).ok());
    Ok(ServerOptions {
        data: PathBuf::from(args.get("data").unwrap_or_default()),
        config: config(args, bind.address().ip(), ceiling)?,
        bind,
        ceiling,
        level: level(args),
        quiet: args.has("quiet"),
    })
}

fn config(args: &Args, bound: IpAddr, ceiling: Ceiling) -> Result<Config, Failure> {
    let number = |name: &'static str, min: u64, max: u64| {
        let number = args.number(name, min..=max)?;
        Ok::<_, Failure>(number.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
    };
    let small = |name: &'static str| {
        let number = args.number(name, 0..=1_000_000)?;
        Ok::<_, Failure>(number.and_then(|number| u32::try_from(number).ok()))
    };
    let max_clients = number("max-clients", 1, u64::MAX)?.unwrap_or(ceiling.connections);
    if max_clients > ceiling.connections {
        let what =
            format!("--max-clients {max_clients} is more than this machine can hold: {ceiling}");
        return Err(Failure::Runtime(what));
    }
    let defaults = Config::new(policy(args, bound)?);
    let posts = defaults.posts;
    let like_network = "an address, or a network like 10.0.0.0/8";
    Ok(Config {
        proxies: Proxies::new(parse_all(args, "trust-proxy", like_network)?),
        motd: args
            .get("motd")
            .map(|path| read_file("--motd", path))
            .transpose()?
            .map(|text| text.trim_end().into()),
        password: args.get("password-file").map(read_password).transpose()?,
        max_clients,
        max_per_address: number("max-per-address", 0, 1_000_000)?
            .unwrap_or(defaults.max_per_address),
        posts: PostLimits {
            rate: small("rate")?.unwrap_or(posts.rate),
            burst: small("burst")?.unwrap_or(posts.burst),
            max_text: number("max-text", 1, limits::TEXT_MAX as u64)?.unwrap_or(posts.max_text),
        },
        hold_names: args.duration("hold-names")?.unwrap_or(defaults.hold_names),
        limits: limit_flags::limits(args)?,
        log: log_config(args, defaults.log)?,
        ..defaults
    })
}

fn log_config(args: &Args, defaults: LogConfig) -> Result<LogConfig, Failure> {
    let sync = match args.get("sync") {
        None | Some("always") => SyncPolicy::Always,
        Some("interval") => SyncPolicy::Interval,
        Some(other) => {
            return Err(Failure::Usage(format!(
                "--sync must be always or interval, not {other:?}"
            )));
        }
    };
    let days = args.number("retain-days", 1..=100_000)?;
    let retain = days.map(|days| Duration::from_secs(days * 24 * 60 * 60));
    let retain_records = args.number("retain-records", 1..=u64::MAX)?;
    Ok(LogConfig { sync, retain, retain_records, ..defaults })
}

fn policy(args: &Args, bound: IpAddr) -> Result<Policy, Failure> {
    let allowed = parse_all(args, "allow-host", "a host name")?;
    let origins = parse_all(args, "allow-origin", "like https://a.example")?;
    let own_name = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let own_name = own_name.as_deref().map(str::trim);
    Ok(Policy { hosts: Hosts::new(bound, own_name, allowed), origins })
}

/// All values of a repeatable flag. `what` describes a correct one, for the error.
fn parse_all<T: FromStr>(args: &Args, name: &str, what: &str) -> Result<Vec<T>, Failure> {
    let read = |value: &str| {
        value.parse().map_err(|_| Failure::Usage(format!("--{name}: {value:?} is not {what}")))
    };
    args.all(name).into_iter().map(read).collect()
}

fn level(args: &Args) -> Level {
    match (args.has("quiet"), args.count("verbose")) {
        (true, _) => Level::Warn,
        (false, 0) => Level::Notice,
        (false, 1) => Level::Info,
        (false, _) => Level::Debug,
    }
}

fn read_password(path: &str) -> Result<Password, Failure> {
    let text = read_file("--password-file", path)?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(Password::new(line)),
        None => {
            Err(Failure::Runtime(format!("--password-file: the first line of {path} is empty")))
        }
    }
}

fn read_file(flag: &str, path: &str) -> Result<String, Failure> {
    ownership::read_short_text(Path::new(path), limits::TEXT_FILE)
        .map_err(|error| Failure::Runtime(format!("{flag}: cannot read {path}: {error}")))
}
