//! How everything in the chat looks: records, joins and leaves, notices, unsent messages, times.

use talk::chat::AwayMember;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;
use talk::client::Submission;

use crate::room::Post;
use crate::storage::preferences::Preferences;
use crate::storage::preferences::TimestampStyle;
use crate::text::line::Line;
use crate::text::mention;
use crate::text::style::Style;
use crate::text::timezone;
use crate::text::timezone::TimeZone;

/// Columns of `12:34 `: every row of a message but the first is indented by them.
const INDENT: usize = 6;

/// The person's time zone, and the time of the last event.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) zone: TimeZone,
    /// Unix milliseconds.
    pub(super) now: u64,
}

impl Clock {
    /// A Unix time in milliseconds as local seconds.
    pub(super) fn local(&self, at: u64) -> i64 {
        self.zone.local(at)
    }

    /// The time of the last event, in local seconds.
    pub(super) fn local_now(&self) -> i64 {
        self.local(self.now)
    }
}

/// `12:34 `, or what the person prefers before a message. `local` is in seconds.
pub(super) fn stamp(style: TimestampStyle, local: i64) -> String {
    let (year, month, day) = talk::time::date(local);
    match style {
        TimestampStyle::Time => format!("{} ", timezone::clock(local)),
        TimestampStyle::DateTime => {
            format!("{year:04}-{month:02}-{day:02} {} ", timezone::clock(local))
        }
        TimestampStyle::Off => String::new(),
    }
}

/// What decides how a record looks.
#[derive(Debug)]
pub(super) struct RecordStyle<'a> {
    pub(super) me: &'a UserName,
    pub(super) clock: &'a Clock,
    pub(super) preferences: &'a Preferences,
}

impl RecordStyle<'_> {
    /// Whether the record is shown at all: its author is not ignored.
    pub(super) fn shows(&self, record: &Record) -> bool {
        !self.preferences.is_ignored(&record.user)
    }

    /// The time stamp of a record.
    pub(super) fn stamp(&self, record: &Record) -> String {
        stamp(self.preferences.timestamp, self.clock.local(record.at))
    }
}

// ---- Records -----------------------------------------------------------------------------------

/// `12:34 bob hello`, after a time stamp. A mention of `ours` stands out; an edit, a delete and a
/// topic are quiet. `12:34 bob (new owner) hello` is the first message of another person than the bob before.
pub(crate) fn record(record: &Record, stamp: &str, ours: &UserName) -> Line {
    let (text, me) = match &record.kind {
        RecordKind::Operation(operation) => text_of(operation),
        RecordKind::Erased { edit_of: None } => ("(deleted)".to_owned(), false),
        RecordKind::Erased { edit_of: Some(post) } => (format!("edited #{post}: (deleted)"), false),
    };
    let style = match &record.kind {
        RecordKind::Operation(Operation::Post { .. } | Operation::Edit { .. })
            if mentions(record, ours) =>
        {
            Style::Strong
        }
        RecordKind::Operation(Operation::Post { .. }) => Style::Plain,
        RecordKind::Operation(
            Operation::Edit { .. } | Operation::Delete { .. } | Operation::Topic { .. },
        )
        | RecordKind::Erased { .. } => Style::Quiet,
    };
    message(stamp, (&record.user, record.new_owner), &text, me, style, ours)
}

/// `12:34 #7 bob hello`: with its number, for `/reply`, `/edit` and `/delete`.
pub(crate) fn numbered(record: &Record, stamp: &str, ours: &UserName) -> Line {
    self::record(record, &format!("{stamp}#{} ", record.seq), ours)
}

/// `12:34 bob (deleted)`: the record without its text.
pub(crate) fn erased(record: &Record, stamp: &str, ours: &UserName) -> Line {
    let edit_of = match &record.kind {
        RecordKind::Operation(operation) => operation.target(),
        RecordKind::Erased { edit_of } => *edit_of,
    };
    self::record(&Record { kind: RecordKind::Erased { edit_of }, ..record.clone() }, stamp, ours)
}

/// `↳ #7 ann: first words…`, above a reply; `↳ #7` if that message is not loaded. It starts at the
/// left edge, where no row of another user's text does.
pub(crate) fn reply_to(seq: u64, post: Option<&Post>) -> Line {
    let line = Line::indented(INDENT).with(Style::Quiet, &format!("↳ #{seq}"));
    let Some(Post { user, me, excerpt, .. }) = post else { return line };
    match excerpt {
        Some(excerpt) if *me => line.with(Style::Quiet, &format!(" * {user} {excerpt}")),
        Some(excerpt) => line.with(Style::Quiet, &format!(" {user}: {excerpt}")),
        None => reply_to_deleted(seq),
    }
}

/// `↳ #7 (deleted)`
pub(crate) fn reply_to_deleted(seq: u64) -> Line {
    Line::indented(INDENT).with(Style::Quiet, &format!("↳ #{seq} (deleted)"))
}

/// `#7 ann: first words…`, in the list of messages to reply to.
pub(crate) fn reply_choice(seq: u64, post: &Post) -> Line {
    let Post { user, excerpt, .. } = post;
    item(&format!("#{seq} {user}: {}", excerpt.as_deref().unwrap_or("(deleted)")))
}

/// `  …   bob hello`: not stored yet, in the columns where the record will be.
pub(crate) fn pending(submission: &Submission, ours: &UserName) -> Line {
    let (text, me) = text_of(&submission.operation);
    message("  …   ", (ours, false), &text, me, Style::Quiet, ours)
}

/// `  ✗   bob hello`, and the reason below it.
pub(crate) fn failed(submission: &Submission, ours: &UserName, reason: &str) -> Vec<Line> {
    let (text, me) = text_of(&submission.operation);
    let line = message("  ✗   ", (ours, false), &text, me, Style::Alarm, ours);
    let reason = Line::indented(INDENT)
        .with(Style::Alarm, &format!("      not sent: {reason} (/resend or /drop)"));
    vec![line, reason]
}

