//! From a script's settings to a script at work.

use std::env;
use std::io;
use std::sync::mpsc;

use talk::chat::UserName;
use talk::client;
use talk::client::Config;
use talk::net::entropy::Entropy;

use super::Run;
use super::Script;
use super::Task;
use crate::Failure;
use crate::args::Settings;
use crate::check;
use crate::prompt;
use crate::storage::tokens::Keep;

/// Says a line, or reads records. Whoever only reads needs no name of their own.
pub(crate) fn run(settings: Settings, script: &Script) -> Result<(), Failure> {
    let password = prompt::password(&settings)?;
    let has_password = password.is_some();
    let Settings { server, rooms, timeout, .. } = settings;
    let (user, keep, token) = match (settings.user, &script.task) {
        (None, Task::Read { .. }) => (passer_by().map_err(crate::cannot_start)?, None, None),
        (user, _) => {
            let user = user.map_or_else(prompt::name, Ok)?;
            let chosen = settings.token_file.map(|file| (user.clone(), file));
            let authority = server.authority().to_string();
            let keep = Keep::new(&authority, chosen, |name| env::var_os(name));
            let token = keep.load(&user).map_err(Failure::Failed)?;
            (user, Some(keep), token)
        }
    };
    let since = script.since();
    let text = script.text().map_err(Failure::Failed)?;
    let (sender, notices) = mpsc::channel();
    let (agent, outbox, me) = ("console", Vec::new(), user.clone());
    let config =
        Config { server, user, token, password, rooms: rooms.clone(), since, agent, outbox };
    let client = client::start(config, sender).map_err(crate::cannot_start)?;
    let run = Run::new(client, notices, rooms, me).patient(timeout).keeping(keep);
    let run = run.within(prompt::zone()).with_password(has_password);
    match &script.task {
        Task::Send(_) => run.send(&text, script.json),
        Task::Read { since, follows } => run.read(*since, *follows, script.json),
    }
    .map_err(Failure::Failed)
}

/// Looks at the line to the server, under a name of this run alone.
pub(crate) fn check(settings: &Settings) -> Result<(), Failure> {
    let password = prompt::password(settings)?;
    let user = passer_by().map_err(crate::cannot_start)?;
    check::check(&settings.server, user, password).map_err(Failure::Failed)
}

/// A name for somebody who says nothing: of this run alone, and nobody else's.
///
/// # Errors
/// The system gives no randomness.
fn passer_by() -> io::Result<UserName> {
    let [a, b, c, d, ..] = Entropy::open()?.nonce()?;
    let name = format!("reader-{:08x}", u32::from_be_bytes([a, b, c, d]));
    name.parse().map_err(|rejection| io::Error::other(format!("{name}: {rejection}")))
}
