//! Records and joins: what the view shows of them, and the lists that the person asks for.

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::Joined;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;

use super::View;
use super::display::history_loader::Purpose;
use super::display::history_loader::Received;
use super::display::output::OutputMode;
use super::display::rooms::RoomList;
use super::display::scroll::ScrollPosition;
use super::format;
use super::format::RecordStyle;
use super::listing;
use crate::room::LineKind;
use crate::stdio::keys::Direction;
use crate::storage::preferences::BellMode;

impl View {
    pub(super) fn on_joined(&mut self, joined: Joined) {
        let display = &mut self.display;
        let name = joined.room;
        if let Some(asked) = joined.asked.map(|asked| asked.to_room()).filter(RoomName::is_private)
            && name.is_private()
        {
            if let Some(at) = display.rooms.resolve(&asked, &name) {
                display.switch_to(at);
            }
            self.unsent.move_room(&asked, &name);
        }
        let is_new = !display.rooms.contains(&name);
        if is_new {
            display.rooms.add(name.clone());
        }
        let mode = display.output.mode();
        let is_first = is_new || !display.rooms.is_joined(&name);
        let is_current = display.rooms.current().is_some_and(|current| current.name == name);
        let Some(room) = display.rooms.get_mut(&name) else { return };
        (room.members.count, room.seqs.first) = (joined.count, joined.first);
        room.members.set(joined.members, joined.away);
        room.members.set_absent(joined.absent, joined.absent_members);
        room.is_joined = true;
        room.set_peer(joined.peer.as_ref());
        room.topic.clone_from(&joined.topic);
        // Of many rooms that come back, one stream would begin with all their histories: they are counted.
        let is_counted = is_first
            && mode == OutputMode::AllRooms
            && room.is_returning
            && !is_current
            && joined.head > 0;
        if is_first && (mode == OutputMode::NewOnly || is_counted) {
            room.seqs.skipped = joined.head;
        }
        if is_counted {
            room.seqs.oldest.get_or_insert(joined.head + 1);
        } else if joined.since > 0 {
            room.seqs.oldest.get_or_insert(joined.since + 1); // so that /history works at once
        }
        room.seqs.damaged_after = (joined.damaged && is_first).then_some(joined.head);
        let shown = joined.first.saturating_sub(1).max(room.seqs.newest);
        let unread =
            joined.marked.map_or(0, |marked| joined.since.saturating_sub(marked.max(shown)));
        if joined.head > joined.since {
            let first = (joined.since + 1).saturating_sub(unread);
            room.read_position.unread_from = (unread > 0).then_some(first);
        }
        room.read_position.on_join(joined.marked, joined.head);
        if is_counted {
            room.seqs.skipped_unread = unread;
            self.greeting.counted.push(name.clone());
            if self.connection.status.is_live() && joined.head <= joined.since {
                self.print_greeting();
            }
        } else if is_first {
            self.greeting.topics.push(name.clone());
            if self.connection.status.is_live() && joined.head <= joined.since {
                self.print_greeting(); // no history comes: the server added us to an empty private room
            }
        }
        let display = &mut self.display;
        display.report_damage(&name, joined.since);
        if unread > 0 && !is_counted {
            let messages = if unread == 1 { "message" } else { "messages" };
            let how = match mode {
                OutputMode::OneRoom => "Alt-U shows the first",
                OutputMode::AllRooms => "/history lists them",
                OutputMode::NewOnly => return,
            };
            display.show_notice(&name, &format!("{unread} unread {messages} above: {how}"));
        }
    }

    pub(super) fn on_record(&mut self, record: &Record) {
        let display = &mut self.display;
        let local = display.clock.local(record.at);
        if let Some(room) = display.rooms.current().filter(|room| room.name == record.room) {
            let style = RecordStyle {
                me: &display.me,
                clock: &display.clock,
                preferences: display.preferences.current(),
            };
            display.scroll.history.erase(record, room, &style);
        }
        if let RecordKind::Operation(Operation::Delete { .. }) = &record.kind {
            display.output.forget_printed();
        }
        if display.preferences.current().is_ignored(&record.user) {
            return skip_ignored(&mut display.rooms, record);
        }
        let is_ours = display.is_own(&record.user);
        let is_new_only = display.output.mode() == OutputMode::NewOnly;
        let Some(room) = display.rooms.get_mut(&record.room) else { return };
        room.members.add_speaker(&record.user);
        room.seqs.newest = record.seq;
        room.posts.apply(record);
        match &record.kind {
            RecordKind::Operation(Operation::Delete { target }) => room.scrollback.erase(*target),
            RecordKind::Operation(Operation::Topic { text }) => {
                room.topic = Some(text.to_string()).filter(|topic| !topic.is_empty());
            }
            RecordKind::Operation(Operation::Post { .. } | Operation::Edit { .. })
            | RecordKind::Erased { .. } => {}
        }
        if is_ours {
            room.own_posts.apply(record);
        }
        let is_skipped = record.seq <= room.seqs.skipped;
        let is_post = matches!(record.kind, RecordKind::Operation(Operation::Post { .. }));
        if is_skipped && is_post && !is_ours && room.read_position.is_unread(record.seq) {
            room.seqs.skipped_unread += 1;
        }
        let day = talk::time::day(local);
        let is_new_day = !is_skipped && room.starts_day(day);
        let begins_unread = !is_ours
            && room.scrollback.unread_count() == 0
            && room.read_position.begins_unread(record.seq);
        if !is_skipped {
            room.seqs.oldest.get_or_insert(record.seq);
            if is_new_day {
                display.show_line(&record.room, format::day(day), LineKind::Day(day));
            }
            if begins_unread && !is_new_only {
                display.show_line(&record.room, format::unread(), LineKind::Unread);
            }
            display.show_record(record, local, self.unsent.contains(&record.cid));
            self.ring_for(record);
        }
        self.display.report_damage(&record.room, record.seq);
        self.remove_shown_submissions();
    }

