//! What a script is to do, from the flags.

use talk::chat::RoomName;
use talk::chat::protocol::Since;
use talk::cli;

/// What a script is to do.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) task: Task,
    /// Print records as JSON, as the protocol has them.
    pub(crate) json: bool,
}

/// The one task of a script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Send(TextSource),
    /// Print records since then; `follows`: and go on with new ones without end.
    Read {
        since: Since,
        follows: bool,
    },
}

/// Where the text to send is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TextSource {
    Given(String),
    Stdin,
}

/// The script that the flags ask for; `None` if they ask for a chat.
///
/// # Errors
/// Flags that exclude each other.
pub(crate) fn read(flags: &cli::Args, rooms: &[RoomName]) -> Result<Option<Script>, cli::Error> {
    let refuse = |sentence: &str| Err(cli::Error(sentence.to_owned()));
    let (send, since, follows) = (flags.get("send"), flags.get("since"), flags.has("follow"));
    let task = match (send, since) {
        (Some(_), Some(_)) => return refuse("--send sends, --since reads: choose one"),
        (Some(_), None) if follows => return refuse("--send sends, --follow reads: choose one"),
        (Some(_), None) if rooms.len() > 1 => {
            return refuse("--send sends to one room: give one --room");
        }
        (Some("-"), None) => Task::Send(TextSource::Stdin),
        (Some(text), None) => Task::Send(TextSource::Given(text.to_owned())),
        (None, Some(since)) => Task::Read { since: parse_since(since)?, follows },
        (None, None) if follows => Task::Read { since: Since::Now, follows },
        (None, None) if flags.has("json") => {
            return refuse("--json needs --follow, --since or --send");
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Script { task, json: flags.has("json") }))
}

fn parse_since(since: &str) -> Result<Since, cli::Error> {
    let error = |_| cli::Error(format!("--since: {since:?} is not a number, now or all"));
    match since {
        "all" => Ok(Since::After(0)),
        "now" => Ok(Since::Now),
        number => number.parse().map(Since::After).map_err(error),
    }
}

impl Script {
    /// From where on the server sends the records of its rooms.
    pub(crate) fn since(&self) -> Since {
        match &self.task {
            Task::Send(_) => Since::Now,
            Task::Read { since, .. } => *since,
        }
    }
}

#[cfg(test)]
mod tests;
