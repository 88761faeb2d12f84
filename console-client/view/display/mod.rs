//! What is on display: the rooms and their lines, how far the person is scrolled back, and what
//! goes out.
//!
//! Depends on `view::format`, `room`, `editor`, `storage` and `text`; never on the client's events.

use talk::chat::RoomName;
use talk::chat::UserName;

use crate::room::Room;
use crate::storage::preferences::PreferenceChange;
use crate::text::line::Line;
use crate::text::timezone::TimeZone;
use crate::view::display::known_rooms::KnownRooms;
use crate::view::display::output::Channel;
use crate::view::display::output::OutputMode;
use crate::view::display::output::OutputQueue;
use crate::view::display::preferences::SessionPreferences;
use crate::view::display::presence::Note;
use crate::view::display::presence::PresenceSummary;
use crate::view::display::rooms::RoomList;
use crate::view::display::scroll::Scroll;
use crate::view::format;
use crate::view::format::Clock;
use crate::view::format::RecordStyle;

pub(in crate::view) mod rooms; // which rooms, and switching between them
pub(in crate::view) mod known_rooms; // the server's list of rooms
mod words; // what Tab can complete
mod lines; // where a line is shown
mod navigation; // switching rooms, scrolling
pub(in crate::view) mod presence; // joins, leaves, renames, away messages, folded
mod preferences; // what the person switched
pub(in crate::view) mod scroll; // scrolling back
pub(in crate::view) mod history_loader; // older messages, loaded for it
pub(in crate::view) mod output; // lines and the bell on their way out

/// Former names that are remembered: the server keeps four, and a long run may have had more.
const MAX_FORMER_NAMES: usize = 20;

/// The rooms as the person sees them.
#[derive(Debug)]
pub(crate) struct Display {
    /// Our name.
    pub(crate) me: UserName,
    /// Our other names: messages under them are ours, too.
    pub(crate) former_names: Vec<UserName>,
    pub(crate) clock: Clock,
    pub(crate) output: OutputQueue,
    pub(crate) rooms: RoomList,
    /// The server's list of rooms.
    pub(crate) known_rooms: KnownRooms,
    /// Joins, leaves, renames and away messages in the current room since its last line.
    pub(in crate::view) presence: PresenceSummary,
    pub(crate) preferences: SessionPreferences,
    pub(crate) scroll: Scroll,
}

impl Display {
    pub(in crate::view) fn new(
        me: UserName,
        rooms: &[RoomName],
        zone: TimeZone,
        mode: OutputMode,
    ) -> Display {
        Display {
            me,
            former_names: Vec::new(),
            clock: Clock { zone, now: 0 },
            output: OutputQueue::new(mode),
            rooms: RoomList::new(rooms),
            known_rooms: KnownRooms::default(),
            presence: PresenceSummary::default(),
            preferences: SessionPreferences::default(),
            scroll: Scroll::default(),
        }
    }

    /// Whether what is under this name is ours.
    pub(in crate::view) fn is_own(&self, user: &UserName) -> bool {
        user.is_same_claim(&self.me)
            || self.former_names.iter().any(|name| user.is_same_claim(name))
    }

    /// Notes a name that we had.
    pub(in crate::view) fn add_former_name(&mut self, name: UserName) {
        if self.former_names.len() == MAX_FORMER_NAMES {
            self.former_names.remove(0);
        }
        self.former_names.push(name);
    }

    /// Prints a line that belongs to no room.
    pub(crate) fn print(&mut self, line: Line) {
        self.flush_presence();
        self.output.push(Channel::Notice, line);
    }

    /// Prints lines that belong to no room.
    pub(crate) fn print_all(&mut self, lines: Vec<Line>) {
        lines.into_iter().for_each(|line| self.print(line));
    }

    /// Prints the answer to a question of the person, or of a program.
    pub(in crate::view) fn print_answer(&mut self, lines: Vec<Line>) {
        self.flush_presence();
        lines.into_iter().for_each(|line| self.output.push(Channel::Answer, line));
    }

