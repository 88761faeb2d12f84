//! What a client may do once it has said hello, and what each message does.
//!
//! Room: one session's view of the shared state: its client, the rooms it is in, how much it may still say.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::clients::client::Client;
use super::clients::disconnect::{self, Disconnect};
use super::logger::Level;
use super::metrics::Resume;
use super::room::Room;
use super::room::history;
use super::state::shared::{Shared, TooManyRooms};
use crate::chat::protocol::{
    ClientMessage, Join, Joined, Limits, Range, Refused, RoomInfo, ServerMessage, Since, Welcome,
};
use crate::chat::rate_limit::{FloodControl, RateLimiter, Verdict};
use crate::chat::{Cid, ErrorCode, Operation, Rejection, RoomName, Token, UserName};
use crate::limits;
use crate::ws::Encoder;

mod post; // what is done to a room's log, and told of it
mod leave; // what is left of it when it ends: nothing

/// One client's session. Dropped, by a panic too, it leaves every room and the registry.
#[derive(Debug)]
pub(super) struct Session {
    shared: Arc<Shared>,
    client: Arc<Client>,
    rooms: Vec<Arc<Room>>,
    posts: RateLimiter,
    flood: FloodControl,
    typed: Vec<(RoomName, Instant)>,
    /// The name under which it has posted.
    posted: Option<UserName>,
}

/// A refusal that answers no message in particular.
pub(super) fn refusal(rejection: Rejection) -> Refused {
    Refused { code: rejection.code, message: rejection.message, cid: None, room: None }
}

fn refused(code: ErrorCode, message: &'static str) -> Refused {
    refusal(Rejection::new(code, message))
}

fn about_cid(refused: Refused, cid: Cid) -> Refused {
    Refused { cid: Some(cid), ..refused }
}

fn unread(name: &RoomName) -> Refused {
    let refused = refused(ErrorCode::Storage, "the log could not be read, try later");
    about_room(refused, name.clone())
}

fn about_room(refused: Refused, room: RoomName) -> Refused {
    Refused { room: Some(room), ..refused }
}

impl Session {
    /// Registers a client.
    pub(super) fn begin(shared: &Arc<Shared>, client: Client) -> Session {
        let (shared, client) = (Arc::clone(shared), Arc::new(client));
        let posts = RateLimiter::new(shared.config.rate, shared.config.burst);
        let (most, patience) =
            (shared.config.limits.control_rate, shared.config.limits.flood_grace);
        let flood = FloodControl::new(most, patience, Instant::now());
        let (rooms, typed, posted) = (Vec::new(), Vec::new(), None);
        let session = Session { shared, client, rooms, posts, flood, typed, posted };
        session.shared.invitations.begin(session.client.id); // from here on, a panic leaves nothing behind
        session.shared.poll.add(Arc::clone(&session.client));
        session.log("hello");
        session
    }

