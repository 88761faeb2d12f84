//! What the view does with each client event.

use std::mem;

use talk::chat::AwayMember;
use talk::chat::AwayMessage;
use talk::chat::ErrorCode;
use talk::chat::RoomName;
use talk::chat::Token;
use talk::chat::UserName;
use talk::chat::protocol::ErrorMessage;
use talk::chat::protocol::PresenceChange;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::ConnectionState;
use talk::client::Event;

use super::Asker;
use super::AwaitedLists;
use super::Greeting;
use super::View;
use super::display::presence::Note;
use super::format;
use super::listing;
use super::member_questions::ListedMembers;
use super::take_awaited;
use super::unsent::SendState;
use crate::connection_status::ConnectionChange;
use crate::room::Room;

/// Lines shown of the server's greeting.
const MOTD_LINES: usize = 100;

/// How long a user counts as typing, in milliseconds.
const TYPING: u64 = 5_000;

impl View {
    /// Takes one event into account, at a Unix time in milliseconds.
    pub(crate) fn apply(&mut self, event: Event, now: u64) {
        self.display.clock.now = now;
        self.connection.status.apply(&event);
        match event {
            Event::State(state) => self.on_state(state),
            Event::ConnectionLost(_) => {} // a state follows, which is shown with the reason
            Event::Stopped { .. } => {}    // the program ends, and prints the reason
            Event::Record(record) => self.on_record(&record),
            Event::Reset(room) => self.on_reset(&room),
            Event::Gap { room, first } => {
                let text =
                    format!("messages are missing here: the server keeps #{first} and later");
                self.display.show_notice(&room, &text);
            }
            Event::Pending(submission) => self.unsent.add(submission),
            Event::Stored { cid, seq } => {
                self.unsent.set_state(&cid, SendState::Stored(seq));
                self.remove_shown_submissions();
            }
            Event::Failed { cid, rejection } => {
                self.unsent.set_state(&cid, SendState::Failed(rejection.to_string()));
                self.remove_shown_submissions();
            }
            Event::Dropped(cid) => self.unsent.remove(&cid),
            Event::Message(message) => self.on_message(message, now),
        }
    }

    fn on_message(&mut self, message: ServerMessage, now: u64) {
        match message {
            ServerMessage::Welcome(welcome) => self.on_welcome(welcome),
            ServerMessage::Joined(joined) => self.on_joined(joined),
            ServerMessage::Presence { room, change, away, member, count } => {
                self.on_presence(&room, change, (away, member), count);
            }
            ServerMessage::Away { room, user, away } => self.on_away(&room, &user, away),
            ServerMessage::Renamed { user, to, token } => {
                self.on_renamed(&user, &to, token.as_ref());
            }
            ServerMessage::Members { room, members, away, list: None } => {
                self.on_members(&room, members, away);
            }
            ServerMessage::Members { room, members: names, away, list: Some(list) } => {
                self.on_members_page(&room, ListedMembers { names, away, list });
            }
            ServerMessage::Rooms { rooms } => {
                self.display.known_rooms.set(&rooms);
                if take_awaited(&mut self.awaited.rooms) {
                    let lines = listing::rooms(rooms, &self.display.rooms, &self.display.me);
                    self.display.print_all(lines);
                }
            }
            ServerMessage::Left { room } => self.on_left(&room),
            ServerMessage::Typing { room, user } => {
                let is_ignored = self.display.preferences.current().is_ignored(&user);
                let room = self.display.rooms.get_mut(&room).filter(|_| !is_ignored);
                room.into_iter().for_each(|room| room.members.set_typing(&user, now + TYPING));
            }
            ServerMessage::Membership { room, peer, change, muted } => {
                self.on_membership(&room, peer.as_ref(), change, muted);
            }
            ServerMessage::Marked { room, seq } => self.display.rooms.mark_read(&room, seq),
            ServerMessage::History { room, records, first } => {
                self.on_history(&room, records, first);
            }
            // An error before the welcome rejects our hello: the end follows, with the reason.
            ServerMessage::Error(_) if !self.connection.status.was_welcomed() => {}
            ServerMessage::Error(ErrorMessage { code, message, room, peer, .. }) => {
                let asked = peer.as_ref().map(RoomName::with_peer);
                self.on_error(code, room.or(asked), &message);
            }
            // Records come as events of their own; the chat shows a search once it is complete.
            ServerMessage::Record(_) | ServerMessage::Found { .. } | ServerMessage::Other(_) => {}
        }
    }

