//! Where a line of a room is shown: now, or when the person switches to the room.

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;

use super::Display;
use super::output::Channel;
use super::output::OutputMode;
use crate::room::LineKind;
use crate::room::RecordInfo;
use crate::text::line::Line;
use crate::view::format;

impl Display {
    /// Shows a record, at a local time in seconds. `is_from_here`: we sent it from this console.
    pub(in crate::view) fn show_record(&mut self, record: &Record, local: i64, is_from_here: bool) {
        let stamp = self.stamp(local);
        let line = format::record(record, &stamp, &self.me).folded(record.seq);
        if record.room.is_private() {
            self.announce_direct(record, &line, is_from_here);
        }
        let erased = format::erased(record, &stamp, &self.me);
        let is_unread = self.rooms.is_unread(record, &self.me);
        let is_mention = format::is_mention(record, &self.me);
        let is_visible = self.rooms.is_visible(&record.room);
        if is_visible && let Some(room) = self.rooms.get_mut(&record.room) {
            room.read_position.mark_seen(record.seq);
        }
        let text_of = match &record.kind {
            RecordKind::Operation(Operation::Post { .. }) => Some(record.seq),
            RecordKind::Operation(Operation::Edit { target, .. }) => Some(*target),
            RecordKind::Operation(Operation::Delete { .. } | Operation::Topic { .. })
            | RecordKind::Erased { .. } => None,
        };
        if let RecordKind::Operation(operation) = &record.kind
            && let Some((post, line)) = self.reply_line(&record.room, operation)
        {
            let (seq, erased) = (record.seq, format::reply_to_deleted(post));
            let (is_unread, is_mention) = (false, false);
            let info =
                RecordInfo { seq, at: local, is_unread, is_mention, text_of: Some(post), erased };
            self.show_line(&record.room, line, LineKind::Record(info));
        }
        let info =
            RecordInfo { seq: record.seq, at: local, is_unread, is_mention, text_of, erased };
        self.show_line(&record.room, line, LineKind::Record(info));
    }

    /// The line above a reply, and the seq of the message it replies to; `None` if it is no reply.
    pub(in crate::view) fn reply_line(
        &self,
        name: &RoomName,
        operation: &Operation,
    ) -> Option<(u64, Line)> {
        let Operation::Post { reply: Some(seq), .. } = operation else { return None };
        let room = self.rooms.get(name);
        Some((*seq, format::reply_to(*seq, room.and_then(|room| room.posts.find(*seq)))))
    }

    /// Shows a notice about a room, as one of its lines.
    pub(in crate::view) fn show_notice(&mut self, name: &RoomName, text: &str) {
        self.show_line(name, format::notice(text), LineKind::Notice);
    }

    /// Shows a join, a leave or the like, which only the current room of a screen keeps.
    pub(in crate::view) fn show_presence(&mut self, name: &RoomName, line: Line) {
        match self.output.mode() {
            OutputMode::OneRoom if self.rooms.is_visible(name) => {
                self.show_line(name, line, LineKind::Notice);
            }
            OutputMode::OneRoom | OutputMode::NewOnly => {}
            OutputMode::AllRooms => self.show_line(name, line, LineKind::Notice),
        }
    }

    pub(in crate::view) fn show_line(&mut self, name: &RoomName, line: Line, kind: LineKind) {
        let is_visible = self.rooms.is_visible(name);
        if is_visible {
            self.flush_presence();
        }
        // A private room is always named, and its arrival changes nothing for the others.
        let several = self.rooms.iter().filter(|room| !room.name.is_private()).count() > 1;
        let tag = format::tag(name, self.rooms.peer(name), &self.me);
        if let Some(room) = self.rooms.current().filter(|room| room.name == *name) {
            self.scroll.keep_position(room, room.scrollback.dropped_by_next());
        }
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.scrollback.push(line.clone(), kind, is_visible);
        self.bound_scrollbacks();
        let line = match self.output.mode() {
            OutputMode::OneRoom if is_visible => line,
            OutputMode::OneRoom => return,
            OutputMode::AllRooms | OutputMode::NewOnly if several || name.is_private() => {
                line.after(tag)
            }
            OutputMode::AllRooms | OutputMode::NewOnly => line,
        };
        self.output.push(Channel::Chat, line);
    }

    /// Drops lines while those of all rooms take too much memory: the oldest of the room that has most.
    fn bound_scrollbacks(&mut self) {
        while let Some(largest) = self.rooms.too_large() {
            let count = largest.scrollback.half();
            let name = largest.name.clone();
            if let Some(room) = self.rooms.current().filter(|room| room.name == name) {
                self.scroll.keep_position(room, count);
            }
            let Some(room) = self.rooms.get_mut(&name) else { return };
            room.scrollback.drop_oldest(count);
            room.posts.forget_before(room.scrollback.oldest_seq());
        }
    }

    /// Notes who sent a direct message, for `/r`. If the person is in another room, announces it
    /// there, once until they have looked, unless its room is muted; and shows there what we sent ourselves from here.
    fn announce_direct(&mut self, record: &Record, line: &Line, is_from_here: bool) {
        let is_elsewhere = self.output.has_screen() && !self.rooms.is_visible(&record.room);
        if record.user.is_same_claim(&self.me) {
            if is_elsewhere && is_from_here {
                self.print(line.clone().after(format::tag(
                    &record.room,
                    self.rooms.peer(&record.room),
                    &self.me,
                )));
            }
            return;
        }
        self.rooms.note_direct(record);
        let at = self.rooms.position(&record.room);
        let is_first = |at: &usize| {
            self.rooms.iter().nth(*at).is_some_and(|room| room.scrollback.unread_count() == 0)
        };
        if is_elsewhere
            && !self.is_muted(&record.room)
            && self.rooms.is_unread(record, &self.me)
            && let Some(at) = at.filter(is_first)
        {
            let user = &record.user;
            let open = if at < 9 { format!("Alt-{}", at + 1) } else { format!("/msg {user}") };
            self.notice(&format!("direct message from {user}: {open} to open, /r TEXT to reply"));
        }
    }
}
