//! What the view makes of each notice.

use talk::chat::Cid;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::wire::Change;
use talk::chat::wire::Joined;
use talk::chat::wire::Record;
use talk::chat::wire::RoomInfo;
use talk::chat::wire::Welcome;
use talk::client::Notice;
use talk::client::State;

use crate::phrases;
use crate::room::Room;
use crate::view::Fate;
use crate::view::Shows;
use crate::view::TEXT_MAX;
use crate::view::View;
use crate::view::Waiting;
use crate::view::people;

/// A person who was typing this long ago, in milliseconds, no longer is.
const TYPING: u64 = 5_000;

impl View {
    /// Takes one notice into account, at a Unix time in milliseconds.
    pub(crate) fn hear(&mut self, notice: Notice, now: u64) {
        self.now = now;
        match notice {
            Notice::State(state) => self.enter(state),
            Notice::Trouble(fault) => self.trouble = fault.to_string(),
            Notice::Stopped { .. } => {} // the end, which is told where the program ends
            Notice::Welcome(welcome) => self.welcome(welcome),
            Notice::Joined(joined) => self.joined(joined),
            Notice::Record(record) => self.record(&record),
            Notice::Pending(line) => self.waits(line),
            Notice::Stored { cid, seq } => self.set_fate(&cid, Fate::Stored(seq)),
            Notice::Failed { cid, message, .. } => self.set_fate(&cid, Fate::Failed(message)),
            Notice::Dropped(cid) => self.waiting.retain(|waiting| waiting.line.cid != cid),
            Notice::Reset(room) => self.reset(&room),
            Notice::Gap { room, first } => {
                let gap = format!("lines are missing here: the room keeps them from {first} on");
                self.show(&room, phrases::note(&gap));
            }
            Notice::Presence { room, change, count } => self.presence(&room, change, count),
            Notice::Renamed { user, to, .. } => self.renamed(&user, &to),
            Notice::Members { room, members } => self.members(&room, members),
            Notice::Rooms { rooms } => self.list(rooms),
            Notice::Left(room) => self.left(&room),
            Notice::Typing { room, user } => {
                if let Some(room) = self.room_mut(&room) {
                    room.types(&user, now + TYPING);
                }
            }
            Notice::Marked { .. } => {}
            Notice::History { room, records, .. } => self.history(&room, &records),
            Notice::Error { message, room, .. } => self.refused(room, &message),
        }
    }

