//! Looking back beyond the lines that are kept: what is loaded for it, and what is asked for.
//!
//! Room: values. That something is asked for is said; who asks is decided elsewhere.

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Range;
use talk::chat::protocol::Record;
use talk::limits;
use talk::time;

use super::View;
use super::format;
use super::scroll::Part;
use super::scroll::Place;
use crate::editor::Way;
use crate::room::Stretch;

/// What a page of history was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To be listed: its last so many records.
    List(usize),
    /// To be looked back at.
    Stretch(Range),
}

/// A time that is looked for: the first record since then is one of these, or the one after them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought {
    /// Local seconds.
    since: i64,
    from: u64,
    to: u64,
}

impl Sought {
    /// Where to look next. Records never go back in time, so each page halves what is left: a room of
    /// any length takes few questions, and the server's patience with them is not tried.
    fn next(&self) -> u64 {
        let left = self.to.saturating_sub(self.from);
        if left <= limits::HISTORY_PAGE as u64 { self.from } else { self.from + left / 2 }
    }
}

impl View {
    /// What is to be asked for, so that whoever looks back finds lines before and behind. `height`
    /// rows are seen.
    pub(crate) fn wants(&mut self, columns: usize, height: usize) -> Option<(RoomName, Range)> {
        if self.looks_back.is_none() || !self.can_ask() {
            return None;
        }
        let (window, adjoins) = (self.window(columns, 2 * height, 2 * height), self.adjoins());
        let is_near_top = window.at < 2 * height;
        let is_near_end = window.ends && window.rows.len() - window.at < 2 * height;
        let room = self.rooms.get(self.here)?;
        let (name, first, kept_from) = (room.name.clone(), room.first, room.kept_from());
        if is_near_top && self.stretch.is_none() && kept_from > first {
            self.stretch = Some(Stretch::at(kept_from));
        }
        let stretch = self.stretch.as_ref().filter(|stretch| stretch.asked().is_none())?;
        let range = if stretch.is_empty() && !adjoins {
            Range::After(stretch.end() - 1)
        } else if is_near_top && stretch.first() > first {
            Range::Before(stretch.first())
        } else if is_near_end && !adjoins {
            Range::After(stretch.end() - 1)
        } else {
            return None;
        };
        Some((name, range))
    }

    /// A page of history was asked for. Answers come in the order of the questions.
    pub(crate) fn expect(&mut self, room: RoomName, asked: Asked) {
        self.asked.push_back((room, asked));
        if let (Asked::Stretch(range), Some(stretch)) = (asked, &mut self.stretch) {
            stretch.ask(Some(range));
        }
    }

    /// The next page of this room will not come. What was to be looked back at counts as asked for: to
    /// ask again would be answered alike.
    pub(super) fn expect_less(&mut self, name: &RoomName) {
        self.take_asked(name);
    }

    fn take_asked(&mut self, name: &RoomName) -> Option<Asked> {
        let at = self.asked.iter().position(|(room, _)| room == name)?;
        self.asked.remove(at).map(|(_, asked)| asked)
    }

    /// What was asked for will not come.
    pub(super) fn expect_nothing(&mut self) {
        self.asked.clear();
        self.page_waits = None;
        self.stretch.iter_mut().for_each(|stretch| stretch.ask(None));
    }

    /// A page of history has come; `first` is the oldest seq that the room keeps.
    pub(super) fn history(&mut self, name: &RoomName, records: Vec<Record>, first: u64) {
        if let Some(room) = self.room_mut(name) {
            room.first = first;
        }
        match self.take_asked(name) {
            Some(Asked::Stretch(range)) => self.load(name, range, records),
            Some(Asked::List(count)) => self.list_history(name, &records, count),
            None => self.list_history(name, &records, records.len()),
        }
    }

    fn load(&mut self, name: &RoomName, range: Range, records: Vec<Record>) {
        let Some(room) = self.rooms.get(self.here).filter(|room| room.name == *name) else {
            return;
        };
        let Some(stretch) = &mut self.stretch else { return };
        if stretch.asked() != Some(range) {
            return; // one has gone elsewhere meanwhile
        }
        stretch.take(records, room.first, room.kept_from());
        self.hint(None);
        self.seek();
        self.draw_loaded();
        if let Some((columns, height)) = self.page_waits.take() {
            self.page(Way::Back, columns, height);
        }
    }

