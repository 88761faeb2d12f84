//! How the chat says things: records, comings and goings, notes, what waits and what failed.
//!
//! Room: values in, lines out. LineKind is shown when, and where, is decided elsewhere.

use talk::chat::AwayMember;
use talk::chat::AwayMessage;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Record;
use talk::client::Submission;

use crate::room::Post;
use crate::text::line::Line;
use crate::text::style::Style;
use crate::text::timezone;

/// The columns of a clock and a space: continued rows are indented by them.
const CLOCK: usize = 6;

/// `12:34 bob hello`, after a clock. LineKind names `ours` stands out; an edit, a delete
/// and a topic are quiet.
pub(crate) fn record(record: &Record, clock: &str, ours: &UserName) -> Line {
    said_at(clock, record, ours)
}

/// `12:34 #7 bob hello`: with the number by which it can be edited or deleted.
pub(crate) fn numbered(record: &Record, clock: &str, ours: &UserName) -> Line {
    said_at(&format!("{clock}#{} ", record.seq), record, ours)
}

/// `12:34 bob (deleted)`: the record once its words are taken away.
pub(crate) fn erased(record: &Record, clock: &str, ours: &UserName) -> Line {
    let edit_of = match &record.kind {
        Kind::Operation(act) => act.target(),
        Kind::Erased { edit_of } => *edit_of,
    };
    self::record(&Record { kind: Kind::Erased { edit_of }, ..record.clone() }, clock, ours)
}

/// `↳ #7 ann: first words…`, above a line that answers another; `↳ #7` where that is not known. It
/// starts at the left edge, where no row of a stranger's text does.
pub(crate) fn answers(seq: u64, post: Option<&Post>) -> Line {
    let line = Line::indented(CLOCK).with(Style::Quiet, &format!("↳ #{seq}"));
    let Some(Post { user, me, words, .. }) = post else { return line };
    match words {
        Some(words) if *me => line.with(Style::Quiet, &format!(" * {user} {words}")),
        Some(words) => line.with(Style::Quiet, &format!(" {user}: {words}")),
        None => answers_deleted(seq),
    }
}

/// `↳ #7 (deleted)`
pub(crate) fn answers_deleted(seq: u64) -> Line {
    Line::indented(CLOCK).with(Style::Quiet, &format!("↳ #{seq} (deleted)"))
}

/// `#7 ann: first words…`, in a list of what may be answered.
pub(crate) fn answerable(seq: u64, post: &Post) -> Line {
    let Post { user, words, .. } = post;
    item(&format!("#{seq} {user}: {}", words.as_deref().unwrap_or("(deleted)")))
}

fn said_at(clock: &str, record: &Record, ours: &UserName) -> Line {
    let (text, me) = match &record.kind {
        Kind::Operation(act) => words(act),
        Kind::Erased { edit_of: None } => ("(deleted)".to_owned(), false),
        Kind::Erased { edit_of: Some(post) } => (format!("edited #{post}: (deleted)"), false),
    };
    let style = match &record.kind {
        Kind::Operation(Operation::Post { .. } | Operation::Edit { .. }) if calls(record, ours) => {
            Style::Strong
        }
        Kind::Operation(Operation::Post { .. }) => Style::Plain,
        Kind::Operation(
            Operation::Edit { .. } | Operation::Delete { .. } | Operation::Topic { .. },
        )
        | Kind::Erased { .. } => Style::Quiet,
    };
    said(clock, &record.user, &text, me, style)
}

/// `  …   bob hello`: on its direction, in the columns where the record will stand.
pub(crate) fn waiting(line: &Submission, ours: &UserName) -> Line {
    let (text, me) = words(&line.operation);
    said("  …   ", ours, &text, me, Style::Quiet)
}

/// `  ✗   bob hello`, and why below it.
pub(crate) fn failed(line: &Submission, ours: &UserName, why: &str) -> Vec<Line> {
    let (text, me) = words(&line.operation);
    let line = said("  ✗   ", ours, &text, me, Style::Alarm);
    let why = Line::indented(CLOCK)
        .with(Style::Alarm, &format!("      not sent: {why} (/resend or /drop)"));
    vec![line, why]
}

/// `-- Mon, 22 Nov 2026 --`
pub(crate) fn day(day: i64) -> Line {
    note(&timezone::day_name(day))
}

/// `12:34 --> alice joined`
pub(crate) fn moved(clock: &str, what: &str) -> Line {
    aside(clock, what)
}

