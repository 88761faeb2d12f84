//! What a client may do once it has said hello, and what each message does.
//!
//! Room: one session's view of the house: its client, the rooms it is in, how much it may still say.

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::clock::unix_ms;
use super::farewell::{self, Ending};
use super::house::{House, TooManyRooms};
use super::logger::Level;
use super::replay;
use super::room::Room;
use crate::chat::rate::{Allowance, Nuisances, Patience};
use crate::chat::wire::{Join, Limits, Range, Refused, Reply, Request, RoomInfo, Welcome};
use crate::chat::{Act, Cid, ErrorCode, RoomName, Token, Told, Unfit, UserName};
use crate::limits;
use crate::ws::Encoder;

/// One client's session. Dropped, by a panic too, it leaves every room and the registry.
#[derive(Debug)]
pub(super) struct Session<'h> {
    house: &'h House,
    client: Arc<Client>,
    rooms: Vec<Arc<Room>>,
    posts: Allowance,
    nuisances: Nuisances,
    typed: Vec<(RoomName, Instant)>,
}

/// A refusal that answers no message in particular.
pub(super) fn refusal(unfit: Unfit) -> Refused {
    Refused { code: unfit.code, message: unfit.message, cid: None, room: None }
}

fn refused(code: ErrorCode, message: &'static str) -> Refused {
    refusal(Unfit::new(code, message))
}

fn about_cid(refused: Refused, cid: Cid) -> Refused {
    Refused { cid: Some(cid), ..refused }
}

fn about_room(refused: Refused, room: RoomName) -> Refused {
    Refused { room: Some(room), ..refused }
}

