//! Commands: what each message of a client does.
//!
//! Depends on `state` and everything below it; never on `http` or `connection`.

mod post; // posts, edits, deletes, topics, direct messages; typing
mod rooms; // joining, leaving, invitations, read markers
mod memberships; // the rooms of a person, on all devices
mod names; // changes of the name, the away message
mod queries; // rooms, history, search
mod joined_rooms; // the rooms that one client is in

use std::cell::RefCell;
use std::collections::HashSet;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::clients::client::Client;
use super::clients::disconnect::{self, Disconnect};
use super::logger::Level;
use super::state::shared::Shared;
use crate::chat::protocol::{ClientMessage, ErrorMessage, Join, Limits, ServerMessage, Welcome};
use crate::chat::rate_limit::{FloodControl, RateLimiter, Verdict};
use crate::chat::{ErrorCode, Identity, Operation, OwnerId, RoomName, UserName};
use crate::limits;
use crate::ws::Encoder;
use joined_rooms::JoinedRooms;

/// One client's session. When it is dropped, also by a panic, the client leaves every room and the poll
/// registry.
#[derive(Debug)]
pub(super) struct Session {
    /// What all sessions share.
    shared: Arc<Shared>,
    /// The client, which rooms and the poll registry share.
    client: Arc<Client>,
    /// The rooms it is in.
    rooms: JoinedRooms,
    /// How many posts it may still submit.
    posts: RateLimiter,
    /// How often it may still change its name or away message.
    profile: RateLimiter,
    /// How many topics it may still set.
    topics: RateLimiter,
    /// How many other messages it may still send.
    flood: FloodControl,
    /// When it was last typing in each room.
    typed: Vec<(RoomName, Instant)>,
    /// Whether its hello is being answered: then it does not wait for its network's debt, beyond a page of
    /// each room.
    is_new: bool,
    /// The person as whom it has posted.
    posted: Option<OwnerId>,
}

impl Session {
    /// Registers a client.
    pub(super) fn begin(shared: &Arc<Shared>, client: Client) -> Session {
        let (shared, client) = (Arc::clone(shared), Arc::new(client));
        let posts = RateLimiter::new(shared.config.posts.rate, shared.config.posts.burst);
        let interval =
            if shared.config.posts.rate == 0 { Duration::ZERO } else { limits::PROFILE_EVERY };
        let profile = RateLimiter::every(interval, limits::PROFILE_BURST);
        let every =
            if shared.config.posts.rate == 0 { Duration::ZERO } else { limits::TOPIC_EVERY };
        let topics = RateLimiter::every(every, limits::TOPIC_BURST);
        let limits = &shared.config.limits;
        let flood =
            FloodControl::new(limits.flood.control_rate, limits.flood.grace, Instant::now());
        let (rooms, typed, posted) = (JoinedRooms::default(), Vec::new(), None);
        let session = Session {
            shared,
            client,
            rooms,
            posts,
            profile,
            topics,
            flood,
            typed,
            is_new: true,
            posted,
        };
        // From here on, dropping the session undoes each step.
        session.shared.private_rooms.invitations.begin_session(session.client.id);
        session.shared.delivery.poll.add(Arc::clone(&session.client));
        session.log_event("hello");
        session
    }

