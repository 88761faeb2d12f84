//! A submitted line, parsed: a message, or a command.

use super::moment::Moment;
use crate::storage::preferences::BellMode;
use crate::storage::preferences::TimestampStyle;

/// A submitted line, parsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Post(String),
    /// `* bob waves`
    Me(String),
    Command(Command),
}

/// A command with its argument as typed; names are checked later.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help(Option<String>),
    /// Sends a direct message to a user, or switches to the private room with them.
    Message(String, Option<String>),
    /// Replies to the sender of the newest direct message.
    ReplyDirect(String),
    /// Replies to the message with this seq.
    Reply(u64, String),
    /// Lists the newest messages with their numbers.
    ListNewest,
    /// Changes the text of our message: with this seq, or the last.
    Edit(Option<u64>, String),
    /// Lists our messages with their numbers.
    ListOwn,
    Delete(Option<u64>),
    /// Sets the topic, or without a text shows it.
    Topic(Option<String>),
    Nick(String),
    Join(String),
    Part(Option<String>),
    /// Lists the members of the room, or those whose names begin so.
    Who(Option<String>),
    Rooms,
    History(usize),
    Search(String),
    Goto(Target),
    /// Prints all lines of the message with this seq.
    Show(u64),
    /// Sets an away message, with a reason or without.
    Away(Option<String>),
    Back,
    Preference(PreferenceCommand),
    Resend,
    Drop,
    Reconnect,
    Clear,
    /// Shows our key.
    Key,
    /// `/key` with something behind it: the person takes it for the place to enter a key.
    KeyGiven,
    Version,
    Quit,
}

/// A command that sets or shows a preference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PreferenceCommand {
    /// Without a name: lists them.
    Ignore(Option<String>),
    Unignore(String),
    /// Mutes the room or unmutes it; without a name, the current room.
    Mute(Option<String>),
    Unmute(Option<String>),
    /// Hides joins and leaves, or shows them again.
    Quiet,
    /// Without a mode: shows it.
    Bell(Option<BellMode>),
    /// Without a style: shows it.
    Timestamp(Option<TimestampStyle>),
}

/// A message to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Seq(u64),
    /// The first message since then.
    Time(Moment),
}