    /// Looks for the first record since a time, in local seconds, among those that are not kept here.
    pub(super) fn look_for(&mut self, since: i64) {
        let Some(room) = self.here() else { return };
        let (from, to) = (room.first.max(1), room.kept_from());
        self.look_from(Some(Place::of(to)));
        self.look_between(Sought { since, from, to });
    }

    fn look_between(&mut self, sought: Sought) {
        self.load_from(sought.next());
        self.sought = Some(sought);
    }

    /// Looks on for the time that is sought, after a page has come.
    fn seek(&mut self) {
        let Some(sought) = self.sought else { return };
        let Sought { from, to, .. } = self.narrowed(sought);
        if from < to {
            return self.look_between(Sought { from, to, ..sought });
        }
        self.sought = None;
        let holds = |stretch: &Stretch| (stretch.first()..stretch.end()).contains(&to);
        if !self.stretch.as_ref().is_some_and(holds) {
            self.load_from(to);
        }
        self.look_from(Some(Place::of(to)));
    }

    /// What is left to look at, by what is loaded.
    fn narrowed(&self, sought: Sought) -> Sought {
        let Some(stretch) = &self.stretch else { return sought };
        let is_since = |record: &Record| self.local(record.at) >= sought.since;
        let found = stretch.records().find(|record| is_since(record)).map(|record| record.seq);
        match (stretch.records().next(), found) {
            (None, _) => Sought { from: sought.to, ..sought }, // they are no longer there
            (Some(first), Some(seq)) if seq == first.seq => Sought { to: seq, ..sought },
            (Some(_), Some(seq)) => Sought { from: seq, to: seq, ..sought },
            (Some(_), None) => Sought { from: stretch.end(), ..sought },
        }
    }

    /// Takes the words away that a record deletes.
    pub(super) fn erase_loaded(&mut self, record: &Record) {
        let is_here = self.here().is_some_and(|room| room.name == record.room);
        if let (Kind::Operation(Operation::Delete { target }), Some(stretch), true) =
            (&record.kind, &mut self.stretch, is_here)
        {
            stretch.erase(*target);
            self.draw_loaded();
        }
    }

    /// Lets go of what was loaded.
    pub(super) fn load_nothing(&mut self) {
        (self.stretch, self.sought, self.page_waits) = (None, None, None);
        self.loaded = Vec::new();
    }

    /// Loads from the record `seq` on, on both sides.
    pub(super) fn load_from(&mut self, seq: u64) {
        self.load_nothing();
        self.stretch = Some(Stretch::at(seq));
    }

    /// Whether the lines that are kept go on where the stretch ends; so it is where there is none.
    pub(super) fn adjoins(&self) -> bool {
        let (Some(stretch), Some(room)) = (&self.stretch, self.here()) else { return true };
        stretch.end() >= room.kept_from()
    }

    /// Whether older lines can come.
    pub(super) fn can_ask(&self) -> bool {
        self.connection.is_connected()
    }

    /// The local day of the last of them.
    pub(super) fn loaded_day(&self) -> Option<i64> {
        let last = self.stretch.as_ref()?.records().next_back()?;
        Some(time::day(self.local(last.at)))
    }

    /// Draws the lines of the stretch, as those that are kept look, under their days.
    fn draw_loaded(&mut self) {
        let (Some(stretch), Some(room)) = (&self.stretch, self.here()) else { return };
        let posts = stretch.posts();
        let mut lines = Vec::new();
        let mut last = None;
        for record in stretch.records().filter(|record| !self.is_ignored(&record.user)) {
            let local = self.local(record.at);
            let day = time::day(local);
            if last.replace(day) != Some(day) {
                lines.push((Part::Loaded(record.seq, 0), format::day(day)));
            }
            if let Kind::Operation(Operation::Post { reply: Some(seq), .. }) = &record.kind {
                let post = posts.find(*seq).or_else(|| room.posts.find(*seq));
                lines.push((Part::Loaded(record.seq, 1), format::answers(*seq, post)));
            }
            let line = format::record(record, &self.clock(local), &self.me);
            lines.push((Part::Loaded(record.seq, 2), line));
        }
        self.loaded = lines;
    }
}
