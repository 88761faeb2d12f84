//! What a submitted line means: something to say, or a command.
//!
//! Room: strings. An unknown command is an error here and never goes out: it may be a password
//! typed with one letter too few.

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

mod arguments; // what follows a command

/// A submitted line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Say(String),
    /// `* bob waves`
    Me(String),
    Do(Command),
}

/// A command with its argument as typed: whether a name is a name is not decided here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help(Option<String>),
    /// A private line to somebody, or the private room with them.
    Message(String, Option<String>),
    /// A private line to the last who wrote one to us.
    ReplyDirect(String),
    /// A line that answers the one with that number.
    Reply(u64, String),
    /// The newest lines with their numbers.
    ListNewest,
    /// Other words for a line of ours: that number, or the last.
    Edit(Option<u64>, String),
    /// Our lines with their numbers.
    ListOwn,
    Delete(Option<u64>),
    /// Nothing: tell it.
    Topic(Option<String>),
    Nick(String),
    Join(String),
    Part(Option<String>),
    Who,
    Rooms,
    History(usize),
    Search(String),
    Goto(Target),
    /// Why, if one says it.
    Away(Option<String>),
    Back,
    Preference(PreferenceCommand),
    Resend,
    Drop,
    Reconnect,
    Clear,
    Key,
    Version,
    Quit,
}

/// What a person wants to hear, and how.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PreferenceCommand {
    /// Nobody: list them.
    Ignore(Option<String>),
    Unignore(String),
    /// Toggles; of no room, the one that one is in.
    Mute(Option<String>),
    Unmute(Option<String>),
    /// Toggles.
    Quiet,
    /// Nothing: tell it.
    Bell(Option<BellMode>),
    /// Likewise.
    Timestamp(Option<TimestampStyle>),
}

/// A line to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Seq(u64),
    /// The first since it was that late, in minutes after midnight.
    Time(u32),
}

/// A row of `/help`.
#[derive(Debug)]
pub(crate) struct CommandInfo {
    /// The name and its aliases, without the slash.
    pub(crate) names: &'static [&'static str],
    pub(crate) argument: &'static str,
    pub(crate) help: &'static str,
    read: fn(&str) -> Option<Input>, // `None`: the argument is missing, or one too many
}

