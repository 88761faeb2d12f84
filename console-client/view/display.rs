//! What is on display: the rooms and their lines, how far the person is scrolled back, and what
//! goes out.

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Change;

use super::format;
use super::format::Clock;
use super::format::RecordStyle;
use super::output::Channel;
use super::output::Output;
use super::output::OutputMode;
use super::preferences::SessionPreferences;
use super::presence::PresenceSummary;
use super::rooms::RoomList;
use super::scroll::Scroll;
use crate::room::Room;
use crate::text::line::Line;
use crate::text::timezone::TimeZone;

/// The rooms as the person sees them.
#[derive(Debug)]
pub(crate) struct Display {
    /// Our name.
    pub(crate) me: UserName,
    pub(super) clock: Clock,
    pub(crate) output: Output,
    pub(crate) rooms: RoomList,
    /// Joins and leaves in the current room since its last line.
    pub(super) presence: PresenceSummary,
    pub(crate) preferences: SessionPreferences,
    pub(crate) scroll: Scroll,
}

impl Display {
    pub(super) fn new(
        me: UserName,
        rooms: &[RoomName],
        zone: TimeZone,
        mode: OutputMode,
    ) -> Display {
        Display {
            me,
            clock: Clock { zone, now: 0 },
            output: Output::new(mode),
            rooms: RoomList::new(rooms),
            presence: PresenceSummary::default(),
            preferences: SessionPreferences::default(),
            scroll: Scroll::default(),
        }
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

    /// The room in a sentence: `#rust`, `@alice`.
    pub(crate) fn label(&self, room: &RoomName) -> String {
        format::room(room, &self.me)
    }

    /// What decides how records look.
    pub(super) fn style(&self) -> RecordStyle<'_> {
        let preferences = self.preferences.current();
        RecordStyle { me: &self.me, clock: &self.clock, preferences }
    }

    /// The time stamp before a line, for a local time in seconds.
    pub(super) fn stamp(&self, local: i64) -> String {
        format::stamp(self.preferences.current().timestamp, local)
    }

    // ---- Joins and leaves ----------------------------------------------------------------------

    /// Shows that another user joined a room or left it.
    pub(super) fn add_presence(&mut self, room: &RoomName, user: &UserName, change: Change) {
        if !self.preferences.shows_presence_of(user) {
            return;
        }
        let local = self.clock.local_now();
        if self.output.has_screen() && self.rooms.is_visible(room) {
            return self.presence.add(user, change, local);
        }
        let mut alone = PresenceSummary::default();
        alone.add(user, change, local);
        let line = alone.line(|local| self.stamp(local));
        line.into_iter().for_each(|line| self.show_presence(room, line));
    }

    /// The joins and leaves since the last line, as one line.
    pub(super) fn presence_line(&self) -> Option<Line> {
        self.presence.line(|local| self.stamp(local))
    }

    /// Moves the joins and leaves into the room's lines: another line comes below them.
    pub(crate) fn flush_presence(&mut self) {
        let line = self.presence_line();
        self.presence = PresenceSummary::default();
        let name = self.rooms.current().map(|room| room.name.clone());
        if let (Some(line), Some(name)) = (line, name) {
            self.show_presence(&name, line);
        }
    }
}
