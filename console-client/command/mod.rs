//! What a submitted line means: a message, or a command.
//!
//! An unknown command is an error and is never sent: it may be a password typed with one letter too
//! few. Depends on `storage` for the words of preferences; never on the view or the client.

use talk::cli;

use crate::command::arguments::edit;
use crate::command::arguments::known;
use crate::command::arguments::none;
use crate::command::arguments::number;
use crate::command::arguments::optional;
use crate::command::arguments::reply;
use crate::command::arguments::some;
use crate::command::arguments::target;
use crate::command::arguments::word;
use crate::storage::preferences::BellMode;
use crate::storage::preferences::TimestampStyle;

mod input; // a submitted line, parsed
mod arguments; // what follows a command
mod moment; // a day, or a time

pub(crate) use arguments::room_name;
pub(crate) use input::Command;
pub(crate) use input::Input;
pub(crate) use input::PreferenceCommand;
pub(crate) use input::Target;
#[cfg(test)]
pub(crate) use moment::Day;
#[cfg(test)]
pub(crate) use moment::Moment;

/// A command as `/help` shows it.
#[derive(Debug)]
pub(crate) struct CommandInfo {
    /// The name and its aliases, without the slash.
    pub(crate) names: &'static [&'static str],
    /// The argument in `/help`: `[ROOM]`.
    pub(crate) argument: &'static str,
    /// What it does, for `/help`.
    pub(crate) help: &'static str,
    /// Parses the argument; `None` if it is missing, or too long.
    parse: fn(&str) -> Option<Input>,
}