    fn enter(&mut self, state: State) {
        self.state = Some(state);
        match state {
            State::Offline { retry } => {
                let wait = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
                self.retry_at = self.now.saturating_add(wait);
                // Each attempt may fail for the same reason; it is told once.
                if !self.trouble.is_empty() && self.trouble != self.told_trouble {
                    self.told_trouble.clone_from(&self.trouble);
                    self.alarm(&format!("{}; trying again", self.trouble));
                }
            }
            State::Connecting | State::CatchingUp => {}
            State::Live => {
                self.trouble.clear();
                if !std::mem::take(&mut self.told_trouble).is_empty() {
                    self.remark(phrases::note("connected again"));
                }
            }
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        let is_first = self.welcome.is_none();
        self.me = welcome.user.clone();
        self.text_max = usize::try_from(welcome.limits.text).unwrap_or(TEXT_MAX);
        if is_first {
            let hello = format!("{} · you are {} · /help", self.server, self.me);
            self.remark(phrases::note(&hello));
            for line in welcome.motd.iter().flat_map(|motd| motd.lines()) {
                self.remark(phrases::note(line));
            }
        }
        self.welcome = Some(welcome);
    }

    fn joined(&mut self, joined: Joined) {
        let name = joined.room;
        let is_new = !self.is_in(&name);
        if is_new {
            self.rooms.push(Room::new(name.clone()));
        }
        let (skips, is_first) = (self.shows == Shows::News, is_new || !self.is_known(&name));
        let Some(room) = self.room_mut(&name) else { return };
        room.count = joined.count;
        room.set_members(joined.members.unwrap_or_default());
        room.is_known = true;
        if is_first && skips {
            room.skipped = joined.head;
        }
        if let Some(topic) = joined.topic.filter(|_| is_first) {
            self.show(&name, phrases::note(&format!("#{name}: {topic}")));
        }
    }

    fn record(&mut self, record: &Record) {
        let local = self.local(record.at);
        let line = phrases::record(record, local, &self.me);
        let tells_first_day = self.shows != Shows::News;
        let Some(room) = self.room_mut(&record.room) else { return };
        room.spoke(&record.user);
        room.newest = record.seq;
        let is_skipped = record.seq <= room.skipped;
        let day = local.div_euclid(86_400);
        let is_new_day = room.is_new_day(day, is_skipped || !tells_first_day);
        if !is_skipped {
            room.oldest.get_or_insert(record.seq);
            if is_new_day {
                self.show(&record.room, phrases::day(day));
            }
            self.show_said(&record.room, line, true);
        }
        self.settle();
    }

    fn history(&mut self, name: &RoomName, records: &[Record]) {
        let count = self.asked_history.take().unwrap_or(records.len());
        let shown = records.get(records.len().saturating_sub(count)..).unwrap_or_default();
        let Some(first) = shown.first() else {
            return self.remark(phrases::note(&format!("#{name} keeps nothing older")));
        };
        if let Some(room) = self.room_mut(name) {
            room.oldest = Some(first.seq);
        }
        self.remark(phrases::note(&format!("#{name}, {} lines from before", shown.len())));
        let mut last = None;
        for record in shown {
            let local = self.local(record.at);
            let day = local.div_euclid(86_400);
            if last.replace(day) != Some(day) {
                self.remark(phrases::day(day));
            }
            self.remark(phrases::record(record, local, &self.me));
        }
        self.remark(phrases::note("and back to now"));
    }

    fn presence(&mut self, name: &RoomName, change: Option<(UserName, Change)>, count: u64) {
        let local = self.local(self.now);
        let change = change.filter(|(user, _)| !user.is_same_claim(&self.me));
        let Some(room) = self.room_mut(name) else { return };
        room.count = count;
        if let Some((user, change)) = change {
            room.change(&user, change);
            self.show_aside(name, phrases::change(&user, change, local));
        }
    }

    fn members(&mut self, name: &RoomName, members: Vec<UserName>) {
        let names: Vec<&str> = members.iter().map(UserName::as_str).collect();
        let count = members.len() as u64;
        let note = format!("{} in #{name}: {}", people(count), names.join(", "));
        self.remark(phrases::note(&note));
        if let Some(room) = self.room_mut(name) {
            room.count = count;
            room.set_members(members);
        }
    }

    fn list(&mut self, rooms: Vec<RoomInfo>) {
        self.remark(phrases::note("rooms"));
        for room in rooms {
            let topic = room.topic.map_or(String::new(), |topic| format!(" · {topic}"));
            let lines = if room.head == 1 { "line" } else { "lines" };
            let count = people(room.members);
            let row = format!("#{} · {count} · {} {lines}{topic}", room.name, room.head);
            self.remark(phrases::item(&row));
        }
    }

    fn set_fate(&mut self, cid: &Cid, fate: Fate) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.line.cid == *cid) {
            waiting.fate = fate;
        }
        self.settle();
    }

    /// Forgets the lines that are stored and shown, or stored where nothing is shown to us.
    fn settle(&mut self) {
        let newest = |name: &RoomName| {
            self.rooms.iter().find(|room| room.name == *name).map_or(u64::MAX, |room| room.newest)
        };
        self.waiting.retain(|Waiting { line, fate }| match fate {
            Fate::Open | Fate::Failed(_) => true,
            Fate::Stored(seq) => *seq > newest(&line.room),
        });
    }

    fn reset(&mut self, name: &RoomName) {
        let Some(room) = self.room_mut(name) else { return };
        room.reset();
        let note = format!("#{name} has begun anew: what stands above is no longer part of it");
        self.show(name, phrases::note(&note));
    }

    fn renamed(&mut self, user: &UserName, to: &UserName) {
        let is_ours = user.is_same_claim(&self.me);
        if is_ours {
            self.me = to.clone();
        }
        let line = phrases::renamed(user, to, self.local(self.now));
        let knows = |room: &mut Room| room.rename(user, to).then(|| room.name.clone());
        let known: Vec<RoomName> = self.rooms.iter_mut().filter_map(knows).collect();
        if known.is_empty() && is_ours {
            return self.remark(line);
        }
        known.iter().for_each(|room| self.show_aside(room, line.clone()));
    }

    fn refused(&mut self, room: Option<RoomName>, message: &str) {
        let Some(room) = room else { return self.alarm(message) };
        self.alarm(&format!("#{room}: {message}"));
        if self.is_in(&room) && !self.is_known(&room) {
            self.forget(&room); // it was to be joined
        }
    }

    fn left(&mut self, name: &RoomName) {
        if self.is_in(name) {
            self.remark(phrases::note(&format!("you left #{name}")));
            self.forget(name);
        }
    }

    fn forget(&mut self, name: &RoomName) {
        let Some(at) = self.rooms.iter().position(|room| room.name == *name) else { return };
        self.rooms.remove(at);
        self.settle();
        if at == self.here {
            self.here = usize::MAX; // nowhere, so that turning tells what was missed
            self.turn_to_nth(at.saturating_sub(1));
        } else if at < self.here {
            self.here -= 1;
        }
    }
}
