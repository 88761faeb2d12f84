//! The console for scripts: one line said, or records read; an exit code says how it went.
//!
//! Room: the client's notices, stdin for a text, stdout for what was asked, stderr for what is wrong.

use crate::args::Args;
use crate::args::script::Script;
use crate::args::script::Task;
use crate::args::script::TextSource;
use crate::check;
use crate::exit;
use crate::exit::Failure;
use crate::prompt;
use crate::script::run::ScriptRun;
use crate::storage::tokens::TokenStore;
use std::env;
use std::io;
use std::io::Read;
use std::sync::mpsc;
use talk::chat::UserName;
use talk::client;
use talk::client::Config;
use talk::net::entropy::Entropy;

mod run; // what every script does with a connection
mod follow; // records, as they come
mod send; // one line

/// More bytes than any server takes in a text.
const TEXT: u64 = 1024 * 1024;

/// Says a line, or reads records. Whoever only reads needs no name of their own.
pub(crate) fn run(args: Args, script: &Script) -> Result<(), Failure> {
    let password = prompt::password(&args)?;
    let has_password = password.is_some();
    let Args { server, rooms, timeout, .. } = args;
    let (user, keep, token) = match (args.user, &script.task) {
        (None, Task::Read { .. }) => (anonymous_name().map_err(exit::cannot_start)?, None, None),
        (user, _) => {
            let user = user.map_or_else(prompt::name, Ok)?;
            let chosen = args.token_file.map(|file| (user.clone(), file));
            let authority = server.authority().to_string();
            let keep = TokenStore::new(&authority, chosen, |name| env::var_os(name));
            let token = keep.load(&user).map_err(Failure::Failed)?;
            (user, Some(keep), token)
        }
    };
    let since = script.since();
    let text = text(script).map_err(Failure::Failed)?;
    let (sender, notices) = mpsc::channel();
    let (agent, outbox, me) = ("console", Vec::new(), user.clone());
    let config =
        Config { server, user, token, password, rooms: rooms.clone(), since, agent, outbox };
    let client = client::start(config, sender).map_err(exit::cannot_start)?;
    let run = ScriptRun::new(client, notices, rooms, me).patient(timeout).keeping(keep);
    let run = run.within(prompt::zone()).with_password(has_password);
    match &script.task {
        Task::Send(_) => run.send(&text, script.json),
        Task::Read { since, follows } => run.read(*since, *follows, script.json),
    }
    .map_err(Failure::Failed)
}

/// Looks at the line to the server, under a name of this run alone.
pub(crate) fn check(args: &Args) -> Result<(), Failure> {
    let password = prompt::password(args)?;
    let user = anonymous_name().map_err(exit::cannot_start)?;
    check::check(&args.server, user, password).map_err(Failure::Failed)
}

/// A name for somebody who says nothing: of this run alone, and nobody else's.
///
/// # Errors
/// The system gives no randomness.
fn anonymous_name() -> io::Result<UserName> {
    let [a, b, c, d, ..] = Entropy::open()?.nonce()?;
    let name = format!("reader-{:08x}", u32::from_be_bytes([a, b, c, d]));
    name.parse().map_err(|rejection| io::Error::other(format!("{name}: {rejection}")))
}

/// What it wants said; nothing where it reads.
///
/// # Errors
/// A sentence: stdin cannot be read as a text.
fn text(script: &Script) -> Result<String, String> {
    match &script.task {
        Task::Send(TextSource::Given(text)) => Ok(text.clone()),
        Task::Send(TextSource::Stdin) => {
            let mut text = String::new();
            let read = io::stdin().lock().take(TEXT).read_to_string(&mut text);
            read.map_err(|error| format!("cannot read the text from stdin: {error}"))?;
            Ok(text)
        }
        Task::Read { .. } => Ok(String::new()),
    }
}