    /// Prints all lines of a message, which may be many.
    pub(crate) fn print_message(&mut self, seq: u64, line: Line) {
        self.notice(&format!("message #{seq}"));
        self.print(line);
        self.notice(&format!("end of message #{seq}"));
    }

    /// Prints a list about the current room, if there is one.
    pub(crate) fn print_about_room(&mut self, list: fn(&Room, &UserName) -> Vec<Line>) {
        let lines = self.rooms.current().map(|room| list(room, &self.me));
        self.print_all(lines.unwrap_or_default());
    }

    /// Prints `-- text --`.
    pub(crate) fn notice(&mut self, text: &str) {
        self.print(format::notice(text));
    }

    /// Prints `!! text`.
    pub(crate) fn error(&mut self, text: &str) {
        self.print(format::error(text));
    }

    /// Says once, below its last readable message, that a room is damaged there. The room is shown up to `seq`.
    pub(in crate::view) fn report_damage(&mut self, name: &RoomName, seq: u64) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        if let Some(after) = room.seqs.damaged_after.take_if(|after| seq >= *after) {
            self.error(&format::damaged(&self.label(name), after));
        }
    }

    /// Prints a message of ours that was refused, whole: it is kept nowhere else.
    pub(crate) fn refused(&mut self, room: &RoomName, typed: &str, reason: Option<&str>) {
        let why = reason.map_or(String::new(), |reason| format!(" ({reason})"));
        let text = if typed.is_empty() { String::new() } else { format!(": {typed}") };
        let text = format!("not sent to {}{why}{text}", self.label(room));
        self.print(format::error(&text).unfolded());
    }

    /// The room in a sentence: `#rust`, `@alice`.
    pub(crate) fn label(&self, room: &RoomName) -> String {
        format::room(room, self.rooms.peer(room), &self.me)
    }

    /// Whether a room neither rings nor counts as unread: muted by the person on all devices, or here before the server
    /// kept that.
    pub(crate) fn is_muted(&self, name: &RoomName) -> bool {
        self.rooms.get(name).is_some_and(|room| room.is_muted)
            || self.preferences.current().is_muted(name)
    }

    /// What decides how records look.
    pub(in crate::view) fn style(&self) -> RecordStyle<'_> {
        let preferences = self.preferences.current();
        RecordStyle { me: &self.me, clock: &self.clock, preferences }
    }

    /// The time stamp before a line, for a local time in seconds.
    pub(in crate::view) fn stamp(&self, local: i64) -> String {
        format::stamp(self.preferences.current().timestamp, local)
    }

    /// Ignores a user from now on: no reply quotes their posts any more, and no list has them.
    pub(crate) fn ignore(&mut self, user: &UserName) {
        self.preferences.set(PreferenceChange::Ignored(user.clone(), true));
        self.rooms.iter_mut().for_each(|room| room.posts.forget_user(user));
    }

    // ---- Joins, leaves, renames, away messages -------------------------------------------------

    /// Shows what changed about another user in a room.
    pub(in crate::view) fn add_note(&mut self, room: &RoomName, note: Note<'_>) {
        if !self.preferences.shows_presence_of(note.user()) {
            return;
        }
        let local = self.clock.local_now();
        if self.output.has_screen() && self.rooms.is_visible(room) {
            return self.presence.add(note, local);
        }
        let mut alone = PresenceSummary::default();
        alone.add(note, local);
        let line = alone.line(|local| self.stamp(local));
        line.into_iter().for_each(|line| self.show_presence(room, line));
    }

    /// The joins, leaves and the like since the last line, as one line.
    pub(in crate::view) fn presence_line(&self) -> Option<Line> {
        self.presence.line(|local| self.stamp(local))
    }

    /// Moves the joins, leaves and the like into the room's lines: another line comes below them.
    pub(crate) fn flush_presence(&mut self) {
        let line = self.presence_line();
        self.presence = PresenceSummary::default();
        let name = self.rooms.current().map(|room| room.name.clone());
        if let (Some(line), Some(name)) = (line, name) {
            self.show_presence(&name, line);
        }
    }
}
