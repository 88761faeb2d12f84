//! A client of a chat server: it connects, reconnects, resumes, and stores each submission once.
//!
//! [`start`] connects in the background and stays connected. What happens arrives as an [`Event`],
//! in order, in a queue that is bounded in events and bytes. No call but [`Client::close`] waits for
//! the network. Depends on everything below but
//! `log`; never on the terminal or `server`.
//!
//! ```no_run
//! use talk::chat::protocol::Since;
//! use talk::chat::{RoomName, Text};
//! use talk::client::{Config, Event, start};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config {
//!     server: "127.0.0.1:8080".parse()?,
//!     user: "ann".parse()?,
//!     token: None, // the server's `welcome` brings one
//!     password: None,
//!     rooms: vec![RoomName::default()],
//!     since: Since::Newest,
//!     agent: "bot",
//!     presence: true, // the others see the bot in the room
//!     follows_rooms: false, // it is in no other rooms
//!     outbox: Vec::new(),
//! };
//! let (client, events) = start(config)?;
//! let cid = client.post(&RoomName::default(), Text::parse("hello", 4096)?, false);
//! for event in &events {
//!     if matches!(event, Event::Stored { cid: stored, .. } if stored == cid) {
//!         break; // stored once, even if the connection was lost in between
//!     }
//! }
//! client.close();
//! # Ok(())
//! # }
//! ```
//!
//! `examples/bot.rs` is a whole program.

// The state machine, without I/O.
mod outbox; // submissions that are not stored yet
mod subscriptions; // the rooms, and how far each is shown
pub mod event; // what happens to a client
pub mod event_queue; // events on their way to the caller, bounded
pub mod session; // all of it, as a state machine

// What runs it.
pub mod address; // the address of a server
pub mod error; // why there is no connection
mod connect; // from an address to an open WebSocket
mod connection; // one open connection, and the thread that writes to it
mod driver; // the one lock: passes inputs to the session, performs its actions
mod run; // the connection's thread: connects, reads
pub mod probe; // tests a connection step by step

pub use address::{Address, AddressError};
pub use error::ConnectionError;
pub use event::{ConnectionState, Event};
pub use event_queue::{Events, WaitError, Waker};
pub use outbox::{Progress, SavedSubmission, Submission};

use std::sync::Arc;
use std::{fmt, io, thread};

use crate::chat::protocol::{Agent, ClientMessage, HistoryRange, MembersQuery, Since};
use crate::chat::{AwayMessage, Cid, Operation, Password, RoomName, Text, Token, UserName};
use crate::client::driver::Driver;
use crate::client::event_queue::event_queue;
use crate::client::session::{Credentials, Input, Session};
use crate::limits;
use crate::net::entropy::Entropy;

/// The settings of a client.
#[derive(Clone)]
pub struct Config {
    /// The server.
    pub server: Address,
    /// The name it wants.
    pub user: UserName,
    /// The secret that proves that it owns the name.
    pub token: Option<Token>,
    /// The server's password.
    pub password: Option<String>,
    /// The rooms to join. If there are none and it follows the person's rooms: the lobby, if that is one of them or
    /// they have no rooms yet.
    pub rooms: Vec<RoomName>,
    /// Where a room starts of which nothing is shown yet. After a reconnect each room continues
    /// where it was.
    pub since: Since,
    /// What kind of client it is: `web` or `console`; everything else counts as `bot`.
    pub agent: &'static str,
    /// Whether the others see that it is here. A script that comes and goes says no: it is in no list of
    /// members, and nothing announces it.
    pub presence: bool,
    /// Whether it is in the rooms that the person is a member of, as on the person's other devices: the server keeps
    /// them.
    pub follows_rooms: bool,
    /// Submissions of an earlier run that were not stored in it, in order. The first events report
    /// each as pending or failed.
    pub outbox: Vec<SavedSubmission>,
}

impl fmt::Debug for Config {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { server, user, rooms, since, agent, presence, .. } = self;
        let Config { follows_rooms, outbox, .. } = self;
        let mut debug = f.debug_struct("Config");
        debug.field("server", server).field("user", user).field("rooms", rooms);
        debug.field("since", since);
        debug.field("agent", agent).field("presence", presence);
        debug.field("follows_rooms", follows_rooms);
        debug.field("outbox", outbox).finish_non_exhaustive()
    }
}

/// A client that stays connected: it reconnects, continues each room where it was, and sends each
/// submission until it is stored, once and in order.
///
/// Every method returns at once, except [`Client::close`]. Dropping a client closes the connection
/// without waiting for the server's answer.
#[derive(Debug)]
pub struct Client {
    driver: Arc<Driver>,
}

/// Connects in the background. What happens comes as events, which end when the client is dropped and
/// its connection is closed. A caller that takes none for a while loses nothing: the client reads on
/// from the server, and sends what waits, when it does.
///
/// # Errors
/// The system gives no randomness or no thread.
pub fn start(config: Config) -> io::Result<(Client, Events)> {
    let Config { server, user, token, password, rooms, since, agent, .. } = config;
    let Config { presence, follows_rooms, outbox, .. } = config;
    let entropy = Entropy::open()?;
    let password = password.map(Password::new);
    let agent = Some(Agent::from_wire(agent));
    let credentials = Credentials { user, token, password, agent, presence, follows_rooms };
    let has_rooms = !rooms.is_empty();
    let mut session = Session::new(credentials, rooms);
    if follows_rooms && !has_rooms {
        session.resume_rooms([RoomName::default()]);
    }
    session.start_at(since);
    let (sender, events) = event_queue();
    let driver = Arc::new(Driver::new(session, sender, entropy.nonce()?));
    let shared = Arc::clone(&driver);
    thread::Builder::new()
        .name(String::from("client"))
        .stack_size(limits::SESSION_STACK)
        .spawn(move || run::stay_connected(&server, &shared, &entropy))?;
    driver.input(Input::Restore(outbox));
    driver.input(Input::Start);
    Ok((Client { driver }, events))
}

