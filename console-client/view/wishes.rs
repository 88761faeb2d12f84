//! What a person wants to hear, and how: the bell, whom to ignore, which rooms to mute, the clock.
//!
//! It holds until the console ends.

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::wire::Record;
use talk::client::State;

use crate::calendar;
use crate::phrases;
use crate::view::Shows;
use crate::view::View;

/// What rings the terminal's bell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Bell {
    Off,
    /// Our name, and what is said to us alone.
    #[default]
    Mention,
    All,
}

/// What stands before a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Stamp {
    #[default]
    Time,
    DateTime,
    Off,
}

/// Milliseconds between two rings.
const BELL_EVERY: u64 = 2_000;

impl View {
    // ---- The bell ------------------------------------------------------------------------------

    pub(crate) fn set_bell(&mut self, bell: Bell) {
        self.bell = bell;
    }

    /// Whether the bell is to be rung. It rings once, whatever has come together, and not again
    /// at once: nobody makes a stranger's terminal an alarm clock.
    pub(crate) fn take_bell(&mut self, now: u64) -> bool {
        let rings = std::mem::take(&mut self.rings) && now >= self.rings_again_at;
        if rings {
            self.rings_again_at = now.saturating_add(BELL_EVERY);
        }
        rings
    }

    /// Rings for what somebody says just now. What is only caught up with rings nothing.
    pub(super) fn ring(&mut self, record: &Record, calls_us: bool) {
        let is_live = self.shows == Shows::Here && self.state == Some(State::Live);
        let is_meant = match self.bell {
            Bell::Off => false,
            Bell::Mention => calls_us,
            Bell::All => true,
        };
        self.rings |= is_live && is_meant && !self.is_muted(&record.room);
    }

    // ---- Rooms and people ----------------------------------------------------------------------

    /// Mutes the room one is in, or no longer. Returns whether it is muted.
    pub(crate) fn toggle_mute(&mut self) -> Option<bool> {
        let room = self.rooms.get_mut(self.here)?;
        room.is_muted = !room.is_muted;
        Some(room.is_muted)
    }

    fn is_muted(&self, name: &RoomName) -> bool {
        self.rooms.iter().any(|room| room.name == *name && room.is_muted)
    }

    /// Nothing of this person's is shown from now on. False where it was so already.
    pub(crate) fn ignore(&mut self, user: UserName) -> bool {
        let is_new = !self.is_ignored(&user);
        if is_new {
            self.ignored.push(user);
        }
        is_new
    }

    /// The person is heard again. False where they always were.
    pub(crate) fn unignore(&mut self, user: &UserName) -> bool {
        let was_ignored = self.is_ignored(user);
        self.ignored.retain(|ignored| !ignored.is_same_claim(user));
        was_ignored
    }

    pub(crate) fn ignored(&self) -> &[UserName] {
        &self.ignored
    }

    pub(super) fn is_ignored(&self, user: &UserName) -> bool {
        self.ignored.iter().any(|ignored| ignored.is_same_claim(user))
    }

    // ---- The clock -----------------------------------------------------------------------------

    /// How lines are stamped from now on; and lists of lines too.
    pub(crate) fn set_stamp(&mut self, stamp: Stamp) {
        self.stamp = stamp;
    }

    /// `12:34 `, or whatever else is to stand before a line of that local time in seconds.
    pub(super) fn clock(&self, local: i64) -> String {
        let (year, month, day) = talk::calendar::date(local);
        match self.stamp {
            Stamp::Time => format!("{} ", calendar::clock(local)),
            Stamp::DateTime => {
                format!("{year:04}-{month:02}-{day:02} {} ", calendar::clock(local))
            }
            Stamp::Off => String::new(),
        }
    }

    /// Tells what was wished.
    pub(crate) fn confirm(&mut self, what: &str) {
        self.remark(phrases::note(what));
    }
}
