//! What the view makes of each event.

use talk::chat::AwayMember;
use talk::chat::AwayMessage;
use talk::chat::Cid;
use talk::chat::ErrorCode;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Change;
use talk::chat::protocol::ErrorMessage;
use talk::chat::protocol::RoomInfo;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::Event;
use talk::client::State;

use super::Fate;
use super::TEXT_MAX;
use super::View;
use super::format;
use super::people;
use crate::connection_status;
use crate::room::Room;

/// A person who was typing this long ago, in milliseconds, no longer is.
const TYPING: u64 = 5_000;

impl View {
    /// Takes one event into account, at a Unix time in milliseconds.
    pub(crate) fn hear(&mut self, event: Event, now: u64) {
        self.now = now;
        self.connection.apply(&event);
        match event {
            Event::State(state) => self.enter(state),
            Event::ConnectionLost(_) => {} // its state follows, and is shown with the reason
            Event::Stopped { .. } => {}    // the program ends, and says why
            Event::Record(record) => self.record(&record),
            Event::Reset(room) => self.reset(&room),
            Event::Gap { room, first } => {
                let gap = format!("lines are missing here: the room keeps them from {first} on");
                self.show(&room, format::note(&gap));
            }
            Event::Pending(submission) => self.waits(submission),
            Event::Stored { cid, seq } => self.set_fate(&cid, Fate::Stored(seq)),
            Event::Failed { cid, rejection } => {
                self.set_fate(&cid, Fate::Failed(rejection.to_string()));
            }
            Event::Dropped(cid) => self.waiting.retain(|waiting| waiting.line.cid != cid),
            Event::Message(message) => self.message(message),
        }
    }

    fn message(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Welcome(welcome) => self.welcome(welcome),
            ServerMessage::Joined(joined) => self.joined(joined),
            ServerMessage::Presence { room, change, away, count } => {
                self.presence(&room, change, away, count);
            }
            ServerMessage::Away { room, user, away } => self.went_away(&room, &user, away),
            ServerMessage::Renamed { user, to, .. } => self.renamed(&user, &to),
            ServerMessage::Members { room, members, away } => self.members(&room, members, away),
            ServerMessage::Rooms { rooms } => self.list(rooms),
            ServerMessage::Left { room } => self.left(&room),
            ServerMessage::Typing { room, user } => self.typed(&room, &user),
            ServerMessage::Marked { room, seq } => self.marked(&room, seq),
            ServerMessage::History { room, records, first } => self.history(&room, records, first),
            ServerMessage::Error(ErrorMessage { .. }) if !self.connection.was_welcomed() => {} // the end follows
            ServerMessage::Error(ErrorMessage { code, message, room, .. }) => {
                self.refused(code, room, &message);
            }
            // A record comes as an event of its own, and what was found once the search is over.
            ServerMessage::Record(_) | ServerMessage::Found { .. } | ServerMessage::Other(_) => {}
        }
    }

    fn typed(&mut self, name: &RoomName, user: &UserName) {
        if self.is_ignored(user) {
            return;
        }
        let until = self.now + TYPING;
        if let Some(room) = self.room_mut(name) {
            room.types(user, until);
        }
    }

    fn enter(&mut self, state: State) {
        if let State::Offline { retry } = state {
            self.expect_nothing();
            let wait = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
            self.retry_at = self.now.saturating_add(wait);
        }
        match self.connection.say_once() {
            Some(connection_status::ConnectionChange::Lost(sentence)) => self.alarm(&sentence),
            Some(connection_status::ConnectionChange::Restored) => {
                self.remark(format::note("connected again"));
            }
            None => {}
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        let is_first = self.welcome.is_none();
        self.me = welcome.user.clone();
        self.away.clone_from(&welcome.away);
        self.text_max = usize::try_from(welcome.limits.text).unwrap_or(TEXT_MAX);
        if is_first {
            let hello = format!("{} · you are {} · /help", self.server, self.me);
            self.remark(format::note(&hello));
            for line in welcome.motd.iter().flat_map(|motd| motd.lines()) {
                self.remark(format::note(line));
            }
        }
        self.welcome = Some(welcome);
    }

    fn presence(
        &mut self,
        name: &RoomName,
        change: Option<(UserName, Change)>,
        away: Option<AwayMessage>,
        count: u64,
    ) {
        let change = change.filter(|(user, _)| !user.is_same_claim(&self.me));
        let Some(room) = self.room_mut(name) else { return };
        room.count = count;
        if let Some((user, change)) = change {
            room.change(&user, change);
            room.set_away(&user, away);
            self.came(name, &user, change);
        }
    }

    fn members(&mut self, name: &RoomName, members: Vec<UserName>, away: Vec<AwayMember>) {
        let shown = |user| format::member(user, &away);
        let names: Vec<String> = members.iter().map(shown).collect();
        let count = members.len() as u64;
        let note = format!("{} in {}: {}", people(count), self.label(name), names.join(", "));
        self.remark(format::note(&note));
        if let Some(room) = self.room_mut(name) {
            room.count = count;
            room.set_members(members, away);
        }
    }

    fn list(&mut self, rooms: Vec<RoomInfo>) {
        self.remark(format::note("rooms"));
        for room in rooms {
            let topic = room.topic.map_or(String::new(), |topic| format!(" · {topic}"));
            let lines = if room.head == 1 { "line" } else { "lines" };
            let count = people(room.members);
            let row =
                format!("{} · {count} · {} {lines}{topic}", self.label(&room.name), room.head);
            self.remark(format::item(&row));
        }
    }

    fn set_fate(&mut self, cid: &Cid, fate: Fate) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.line.cid == *cid) {
            waiting.fate = fate;
        }
        self.settle();
    }

    fn reset(&mut self, name: &RoomName) {
        let note = format!(
            "{} has begun anew: what stands above is no longer part of it",
            self.label(name)
        );
        let Some(room) = self.room_mut(name) else { return };
        room.reset();
        self.load_nothing();
        self.show(name, format::note(&note));
    }

    fn renamed(&mut self, user: &UserName, to: &UserName) {
        let is_ours = user.is_same_claim(&self.me);
        if is_ours {
            self.me = to.clone();
            self.rooms.iter_mut().for_each(Room::renamed);
        }
        self.ignore_renamed(user, to);
        if let Some((_, writer)) = &mut self.wrote
            && writer.is_same_claim(user)
        {
            *writer = to.clone();
        }
        let clock = self.clock(self.local(self.now));
        let line = format::renamed(user, to, &clock);
        let knows = |room: &mut Room| room.rename(user, to).then(|| room.name.clone());
        let known: Vec<RoomName> = self.rooms.iter_mut().filter_map(knows).collect();
        if known.is_empty() && is_ours {
            return self.remark(line);
        }
        let is_told = is_ours || !self.wishes.is_quiet && !self.is_ignored(to);
        let known = known.iter().filter(|_| is_told);
        known.for_each(|room| self.show_aside(room, line.clone()));
    }

    fn refused(&mut self, code: ErrorCode, room: Option<RoomName>, message: &str) {
        let Some(room) = room else { return self.alarm(message) };
        if matches!(code, ErrorCode::NotJoined | ErrorCode::Storage) {
            self.expect_less(&room);
        }
        if code == ErrorCode::NotJoined && !self.is_in(&room) {
            return; // that we were still writing or reading there crossed with our leaving
        }
        self.alarm(&format!("{}: {message}", self.label(&room)));
        if self.is_in(&room) && !self.is_known(&room) {
            self.forget(&room); // it was to be joined
        }
    }
}
