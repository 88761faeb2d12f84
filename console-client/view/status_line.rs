//! What stays above the input line: submissions not stored yet, and the status line.

use talk::client::ConnectionState;

use super::View;
use super::format;
use crate::room::Room;
use crate::text::line::Line;
use crate::text::style::Style;
use crate::text::timezone;
use crate::text::width;

/// Unsent messages shown at once; of more, the newest.
const MAX_UNSENT: usize = 6;

/// Rooms with new messages that the status line names.
const ROOMS_NAMED: usize = 2;

/// What the status line leaves out where it is too narrow, in this order; of the rooms with new
/// messages, it then says less and less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Priority {
    Typing,
    People,
    Number,
    Activity,
    Name,
    Always,
}

/// The status line: `[lobby] bob · live · 3 people · #1042 · new in #builds, #ops (+2)`.
#[derive(Debug)]
pub(crate) struct StatusLine {
    /// The title of the room: `lobby`, `@alice`.
    room: String,
    /// The style of the whole line, by the state of the connection.
    style: Style,
    /// The other parts; on a narrow terminal the least important are left out.
    parts: Vec<(Priority, String)>,
    /// Which rooms have new messages, in fewer and fewer words.
    shorter: Vec<String>,
}

impl StatusLine {
    /// The status line at a Unix time in milliseconds.
    pub(crate) fn new(view: &View, now: u64) -> StatusLine {
        let (display, me) = (&view.display, &view.display.me);
        let room = display.rooms.current();
        let (state, style) = connection(view, now);
        let is_online = view.connection.status.is_connected();
        let count = room.map(|room| room.members.count).filter(|count| is_online && *count > 0);
        let newest = room.map(|room| room.seqs.newest).filter(|seq| *seq > 0);
        let failed = view.unsent.failed().count();
        let failed = (failed > 0).then(|| format!("{failed} not sent: /resend or /drop"));
        let mut shorter = activity(view);
        let activity = (!shorter.is_empty()).then(|| shorter.remove(0));
        let name = if view.own_away.is_some() { format!("{me} (away)") } else { me.to_string() };
        let parts = [
            (Priority::Name, Some(name)),
            (Priority::Always, Some(state)),
            (Priority::People, count.map(format::people)),
            (Priority::Number, newest.map(|seq| format!("#{seq}"))),
            (Priority::Activity, activity),
            (Priority::Always, failed),
            (Priority::Typing, typing(view, now).or_else(|| display.rooms.away_here(me))),
            (Priority::Always, display.output.hint().map(str::to_owned)),
        ];
        let no_room = || "no room: /join one".to_owned();
        StatusLine {
            room: room
                .map_or_else(no_room, |room| format::title(&room.name, room.peer.as_ref(), me)),
            style,
            parts: parts.into_iter().filter_map(|(rank, part)| Some((rank, part?))).collect(),
            shorter,
        }
    }

    /// The same with the day of what is shown, in local days since 1970, while the person is scrolled back.
    pub(crate) fn of_day(mut self, day: Option<i64>) -> StatusLine {
        let day = day.map(|day| (Priority::Always, timezone::day_name(day)));
        self.parts.splice(0..0, day);
        self
    }

    /// The line. Where it is wider than `columns`, parts are left out, the least important first.
    pub(crate) fn line(mut self, columns: usize) -> Line {
        let is_too_wide = |line: &StatusLine| width::of_text(&line.text()) > columns;
        for priority in [Priority::Typing, Priority::People, Priority::Number] {
            if is_too_wide(&self) {
                self.parts.retain(|(of_part, _)| *of_part != priority);
            }
        }
        for shorter in std::mem::take(&mut self.shorter) {
            let is_activity = |(of, _): &&mut (Priority, String)| *of == Priority::Activity;
            if is_too_wide(&self)
                && let Some((_, part)) = self.parts.iter_mut().find(is_activity)
                && width::of_text(&shorter) < width::of_text(part)
            {
                *part = shorter;
            }
        }
        if is_too_wide(&self) {
            self.parts.retain(|(of_part, _)| *of_part != Priority::Name);
        }
        Line::default().with(self.style, &self.text())
    }

