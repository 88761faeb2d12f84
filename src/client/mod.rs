//! The client's half of the promise: connect, resume, outbox, dedupe.
//!
//! Room: everything below but `log`. Never the terminal, never the server.
//!
//! [`start`] connects in the background and stays connected; everything there is to show arrives as
//! a [`Notice`], in order, and nothing a person asks for ever waits for the network.
//!
//! ```no_run
//! use talk::chat::protocol::Since;
//! use talk::chat::{RoomName, Text};
//! use talk::client::{Config, Notice, start};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config {
//!     server: "127.0.0.1:8080".parse()?,
//!     user: "ann".parse()?,
//!     token: None, // the server gives one: `Notice::Welcome`
//!     password: None,
//!     rooms: vec![RoomName::default()],
//!     since: Since::Newest,
//!     agent: "bot",
//!     outbox: Vec::new(),
//! };
//! let (sender, notices) = std::sync::mpsc::channel();
//! let client = start(config, sender)?;
//! let cid = client.say(&RoomName::default(), Text::parse("hello", 4096)?, false);
//! for notice in notices {
//!     if matches!(notice, Notice::Stored { cid: stored, .. } if stored == cid) {
//!         break; // once, whatever has happened to the connection meanwhile
//!     }
//! }
//! client.close();
//! # Ok(())
//! # }
//! ```
//!
//! `examples/bot.rs` is a whole program.

// The promise, without I/O.
mod outbox; // the lines a person said that are not stored yet
mod subscriptions; // the rooms, and how far each is shown
pub mod session; // both, as a state machine

// And what keeps it.
pub mod address; // where a server is
mod connect; // from an address to an open WebSocket
mod shared; // the one lock
pub mod error; // what can keep a client from its server
mod connection; // one connection's life
pub mod event; // what a person is told
pub mod probe; // a look at the line, step by step

pub use address::{Address, AddressError};
pub use error::ConnectionError;
pub use event::{Notice, State};
pub use outbox::{SavedSubmission, Submission};

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::{fmt, io, thread};

use crate::chat::protocol::{Agent, ClientMessage, Range, Since};
use crate::chat::{AwayMessage, Cid, Operation, Password, RoomName, Text, Token, UserName};
use crate::client::session::{Credentials, Input, Session};
use crate::client::shared::Desk;
use crate::limits;
use crate::net::entropy::Entropy;

/// Who connects, and to what.
#[derive(Clone)]
pub struct Config {
    /// The server.
    pub server: Address,
    /// The name it wants.
    pub user: UserName,
    /// What proves that the name is its own.
    pub token: Option<Token>,
    /// The server's password.
    pub password: Option<String>,
    /// The rooms to join.
    pub rooms: Vec<RoomName>,
    /// Where a room begins of which nothing is shown yet. Who comes back goes on where it was.
    pub since: Since,
    /// What kind of client it is: `web`, `console` or, whatever else it says, `bot`.
    pub agent: &'static str,
    /// Lines of an earlier run that were not stored in it, in the order they were said. Notices
    /// tell them pending, or failed, before anything else.
    pub outbox: Vec<SavedSubmission>,
}

impl fmt::Debug for Config {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { server, user, rooms, since, agent, outbox, token: _, password: _ } = self;
        let mut debug = f.debug_struct("Config");
        debug.field("server", server).field("user", user).field("rooms", rooms);
        debug.field("since", since);
        debug.field("agent", agent).field("outbox", outbox).finish_non_exhaustive()
    }
}

/// A connection that is kept up: made again when it breaks, each room taken up where it was left,
/// every line sent until it is stored, once and in order.
///
/// All of its methods return at once, but for [`Client::close`]. Dropped, it leaves the server
/// without waiting for an answer.
#[derive(Debug)]
pub struct Client {
    desk: Arc<Desk>,
}

/// Connects in the background, and tells `notices` all there is to show. The channel ends when the
/// client has been dropped and its connection is closed.
///
/// # Errors
/// The system gives no randomness or no thread.
pub fn start(config: Config, notices: Sender<Notice>) -> io::Result<Client> {
    let Config { server, user, token, password, rooms, since, agent, outbox } = config;
    let entropy = Entropy::open()?;
    let password = password.map(Password::new);
    let identity = Credentials { user, token, password, agent: Some(Agent::from_wire(agent)) };
    let mut session = Session::new(identity, rooms);
    session.begin(since);
    let desk = Arc::new(Desk::new(session, notices, entropy.nonce()?));
    let shared = Arc::clone(&desk);
    thread::Builder::new()
        .name(String::from("client"))
        .stack_size(limits::SESSION_STACK)
        .spawn(move || stay_connected(&server, &shared, &entropy))?;
    desk.want(Input::Restore(outbox));
    desk.want(Input::Start);
    Ok(Client { desk })
}

