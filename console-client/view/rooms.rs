//! From room to room: turning, entering, leaving, and what a room is called.

use talk::chat::RoomName;
use talk::chat::UserName;

use super::Channel;
use super::View;
use super::format;
use crate::room::Room;
use crate::stdio::keys::Direction;
use crate::text::line::Line;

impl View {
    /// Turns to a room one is in; false where one is not.
    pub(crate) fn turn_to(&mut self, name: &RoomName) -> bool {
        let found = self.rooms.iter().position(|room| room.name == *name);
        found.is_some_and(|at| self.turn_to_nth(at))
    }

    /// Turns to the room of that number, counted from 0.
    pub(crate) fn turn_to_nth(&mut self, at: usize) -> bool {
        if at >= self.rooms.len() {
            return false;
        }
        self.settle_comings();
        self.look_ahead(); // what was said here comes before what is said there
        let Some(room) = self.rooms.get_mut(at) else { return false };
        let was = std::mem::replace(&mut self.here, at);
        if was != at {
            room.read_position.saw(room.newest);
            let (name, news) = (room.name.clone(), room.lines.news());
            let unseen = room.lines.take_unseen();
            let more = if news == 0 { String::new() } else { format!(" · {news} new") };
            let cut = if news > unseen.len() { ", of which the last" } else { "" };
            self.remark(format::note(&format!("now in {}{more}{cut}", self.label(&name))));
            self.show_again(unseen);
        }
        true
    }

    /// Turns to the next room with lines not looked at, or else just to the next.
    pub(crate) fn turn_to_active(&mut self) {
        let count = self.rooms.len();
        let mut others = (1..count).map(|step| (self.here + step) % count);
        let is_active = |at: &usize| self.rooms.get(*at).is_some_and(|room| room.lines.news() > 0);
        let next = others.clone().find(is_active);
        if let Some(at) = next.or(others.next()) {
            self.turn_to_nth(at);
        }
    }

    /// Turns to the room before or after, round and round.
    pub(crate) fn turn_beside(&mut self, direction: Direction) {
        let count = self.rooms.len().max(1);
        let step = match direction {
            Direction::Back => count - 1,
            Direction::Forward => 1,
        };
        self.turn_to_nth((self.here + step) % count);
    }

    /// A room is being joined, without turning to it.
    pub(crate) fn add(&mut self, room: RoomName) {
        self.rooms.push(Room::new(room));
    }

    /// Turns to a room that is being joined: what is said from now on is meant for it.
    pub(crate) fn enter_new(&mut self, room: RoomName) {
        self.add(room);
        self.turn_to_nth(self.rooms.len() - 1);
    }

    /// We are no longer in a room.
    pub(super) fn left(&mut self, name: &RoomName) {
        if self.is_in(name) {
            self.remark(format::note(&format!("you left {}", self.label(name))));
            self.forget(name);
        }
    }

    pub(super) fn forget(&mut self, name: &RoomName) {
        let Some(at) = self.rooms.iter().position(|room| room.name == *name) else { return };
        self.rooms.remove(at);
        self.settle();
        if at == self.here {
            self.looks_back = None;
            self.load_nothing();
            self.here = usize::MAX; // nowhere, so that turning tells what was missed
            self.turn_to_nth(at.saturating_sub(1));
        } else if at < self.here {
            self.here -= 1;
        }
    }

    /// Whether what is said in this room is looked at now.
    pub(super) fn is_here(&self, name: &RoomName) -> bool {
        !self.is_looking_back() && self.here().is_some_and(|here| here.name == *name)
    }

    /// OutputMode lines that came while one was looking elsewhere.
    pub(super) fn show_again(&mut self, lines: Vec<Line>) {
        self.said.extend(lines.into_iter().map(|line| (Channel::Chat, line)));
    }

    pub(super) fn is_known(&self, name: &RoomName) -> bool {
        self.rooms.iter().any(|room| room.name == *name && room.is_known)
    }

    /// Who wrote to us directly, the last of them.
    pub(crate) fn last_writer(&self) -> Option<&UserName> {
        self.wrote.as_ref().map(|(_, user)| user)
    }

    /// The room in a sentence: `#rust`, `@alice`.
    pub(crate) fn label(&self, room: &RoomName) -> String {
        format::room(room, &self.me)
    }

    /// The room in brackets: `rust`, `@alice`.
    pub(crate) fn title(&self, room: &RoomName) -> String {
        format::title(room, &self.me)
    }
}