/// Every command, in the order of `/help`.
pub(crate) const TABLE: &[CommandInfo] = &[
    entry(&["me"], "TEXT", "say what you do: * bob waves", |text| some(text).map(Input::Me)),
    entry(
        &["msg", "m", "w", "whisper", "query"],
        "NAME [TEXT]",
        "say TEXT to NAME alone, or turn to your private room",
        |rest| {
            let (name, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let name = some(name.strip_prefix('@').unwrap_or(name))?;
            Some(Input::Do(Command::Message(name, some(text.trim_start()))))
        },
    ),
    entry(&["r"], "TEXT", "answer the last who wrote to you alone", |text| {
        some(text).map(|text| Input::Do(Command::ReplyDirect(text)))
    }),
    entry(&["reply"], "[SEQ TEXT]", "answer line SEQ; alone: numbers the newest lines", reply),
    entry(&["edit"], "[SEQ] TEXT", "reword your last line, or line SEQ; alone: lists yours", edit),
    entry(&["delete"], "[SEQ]", "take your last line back, or line SEQ", |seq| match number(seq) {
        None if !seq.is_empty() => None,
        seq => Some(Input::Do(Command::Delete(seq))),
    }),
    entry(&["topic"], "[TEXT]", "what this room is about; /topic - takes it away", |text| {
        Some(Input::Do(Command::Topic(some(text))))
    }),
    entry(
        &["join", "j"],
        "ROOM",
        "join a room, or turn to one you are in; @NAME: private",
        |room| word(room).map(|room| Input::Do(Command::Join(room))),
    ),
    entry(&["part", "leave"], "[ROOM]", "leave this room, or another", |room| {
        optional(room).map(|room| Input::Do(Command::Part(room)))
    }),
    entry(&["who", "names"], "", "who is here", |rest| none(rest, Command::Who)),
    entry(&["rooms", "list"], "", "which rooms there are", |rest| none(rest, Command::Rooms)),
    entry(&["nick"], "NAME", "change your name", |name| {
        word(name).map(|name| Input::Do(Command::Nick(name)))
    }),
    entry(&["away"], "[TEXT]", "tell the others that you are away, and why", |text| {
        Some(Input::Do(Command::Away(some(text))))
    }),
    entry(&["back"], "", "tell the others that you are back", |rest| none(rest, Command::Back)),
    entry(&["search", "lastlog"], "WORDS", "find lines of this room", |text| {
        some(text).map(|text| Input::Do(Command::Search(text)))
    }),
    entry(
        &["history"],
        "[N]",
        "show the N lines before the oldest shown (20), numbered",
        |count| {
            let count =
                if count.is_empty() { 20 } else { count.parse().ok().filter(|n| *n > 0)? };
            Some(Input::Do(Command::History(count)))
        },
    ),
    entry(&["goto"], "SEQ|HH:MM", "look at line SEQ, or at what was said since HH:MM", |to| {
        target(to).map(|target| Input::Do(Command::Goto(target)))
    }),
    entry(&["ignore"], "[NAME]", "show nothing of NAME's; alone: lists whom you ignore", |name| {
        optional(name).map(|name| Input::Do(Command::Preference(PreferenceCommand::Ignore(name))))
    }),
    entry(&["unignore"], "NAME", "show what NAME says again", |name| {
        word(name).map(|name| Input::Do(Command::Preference(PreferenceCommand::Unignore(name))))
    }),
    entry(
        &["mute"],
        "[ROOM]",
        "no bell, no news from this room or ROOM; again: with them",
        |room| {
            optional(room).map(|room| Input::Do(Command::Preference(PreferenceCommand::Mute(room))))
        },
    ),
    entry(&["unmute"], "[ROOM]", "bell and news of this room again or of ROOM", |room| {
        optional(room).map(|room| Input::Do(Command::Preference(PreferenceCommand::Unmute(room))))
    }),
    entry(&["quiet"], "", "tell no comings and goings; again: tell them", |rest| {
        none(rest, Command::Preference(PreferenceCommand::Quiet))
    }),
    entry(&["bell"], "[off|mention|all]", "what rings: nothing, your name, every line", |what| {
        known(what, BellMode::read)
            .map(|bell| Input::Do(Command::Preference(PreferenceCommand::Bell(bell))))
    }),
    entry(&["timestamp"], "[time|datetime|off]", "what stands before new lines", |what| {
        known(what, TimestampStyle::read)
            .map(|stamp| Input::Do(Command::Preference(PreferenceCommand::Timestamp(stamp))))
    }),
    entry(&["resend"], "", "send the lines that failed once more", |rest| {
        none(rest, Command::Resend)
    }),
    entry(&["drop"], "", "give up the lines that failed", |rest| none(rest, Command::Drop)),
    entry(&["reconnect"], "", "connect now, without waiting any longer", |rest| {
        none(rest, Command::Reconnect)
    }),
    entry(&["clear"], "", "clear the screen; nothing is deleted", |rest| {
        none(rest, Command::Clear)
    }),
    entry(&["key"], "", "show the key of your name, to use it on another device", |rest| {
        none(rest, Command::Key)
    }),
    entry(&["version"], "", "the versions of this program and of the server", |rest| {
        none(rest, Command::Version)
    }),
    entry(&["help", "h", "?"], "[COMMAND]", "this list, or what one command does", |name| {
        optional(name).map(|name| Input::Do(Command::Help(name)))
    }),
    entry(&["quit", "exit", "q"], "", "leave the chat", |_| Some(Input::Do(Command::Quit))),
];

/// Understands one submitted line. Several lines at once are always something to say: a paste that
/// happens to start with a slash runs nothing.
///
/// # Errors
/// A sentence for whoever typed it: no such command, or a wrong argument.
pub(crate) fn read(line: &str) -> Result<Input, String> {
    let Some(rest) = line.strip_prefix('/').filter(|_| !line.contains('\n')) else {
        return Ok(Input::Say(line.to_owned()));
    };
    if rest.starts_with('/') {
        return Ok(Input::Say(rest.to_owned()));
    }
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let Some(entry) = find(name) else {
        let names = TABLE.iter().flat_map(|entry| entry.names).copied();
        let hint = cli::nearest(name, names)
            .map_or("/help lists them all".to_owned(), |near| format!("did you mean /{near}?"));
        return Err(format!("no command /{name}, nothing was sent ({hint})"));
    };
    (entry.read)(argument.trim()).ok_or_else(|| format!("use it like this: {}", entry.usage()))
}

/// The entry of a command, by any of its names.
pub(crate) fn find(name: &str) -> Option<&'static CommandInfo> {
    let name = name.to_lowercase();
    TABLE.iter().find(|entry| entry.names.contains(&name.as_str()))
}

impl CommandInfo {
    /// `/join ROOM         join a room, or …`
    pub(crate) fn row(&self) -> String {
        format!("{:18} {}", self.usage(), self.help)
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
    read: fn(&str) -> Option<Input>,
) -> CommandInfo {
    CommandInfo { names, argument, help, read }
}

#[cfg(test)]
mod tests;