impl Client {
    /// Says a line. It is pending until a notice says stored or failed.
    pub fn say(&self, room: &RoomName, text: Text, me: bool) -> Cid {
        self.act(room, Operation::Post { text, me, reply: None })
    }

    /// Says a line that answers the record `seq` of its room.
    pub fn reply(&self, room: &RoomName, seq: u64, text: Text) -> Cid {
        self.act(room, Operation::Post { text, me: false, reply: Some(seq) })
    }

    /// Does something to a room's log: edits or deletes a line of ours, sets the topic. It is
    /// pending like a line.
    pub fn act(&self, room: &RoomName, operation: Operation) -> Cid {
        let line = self.compose(room, operation);
        let cid = line.cid.clone();
        self.say_line(line);
        cid
    }

    /// A line under a cid of its own, not said yet: who wants to keep it beyond the end of the
    /// program does so before it is said.
    pub fn compose(&self, room: &RoomName, operation: Operation) -> Submission {
        Submission { room: room.clone(), cid: self.desk.new_cid(), operation }
    }

    /// Says a line that was composed, once.
    pub fn say_line(&self, line: Submission) {
        self.desk.want(Input::Say(line));
    }

    /// Sends a failed line again.
    pub fn resend(&self, cid: &Cid) {
        self.desk.want(Input::Resend(cid.clone()));
    }

    /// Gives up a line that failed, or that was never sent.
    pub fn drop_line(&self, cid: &Cid) {
        self.desk.want(Input::Drop(cid.clone()));
    }

    /// Joins a room, now or with the next connection.
    pub fn join(&self, room: RoomName) {
        self.desk.want(Input::Join(room));
    }

    /// Leaves a room.
    pub fn leave(&self, room: &RoomName) {
        self.desk.want(Input::Leave(room.clone()));
    }

    /// Asks for another name, as soon as no line is in flight under the old one.
    pub fn nick(&self, user: UserName) {
        self.desk.want(Input::Nick(user));
    }

    /// Asks who is in a room; `false` where there is no server to ask.
    pub fn who(&self, room: &RoomName) -> bool {
        self.desk.ask(ClientMessage::Who { room: room.clone() })
    }

    /// Asks which rooms there are; `false` where there is no server to ask.
    pub fn rooms(&self) -> bool {
        self.desk.ask(ClientMessage::Rooms)
    }

    /// Tells the others that we are away, or back, on all our devices; `false` where there is no
    /// server to tell.
    pub fn away(&self, away: Option<AwayMessage>) -> bool {
        self.desk.ask(ClientMessage::Away(away))
    }

    /// Tells a room that somebody is writing; `false` where there is no server to tell.
    pub fn typing(&self, room: &RoomName) -> bool {
        self.desk.ask(ClientMessage::Typing { room: room.clone() })
    }

    /// Tells how far a room has been read here; `false` where there is no server to tell.
    pub fn mark(&self, room: &RoomName, seq: u64) -> bool {
        self.desk.ask(ClientMessage::Mark { room: room.clone(), seq })
    }

    /// Asks for a page of a room; `false` where there is no server to ask.
    pub fn history(&self, room: &RoomName, range: Range) -> bool {
        let (room, limit) = (room.clone(), limits::HISTORY_PAGE);
        self.desk.ask(ClientMessage::History { room, range, limit })
    }

    /// Looks for a text in a room's records before `before`, or among the newest: a few hundred are
    /// looked at, and [`Notice::Found`] says from where to ask on. `false` where there is no server
    /// to ask.
    pub fn search(&self, room: &RoomName, text: &str, before: Option<u64>) -> bool {
        self.desk.ask(ClientMessage::Search { room: room.clone(), text: text.to_owned(), before })
    }

    /// Connects now, if it is waiting to or was told to stop.
    pub fn retry_now(&self) {
        self.desk.want(Input::Start);
    }

    /// Leaves the server, and waits up to [`limits::CLOSE_WAIT`] for its goodbye. What is pending
    /// then is not sent any more.
    pub fn close(&self) {
        self.desk.leave();
        self.desk.wait_for_end();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.desk.leave();
    }
}

/// Makes one connection after the other, until the person has left.
fn stay_connected(server: &Address, desk: &Desk, entropy: &Entropy) {
    while desk.wait_to_connect() {
        let error = match connect::open(server, entropy) {
            Ok(opened) => connection::converse(opened, desk),
            Err(error) => error,
        };
        desk.close(error, chance(entropy));
    }
}

/// A number from 0 to, not including, 1. Without randomness a wait is merely not shortened.
fn chance(entropy: &Entropy) -> f64 {
    let mut bytes = [0; 4];
    let filled = entropy.fill(&mut bytes);
    if filled.is_ok() { f64::from(u32::from_ne_bytes(bytes)) / 2_f64.powi(32) } else { 0.0 }
}