    /// Rings for a new message, as the person prefers. Messages from while we were away ring
    /// nothing.
    fn ring_for(&mut self, record: &Record) {
        let preferences = self.display.preferences.current();
        let is_wanted = match preferences.bell {
            BellMode::Off => false,
            BellMode::Mention => format::is_mention(record, &self.display.me),
            BellMode::All => true,
        };
        if is_wanted
            && self.connection.status.is_live()
            && self.display.output.has_screen()
            && self.display.rooms.is_unread(record, &self.display.me)
            && !self.display.is_muted(&record.room)
        {
            self.bell.ring();
        }
    }

    /// Takes a page of history; `first` is the oldest seq that the server keeps of the room.
    pub(super) fn on_history(&mut self, name: &RoomName, records: Vec<Record>, first: u64) {
        let display = &mut self.display;
        if let Some(room) = display.rooms.get_mut(name) {
            room.seqs.first = first;
        }
        match display.scroll.history.take_request(name) {
            Some(Purpose::Window(range)) => {
                let room = display.rooms.current().filter(|room| room.name == *name);
                let Some(room) = room else { return };
                match display.scroll.history.receive(room, range, records) {
                    Received::Ignored => return,
                    Received::Loaded => {}
                    Received::LoadedSince(seq) => {
                        display.scroll_to(Some(ScrollPosition::of_record(seq)));
                    }
                    Received::NoneSince => return display.none_since(),
                }
                display.output.set_hint(None);
                self.continue_loading();
            }
            Some(Purpose::List(count)) => self.list_history(name, &records, count),
            Some(Purpose::ListFirst(count)) => {
                let first = records.get(..count).unwrap_or(&records);
                self.list_history(name, first, count);
            }
            Some(Purpose::Show(seq)) => self.show_record_of(&records, seq),
            None => {} // it was not requested
        }
    }

    /// After a page of history has come: draws the lines, and presses a page key that waited for them.
    fn continue_loading(&mut self) {
        let display = &mut self.display;
        if let Some(room) = display.rooms.current() {
            let style = RecordStyle {
                me: &display.me,
                clock: &display.clock,
                preferences: display.preferences.current(),
            };
            display.scroll.history.draw(room, &style);
        }
        if let Some((columns, height)) = display.scroll.history.pending_page.take() {
            display.page(Direction::Back, columns, height);
        }
    }

    /// Lists the last `count` of some older records.
    fn list_history(&mut self, name: &RoomName, records: &[Record], count: usize) {
        let display = &mut self.display;
        let shown = records.get(records.len().saturating_sub(count)..).unwrap_or_default();
        if let Some(first) = shown.first()
            && let Some(room) = display.rooms.get_mut(name)
        {
            // If records between these and the rest are not shown, `/history` still has to list them.
            let adjoins = shown.last().map(|last| last.seq + 1) >= room.seqs.oldest;
            room.seqs.oldest = if adjoins { Some(first.seq) } else { room.seqs.oldest };
            let preferences = display.preferences.current();
            let shown = records.iter().filter(|record| !preferences.is_ignored(&record.user));
            shown.for_each(|record| room.posts.apply(record));
        }
        let lines = listing::history(name, display.rooms.get(name), shown, &display.style());
        display.print_all(lines);
    }

    /// Prints all lines of one of these records.
    fn show_record_of(&mut self, records: &[Record], seq: u64) {
        let display = &mut self.display;
        let Some(record) = records.iter().find(|record| record.seq == seq) else {
            return display.error(&format!("there is no message #{seq} here"));
        };
        let style = display.style();
        let line = format::record(record, &style.stamp(record), style.me);
        display.print_message(seq, line);
    }

    /// Lists what a search has found, oldest first. `is_complete`: nothing older is left to search.
    pub(crate) fn list_found(
        &mut self,
        name: &RoomName,
        text: &str,
        records: &[Record],
        is_complete: bool,
    ) {
        let display = &mut self.display;
        let (room, style) = (display.rooms.get(name), display.style());
        let lines = listing::found(name, room, text, records, is_complete, &style);
        display.print_all(lines);
    }
}

/// Counts a record of an ignored user as read. If it deletes a text, the text still goes.
fn skip_ignored(rooms: &mut RoomList, record: &Record) {
    let is_visible = rooms.is_visible(&record.room);
    let Some(room) = rooms.get_mut(&record.room) else { return };
    room.seqs.newest = record.seq;
    if let RecordKind::Operation(Operation::Delete { target }) = &record.kind {
        room.posts.apply(record);
        room.scrollback.erase(*target);
    }
    if is_visible {
        room.read_position.mark_seen(record.seq);
    }
}