    fn on_state(&mut self, state: ConnectionState) {
        let history = &mut self.display.scroll.history;
        history.set_online(self.connection.status.is_connected());
        if let ConnectionState::Offline { retry } = state {
            history.cancel_requests();
            self.awaited = AwaitedLists::default();
            self.display.known_rooms.cancel_request();
            self.connection.set_retry(retry, self.display.clock.now);
        }
        if state == ConnectionState::Live {
            self.print_greeting();
        }
        match self.connection.status.report_once() {
            Some(ConnectionChange::Lost(sentence)) => self.display.error(&sentence),
            Some(ConnectionChange::Restored) => self.display.notice("connected again"),
            None => {}
        }
    }

    fn on_left(&mut self, room: &RoomName) {
        let is_current = self.display.rooms.current().is_some_and(|current| current.name == *room);
        if self.display.rooms.contains(room) {
            // A private room may be left unasked, to make a place for another: a notice would only distract.
            if is_current || !room.is_private() {
                self.display.notice(&format!("you left {}", self.display.label(room)));
            }
            self.remove_room(room);
        }
    }

    fn on_welcome(&mut self, welcome: Welcome) {
        if self.display.me != welcome.user {
            let former = self.display.me.clone();
            // On another device, while we were not connected.
            self.on_renamed(&former, &welcome.user, Some(&welcome.token));
        }
        self.display.former_names.clone_from(&welcome.former);
        self.own_away.clone_from(&welcome.away);
        if let Some(rooms) = &welcome.rooms {
            self.display.rooms.follow(rooms);
        }
        let motd = welcome.motd.clone();
        if self.connection.set_welcome(welcome) {
            self.display.notice(&format!("{} · you are {} · /help", self.server, self.me()));
            self.greeting.motd = motd;
        }
    }

    /// Prints what is about to be read, once the history is above it: the topics of rooms that we
    /// joined, then the server's greeting.
    pub(super) fn print_greeting(&mut self) {
        let Greeting { topics, counted, motd } = mem::take(&mut self.greeting);
        self.print_counted(&counted);
        for name in topics {
            let Some(topic) = self.display.rooms.get_mut(&name).and_then(|room| room.topic.clone())
            else {
                continue;
            };
            let label = self.display.label(&name);
            self.display.show_notice(&name, &format!("{label}: {topic}"));
        }
        for line in motd.iter().flat_map(|motd| motd.lines()).take(MOTD_LINES) {
            self.display.print(format::notice(line).cut());
        }
    }

    /// Prints how many messages are unread in rooms whose history is not printed.
    fn print_counted(&mut self, counted: &[RoomName]) {
        if counted.is_empty() {
            return;
        }
        let display = &mut self.display;
        let unread = |name: &&RoomName| {
            let count = display.rooms.get(name).map_or(0, |room| room.seqs.skipped_unread);
            let label = display.label(name);
            (count > 0 && !display.is_muted(name)).then(|| format!("{label} {count}"))
        };
        let unread: Vec<String> = counted.iter().filter_map(|name| unread(&name)).collect();
        let rooms = if counted.len() == 1 { "room" } else { "rooms" };
        let what = if unread.is_empty() {
            "nothing unread".to_owned()
        } else {
            format!("unread: {} (/join ROOM, then /history)", unread.join(", "))
        };
        display.notice(&format!("you are in {} more {rooms}; {what}", counted.len()));
    }

    /// Notes that the person has joined, left, muted or unmuted a room on another device.
    fn on_membership(
        &mut self,
        name: &RoomName,
        peer: Option<&UserName>,
        change: PresenceChange,
        is_muted: bool,
    ) {
        let display = &mut self.display;
        match change {
            PresenceChange::Joined if !display.rooms.contains(name) => {
                if display.rooms.add_returning(name) {
                    display.rooms.get_mut(name).into_iter().for_each(|room| room.set_peer(peer));
                    let label = display.label(name);
                    display.notice(&format!("you joined {label} on another device"));
                }
            }
            PresenceChange::Joined | PresenceChange::Left => {}
        }
        if let Some(room) = display.rooms.get_mut(name) {
            room.is_returning |= !room.is_joined;
            room.is_muted = is_muted;
        }
    }

    /// Notes that a user is away, or back. If it is us, it was said here or on another device.
    fn on_away(&mut self, name: &RoomName, user: &UserName, away: Option<AwayMessage>) {
        let display = &mut self.display;
        let Some(room) = display.rooms.get_mut(name) else { return };
        room.members.set_away(user, away.clone());
        if user.is_same_claim(&display.me) {
            self.own_away = away;
        } else {
            display.add_note(name, Note::Away(user, away.as_ref()));
        }
    }

