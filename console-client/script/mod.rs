//! The console for scripts: sends one message, or prints records; the exit code says how it went.
//!
//! Results go to stdout, problems to stderr. Depends on the client, `args`, `storage` and
//! `view::format`; never on the chat or a terminal.

use std::io;
use std::io::Read;

use talk::chat::UserName;
use talk::client;
use talk::client::Config;
use talk::net::entropy::Entropy;

use crate::args::Args;
use crate::args::script::Script;
use crate::args::script::Task;
use crate::args::script::TextSource;
use crate::check;
use crate::exit::Failure;
use crate::exit::cannot_start;
use crate::prompt;
use crate::script::run::ScriptRun;

mod run; // what every script does with a connection
mod follow; // prints records as they come
mod send; // sends one message

/// Bytes read of a text from stdin: more than any server accepts.
const STDIN_MAX: u64 = 1024 * 1024;

/// Sends a message, or prints records. A script that only reads needs no name.
pub(crate) fn run(args: Args, script: &Script) -> Result<(), Failure> {
    let password = prompt::load_password(&args)?;
    let has_password = password.is_some();
    let Args { server, rooms, timeout, .. } = args;
    let (user, keys) = match (args.user, &script.task) {
        (None, Task::Read { .. }) => (anonymous_name().map_err(cannot_start)?, None),
        (user, _) => {
            let user = user.map_or_else(prompt::ask_name, Ok)?;
            let authority = server.authority().to_string();
            let keys = prompt::load_keys(args.key_file, &authority, &user)?;
            (user, Some(keys))
        }
    };
    let is_key_given = keys.as_ref().is_some_and(|keys| keys.is_given);
    let (tokens, token) = keys.map(|keys| (keys.tokens, keys.token)).unzip();
    let token = token.flatten();
    let since = script.since();
    let text = text(script).map_err(Failure::Failed)?;
    let (agent, outbox, me) = ("console", Vec::new(), user.clone());
    let presence = false; // a cron job that joins and leaves each minute is no news
    let config = Config {
        server,
        user,
        token,
        password,
        rooms: rooms.clone(),
        since,
        agent,
        presence,
        follows_rooms: false,
        outbox,
    };
    let (client, events) = client::start(config).map_err(cannot_start)?;
    let run = ScriptRun::new(client, events, rooms, me).with_timeout(timeout).with_tokens(tokens);
    let run = run
        .with_zone(prompt::load_time_zone())
        .with_password(has_password)
        .with_key_given(is_key_given);
    match &script.task {
        Task::Send(_) => run.send(&text, script.json).map_err(Failure::Failed),
        Task::Read { since, follows } => run.follow(*since, *follows, script.json),
    }
}

/// Tests the connection to the server, under a name made for this run.
pub(crate) fn check(args: &Args) -> Result<(), Failure> {
    let password = prompt::load_password(args)?;
    let user = anonymous_name().map_err(cannot_start)?;
    check::check(&args.server, user, password).map_err(Failure::Failed)
}

/// A name made for this run, for a script that sends nothing.
///
/// # Errors
/// The system gives no randomness.
fn anonymous_name() -> io::Result<UserName> {
    let [a, b, c, d, ..] = Entropy::open()?.nonce()?;
    let name = format!("reader-{:08x}", u32::from_be_bytes([a, b, c, d]));
    name.parse().map_err(|rejection| io::Error::other(format!("{name}: {rejection}")))
}

/// The text to send, which may come from stdin; empty if the script reads.
///
/// # Errors
/// A sentence: stdin cannot be read as text.
fn text(script: &Script) -> Result<String, String> {
    match &script.task {
        Task::Send(TextSource::Given(text)) => Ok(text.clone()),
        Task::Send(TextSource::Stdin) => {
            let mut text = String::new();
            let read = io::stdin().lock().take(STDIN_MAX).read_to_string(&mut text);
            read.map_err(|error| format!("cannot read the text from stdin: {error}"))?;
            Ok(text)
        }
        Task::Read { .. } => Ok(String::new()),
    }
}