    fn text(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|(_, part)| part.as_str()).collect();
        format!("[{}] {}", self.room, parts.join(" · "))
    }
}

fn connection(view: &View, now: u64) -> (String, Style) {
    match view.connection.status.state() {
        None | Some(ConnectionState::Connecting) => ("connecting".to_owned(), Style::Alarm),
        Some(ConnectionState::CatchingUp) => ("catching up".to_owned(), Style::Bar),
        Some(ConnectionState::Live) => ("live".to_owned(), Style::Bar),
        Some(ConnectionState::Offline { .. }) => {
            let seconds = view.connection.seconds_to_retry(now);
            (format!("offline, reconnecting in {seconds} s"), Style::Alarm)
        }
        Some(ConnectionState::Stopped) => ("not connected".to_owned(), Style::Alarm),
    }
}

fn typing(view: &View, now: u64) -> Option<String> {
    match view.display.rooms.current()?.members.typing(now).as_slice() {
        [] => None,
        [one] => Some(format!("{one} is typing")),
        [one, other] => Some(format!("{one} and {other} are typing")),
        [..] => Some("several people are typing".to_owned()),
    }
}

/// `new in #builds!, #ops (+2)`: the rooms with unread messages, first those with a mention or a direct
/// message, which `!` marks; then the same in fewer words. Empty if there are none.
fn activity(view: &View) -> Vec<String> {
    let display = &view.display;
    let is_active =
        |room: &&Room| room.scrollback.unread_count() > 0 && !display.is_muted(&room.name);
    let mut active: Vec<&Room> = display.rooms.iter().filter(is_active).collect();
    active.sort_by_key(|room| !room.scrollback.has_mention());
    let label = |room: &&Room| {
        let mark = if room.scrollback.has_mention() { "!" } else { "" };
        format!("{}{mark}", display.label(&room.name))
    };
    let labels: Vec<String> = active.iter().map(label).collect();
    let naming = |count: usize| {
        let named = labels.get(..count)?.join(", ");
        let more = labels.len().saturating_sub(count);
        let more = if more > 0 { format!(" (+{more})") } else { String::new() };
        Some(format!("new in {named}{more}"))
    };
    let counted = match labels.len() {
        0 => None,
        1 => Some("new in 1 room".to_owned()),
        count => Some(format!("new in {count} rooms")),
    };
    (1..=ROOMS_NAMED).rev().filter_map(naming).chain(counted).collect()
}

impl View {
    /// The lines above the status line: recent joins and leaves, and our messages not stored yet.
    pub(crate) fn pending_lines(&self) -> Vec<Line> {
        let display = &self.display;
        let hidden = self.unsent.len().saturating_sub(MAX_UNSENT);
        let mut lines: Vec<Line> = display.presence_line().into_iter().collect();
        if hidden > 0 {
            lines.push(format::notice(&format!("{hidden} more unsent before these")));
        }
        for (submission, reason) in self.unsent.iter().skip(hidden) {
            let replied = display.reply_line(&submission.room, &submission.operation);
            let shown = match reason {
                None => vec![format::pending(submission, &display.me)],
                Some(reason) => format::failed(submission, &display.me, reason),
            };
            let shown = replied.map(|(_, line)| line).into_iter().chain(shown);
            let is_visible = display.rooms.is_visible(&submission.room);
            let tag =
                || format::tag(&submission.room, display.rooms.peer(&submission.room), &display.me);
            lines.extend(shown.map(|l| if is_visible { l } else { l.after(tag()) }));
        }
        lines
    }

    /// Whether the status line changes by itself as time passes.
    pub(crate) fn is_ticking(&self, now: u64) -> bool {
        let is_waiting =
            matches!(self.connection.status.state(), Some(ConnectionState::Offline { .. }));
        let room = self.display.rooms.current();
        is_waiting || room.is_some_and(|room| !room.members.typing(now).is_empty())
    }
}