impl<'h> Session<'h> {
    /// Registers a client.
    pub(super) fn begin(house: &'h House, client: Client) -> Session<'h> {
        let client = Arc::new(client);
        house.poll.add(Arc::clone(&client));
        let posts = Allowance::new(house.config.rate, house.config.burst);
        let nuisances = Nuisances::new(Instant::now());
        let session =
            Session { house, client, rooms: Vec::new(), posts, nuisances, typed: Vec::new() };
        session.log("hello");
        session
    }

    /// Ends the session, and hands back the client for its farewell.
    pub(super) fn end(self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn log(&self, event: &str) {
        let (id, address) = (self.client.id.0.to_string(), self.client.address.to_string());
        let user = self.client.held().user;
        let particulars = [("client", &*id), ("address", &*address), ("user", user.as_str())];
        self.house.logger.tell(Level::Info, event, &particulars);
    }

    // ---- Messages ------------------------------------------------------------------------------

    /// Answers `hello`.
    pub(super) fn welcome(&mut self, joins: Vec<Join>) -> Result<(), Ending> {
        let held = self.client.held();
        let config = &self.house.config;
        let welcome = Welcome {
            user: held.user,
            token: held.token,
            server: format!("talk/{}", env!("CARGO_PKG_VERSION")),
            limits: Limits {
                text: config.max_text as u64,
                rate: config.rate.into(),
                burst: config.burst.into(),
                page: limits::PAGE as u64,
            },
            motd: config.motd.clone(),
        };
        self.tell(&Reply::Welcome(welcome));
        for join in joins {
            self.answer(Request::Join(join))?;
        }
        Ok(())
    }

    /// Does what a message asks.
    pub(super) fn hear(&mut self, text: &str) -> Result<(), Ending> {
        match Request::parse(text, self.house.config.max_text) {
            Ok(request) => {
                if !matches!(request, Request::Do { .. }) {
                    self.nuisance()?;
                }
                self.answer(request)
            }
            Err(refused) => self.refuse(refused),
        }
    }

    /// Answers a ping. Pings are control messages: too many of them are a nuisance.
    pub(super) fn pong(&mut self, payload: &[u8]) -> Result<(), Ending> {
        self.nuisance()?;
        let mut frame = Vec::new();
        Encoder::server().pong(payload, &mut frame);
        self.house.deliver(&self.client, &frame.into());
        Ok(())
    }

    /// Counts a control, empty or refused message, and slows or ends whoever sends too many.
    pub(super) fn nuisance(&mut self) -> Result<(), Ending> {
        match self.nuisances.count(Instant::now()) {
            Patience::Kept => Ok(()),
            Patience::Strained(wait) => {
                thread::sleep(wait);
                Ok(())
            }
            Patience::Lost => {
                Err(Ending::closed(farewell::FLOODING, "too many messages for too long"))
            }
        }
    }

    fn tell(&self, reply: &Reply) {
        self.house.tell(&self.client, reply);
    }

    fn refuse(&mut self, refused: Refused) -> Result<(), Ending> {
        self.nuisance()?;
        self.tell(&refused.into_reply());
        Ok(())
    }

    fn answer(&mut self, request: Request) -> Result<(), Ending> {
        let answered = match request {
            Request::Hello { .. } => {
                Err(refused(ErrorCode::BadMessage, "hello is only said once, at the beginning"))
            }
            Request::Join(join) => return self.join(&join),
            Request::Leave { room } => self.leave(&room),
            Request::Do { room, cid, act: act @ Act::Post { .. } } => {
                return self.say(&room, cid, act);
            }
            Request::Do { .. } | Request::Direct { .. } | Request::Mark { .. } => {
                Err(refused(ErrorCode::UnknownType, "this server does not do that yet"))
            }
            Request::History { room, range, limit } => self.history(&room, range, limit),
            Request::Who { room } => self.who(&room),
            Request::Rooms => {
                self.list_rooms();
                Ok(())
            }
            Request::Nick { user, token } => self.nick(&user, token.as_ref()),
            Request::Typing { room } => self.typing(&room),
        };
        match answered {
            Ok(()) => Ok(()),
            Err(refused) => self.refuse(refused),
        }
    }

    // ---- Rooms ---------------------------------------------------------------------------------

    fn room(&self, name: &RoomName) -> Result<Arc<Room>, Refused> {
        self.rooms.iter().find(|room| room.name == *name).cloned().ok_or_else(|| {
            about_room(refused(ErrorCode::NotJoined, "join this room first"), name.clone())
        })
    }

    fn join(&mut self, join: &Join) -> Result<(), Ending> {
        let room = match self.room(&join.room) {
            Ok(room) => room,
            Err(_) => match self.open(&join.room) {
                Ok(room) => room,
                Err(refused) => return self.refuse(about_room(refused, join.room.clone())),
            },
        };
        let user = self.client.held().user;
        let entered = room.enter(&self.client, &user, join.since, join.log.as_deref());
        let since = entered.joined.since;
        self.tell(&Reply::Joined(entered.joined));
        self.house.carry(entered.load);
        replay::run(self.house, &self.client, &room, since, entered.changes)
    }

    fn open(&mut self, name: &RoomName) -> Result<Arc<Room>, Refused> {
        if self.rooms.len() >= limits::ROOMS_PER_CLIENT {
            let sentence = "you are in as many rooms as one client may be, leave one first";
            return Err(refused(ErrorCode::TooManyRooms, sentence));
        }
        match self.house.open_room(name) {
            Ok(Ok(room)) => {
                self.rooms.push(Arc::clone(&room));
                Ok(room)
            }
            Ok(Err(TooManyRooms)) => {
                Err(refused(ErrorCode::TooManyRooms, "this server has as many rooms as it may"))
            }
            Err(_) => Err(refused(ErrorCode::Storage, "the room could not be opened, try later")),
        }
    }

    fn leave(&mut self, name: &RoomName) -> Result<(), Refused> {
        let room = self.room(name)?;
        self.rooms.retain(|other| other.name != *name);
        let load = room.exit(self.client.id, &self.client.held().user);
        self.tell(&Reply::Left { room: name.clone() });
        self.house.carry(load);
        Ok(())
    }

    fn who(&self, name: &RoomName) -> Result<(), Refused> {
        let members = self.room(name)?.members();
        self.tell(&Reply::Members { room: name.clone(), members });
        Ok(())
    }

    fn list_rooms(&self) {
        let info = |room: Arc<Room>| RoomInfo {
            name: room.name.clone(),
            head: room.head(),
            members: room.count(),
            topic: None,
        };
        let rooms = self.house.all_rooms().into_iter().map(info).collect();
        self.tell(&Reply::Rooms { rooms });
    }

    fn history(&self, name: &RoomName, range: Range, limit: usize) -> Result<(), Refused> {
        let room = self.room(name)?;
        let page = replay::page(&room, range, limit).map_err(|_| {
            let refused = refused(ErrorCode::Storage, "the log could not be read, try later");
            about_room(refused, name.clone())
        })?;
        self.house.tell_json(&self.client, &page);
        Ok(())
    }

    // ---- Speech --------------------------------------------------------------------------------

    fn say(&mut self, name: &RoomName, cid: Cid, act: Act) -> Result<(), Ending> {
        let room = match self.room(name) {
            Ok(room) => room,
            Err(refused) => return self.refuse(about_cid(refused, cid)),
        };
        if let Err(wait) = self.posts.take(Instant::now()) {
            return self.put_off(cid, wait);
        }
        let author = self.client.author();
        let (told, load) = room.say(&author, cid.clone(), act, unix_ms());
        self.house.carry(load);
        match told {
            Told::New => {
                self.house.posted(&author.user);
                Ok(())
            }
            Told::Underway => Ok(()), // the record itself is the answer, and on its way
            Told::Stored(seq) => {
                if let Some(json) = replay::record(&room, seq) {
                    self.house.tell_json(&self.client, &json);
                }
                Ok(())
            }
            Told::Conflict => {
                let sentence = "this cid was used for another text, which stays";
                self.refuse(about_cid(refused(ErrorCode::CidConflict, sentence), cid))
            }
        }
    }

    fn put_off(&mut self, cid: Cid, wait: Duration) -> Result<(), Ending> {
        self.nuisance()?;
        let retry_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        self.tell(&Reply::Error {
            code: ErrorCode::RateLimited,
            message: String::from("too many lines at once, the same line may be sent again soon"),
            cid: Some(cid),
            room: None,
            retry_ms: Some(retry_ms),
        });
        Ok(())
    }

    fn typing(&mut self, name: &RoomName) -> Result<(), Refused> {
        let room = self.room(name)?;
        let now = Instant::now();
        self.typed.retain(|(_, at)| now - *at < limits::TYPING_EVERY);
        if self.typed.iter().all(|(typed, _)| typed != name) {
            self.typed.push((name.clone(), now));
            self.house.carry(room.typing(&self.client.author()));
        }
        Ok(())
    }

    // ---- Names ---------------------------------------------------------------------------------

    fn nick(&mut self, user: &UserName, token: Option<&Token>) -> Result<(), Refused> {
        let before = self.client.held();
        // A change of case only, or of nothing, is the same claim: its holder need not prove it.
        let token = if user.is_same_claim(&before.user) { Some(&before.token) } else { token };
        let held = self.house.claim(user, token).map_err(refusal)?;
        let renamed = Reply::Renamed {
            user: before.user.clone(),
            to: held.user.clone(),
            token: Some(held.token.clone()),
        };
        self.client.rename(held);
        self.house.release(&before.user);
        self.tell(&renamed);
        for room in &self.rooms {
            self.house.carry(room.rename(self.client.id, &before.user, user));
        }
        self.log("renamed");
        Ok(())
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let user = self.client.held().user;
        for room in mem::take(&mut self.rooms) {
            self.house.carry(room.exit(self.client.id, &user));
        }
        self.house.release(&user);
        self.house.poll.remove(self.client.id);
        self.log("gone");
    }
}