    /// Ends the session, and returns the client, whose connection is still open.
    pub(super) fn end(self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn log_event(&self, event: &'static str) {
        let (id, address) = (self.client.id.0.to_string(), self.client.address.to_string());
        let user = self.client.identity().user;
        let mut fields = vec![("client", &*id), ("address", &*address), ("user", user.as_str())];
        if !self.client.has_presence {
            fields.push(("presence", "false"));
        }
        self.shared.logger.log(Level::Info, event, &fields);
    }

    // ---- Messages ------------------------------------------------------------------------------

    /// Answers `hello`. If that has given its person another name, the person's other connections get it too.
    pub(super) fn welcome(
        &mut self,
        joins: Vec<Join>,
        renamed_from: Option<&UserName>,
    ) -> Result<(), Disconnect> {
        let owner = self.owner();
        let config = &self.shared.config;
        let away = self.shared.names.away(owner);
        let former = self.shared.names.former_names(owner);
        let rooms = self.client.follows_rooms.then(|| self.shared.private_rooms.listed(owner));
        let welcome = |identity: &Identity| Welcome {
            away,
            user: identity.user.clone(),
            former,
            token: identity.token.clone(),
            server: format!("talk/{}", env!("CARGO_PKG_VERSION")),
            limits: Limits {
                text: config.posts.max_text as u64,
                rate: config.posts.rate.into(),
                burst: config.posts.burst.into(),
                page: limits::HISTORY_PAGE as u64,
            },
            motd: config.motd.clone(),
            rooms,
        };
        // Its connection is in the registry by now: a later change of the name reaches it.
        let label = self.shared.names.label(owner);
        let welcome = |identity: &Identity| ServerMessage::Welcome(welcome(identity));
        let sent = self.client.welcome(label.as_ref(), welcome);
        self.shared.delivery.after_send(&self.client, sent);
        if let Some(former_name) = renamed_from {
            self.announce_name(owner, former_name);
        }
        let had_rooms = self.has_memberships();
        let mut joined = HashSet::new();
        for join in joins {
            if joined.insert(join.target.clone()) {
                self.join(&join, had_rooms)?;
            }
        }
        self.join_unread()?;
        self.is_new = false;
        Ok(())
    }

    /// Executes a text message.
    pub(super) fn on_text(&mut self, text: &str) -> Result<(), Disconnect> {
        self.accept_invitations();
        let config = &self.shared.config;
        match ClientMessage::parse(text, config.posts.max_text, config.limits.json) {
            Ok(message) => {
                let is_counted_elsewhere = matches!(message, ClientMessage::Submit { .. });
                if !is_counted_elsewhere && !self.is_first_join(&message) {
                    self.check_flood()?;
                }
                self.execute(message)
            }
            Err(error) => self.reject(error),
        }
    }

    /// Answers a ping.
    pub(super) fn answer_ping(&mut self, payload: &[u8]) -> Result<(), Disconnect> {
        self.check_flood()?;
        let mut frame = Vec::new();
        Encoder::server().pong(payload, &mut frame);
        self.shared.delivery.send(&self.client, &frame.into());
        Ok(())
    }

    /// Counts a control, empty or rejected message; delays or disconnects a client that sends too many. A
    /// flooding client that has disconnected is dropped at once; delaying it would hold its connection slot.
    pub(super) fn check_flood(&mut self) -> Result<(), Disconnect> {
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

    fn send(&self, message: &ServerMessage) {
        self.shared.delivery.send_message(&self.client, message);
    }

    fn send_json(&self, json: &str) {
        self.shared.delivery.send_json(&self.client, json);
    }

    fn reject(&mut self, error: ErrorMessage) -> Result<(), Disconnect> {
        self.check_flood()?;
        self.send(&ServerMessage::Error(error));
        Ok(())
    }

    fn execute(&mut self, message: ClientMessage) -> Result<(), Disconnect> {
        let result = match message {
            ClientMessage::Hello { .. } => {
                Err(ErrorMessage::new(ErrorCode::BadMessage, "hello may only be the first message"))
            }
            ClientMessage::Join(join) => return self.join(&join, self.has_memberships()),
            ClientMessage::Leave { room } => self.leave(&room),
            ClientMessage::Mute { room, muted } => self.set_muted(&room, muted),
            ClientMessage::Submit { room, cid, operation } => {
                return self.submit(&room, cid, operation);
            }
            ClientMessage::Direct { to, cid, text, me, reply } => {
                return self.submit_direct(&to, cid, Operation::Post { text, me, reply });
            }
            ClientMessage::History { room, range, limit, edits } => {
                let page = |session: &Session| {
                    queries::read_history(&*session.joined_room(&room)?, range, limit, edits)
                };
                return self.answer(page);
            }
            ClientMessage::Search { room, text, before } => {
                for _ in 1..limits::SEARCH_WEIGHT {
                    self.check_flood()?;
                }
                let found = |session: &Session| {
                    queries::search(&*session.joined_room(&room)?, &text, before)
                };
                return self.answer(found);
            }
            ClientMessage::Who { room, query } => {
                let members = |session: &Session| {
                    let room = session.joined_room(&room)?;
                    let page = |query| session.shared.memberships.page(&room, query);
                    Ok(query.map_or_else(|| room.members_message(), page).encode())
                };
                return self.answer(members);
            }
            ClientMessage::Rooms => {
                let rooms = |session: &Session| {
                    Ok(queries::list_rooms(&session.shared, &session.client).encode())
                };
                return self.answer(rooms);
            }
            ClientMessage::Nick { user, token } => {
                self.check_profile().and_then(|()| self.rename(&user, token.as_ref()))
            }
            ClientMessage::Away(away) => self.check_profile().map(|()| self.set_away(away)),
            ClientMessage::Typing { room } => self.send_typing(&room),
            ClientMessage::Mark { room, seq } => self.advance_read_marker(&room, seq),
        };
        match result {
            Ok(()) => Ok(()),
            Err(error) => self.reject(error),
        }
    }

    /// Answers a question with the JSON that `answer` returns. Its time and bytes count for the client's
    /// network; a client whose network is in debt waits after it.
    fn answer(
        &mut self,
        answer: impl FnOnce(&Session) -> Result<String, ErrorMessage>,
    ) -> Result<(), Disconnect> {
        let shared = Arc::clone(&self.shared);
        let question = shared.quotas.questions.begin(self.client.address);
        match answer(self) {
            Ok(json) => {
                self.send_json(&json);
                self.pause(question.end(json.len()))
            }
            Err(error) => {
                let wait = question.end(0);
                self.reject(error)?;
                self.pause(wait)
            }
        }
    }

    /// Waits until the client's network has paid its debt.
    pub(super) fn pause(&self, wait: Duration) -> Result<(), Disconnect> {
        if !wait.is_zero() {
            self.shared.metrics.messages.quota_delays.count();
        }
        if self.client.pause(wait) { Ok(()) } else { Err(Disconnect::Lost) }
    }
}

/// The end of a session. Each step runs even if another one panics.
impl Drop for Session {
    fn drop(&mut self) {
        let (id, shared) = (self.client.id, &self.shared);
        let rooms = RefCell::new(mem::take(&mut self.rooms).into_vec());
        let invitations = &shared.private_rooms.invitations;
        run_cleanup(shared, || {
            let private = invitations.end_session(id); // among them rooms that it has not accepted yet
            let mut rooms = rooms.borrow_mut();
            for room in private {
                if !rooms.iter().any(|other| Arc::ptr_eq(other, &room)) {
                    rooms.push(room);
                }
            }
        });
        let owner = RefCell::new(None);
        run_cleanup(shared, || *owner.borrow_mut() = Some(self.owner()));
        let owner = owner.take();
        for room in rooms.take() {
            run_cleanup(shared, || {
                let round = match owner {
                    Some(owner) => shared.memberships.leave_room(owner, id, &room),
                    None => room.leave(id, false),
                };
                shared.broadcaster.run_round(round);
            });
        }
        if let Some(owner) = owner {
            // Not run again after a panic: it decrements a count.
            catch_panic(shared, || shared.names.release(owner));
        }
        run_cleanup(shared, || shared.delivery.poll.remove(id));
        catch_panic(shared, || self.log_event("gone"));
    }
}

/// Runs one step of the cleanup, and once more if it panicked.
fn run_cleanup(shared: &Shared, step: impl Fn()) {
    if !catch_panic(shared, &step) {
        catch_panic(shared, &step);
    }
}

/// Runs one step of the cleanup. False if it panicked; the panic is counted.
fn catch_panic(shared: &Shared, step: impl FnOnce()) -> bool {
    let is_done = catch_unwind(AssertUnwindSafe(step)).is_ok();
    if !is_done {
        shared.panic_caught("cleanup");
    }
    is_done
}
