//! What is heard and shown of what the person wishes, and what has come to be wished.

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Record;

use super::Shows;
use super::View;
use super::format;
use crate::storage::preferences::Bell;
use crate::storage::preferences::Stamp;
use crate::storage::preferences::Wished;
use crate::storage::preferences::Wishes;
use crate::text::calendar;

/// Milliseconds between two rings.
const BELL_EVERY: u64 = 2_000;

impl View {
    // ---- The bell ------------------------------------------------------------------------------

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
        let is_live = self.shows == Shows::Here && self.connection.is_live();
        let is_meant = match self.wishes.bell {
            Bell::Off => false,
            Bell::Mention => calls_us,
            Bell::All => true,
        };
        self.rings |= is_live && is_meant && !self.is_muted(&record.room);
    }

    // ---- Wishes --------------------------------------------------------------------------------

    /// What is wished from before.
    pub(crate) fn set_wishes(&mut self, wishes: Wishes) {
        self.wishes = wishes;
    }

    pub(crate) fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// Something is wished from now on, and is to be kept.
    pub(crate) fn wish(&mut self, wished: Wished) {
        self.wishes.set(&wished);
        self.unkept.push(wished);
    }

    /// What has come to be wished since this was asked last.
    pub(crate) fn take_unkept(&mut self) -> Vec<Wished> {
        std::mem::take(&mut self.unkept)
    }

    /// Somebody ignored has another name: they are ignored under that one as well.
    pub(super) fn ignore_renamed(&mut self, user: &UserName, to: &UserName) {
        if self.is_ignored(user) {
            self.wish(Wished::Ignored(to.clone(), true));
        }
    }

    fn is_muted(&self, name: &RoomName) -> bool {
        self.wishes.is_muted(name)
    }

    pub(super) fn is_ignored(&self, user: &UserName) -> bool {
        self.wishes.is_ignored(user)
    }

    // ---- The clock -----------------------------------------------------------------------------

    /// `12:34 `, or whatever else is to stand before a line of that local time in seconds.
    pub(super) fn clock(&self, local: i64) -> String {
        let (year, month, day) = talk::time::date(local);
        match self.wishes.stamp {
            Stamp::Time => format!("{} ", calendar::clock(local)),
            Stamp::DateTime => {
                format!("{year:04}-{month:02}-{day:02} {} ", calendar::clock(local))
            }
            Stamp::Off => String::new(),
        }
    }

    /// Tells what was wished.
    pub(crate) fn confirm(&mut self, what: &str) {
        self.remark(format::note(what));
    }
}