/// `12:34 --- alice is now known as ann`
pub(crate) fn renamed(user: &UserName, to: &UserName, clock: &str) -> Line {
    aside(clock, &format!("--- {user} is now known as {to}"))
}

/// `12:34 --- alice is away: lunch`
pub(crate) fn went_away(user: &UserName, away: Option<&AwayMessage>, clock: &str) -> Line {
    let how = away.map_or("back".to_owned(), AwayMessage::to_string);
    aside(clock, &format!("--- {user} is {how}"))
}

/// `alice`, or `alice (away: lunch)`
pub(crate) fn member(user: &UserName, absent: &[AwayMember]) -> String {
    let absent = absent.iter().find(|absent| absent.user == *user);
    absent.map_or(user.to_string(), |absent| format!("{user} ({})", absent.text))
}

/// `-- 3 new lines --`
pub(crate) fn note(text: &str) -> Line {
    Line::indented(3).with(Style::Quiet, &format!("-- {text} --"))
}

/// A row of a list, such as `/help` prints.
pub(crate) fn item(text: &str) -> Line {
    Line::indented(CLOCK).with(Style::Plain, &format!("   {text}"))
}

/// `!! no command /x`
pub(crate) fn alarm(text: &str) -> Line {
    Line::indented(3).with(Style::Alarm, "!! ").with_text(Style::Plain, text)
}

/// Where the unread lines begin.
pub(crate) fn unread() -> Line {
    Line::indented(CLOCK).with(Style::Strong, "- - - - - - - - unread - - - - - - - -")
}

/// `[rust] ` before a line, where several rooms share one output.
pub(crate) fn tag(room: &RoomName, ours: &UserName) -> Line {
    Line::indented(CLOCK).with(Style::Quiet, &format!("[{}] ", title(room, ours)))
}

/// A room in brackets: `rust`, and `@alice` for the private room of `ours` and alice.
pub(crate) fn title(room: &RoomName, ours: &UserName) -> String {
    room.other(ours).map_or_else(|| room.to_string(), |other| format!("@{other}"))
}

/// A room in a sentence: `#rust`, `@alice`.
pub(crate) fn room(room: &RoomName, ours: &UserName) -> String {
    let title = title(room, ours);
    if room.is_private() { title } else { format!("#{title}") }
}

fn said(clock: &str, user: &UserName, text: &str, me: bool, style: Style) -> Line {
    let line = Line::indented(CLOCK).with(Style::Quiet, clock);
    let name = Style::of_name(user.as_str());
    let line = if me { line.with(Style::Strong, "* ") } else { line };
    line.with(name, user.as_str()).with(Style::Plain, " ").with_text(style, text)
}

/// LineKind an act looks like, and whether it tells what its author does.
pub(crate) fn words(operation: &Operation) -> (String, bool) {
    let text = match operation {
        Operation::Post { text, me, .. } => return (text.to_string(), *me),
        Operation::Edit { target, text } => format!("edited #{target}: {text}"),
        Operation::Delete { target } => format!("deleted #{target}"),
        Operation::Topic { text } if text.as_str().is_empty() => "took the topic away".to_owned(),
        Operation::Topic { text } => format!("set the topic: {text}"),
    };
    (text, false)
}

fn aside(clock: &str, text: &str) -> Line {
    Line::indented(CLOCK).with(Style::Quiet, &format!("{clock}{text}"))
}

/// Whether somebody else says something in which `ours` is named.
pub(crate) fn calls(record: &Record, ours: &UserName) -> bool {
    let is_said = match &record.kind {
        Kind::Operation(Operation::Post { text, .. } | Operation::Edit { text, .. }) => {
            names(text.as_str(), ours)
        }
        Kind::Operation(Operation::Delete { .. } | Operation::Topic { .. })
        | Kind::Erased { .. } => false,
    };
    is_said && !record.user.is_same_claim(ours)
}

/// Whether a text has the name as a word of its own.
fn names(text: &str, name: &UserName) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let key = name.key();
    let key = key.trim_matches(|c| !in_name(c));
    let text = text.to_lowercase();
    !key.is_empty() && text.split(|c| !in_name(c)).any(|word| word == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_heard_as_a_word_in_any_case_and_not_inside_another() {
        let bob: UserName = "Bob".parse().unwrap();
        for (text, heard) in
            [("bob: hi", true), ("hi @BOB!", true), ("bobby", false), ("b-bob", false), ("", false)]
        {
            assert_eq!(names(text, &bob), heard, "{text}");
        }
    }
}