    /// Ends the session, and hands back the client for its farewell.
    pub(super) fn end(self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn log(&self, event: &'static str) {
        let (id, address) = (self.client.id.0.to_string(), self.client.address.to_string());
        let user = self.client.identity().user;
        let particulars = [("client", &*id), ("address", &*address), ("user", user.as_str())];
        self.shared.logger.log(Level::Info, event, &particulars);
    }

    // ---- Messages ------------------------------------------------------------------------------

    /// Answers `hello`.
    pub(super) fn welcome(&mut self, joins: Vec<Join>) -> Result<(), Disconnect> {
        let held = self.client.identity();
        let config = &self.shared.config;
        let welcome = Welcome {
            away: self.shared.away(&held.user),
            user: held.user,
            token: held.token,
            server: format!("talk/{}", env!("CARGO_PKG_VERSION")),
            limits: Limits {
                text: config.max_text as u64,
                rate: config.rate.into(),
                burst: config.burst.into(),
                page: limits::HISTORY_PAGE as u64,
            },
            motd: config.motd.clone(),
        };
        self.tell(&ServerMessage::Welcome(welcome));
        for join in joins {
            self.answer(ClientMessage::Join(join))?;
        }
        self.enter_unread()
    }

    /// Does what a message asks.
    pub(super) fn hear(&mut self, text: &str) -> Result<(), Disconnect> {
        self.settle_in();
        let config = &self.shared.config;
        match ClientMessage::parse_within(text, config.max_text, config.limits.json) {
            Ok(request) => {
                if !matches!(request, ClientMessage::Submit { .. }) {
                    self.nuisance()?;
                }
                self.answer(request)
            }
            Err(refused) => self.refuse(refused),
        }
    }

    /// Answers a ping. Pings are control messages: too many of them are a nuisance.
    pub(super) fn pong(&mut self, payload: &[u8]) -> Result<(), Disconnect> {
        self.nuisance()?;
        let mut frame = Vec::new();
        Encoder::server().pong(payload, &mut frame);
        self.shared.deliver(&self.client, &frame.into());
        Ok(())
    }

    /// Counts a control, empty or refused message, and slows or ends whoever sends too many. Who has sent
    /// them and gone is not heard out: its place would be kept for as long as our patience lasts.
    pub(super) fn nuisance(&mut self) -> Result<(), Disconnect> {
        match self.flood.check(Instant::now()) {
            Verdict::Allow => Ok(()),
            Verdict::Delay(_) if self.client.send_queue.is_closed() => Err(Disconnect::Lost),
            Verdict::Delay(wait) => {
                thread::sleep(wait);
                Ok(())
            }
            Verdict::Disconnect => {
                Err(Disconnect::by_server(disconnect::FLOODING, "too many messages for too long"))
            }
        }
    }

    fn tell(&self, reply: &ServerMessage) {
        self.shared.tell(&self.client, reply);
    }

    fn refuse(&mut self, refused: Refused) -> Result<(), Disconnect> {
        self.nuisance()?;
        self.tell(&refused.into_reply());
        Ok(())
    }

    fn answer(&mut self, request: ClientMessage) -> Result<(), Disconnect> {
        let answered = match request {
            ClientMessage::Hello { .. } => {
                Err(refused(ErrorCode::BadMessage, "hello is only said once, at the beginning"))
            }
            ClientMessage::Join(join) => return self.join(&join),
            ClientMessage::Leave { room } => self.leave(&room),
            ClientMessage::Submit { room, cid, operation } => {
                return self.act(&room, cid, operation);
            }
            ClientMessage::Direct { to, cid, text, me, reply } => {
                return self.direct(&to, cid, Operation::Post { text, me, reply });
            }
            ClientMessage::History { room, range, limit } => self.history(&room, range, limit),
            ClientMessage::Search { room, text, before } => self.search(&room, &text, before),
            ClientMessage::Who { room } => self.who(&room),
            ClientMessage::Rooms => {
                self.list_rooms();
                Ok(())
            }
            ClientMessage::Nick { user, token } => self.nick(&user, token.as_ref()),
            ClientMessage::Away(away) => {
                self.shared.set_away(&self.client.identity().user, away);
                Ok(())
            }
            ClientMessage::Typing { room } => self.typing(&room),
            ClientMessage::Mark { room, seq } => self.mark(&room, seq),
        };
        match answered {
            Ok(()) => Ok(()),
            Err(refused) => self.refuse(refused),
        }
    }

    // ---- Rooms ---------------------------------------------------------------------------------

    fn room(&self, name: &RoomName) -> Result<Arc<Room>, Refused> {
        self.find(name).ok_or_else(|| {
            about_room(refused(ErrorCode::NotJoined, "join this room first"), name.clone())
        })
    }

    fn find(&self, name: &RoomName) -> Option<Arc<Room>> {
        self.rooms.iter().find(|room| room.name == *name).cloned()
    }

    /// Takes note of the private rooms that others have brought this client into.
    fn settle_in(&mut self) {
        if !self.client.take_invited() {
            return;
        }
        for room in self.shared.invitations.take(self.client.id) {
            if let Some(former) = self.find(&room.name).filter(|former| !Arc::ptr_eq(former, &room))
            {
                self.go(&former); // the same name, but another's
            }
            if self.rooms.iter().all(|other| !Arc::ptr_eq(other, &room)) {
                self.rooms.push(room);
            }
        }
    }

    /// Leaves a room without a word to the client.
    fn go(&mut self, room: &Arc<Room>) {
        self.rooms.retain(|other| !Arc::ptr_eq(other, room));
        self.shared.carry(room.exit(self.client.id));
    }

    /// Leaves a room, and tells the client so.
    fn part(&mut self, room: &Arc<Room>) {
        self.rooms.retain(|other| !Arc::ptr_eq(other, room));
        let load = room.exit(self.client.id);
        self.tell(&ServerMessage::Left { room: room.name.clone() });
        self.shared.carry(load);
    }

    fn join(&mut self, join: &Join) -> Result<(), Disconnect> {
        let room = match self.open(&join.room) {
            Ok(room) => room,
            Err(refused) => return self.refuse(about_room(refused, join.room.clone())),
        };
        self.enter(&room, join.since, join.log.as_deref())
    }

    fn enter(&self, room: &Arc<Room>, since: Since, log: Option<&str>) -> Result<(), Disconnect> {
        let held = self.client.identity();
        let away = self.shared.away(&held.user);
        let entered = room.enter(&self.client, &held.user, away.as_ref(), since, log);
        self.shared.tell_away(&held.user, room); // if that has changed meanwhile
        let marked = self.shared.marked(held.owner, room);
        let joined = Joined { marked, ..entered.joined };
        if let Since::After(seq) = since {
            self.shared.metrics.resumed(match joined.since {
                _ if joined.reset => Resume::Fresh,
                kept if kept > seq => Resume::BeyondRetention,
                _ => Resume::Whole,
            });
        }
        let since = joined.since;
        self.tell(&ServerMessage::Joined(joined));
        self.shared.carry(entered.load);
        history::run(&self.shared, &self.client, room, since, entered.changes)
    }

    /// Enters the private rooms in which something was said that this name has not read.
    fn enter_unread(&mut self) -> Result<(), Disconnect> {
        let held = self.client.identity();
        for room in self.shared.private_rooms(&held) {
            let marked = self.shared.marked(held.owner, &room).unwrap_or(0);
            let is_full = self.rooms.len() >= self.shared.config.limits.rooms_per_client;
            if room.last_assigned() <= marked || is_full || self.find(&room.name).is_some() {
                continue;
            }
            self.rooms.push(Arc::clone(&room));
            let since = marked.max(room.head().saturating_sub(limits::HISTORY_PAGE as u64));
            self.enter(&room, Since::After(since), None)?;
        }
        Ok(())
    }

    /// The room of this name: one it is in, or another one from now on.
    fn open(&mut self, name: &RoomName) -> Result<Arc<Room>, Refused> {
        if let Some(room) = self.find(name) {
            if self.shared.is_current(&room, &self.client) {
                return Ok(room);
            }
            self.go(&room);
        }
        if self.rooms.len() >= self.shared.config.limits.rooms_per_client {
            let sentence = "you are in as many rooms as one client may be, leave one first";
            return Err(refused(ErrorCode::TooManyRooms, sentence));
        }
        let opened = if name.is_private() {
            self.shared.private_room(name, &self.client.identity())
        } else {
            let full = "this server has as many rooms as it may";
            let rejection = |TooManyRooms| Rejection::new(ErrorCode::TooManyRooms, full);
            self.shared.open_room(name).map(|opened| opened.map_err(rejection))
        };
        match opened {
            Ok(Ok(room)) => {
                self.rooms.push(Arc::clone(&room));
                Ok(room)
            }
            Ok(Err(rejection)) => Err(refusal(rejection)),
            Err(_) => Err(refused(ErrorCode::Storage, "the room could not be opened, try later")),
        }
    }

    fn leave(&mut self, name: &RoomName) -> Result<(), Refused> {
        self.part(&self.room(name)?);
        Ok(())
    }

    fn who(&self, name: &RoomName) -> Result<(), Refused> {
        self.tell(&self.room(name)?.members());
        Ok(())
    }

    fn list_rooms(&self) {
        let info = |room: Arc<Room>| RoomInfo {
            name: room.name.clone(),
            head: room.head(),
            members: room.count(),
            topic: room.log.topic(),
        };
        let mut rooms = self.shared.all_rooms();
        rooms.retain(|room| !room.name.is_private());
        rooms.extend(self.shared.private_rooms(&self.client.identity()));
        let rooms = rooms.into_iter().map(info).collect();
        self.tell(&ServerMessage::Rooms { rooms });
    }

    fn history(&self, name: &RoomName, range: Range, limit: usize) -> Result<(), Refused> {
        let room = self.room(name)?;
        let page = history::page(&room, range, limit).map_err(|_| unread(name))?;
        self.shared.tell_json(&self.client, &page);
        Ok(())
    }

    fn search(&self, name: &RoomName, text: &str, before: Option<u64>) -> Result<(), Refused> {
        let room = self.room(name)?;
        let found = history::found(&room, text, before).map_err(|_| unread(name))?;
        self.shared.tell_json(&self.client, &found);
        Ok(())
    }

    // ---- NameRegistry ---------------------------------------------------------------------------------

    fn nick(&mut self, user: &UserName, token: Option<&Token>) -> Result<(), Refused> {
        let before = self.client.identity();
        // A change of case only, or of nothing, is the same claim: its owner need not prove it.
        let token = if user.is_same_claim(&before.user) { Some(&before.token) } else { token };
        let held = self.shared.claim(user, token).map_err(refusal)?;
        if !user.is_same_claim(&before.user) {
            for room in self.rooms.clone().iter().filter(|room| room.name.is_private()) {
                self.part(room); // it belongs to the old name
            }
        }
        let renamed = ServerMessage::Renamed {
            user: before.user.clone(),
            to: held.user.clone(),
            token: Some(held.token.clone()),
        };
        self.client.rename(held);
        let away = self.shared.away(&before.user);
        self.shared.release(&before.user);
        self.tell(&renamed);
        for room in &self.rooms {
            self.shared.carry(room.rename(self.client.id, user));
        }
        if away.is_some() {
            self.shared.set_away(user, away); // it goes along
        }
        self.log("renamed");
        Ok(())
    }
}