impl Client {
    // ---- Operations on a room's log ------------------------------------------------------------

    /// Posts a message; with `me` it is shown as an action of the author (`/me`). It is pending
    /// until an event reports it stored or failed.
    pub fn post(&self, room: &RoomName, text: Text, me: bool) -> Cid {
        self.submit(room, Operation::Post { text, me, reply: None })
    }

    /// Posts a message that replies to the record `seq` of its room.
    pub fn reply(&self, room: &RoomName, seq: u64, text: Text) -> Cid {
        self.submit(room, Operation::Post { text, me: false, reply: Some(seq) })
    }

    /// Submits any operation: a post, an edit or delete of the person's own message, a topic.
    pub fn submit(&self, room: &RoomName, operation: Operation) -> Cid {
        let submission = self.compose(room, operation);
        let cid = submission.cid.clone();
        self.send(submission);
        cid
    }

    /// Makes a submission with a new cid, without sending it. A caller that saves its submissions
    /// on disk does so before it calls [`Client::send`].
    pub fn compose(&self, room: &RoomName, operation: Operation) -> Submission {
        Submission { room: room.clone(), cid: self.driver.new_cid(), operation }
    }

    /// Sends a composed submission. Call it once for each.
    pub fn send(&self, submission: Submission) {
        self.driver.input(Input::Submit(submission));
    }

    /// Sends a failed submission again.
    pub fn resend(&self, cid: &Cid) {
        self.driver.input(Input::Resend(cid.clone()));
    }

    /// How far a submission got: after [`Client::close`], for a caller that must know what is not stored.
    #[must_use]
    pub fn progress(&self, cid: &Cid) -> Progress {
        self.driver.progress(cid)
    }

    /// Drops a submission that failed, or that was never sent.
    pub fn discard(&self, cid: &Cid) {
        self.driver.input(Input::Drop(cid.clone()));
    }

    // ---- Rooms and name ------------------------------------------------------------------------

    /// Joins a room, now or with the next connection.
    pub fn join(&self, room: RoomName) {
        self.driver.input(Input::Join(room));
    }

    /// Leaves a room; a client that follows the person's rooms, on all devices.
    pub fn leave(&self, room: &RoomName) {
        self.driver.input(Input::Leave(room.clone()));
    }

    /// Requests another name, once every submission made before is stored under the old one, or has failed.
    pub fn rename(&self, user: UserName) {
        self.driver.input(Input::Nick(user));
    }

    // ---- Requests that are not sent later: `false` if not connected now ------------------------

    /// Asks who is in a room, or for one page of its members; `false` if the client is not connected. A server that
    /// does not know pages always answers with all who are here.
    pub fn who(&self, room: &RoomName, query: Option<MembersQuery>) -> bool {
        self.driver.send(ClientMessage::Who { room: room.clone(), query })
    }

    /// Asks for the list of rooms; `false` if the client is not connected.
    pub fn rooms(&self) -> bool {
        self.driver.send(ClientMessage::Rooms)
    }

    /// Sets or clears the away message of this name, on all its devices; `false` if the client is
    /// not connected.
    pub fn set_away(&self, away: Option<AwayMessage>) -> bool {
        self.driver.send(ClientMessage::Away(away))
    }

    /// Shows the others in a room that this name is typing; `false` if the client is not connected.
    pub fn typing(&self, room: &RoomName) -> bool {
        self.driver.send(ClientMessage::Typing { room: room.clone() })
    }

    /// Mutes a room of the person, or no longer, on all devices; `false` if the client is not connected.
    pub fn mute(&self, room: &RoomName, muted: bool) -> bool {
        self.driver.send(ClientMessage::Mute { room: room.clone(), muted })
    }

    /// Moves the read marker of a room to `seq`; `false` if the client is not connected.
    pub fn mark_read(&self, room: &RoomName, seq: u64) -> bool {
        self.driver.send(ClientMessage::Mark { room: room.clone(), seq })
    }

    /// Asks for a page of a room's history; `false` if the client is not connected.
    pub fn history(&self, room: &RoomName, range: HistoryRange) -> bool {
        let (room, limit) = (room.clone(), limits::HISTORY_PAGE);
        self.driver.send(ClientMessage::History { room, range, limit, edits: false })
    }

    /// Searches for a text in a room's records before `before`, or in its newest. The server
    /// searches a few hundred records per request, and its `found` names the seq where the next
    /// request continues. `false` if the client is not connected.
    pub fn search(&self, room: &RoomName, text: &str, before: Option<u64>) -> bool {
        let (room, text) = (room.clone(), text.to_owned());
        self.driver.send(ClientMessage::Search { room, text, before })
    }

    // ---- The connection ------------------------------------------------------------------------

    /// Sets the server's password for the next connection: [`Client::retry_now`] makes one, if the client
    /// has stopped because it had none or a wrong one.
    pub fn set_password(&self, password: &str) {
        self.driver.set_password(Password::new(password));
    }

    /// Sets the token for the next connection: [`Client::retry_now`] makes one, if the client has stopped
    /// because another owns the name.
    pub fn set_token(&self, token: Token) {
        self.driver.set_token(token);
    }

    /// Connects now, if the client waits for the next attempt or has stopped.
    pub fn retry_now(&self) {
        self.driver.input(Input::Start);
    }

    /// Closes the connection, and waits up to [`limits::CLOSE_WAIT`] for the server's Close. What is
    /// pending is not sent any more, and no further events come.
    pub fn close(&self) {
        self.driver.close();
        self.driver.wait_for_end();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.close();
    }
}
