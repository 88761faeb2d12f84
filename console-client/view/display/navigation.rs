//! Switching between rooms, and scrolling back in the current one.

use talk::chat::RoomName;

use super::Display;
use super::history_loader::LineId;
use super::scroll::PageTarget;
use super::scroll::ScrollPosition;
use crate::stdio::keys::Direction;
use crate::text::line::Line;

/// There is nothing to go to.
const NONE_SINCE: &str = "no messages here since then";

/// Lines printed again where there is no screen to scroll.
const PRINTED_AGAIN: usize = 20;

impl Display {
    // ---- Rooms ---------------------------------------------------------------------------------

    /// Switches to a room by its index; false if there is none.
    pub(crate) fn switch_to(&mut self, at: usize) -> bool {
        if at >= self.rooms.len() {
            return false;
        }
        self.flush_presence();
        self.scroll_to_newest(); // lines of this room come before those of the next
        let is_change = self.rooms.set_current(at);
        if is_change && let Some(room) = self.rooms.current_mut() {
            room.read_position.mark_seen(room.seqs.newest);
            let (name, unread) = (room.name.clone(), room.scrollback.unread_count());
            let unseen = room.scrollback.take_unseen();
            let more = if unread == 0 { String::new() } else { format!(" · {unread} new") };
            let cut = if unread > unseen.len() { ", the latest:" } else { "" };
            self.notice(&format!("now in {}{more}{cut}", self.label(&name)));
            self.output.push_unseen(unseen);
        }
        true
    }

    /// Adds a room that is being joined and switches to it: messages typed now go there.
    pub(crate) fn enter(&mut self, name: RoomName) {
        self.rooms.add(name);
        self.switch_to(self.rooms.len() - 1);
    }

    /// Removes a room that we are no longer in; another becomes the current one.
    pub(in crate::view) fn remove_room(&mut self, name: &RoomName) {
        if let Some(at) = self.rooms.remove(name) {
            self.scroll.leave();
            self.switch_to(at.saturating_sub(1));
        }
    }

    // ---- Scrolling -----------------------------------------------------------------------------

    /// Scrolls a page of `height` rows up or down; down at the end, to the newest lines.
    pub(crate) fn page(&mut self, direction: Direction, columns: usize, height: usize) {
        let (target, hint) = self.scroll.page(self.rooms.current(), direction, columns, height);
        if hint.is_some() {
            self.output.set_hint(hint);
        }
        match target {
            PageTarget::Position(position) => self.scroll_to(position),
            PageTarget::Newest => self.scroll_to_newest(),
            PageTarget::Nowhere => {}
        }
    }

    /// Scrolls to the start of the room.
    ///
    /// # Errors
    /// A sentence: the room has no messages, or we are in none.
    pub(crate) fn go_to_first(&mut self) -> Result<(), String> {
        let seqs = self.rooms.current().map(|room| &room.seqs);
        let first = seqs.map_or(1, |seqs| seqs.first.max(1));
        if seqs.is_some_and(|seqs| seqs.newest < first) {
            return Err("no messages here yet".to_owned());
        }
        self.go_to(first).map(|_| ())
    }

    /// Scrolls to the first unread message, shown here already or not.
    pub(crate) fn go_to_unread(&mut self) {
        let Some(room) = self.rooms.current() else { return };
        let (first, line) = (room.seqs.first, room.scrollback.unread_line());
        match (room.read_position.unread_from, line) {
            (Some(seq), _) if self.go_to(seq.max(first)).is_ok() => {}
            (_, Some(line)) => self.go_to_line(line),
            (_, None) => self.output.set_hint(Some("no unread messages here")),
        }
    }

    /// Scrolls to the record `seq`, which may have to be loaded first. Without a screen, false if it
    /// is older than the scrollback.
    ///
    /// # Errors
    /// A sentence: there is no such record, not yet or no longer.
    pub(crate) fn go_to(&mut self, seq: u64) -> Result<bool, String> {
        let room = self.rooms.require_current()?;
        if seq > room.seqs.newest {
            return Err(format!(
                "there is no message #{seq} yet: the newest is #{}",
                room.seqs.newest
            ));
        }
        if seq < room.seqs.first {
            return Err(format!(
                "message #{seq} is no longer kept: the oldest is #{}",
                room.seqs.first
            ));
        }
        if let Some(line) = room.scrollback.find(|info| info.seq >= seq) {
            self.go_to_line(line);
            return Ok(true);
        }
        let has_screen = self.output.has_screen();
        if has_screen {
            self.scroll_to(Some(ScrollPosition::of_record(seq)));
            self.scroll.history.load_at(seq);
        }
        Ok(has_screen)
    }

    /// Scrolls to the first message since a time, in local seconds; it may have to be loaded first. Without a
    /// screen, false if it is older than the scrollback.
    ///
    /// # Errors
    /// A sentence: there is no such message.
    pub(crate) fn go_to_time(&mut self, since: i64) -> Result<bool, String> {
        let room = self.rooms.require_current()?;
        if !room.scrollback.has_record_since(since) {
            return Err(NONE_SINCE.to_owned());
        }
        let (first, end) = (room.seqs.first.max(1), room.kept_from());
        if let Some(line) = room.scrollback.find(|info| info.at >= since) {
            self.go_to_line(line);
            return Ok(true);
        }
        let has_screen = self.output.has_screen();
        if has_screen {
            self.scroll_to(Some(ScrollPosition::of_record(end)));
            self.scroll.history.load_since(self.clock.zone.unix_ms(since), first);
        }
        Ok(has_screen)
    }

    /// The first message since a time was requested, and there is none.
    pub(in crate::view) fn none_since(&mut self) {
        self.scroll_to_newest();
        self.error(NONE_SINCE);
    }

    /// Scrolls to a line of the scrollback; without a screen, prints some lines again.
    fn go_to_line(&mut self, number: u64) {
        if self.output.has_screen() {
            self.scroll.history.clear();
            let line = LineId::Scrollback(number);
            return self.scroll_to(Some(ScrollPosition::of_line(line)));
        }
        let Some(room) = self.rooms.current() else { return };
        let kept = room.scrollback.numbered().skip_while(|(line, _)| *line < number);
        let lines: Vec<Line> = kept.take(PRINTED_AGAIN).map(|(_, line)| line.clone()).collect();
        self.notice("older messages");
        lines.into_iter().for_each(|line| self.print(line));
        self.notice("end of older messages");
    }

    pub(in crate::view) fn scroll_to(&mut self, position: Option<ScrollPosition>) {
        self.flush_presence();
        self.scroll.set_position(position);
        if let Some(room) = self.rooms.current_mut() {
            room.scrollback.set_scrolled_back(position.is_some());
        }
    }

    /// Returns to the newest lines.
    pub(crate) fn scroll_to_newest(&mut self) {
        if !self.scroll.is_active() {
            return;
        }
        self.scroll.leave();
        let Some(room) = self.rooms.current_mut() else { return };
        room.read_position.mark_seen(room.seqs.newest);
        room.scrollback.set_scrolled_back(false);
        let (unread, unseen) = (room.scrollback.unread_count(), room.scrollback.take_unseen());
        if unread > unseen.len() {
            let name = room.name.clone();
            self.notice(&format!("{unread} new in {}, the latest:", self.label(&name)));
        }
        self.output.push_unseen(unseen);
    }
}