/// Every command, in the order of `/help`.
pub(crate) const TABLE: &[CommandInfo] = &[
    entry(&["me"], "TEXT", "send an action: * bob waves", |text| some(text).map(Input::Me)),
    entry(
        &["msg", "m", "w", "whisper", "query"],
        "NAME [TEXT]",
        "send a direct message, or open the private room",
        |rest| {
            let (name, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let name = some(name.strip_prefix('@').unwrap_or(name))?;
            Some(Input::Command(Command::Message(name, some(text.trim_start()))))
        },
    ),
    entry(&["r"], "TEXT", "reply to the newest direct message", |text| {
        some(text).map(|text| Input::Command(Command::ReplyDirect(text)))
    }),
    entry(&["reply"], "[NUMBER TEXT]", "reply to message NUMBER; alone: list numbers", reply),
    entry(
        &["edit", "e"],
        "[NUMBER] TEXT",
        "edit your last message, or NUMBER; alone: list yours",
        edit,
    ),
    entry(
        &["delete", "del"],
        "[NUMBER]",
        "delete your last message, or NUMBER, for everyone",
        |seq| known(seq, number).map(|seq| Input::Command(Command::Delete(seq))),
    ),
    entry(&["topic"], "[TEXT]", "show or set the topic; /topic - removes it", |text| {
        Some(Input::Command(Command::Topic(some(text))))
    }),
    entry(
        &["join", "j"],
        "ROOM",
        "join, create or switch to a room; @NAME: private room",
        |room| word(room).map(|room| Input::Command(Command::Join(room))),
    ),
    entry(
        &["leave", "part", "close"],
        "[ROOM]",
        "leave this room, or ROOM, on all devices",
        |room| optional(room).map(|room| Input::Command(Command::Part(room))),
    ),
    entry(
        &["who", "names"],
        "[PREFIX]",
        "list who is here and who is not; PREFIX: by name",
        |prefix| {
            let prefix = optional(prefix.strip_prefix('@').unwrap_or(prefix))?;
            Some(Input::Command(Command::Who(prefix)))
        },
    ),
    entry(&["rooms", "list"], "", "list the rooms", |rest| none(rest, Command::Rooms)),
    entry(&["nick", "name"], "NAME", "change your name", |name| {
        word(name).map(|name| Input::Command(Command::Nick(name)))
    }),
    entry(&["away"], "[TEXT]", "set your away message", |text| {
        Some(Input::Command(Command::Away(some(text))))
    }),
    entry(&["back"], "", "clear your away message", |rest| none(rest, Command::Back)),
    entry(&["search", "lastlog"], "WORDS", "search the messages of this room", |text| {
        some(text).map(|text| Input::Command(Command::Search(text)))
    }),
    entry(&["history"], "[N]", "list N older messages (20) with their numbers", |count| {
        let count = if count.is_empty() { 20 } else { usize::try_from(number(count)?).ok()? };
        Some(Input::Command(Command::History(count)))
    }),
    entry(&["goto"], "NUMBER|DATE", "go to a message, a day or a time: 2026-11-27 14:30", |to| {
        target(to).map(|target| Input::Command(Command::Goto(target)))
    }),
    entry(&["show"], "NUMBER", "show all lines of a long message", |seq| {
        number(seq).map(|seq| Input::Command(Command::Show(seq)))
    }),
    entry(&["ignore"], "[NAME]", "hide messages from NAME; alone: list ignored names", |name| {
        let name = optional(name)?;
        Some(Input::Command(Command::Preference(PreferenceCommand::Ignore(name))))
    }),
    entry(&["unignore"], "NAME", "show messages from NAME again", |name| {
        let name = word(name)?;
        Some(Input::Command(Command::Preference(PreferenceCommand::Unignore(name))))
    }),
    entry(&["mute"], "[ROOM]", "mute or unmute this room, or ROOM", |room| {
        let room = optional(room)?;
        Some(Input::Command(Command::Preference(PreferenceCommand::Mute(room))))
    }),
    entry(&["unmute"], "[ROOM]", "unmute this room, or ROOM", |room| {
        let room = optional(room)?;
        Some(Input::Command(Command::Preference(PreferenceCommand::Unmute(room))))
    }),
    entry(&["quiet"], "", "hide joins and leaves; again: show them", |rest| {
        none(rest, Command::Preference(PreferenceCommand::Quiet))
    }),
    entry(
        &["bell"],
        "[off|mention|all]",
        "when the bell rings: never, mentions, every message",
        |what| {
            let bell = known(what, BellMode::parse)?;
            Some(Input::Command(Command::Preference(PreferenceCommand::Bell(bell))))
        },
    ),
    entry(&["timestamp"], "[time|datetime|off]", "time stamps of new messages", |what| {
        let style = known(what, TimestampStyle::parse)?;
        Some(Input::Command(Command::Preference(PreferenceCommand::Timestamp(style))))
    }),
    entry(&["resend"], "", "send failed messages again", |rest| none(rest, Command::Resend)),
    entry(&["drop"], "", "discard failed messages", |rest| none(rest, Command::Drop)),
    entry(&["reconnect"], "", "reconnect now", |rest| none(rest, Command::Reconnect)),
    entry(&["clear"], "", "clear the screen; deletes nothing", |rest| none(rest, Command::Clear)),
    entry(&["key"], "", "show the key for your name, for another device", |rest| {
        Some(Input::Command(if rest.is_empty() { Command::Key } else { Command::KeyGiven }))
    }),
    entry(&["version"], "", "show the version of the server", |rest| none(rest, Command::Version)),
    entry(&["help", "h", "?"], "[COMMAND]", "list the commands, or explain one", |name| {
        optional(name).map(|name| Input::Command(Command::Help(name)))
    }),
    entry(&["quit", "exit", "q"], "", "leave the chat", |_| Some(Input::Command(Command::Quit))),
];

/// Commands whose text may have several lines. Of any other, several lines are refused: a paste that
/// happens to start with a slash runs nothing. `/key` refuses whatever follows it.
const WITH_LINES: [&str; 6] = ["me", "msg", "r", "reply", "edit", "key"];

/// Names with this many letters or fewer are in no suggestion: nearly any word is near one.
const TOO_SHORT_TO_SUGGEST: usize = 2;

/// Parses a submitted line, or several.
///
/// # Errors
/// A sentence for the person: there is no such command, or its argument is wrong.
pub(crate) fn parse(line: &str) -> Result<Input, String> {
    let Some(rest) = line.trim_start_matches('\n').strip_prefix('/') else {
        return Ok(Input::Post(line.to_owned()));
    };
    if rest.starts_with('/') {
        return Ok(Input::Post(rest.to_owned()));
    }
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let Some(entry) = find(name) else {
        let hint = nearest(name)
            .map_or("/help lists all commands".to_owned(), |near| format!("did you mean /{near}?"));
        return Err(format!("there is no command /{name}: nothing was sent ({hint})"));
    };
    if rest.trim_end().contains('\n') && !entry.names.iter().any(|name| WITH_LINES.contains(name)) {
        let name = entry.names.first().copied().unwrap_or_default();
        return Err(format!("/{name} takes one line: nothing was sent (//… sends it as text)"));
    }
    (entry.parse)(argument.trim()).ok_or_else(|| format!("usage: {}", entry.usage()))
}

/// Whether a line is `/key` with a key behind it, which nothing may keep.
pub(crate) fn gives_key(line: &str) -> bool {
    matches!(parse(line), Ok(Input::Command(Command::KeyGiven)))
}

/// The command that was probably meant, or an alias of it.
fn nearest(name: &str) -> Option<&'static str> {
    let is_main = |entry: &CommandInfo, name: &str| entry.names.first() == Some(&name);
    let names = TABLE.iter().flat_map(|entry| {
        let is_long = |name: &&&str| name.len() > TOO_SHORT_TO_SUGGEST || is_main(entry, name);
        entry.names.iter().filter(is_long).copied()
    });
    cli::nearest(&name.to_lowercase(), names)
}

/// The command with this name or alias.
pub(crate) fn find(name: &str) -> Option<&'static CommandInfo> {
    let name = name.to_lowercase();
    TABLE.iter().find(|entry| entry.names.contains(&name.as_str()))
}

impl CommandInfo {
    /// `/join ROOM           join or switch …`
    pub(crate) fn row(&self) -> String {
        format!("{:20} {}", self.usage(), self.help)
    }

    /// `/join ROOM`
    pub(crate) fn usage(&self) -> String {
        let name = self.names.first().copied().unwrap_or_default();
        format!("/{name} {}", self.argument).trim_end().to_owned()
    }
}

const fn entry(
    names: &'static [&'static str],
    argument: &'static str,
    help: &'static str,
    parse: fn(&str) -> Option<Input>,
) -> CommandInfo {
    CommandInfo { names, argument, help, parse }
}

#[cfg(test)]
mod tests;
