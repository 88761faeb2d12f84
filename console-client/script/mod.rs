//! The console for scripts: one line said, or records read; an exit code says how it went.
//!
//! Room: the client's notices, stdin for a text, stdout for what was asked, stderr for what is wrong.

use std::io;
use std::io::Read;

use talk::chat::RoomName;
use talk::chat::protocol::Since;
use talk::cli;
use talk::cli::Args;

mod starting; // from settings to a script at work
mod run; // what every script does with a connection
mod follow; // records, as they come
mod send; // one line

pub(crate) use run::Run;
pub(crate) use starting::check;
pub(crate) use starting::run;

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
    Send(Words),
    /// To read from there, and whether to go on for ever.
    Read { since: Since, follows: bool },
}

/// Where a text is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Given(String),
    Stdin,
}

/// More bytes than any server takes in a text.
const TEXT: u64 = 1024 * 1024;

/// What the flags say of it; nothing, where a chat is wanted.
///
/// # Errors
/// Flags that do not go together.
pub(crate) fn read(args: &Args, rooms: &[RoomName]) -> Result<Option<Script>, cli::Error> {
    let refuse = |sentence: &str| Err(cli::Error(sentence.to_owned()));
    let (send, since, follows) = (args.get("send"), args.get("since"), args.has("follow"));
    let task = match (send, since) {
        (Some(_), Some(_)) => return refuse("--send says something, --since reads: choose one"),
        (Some(_), None) if follows => {
            return refuse("--send says something, --follow reads: choose one");
        }
        (Some(_), None) if rooms.len() > 1 => return refuse("--send goes to one room: name it"),
        (Some("-"), None) => Task::Send(Words::Stdin),
        (Some(text), None) => Task::Send(Words::Given(text.to_owned())),
        (None, Some(since)) => Task::Read { since: begin(since)?, follows },
        (None, None) if follows => Task::Read { since: Since::Now, follows },
        (None, None) if args.has("json") => {
            return refuse("--json goes with --follow, --since or --send");
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Script { task, json: args.has("json") }))
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

    /// What it wants said; nothing where it reads.
    ///
    /// # Errors
    /// A sentence: stdin cannot be read as a text.
    pub(crate) fn text(&self) -> Result<String, String> {
        match &self.task {
            Task::Send(Words::Given(text)) => Ok(text.clone()),
            Task::Send(Words::Stdin) => {
                let mut text = String::new();
                let read = io::stdin().lock().take(TEXT).read_to_string(&mut text);
                read.map_err(|error| format!("cannot read the text from stdin: {error}"))?;
                Ok(text)
            }
            Task::Read { .. } => Ok(String::new()),
        }
    }
}

#[cfg(test)]
mod tests;
