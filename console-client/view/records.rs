//! What the view makes of what is said in a room and done to its log, and how far that was read.

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::Joined;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Record;

use super::Fate;
use super::Shows;
use super::View;
use super::Waiting;
use super::format;
use crate::room::What;
use crate::text::line::Line;

/// Lines listed to be answered.
const LISTED: usize = 10;

impl View {
    // ---- What the person asks ------------------------------------------------------------------

    /// What was read here and the server does not know, as far as it can be told now. Only a person
    /// who looks at one room at a time has read what is shown.
    pub(crate) fn unmarked(&self) -> Vec<(RoomName, u64)> {
        if self.shows != Shows::Here || !self.connection.is_live() {
            return Vec::new();
        }
        let known = self.rooms.iter().filter(|room| room.is_known);
        known.filter_map(|room| Some((room.name.clone(), room.reading.untold()?))).collect()
    }

    /// A room was read up to this record: we have told the server so, or another device of ours.
    pub(crate) fn marked(&mut self, name: &RoomName, seq: u64) {
        if let Some(room) = self.room_mut(name) {
            room.reading.marked(seq);
            room.lines.read_elsewhere(seq);
        }
    }

    /// The number of our last line in the room one is in.
    ///
    /// # Errors
    /// A sentence: there is none that could be meant without doubt.
    pub(crate) fn own_last(&self) -> Result<u64, &'static str> {
        let room = self.here().ok_or("you are in no room (try /join lobby)")?;
        let mut waiting = self.unstored().map(|(line, _)| line).filter(|l| l.room == room.name);
        if waiting.any(|line| matches!(line.operation, Operation::Post { .. })) {
            return Err("your last line is not stored yet; an older one needs its number");
        }
        let is_going = |seq: u64| {
            self.unstored().any(|(line, why)| {
                line.room == room.name
                    && line.operation == Operation::Delete { target: seq }
                    && why.is_none()
            })
        };
        let last = room.own.lines().rev().map(|(seq, _)| seq).find(|seq| !is_going(*seq));
        last.ok_or("no line of yours is in sight here; an older one needs its number: /history")
    }

    /// Lists our lines in the room one is in, with their numbers.
    pub(crate) fn list_own(&mut self) {
        let Some(room) = self.here() else { return };
        let rows: Vec<String> =
            room.own.lines().map(|(seq, text)| format!("#{seq} {text}")).collect();
        let label = self.label(&room.name);
        let note = match rows.len() {
            0 => format!("no line of yours is in sight in {label} (/history has numbers too)"),
            _ => format!("your lines in {label}"),
        };
        self.remark(format::note(&note));
        rows.iter().for_each(|row| self.remark(format::item(row)));
    }

    /// Lists the newest posts of the room one is in, with their numbers.
    pub(crate) fn list_newest(&mut self) {
        let Some(room) = self.here() else { return };
        let seqs = room.posts.newest(LISTED);
        let found = seqs.iter().filter_map(|seq| Some((*seq, room.posts.find(*seq)?)));
        let rows: Vec<Line> = found.map(|(seq, post)| format::answerable(seq, post)).collect();
        let label = self.label(&room.name);
        let note = match rows.len() {
            0 => format!("no line is in sight in {label} (/history has numbers too)"),
            _ => format!("the newest lines in {label}; /history numbers older ones"),
        };
        self.remark(format::note(&note));
        rows.into_iter().for_each(|row| self.remark(row));
    }

    /// Tells what the room one is in is about.
    pub(crate) fn tell_topic(&mut self) {
        let Some(room) = self.here() else { return };
        let label = self.label(&room.name);
        let note = match &room.topic {
            Some(topic) => format!("{label}: {topic}"),
            None => format!("{label} has no topic (/topic TEXT sets one)"),
        };
        self.remark(format::note(&note));
    }

    // ---- What is heard -------------------------------------------------------------------------

    pub(super) fn joined(&mut self, joined: Joined) {
        let name = joined.room;
        let is_new = !self.is_in(&name);
        if is_new {
            self.add(name.clone());
        }
        let is_here_only = self.shows == Shows::Here;
        let (skips, is_first) = (self.shows == Shows::News, is_new || !self.is_known(&name));
        let label = self.label(&name);
        let Some(room) = self.room_mut(&name) else { return };
        (room.count, room.first) = (joined.count, joined.first);
        room.set_members(joined.members.unwrap_or_default(), joined.away);
        room.is_known = true;
        room.topic.clone_from(&joined.topic);
        if is_first && skips {
            room.skipped = joined.head;
        }
        if joined.since > 0 {
            room.oldest.get_or_insert(joined.since + 1); // /history works before anything comes
        }
        let shown = joined.first.saturating_sub(1).max(room.newest);
        let unread =
            joined.marked.map_or(0, |marked| joined.since.saturating_sub(marked.max(shown)));
        if joined.head > joined.since {
            room.unread_from = (unread > 0).then_some((joined.since + 1).saturating_sub(unread));
        }
        room.reading.joined(joined.marked, joined.head);
        if let Some(topic) = joined.topic.filter(|_| is_first) {
            self.show(&name, format::note(&format!("{label}: {topic}")));
        }
        if unread > 0 && !skips {
            let lines =
                if unread == 1 { "1 unread line" } else { &format!("{unread} unread lines") };
            let how = if is_here_only { "Alt-U goes to them" } else { "/history shows them" };
            let note = format!("{lines} before these: {how}");
            self.show(&name, format::note(&note));
        }
    }

    pub(super) fn record(&mut self, record: &Record) {
        let local = self.local(record.at);
        let is_ours = record.user.is_same_claim(&self.me);
        self.erase_loaded(record);
        if self.is_ignored(&record.user) {
            return self.pass_over(record);
        }
        let is_news_only = self.shows == Shows::News;
        let Some(room) = self.room_mut(&record.room) else { return };
        room.spoke(&record.user);
        room.newest = record.seq;
        room.posts.take(record);
        match &record.kind {
            Kind::Operation(Operation::Delete { target }) => room.lines.erase(*target),
            Kind::Operation(Operation::Topic { text }) => {
                room.topic = Some(text.to_string()).filter(|topic| !topic.is_empty());
            }
            Kind::Operation(Operation::Post { .. } | Operation::Edit { .. })
            | Kind::Erased { .. } => {}
        }
        if is_ours {
            room.own.take(record);
        }
        let is_skipped = record.seq <= room.skipped;
        let day = talk::time::day(local);
        let is_new_day = room.is_new_day(day, is_skipped || is_news_only);
        let begins_unread =
            !is_ours && room.lines.news() == 0 && room.reading.begins_unread(record.seq);
        if !is_skipped {
            room.oldest.get_or_insert(record.seq);
            if is_new_day {
                self.show_what(&record.room, format::day(day), What::Day(day));
            }
            if begins_unread && !is_news_only {
                self.show_what(&record.room, format::unread(), What::Unread);
            }
            self.show_record(record, local);
        }
        self.settle();
    }

    /// What somebody ignored says or does is as good as read. That it takes words away still counts.
    fn pass_over(&mut self, record: &Record) {
        let is_here = self.is_here(&record.room);
        let Some(room) = self.room_mut(&record.room) else { return };
        room.newest = record.seq;
        if let Kind::Operation(Operation::Delete { target }) = &record.kind {
            room.posts.take(record);
            room.lines.erase(*target);
        }
        if is_here {
            room.reading.saw(record.seq);
        }
    }

    /// Lists the last `count` of some older records.
    pub(super) fn list_history(&mut self, name: &RoomName, records: &[Record], count: usize) {
        let shown = records.get(records.len().saturating_sub(count)..).unwrap_or_default();
        let label = self.label(name);
        let Some(first) = shown.first() else {
            return self.remark(format::note(&format!("{label} keeps nothing older")));
        };
        if let Some(room) = self.room_mut(name) {
            // What is shown far from the rest leaves a hole, which `/history` still has to fill.
            let goes_on = shown.last().map(|last| last.seq + 1) >= room.oldest;
            room.oldest = if goes_on { Some(first.seq) } else { room.oldest };
            records.iter().for_each(|record| room.posts.take(record));
        }
        self.remark(format::note(&format!("{label}, {} lines from before", shown.len())));
        self.list_numbered(name, shown);
    }

    /// What a search has found, oldest first; `is_whole`: there is nothing older.
    pub(crate) fn show_found(
        &mut self,
        name: &RoomName,
        text: &str,
        records: &[Record],
        is_whole: bool,
    ) {
        let label = self.label(name);
        let count = match records.len() {
            0 => "no line".to_owned(),
            1 => "1 line".to_owned(),
            count => format!("{count} lines"),
        };
        let more = if is_whole { "" } else { ", there may be older ones" };
        self.remark(format::note(&format!("{label}, {count} with {text:?}{more}")));
        self.list_numbered(name, records);
    }

    /// Records under their days, each with its number.
    fn list_numbered(&mut self, name: &RoomName, records: &[Record]) {
        let mut last = None;
        for record in records {
            if self.is_ignored(&record.user) {
                continue;
            }
            let local = self.local(record.at);
            let day = talk::time::day(local);
            if last.replace(day) != Some(day) {
                self.remark(format::day(day));
            }
            if let Kind::Operation(act) = &record.kind
                && let Some((_, line)) = self.answered(name, act)
            {
                self.remark(line);
            }
            self.remark(format::numbered(record, &self.clock(local), &self.me));
        }
        self.remark(format::note("and back to now"));
    }

    /// Forgets the lines that are stored and shown, or stored where nothing is shown to us.
    pub(super) fn settle(&mut self) {
        let newest = |name: &RoomName| {
            self.rooms.iter().find(|room| room.name == *name).map_or(u64::MAX, |room| room.newest)
        };
        self.waiting.retain(|Waiting { line, fate }| match fate {
            Fate::Open | Fate::Failed(_) => true,
            Fate::Stored(seq) => *seq > newest(&line.room),
        });
    }
}
