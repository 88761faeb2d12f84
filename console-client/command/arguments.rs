//! Parsers for what may follow a command. `None`: something is missing, or too much.

use talk::chat::Rejection;
use talk::chat::RoomName;
use talk::chat::protocol::NUMBER_MAX;

use super::input::Command;
use super::input::Input;
use super::input::Target;
use super::moment::Moment;

pub(super) fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn word(text: &str) -> Option<String> {
    some(text).filter(|text| !text.contains(char::is_whitespace))
}

#[expect(clippy::option_option, reason = "the outer says whether the argument fits, as in `word`")]
pub(super) fn optional(text: &str) -> Option<Option<String>> {
    known(text, word)
}

/// A word that `read` knows, or nothing.
#[expect(clippy::option_option, reason = "the outer says whether the argument fits, as in `word`")]
pub(super) fn known<T>(text: &str, read: fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { read(text).map(Some) }
}

/// The number of a message, with or without `#`.
pub(super) fn number(text: &str) -> Option<u64> {
    let text = text.strip_prefix('#').unwrap_or(text);
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None; // `parse` takes a sign
    }
    text.parse().ok().filter(|seq| (1..=NUMBER_MAX).contains(seq))
}

/// A room by its name, in any case, with or without `#`.
///
/// # Errors
/// It is no name of a room.
pub(crate) fn room_name(typed: &str) -> Result<RoomName, Rejection> {
    typed.to_lowercase().parse()
}

/// `1042`, `#1042`, or a day or a time.
pub(super) fn target(text: &str) -> Option<Target> {
    number(text).map(Target::Seq).or_else(|| Moment::parse(text).map(Target::Time))
}

pub(super) fn reply(rest: &str) -> Option<Input> {
    if rest.is_empty() {
        return Some(Input::Command(Command::ListNewest));
    }
    let (seq, text) = rest.split_once(char::is_whitespace)?;
    let command = Command::Reply(number(seq)?, some(text.trim_start())?);
    Some(Input::Command(command))
}

/// A number alone is an error: it may be the number of a message, or its new text.
pub(super) fn edit(rest: &str) -> Option<Input> {
    let (first, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let command = match (number(first), more.trim_start()) {
        (Some(_), "") => return None,
        (Some(seq), text) => Command::Edit(Some(seq), text.to_owned()),
        (None, _) if rest.is_empty() => Command::ListOwn,
        (None, _) => Command::Edit(None, rest.to_owned()),
    };
    Some(Input::Command(command))
}

pub(super) fn none(rest: &str, command: Command) -> Option<Input> {
    rest.is_empty().then_some(Input::Command(command))
}
