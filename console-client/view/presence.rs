//! PresenceSummary and goings, folded: those without a word between them are one quiet line.
//!
//! The line stays in the live part, where it can still change, until something is said.

use super::OutputMode;
use super::View;
use super::format;
use crate::room::Room;
use crate::text::line::Line;
use talk::chat::AwayMessage;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Change;

/// Who came and went since the last line.
#[derive(Debug, Default)]
pub(super) struct PresenceSummary {
    /// Local seconds of the first.
    since: i64,
    /// LineKind each did first, and what last.
    people: Vec<(UserName, Change, Change)>,
    /// Changes of people beyond those.
    others: usize,
}

/// People told apart in one line.
const PEOPLE: usize = 200;

/// Names in one part of it.
const NAMES: usize = 6;

impl PresenceSummary {
    fn add(&mut self, user: &UserName, change: Change, local: i64) {
        if self.people.is_empty() {
            self.since = local;
        }
        let mut people = self.people.iter_mut();
        if let Some((.., last)) = people.find(|(person, ..)| person.is_same_claim(user)) {
            *last = change;
        } else if self.people.len() < PEOPLE {
            self.people.push((user.clone(), change, change));
        } else {
            self.others += 1;
        }
    }

    /// `12:34 --> ann, eve joined · <-- bob left`; `None` where nobody moved.
    fn line(&self, clock: impl Fn(i64) -> String) -> Option<Line> {
        use Change::Joined;
        use Change::Left;
        let parts = [
            ("-->", (Joined, Joined), "joined"),
            ("<--", (Left, Left), "left"),
            ("-->", (Left, Joined), "left and came back"),
            ("<--", (Joined, Left), "came and left"),
        ];
        let mut told: Vec<String> = parts
            .into_iter()
            .filter_map(|(arrow, did, word)| {
                let names = self.people.iter().filter(|(_, first, last)| (*first, *last) == did);
                let names: Vec<&str> = names.map(|(user, ..)| user.as_str()).collect();
                let more = names.len().saturating_sub(NAMES);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let shown = names.get(..NAMES).unwrap_or(&names).join(", ");
                (!names.is_empty()).then(|| format!("{arrow} {shown}{more} {word}"))
            })
            .collect();
        if self.others > 0 {
            told.push(format!("{} more came or went", self.others));
        }
        (!told.is_empty()).then(|| format::moved(&clock(self.since), &told.join(" · ")))
    }
}

impl View {
    /// Somebody else came to a room or left it.
    pub(super) fn came(&mut self, name: &RoomName, user: &UserName, change: Change) {
        let local = self.local(self.now);
        if self.wishes.is_quiet || self.is_ignored(user) {
            return;
        }
        if self.shows == OutputMode::OneRoom && self.is_here(name) {
            return self.comings.add(user, change, local);
        }
        let mut alone = PresenceSummary::default();
        alone.add(user, change, local);
        let line = alone.line(|local| self.clock(local));
        line.into_iter().for_each(|line| self.show_aside(name, line));
    }

    /// The line as it is so far.
    pub(super) fn comings(&self) -> Option<Line> {
        self.comings.line(|local| self.clock(local))
    }

    /// Whatever is said next, the line stands above it and does not change any more.
    pub(crate) fn settle_comings(&mut self) {
        let line = self.comings();
        self.comings = PresenceSummary::default();
        let name = self.here().map(|room| room.name.clone());
        if let (Some(line), Some(name)) = (line, name) {
            self.show_aside(&name, line);
        }
    }
}

impl View {
    /// We are away from now on, or back, as far as we have said so or heard.
    pub(crate) fn set_away(&mut self, away: Option<AwayMessage>) {
        self.away = away;
    }

    /// Somebody is away, or back.
    pub(super) fn went_away(
        &mut self,
        name: &RoomName,
        user: &UserName,
        away: Option<AwayMessage>,
    ) {
        let line = format::went_away(user, away.as_ref(), &self.clock(self.local(self.now)));
        let Some(room) = self.room_mut(name) else { return };
        room.set_away(user, away.clone());
        if user.is_same_claim(&self.me) {
            self.set_away(away); // said here, and told then; or on another device of ours
        } else if !self.wishes.is_quiet && !self.is_ignored(user) {
            self.show_aside(name, line);
        }
    }

    /// `ann is away: lunch`, for whoever writes to ann from another room.
    pub(crate) fn away_there(&self, name: &RoomName) -> Option<String> {
        let is_here = self.here().is_some_and(|room| room.name == *name);
        let other = name.other(&self.me).filter(|_| !is_here)?;
        let mut absent = self.rooms.iter().flat_map(Room::absent);
        let absent = absent.find(|absent| absent.user.key() == other)?;
        Some(format!("{} is {}", absent.user, absent.text))
    }

    /// `ann is away: lunch`, in the private room with ann.
    pub(super) fn away_here(&self) -> Option<String> {
        let absent = self.here().filter(|room| room.name.is_private()).map(Room::absent)?;
        let other = absent.iter().find(|absent| !absent.user.is_same_claim(&self.me))?;
        Some(format!("{} is {}", other.user, other.text))
    }
}
