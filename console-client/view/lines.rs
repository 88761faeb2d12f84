//! Where a line of a room is shown: now, or when the person turns there.

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Record;

use super::Channel;
use super::OutputMode;
use super::View;
use super::format;
use crate::room::LineKind;
use crate::room::RecordInfo;
use crate::text::line::Line;

impl View {
    /// OutputMode a record, at a local time in seconds.
    pub(super) fn show_record(&mut self, record: &Record, local: i64) {
        let clock = self.clock(local);
        let line = format::record(record, &clock, &self.me);
        if record.room.is_private() {
            self.tell_direct(record, &line);
        }
        let erased = format::erased(record, &clock, &self.me);
        let is_news = self.is_news(record);
        let is_here = self.is_here(&record.room);
        if is_here && let Some(room) = self.room_mut(&record.room) {
            room.read_position.saw(record.seq);
        }
        let words_of = match &record.kind {
            Kind::Operation(Operation::Post { .. }) => Some(record.seq),
            Kind::Operation(Operation::Edit { target, .. }) => Some(*target),
            Kind::Operation(Operation::Delete { .. } | Operation::Topic { .. })
            | Kind::Erased { .. } => None,
        };
        if let Kind::Operation(act) = &record.kind
            && let Some((post, line)) = self.answered(&record.room, act)
        {
            let (seq, erased) = (record.seq, format::answers_deleted(post));
            let (is_news, mentions_us) = (false, false);
            let info =
                RecordInfo { seq, at: local, is_news, mentions_us, words_of: Some(post), erased };
            self.show_what(&record.room, line, LineKind::Record(info));
        }
        let mentions_us = record.room.is_private() || format::calls(record, &self.me);
        if is_news {
            self.ring(record, mentions_us);
        }
        let info =
            RecordInfo { seq: record.seq, at: local, is_news, mentions_us, words_of, erased };
        self.show_what(&record.room, line, LineKind::Record(info));
    }

    /// The number of what an act answers, if it answers something, and the line that tells of it.
    pub(super) fn answered(&self, name: &RoomName, operation: &Operation) -> Option<(u64, Line)> {
        let Operation::Post { reply: Some(seq), .. } = operation else { return None };
        let room = self.rooms.iter().find(|room| room.name == *name);
        Some((*seq, format::answers(*seq, room.and_then(|room| room.posts.find(*seq)))))
    }

    /// OutputMode a line about a room.
    pub(super) fn show(&mut self, name: &RoomName, line: Line) {
        self.show_what(name, line, LineKind::Notice);
    }

    /// OutputMode a coming or going, where there is somebody to look at it.
    pub(super) fn show_aside(&mut self, name: &RoomName, line: Line) {
        match self.shows {
            OutputMode::OneRoom if self.is_here(name) => self.show(name, line),
            OutputMode::OneRoom | OutputMode::NewOnly => {}
            OutputMode::AllRooms => self.show(name, line),
        }
    }

    pub(super) fn show_what(&mut self, name: &RoomName, line: Line, what: LineKind) {
        let is_here = self.is_here(name);
        if is_here {
            self.settle_comings();
        }
        // A private room is always named, and its coming changes nothing for the others.
        let several = self.rooms.iter().filter(|room| !room.name.is_private()).count() > 1;
        let tag = format::tag(name, &self.me);
        self.keep_place(name);
        let Some(room) = self.room_mut(name) else { return };
        room.lines.keep(line.clone(), what, is_here);
        let line = match self.shows {
            OutputMode::OneRoom if is_here => line,
            OutputMode::OneRoom => return,
            OutputMode::AllRooms | OutputMode::NewOnly if several || name.is_private() => {
                line.after(tag)
            }
            OutputMode::AllRooms | OutputMode::NewOnly => line,
        };
        self.said.push((Channel::Chat, line));
    }

    /// Whether somebody else has said something that is not known to be read.
    fn is_news(&self, record: &Record) -> bool {
        let room = self.rooms.iter().find(|room| room.name == record.room);
        matches!(record.kind, Kind::Operation(Operation::Post { .. }))
            && !record.user.is_same_claim(&self.me)
            && room.is_some_and(|room| room.read_position.is_unread(record.seq))
    }

    /// Notes who wrote to us, to be answered; and where the person is in another room, tells that
    /// they did, once until the person has looked, and what we said ourselves from there.
    fn tell_direct(&mut self, record: &Record, line: &Line) {
        let is_elsewhere = self.shows == OutputMode::OneRoom && !self.is_here(&record.room);
        if record.user.is_same_claim(&self.me) {
            if is_elsewhere && self.waiting.iter().any(|waiting| waiting.line.cid == record.cid) {
                self.remark(line.clone().after(format::tag(&record.room, &self.me)));
            }
            return;
        }
        if matches!(record.kind, Kind::Operation(Operation::Post { .. }))
            && self.wrote.as_ref().is_none_or(|(when, _)| record.at >= *when)
        {
            self.wrote = Some((record.at, record.user.clone()));
        }
        let at = self.rooms.iter().position(|room| room.name == record.room);
        let is_first = |at: &usize| self.rooms.get(*at).is_some_and(|room| room.lines.news() == 0);
        if is_elsewhere
            && self.is_news(record)
            && let Some(at) = at.filter(is_first)
        {
            let user = &record.user;
            let turn = if at < 9 { format!("Alt-{}", at + 1) } else { format!("/msg {user}") };
            let note = format!("{user} wrote to you: {turn} turns there, /r TEXT answers");
            self.remark(format::note(&note));
        }
    }
}