/// An operation as text, and whether it is a `/me` message.
pub(crate) fn text_of(operation: &Operation) -> (String, bool) {
    let text = match operation {
        Operation::Post { text, me, .. } => return (text.to_string(), *me),
        Operation::Edit { target, text } => format!("edited #{target}: {text}"),
        Operation::Delete { target } => format!("deleted #{target}"),
        Operation::Topic { text } if text.as_str().is_empty() => "removed the topic".to_owned(),
        Operation::Topic { text } => format!("set the topic: {text}"),
    };
    (text, false)
}

/// A message of `user`; `is_new_owner`: it is the first since the name was another person's.
fn message(
    stamp: &str,
    (user, is_new_owner): (&UserName, bool),
    text: &str,
    me: bool,
    style: Style,
    ours: &UserName,
) -> Line {
    let line = Line::indented(INDENT).with(Style::Quiet, stamp);
    let name = Style::of_name(&user.key());
    let line = if me { line.with(Style::Strong, "* ") } else { line };
    let line = line.with(name, user.as_str());
    let line = if is_new_owner { line.with(Style::Quiet, " (new owner)") } else { line };
    let line = line.with(Style::Plain, " ");
    // Only a mention is bold: a name in what the person writes themselves is none.
    let mentioned = (style == Style::Strong).then(|| ours.key());
    line.with_message(style, text, mentioned)
}

// ---- People ------------------------------------------------------------------------------------

/// `12:34 --> alice joined`
pub(crate) fn presence(stamp: &str, what: &str) -> Line {
    Line::indented(INDENT).with(Style::Quiet, &format!("{stamp}{what}"))
}

/// `12:34 --- alice is now known as ann`
pub(crate) fn renamed(user: &UserName, to: &UserName, stamp: &str) -> Line {
    presence(stamp, &format!("--- {user} is now known as {to}"))
}

/// `alice`, or `alice (away: lunch)`
pub(crate) fn member(user: &UserName, away: &[AwayMember]) -> String {
    let member = away.iter().find(|member| member.user == *user);
    member.map_or(user.to_string(), |member| format!("{user} ({})", member.text))
}

/// `1 person`, `3 people`
pub(crate) fn people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// `12`, `9,880`
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let (mut text, length) = (String::new(), digits.len());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (length - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `no messages`, `1 message`, `3 messages`
pub(crate) fn messages(count: u64) -> String {
    match count {
        0 => "no messages".to_owned(),
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

// ---- Notices -----------------------------------------------------------------------------------

/// `-- Mon, 22 Nov 2026 --`
pub(crate) fn day(day: i64) -> Line {
    notice(&timezone::day_name(day))
}

/// `-- connected again --`
pub(crate) fn notice(text: &str) -> Line {
    Line::indented(3).with(Style::Quiet, &format!("-- {text} --"))
}

/// A row of a list, such as `/help` prints.
pub(crate) fn item(text: &str) -> Line {
    Line::indented(INDENT).with(Style::Plain, &format!("   {text}"))
}

/// That the server's log of a room is damaged after a record.
pub(crate) fn damaged(room: &str, head: u64) -> String {
    format!(
        "{room} is damaged on the server after #{head}: what follows cannot be read, and nothing new is stored \
         until the server's operator repairs it"
    )
}

/// `!! there is no command /x`
pub(crate) fn error(text: &str) -> Line {
    Line::indented(3).with(Style::Alarm, "!! ").with_text(Style::Plain, text).cut()
}

/// The mark where the unread messages begin.
pub(crate) fn unread() -> Line {
    Line::indented(INDENT).with(Style::Strong, "- - - - - - - - unread - - - - - - - -")
}

// ---- Rooms -------------------------------------------------------------------------------------

/// `[rust] ` before a line, where several rooms share one output.
pub(crate) fn tag(room: &RoomName, peer: Option<&UserName>, ours: &UserName) -> Line {
    Line::indented(INDENT).with(Style::Quiet, &format!("[{}] ", title(room, peer, ours)))
}

/// A room in brackets: `rust`, and `@alice` for the private room of `ours` and alice. `peer`: who the server says that
/// the other person is; before that, an old room's name tells.
pub(crate) fn title(room: &RoomName, peer: Option<&UserName>, ours: &UserName) -> String {
    match (peer, room.other_key(ours)) {
        (Some(peer), _) => format!("@{peer}"),
        (None, Some(other)) => format!("@{other}"),
        (None, None) => room.to_string(),
    }
}

/// A room in a sentence: `#rust`, `@alice`.
pub(crate) fn room(room: &RoomName, peer: Option<&UserName>, ours: &UserName) -> String {
    let title = title(room, peer, ours);
    if room.is_private() { title } else { format!("#{title}") }
}

// ---- Mentions ----------------------------------------------------------------------------------

/// Whether another user wrote something that mentions `ours`.
pub(crate) fn mentions(record: &Record, ours: &UserName) -> bool {
    let is_mentioned = match &record.kind {
        RecordKind::Operation(Operation::Post { text, .. } | Operation::Edit { text, .. }) => {
            mention::contains(text.as_str(), &ours.key())
        }
        RecordKind::Operation(Operation::Delete { .. } | Operation::Topic { .. })
        | RecordKind::Erased { .. } => false,
    };
    is_mentioned && !record.user.is_same_claim(ours)
}

/// Whether a record mentions `ours`, or is a direct message.
pub(crate) fn is_mention(record: &Record, ours: &UserName) -> bool {
    record.room.is_private() || mentions(record, ours)
}
