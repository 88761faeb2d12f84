//! What a script wants done, from the flags.

use talk::chat::RoomName;
use talk::chat::protocol::Since;
use talk::cli;

/// What a script wants.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) task: Task,
    /// It wants records as the protocol has them.
    pub(crate) json: bool,
}

/// The one thing it wants done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// To say this.
    Send(TextSource),
    /// To read from there, and whether to go on for ever.
    Read { since: Since, follows: bool },
}

/// Where a text is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TextSource {
    Given(String),
    Stdin,
}

/// What the flags say of it; nothing, where a chat is wanted.
///
/// # Errors
/// Flags that do not go together.
pub(crate) fn read(flags: &cli::Args, rooms: &[RoomName]) -> Result<Option<Script>, cli::Error> {
    let refuse = |sentence: &str| Err(cli::Error(sentence.to_owned()));
    let (send, since, follows) = (flags.get("send"), flags.get("since"), flags.has("follow"));
    let task = match (send, since) {
        (Some(_), Some(_)) => return refuse("--send says something, --since reads: choose one"),
        (Some(_), None) if follows => {
            return refuse("--send says something, --follow reads: choose one");
        }
        (Some(_), None) if rooms.len() > 1 => return refuse("--send goes to one room: name it"),
        (Some("-"), None) => Task::Send(TextSource::Stdin),
        (Some(text), None) => Task::Send(TextSource::Given(text.to_owned())),
        (None, Some(since)) => Task::Read { since: begin(since)?, follows },
        (None, None) if follows => Task::Read { since: Since::Now, follows },
        (None, None) if flags.has("json") => {
            return refuse("--json goes with --follow, --since or --send");
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Script { task, json: flags.has("json") }))
}

fn begin(since: &str) -> Result<Since, cli::Error> {
    let is_wrong = |_| cli::Error(format!("--since: {since:?} is no number, nor now, nor all"));
    match since {
        "all" => Ok(Since::After(0)),
        "now" => Ok(Since::Now),
        number => number.parse().map(Since::After).map_err(is_wrong),
    }
}

impl Script {
    /// Where its rooms begin.
    pub(crate) fn since(&self) -> Since {
        match &self.task {
            Task::Send(_) => Since::Now,
            Task::Read { since, .. } => *since,
        }
    }
}

#[cfg(test)]
mod tests;