    fn on_error(&mut self, code: ErrorCode, room: Option<RoomName>, message: &str) {
        let display = &mut self.display;
        let Some(room) = room else { return display.error(message) };
        self.awaited.members.cancel(&room);
        if display.scroll.history.take_request_for_time(&room) {
            display.scroll_to_newest(); // there is no position to wait at
            if code == ErrorCode::BadMessage {
                return display.error(
                    "this server is too old to go to a day or a time (try /goto NUMBER, or PgUp)",
                );
            }
        } else if matches!(code, ErrorCode::NotJoined | ErrorCode::Storage) {
            display.scroll.history.take_request(&room);
        }
        let is_member = display.rooms.contains(&room);
        if code == ErrorCode::NotJoined && !is_member {
            return; // our last message to the room crossed with our leaving
        }
        let peer = room.wanted_peer();
        let peer = peer.as_ref().map(UserName::as_str).or_else(|| room.other_key(&display.me));
        display.error(&match peer.filter(|_| code == ErrorCode::BadName) {
            Some(name) => format!("nobody is called {name}"),
            None => format!("{}: {message}", display.label(&room)),
        });
        if is_member && !display.rooms.is_joined(&room) {
            self.remove_room(&room); // the join was refused
        }
    }

    fn on_presence(
        &mut self,
        name: &RoomName,
        change: Option<(UserName, PresenceChange)>,
        (away, is_member): (Option<AwayMessage>, bool),
        count: u64,
    ) {
        let display = &mut self.display;
        let change = change.filter(|(user, _)| !user.is_same_claim(&display.me));
        let Some(room) = display.rooms.get_mut(name) else { return };
        room.members.count = count;
        if let Some((user, change)) = change {
            room.members.apply(&user, change, is_member);
            room.members.set_away(&user, away);
            display.add_note(name, Note::Presence(&user, change));
        }
    }

    /// Takes the whole list of those who are here. A server that does not know pages answers with it.
    fn on_members(&mut self, name: &RoomName, members: Vec<UserName>, away: Vec<AwayMember>) {
        let display = &mut self.display;
        // One that does sends it after a replay, unasked.
        let knows_pages = display.rooms.get(name).is_some_and(|room| room.members.knows_pages());
        let question = if knows_pages { None } else { self.awaited.members.take_whole(name) };
        if let Some(question) = question.filter(|question| question.asker == Asker::Who) {
            let line = listing::whole_answer(&display.label(name), &question, &members, &away);
            display.print_answer(vec![line]);
        }
        if let Some(room) = display.rooms.get_mut(name) {
            room.members.count = members.len() as u64;
            room.members.set(Some(members), away);
        }
    }

    fn on_members_page(&mut self, name: &RoomName, page: ListedMembers) {
        let Some(question) = self.awaited.members.take(name, page) else { return };
        let display = &mut self.display;
        match question.asker {
            Asker::Who => {
                display.print_answer(listing::answer(&display.label(name), &question));
            }
            Asker::Tab => {
                let pages = question.here.into_iter().chain(question.absent);
                let names = pages.flat_map(|page| page.names).collect();
                if let Some(room) = display.rooms.get_mut(name) {
                    room.members.set_found(names);
                }
            }
        }
    }

    fn on_renamed(&mut self, user: &UserName, to: &UserName, key: Option<&Token>) {
        let is_other_person = key.is_some_and(|key| !self.connection.set_key(key));
        let display = &mut self.display;
        let is_ours = user.is_same_claim(&display.me);
        if is_ours {
            let former = mem::replace(&mut display.me, to.clone());
            display.add_former_name(former);
        }
        if is_ours && is_other_person {
            display.former_names.clear();
            display.rooms.iter_mut().for_each(Room::forget_person);
        }
        let is_peer = |peer: &&mut UserName| peer.is_same_claim(user);
        let peers = display.rooms.iter_mut().filter_map(|room| room.peer.as_mut());
        peers.filter(is_peer).for_each(|peer| *peer = to.clone());
        display.preferences.follow_rename(user, to);
        display.rooms.rename_sender(user, to);
        let knows = |room: &mut Room| room.members.rename(user, to).then(|| room.name.clone());
        let known: Vec<RoomName> = display.rooms.iter_mut().filter_map(knows).collect();
        if !is_ours {
            return known.iter().for_each(|room| display.add_note(room, Note::Renamed(user, to)));
        }
        let line = format::renamed(user, to, &display.stamp(display.clock.local_now()));
        if known.is_empty() {
            return display.print(line);
        }
        known.iter().for_each(|room| display.show_presence(room, line.clone()));
    }

    /// Empties a room, because the server has a new log for it, or lost records of this one.
    fn on_reset(&mut self, name: &RoomName) {
        let display = &mut self.display;
        let label = display.label(name);
        let Some(room) = display.rooms.get_mut(name) else { return };
        room.reset();
        display.scroll.history.clear();
        let text = format!(
            "{label} was reset: the server no longer has all messages above; its newest follow"
        );
        display.show_notice(name, &text);
    }
}
