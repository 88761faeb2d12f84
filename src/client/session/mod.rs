//! The client's half of the promise, as a state machine: offline → connecting → catching up → live.
//!
//! Room: the protocol's messages. No clock, no chance, no I/O: what happened comes in as an
//! [`Input`], what is to be done goes out as [`Output`]s, in order. The browser's client is the
//! same machine; both are held to `tests/vectors/session/`.

use crate::chat::Rejection;
use std::time::Duration;

use super::outbox::Outbox;
use super::subscriptions::Places;
use crate::chat::close_code;
use crate::chat::protocol::{ClientMessage, ServerMessage, Since};
use crate::chat::{ErrorCode, RoomName, Token, UserName};
use crate::limits;

mod receive; // what the machine makes of a server's message
mod action; // what goes in and what comes out

pub use super::outbox::{SavedSubmission, Submission};
pub use action::{Credentials, Input, Output, State};

/// The machine.
#[derive(Debug)]
pub struct Session {
    identity: Credentials,
    state: State,
    link: Standing,
    /// Connections that ended since it was last live.
    attempts: u32,
    /// The close code of the last connection.
    closed: u16,
    places: Places,
    outbox: Outbox,
    nick: Nick,
}

/// How far the present connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// There is none.
    Down,
    /// We have said hello.
    Greeting,
    /// The server knows us.
    Welcome,
}

/// A new name, wanted or asked for.
#[derive(Debug)]
enum Nick {
    Content,
    Wanted(UserName),
    /// Asked for on this connection; `next` is what the person has come to want since.
    Asked {
        user: UserName,
        next: Option<UserName>,
    },
}

impl Session {
    /// A machine that has not started.
    #[must_use]
    pub fn new(identity: Credentials, rooms: Vec<RoomName>) -> Session {
        Session {
            identity,
            state: State::Offline,
            link: Standing::Down,
            attempts: 0,
            closed: 0,
            places: Places::new(rooms),
            outbox: Outbox::default(),
            nick: Nick::Content,
        }
    }

    /// Lets rooms of which nothing is shown yet begin at `since`; unasked, at their newest page.
    pub fn begin(&mut self, since: Since) {
        self.places.begin(since);
    }

    /// Whether the server knows us on the present connection.
    #[must_use]
    pub fn is_welcome(&self) -> bool {
        self.link == Standing::Welcome
    }

    /// Gives a name that has no token one of our own making, which the next hello shows. Were the
    /// only one in the `welcome`, a welcome lost on its way would lock us out of our own name.
    pub fn equip(&mut self, token: Token) {
        self.identity.token.get_or_insert(token);
    }

    /// What follows from `input`, in the order it is to be done.
    pub fn feed(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.take(input, &mut out);
        self.stand(&mut out);
        self.send_next(&mut out);
        out
    }

    fn take(&mut self, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Start => match self.state {
                State::Offline | State::Stopped => {
                    self.enter(State::Connecting, out);
                    out.push(Output::Connect);
                }
                State::Connecting | State::CatchingUp | State::Live => {}
            },
            Input::Opened => self.open(out),
            Input::Heard(reply) => match self.link {
                Standing::Down => {} // of a connection that is gone
                Standing::Greeting | Standing::Welcome => self.hear(reply, out),
            },
            Input::Closed { code, chance } => self.close(code, chance, out),
            Input::Say(line) => {
                self.outbox.push(line.clone());
                out.push(Output::Pending(line));
            }
            Input::Again => self.outbox.rested(),
            Input::Resend(cid) => out.extend(self.outbox.resend(&cid).map(Output::Pending)),
            Input::Drop(cid) => {
                if self.outbox.drop_line(&cid) {
                    out.push(Output::Dropped(cid));
                }
            }
            Input::Join(room) => self.join(&room, out),
            Input::Leave(room) => self.leave(room, out),
            Input::Nick(user) => self.nick(user, out),
            Input::Restore(lines) => {
                for SavedSubmission { line, rejection } in lines {
                    out.push(Output::Pending(line.clone()));
                    if let Some(Rejection { code, message }) = rejection {
                        out.push(Output::Failed {
                            cid: line.cid.clone(),
                            code,
                            message: message.into_owned(),
                        });
                        self.outbox.restore_failed(line);
                    } else {
                        self.outbox.restore(line);
                    }
                }
            }
        }
    }

    // ---- The connection ------------------------------------------------------------------------------

    fn open(&mut self, out: &mut Vec<Output>) {
        if self.state != State::Connecting || self.link != Standing::Down {
            return;
        }
        self.link = Standing::Greeting;
        let Credentials { user, token, password, agent } = self.identity.clone();
        let join = self.places.ask_all();
        out.push(Output::Send(ClientMessage::Hello { user, token, password, agent, join }));
    }

    fn close(&mut self, code: u16, chance: f64, out: &mut Vec<Output>) {
        match self.state {
            State::Offline | State::Stopped => return,
            State::Connecting | State::CatchingUp | State::Live => {}
        }
        self.link = Standing::Down;
        self.closed = code;
        self.places.cut();
        self.outbox.cut();
        self.nick = match std::mem::replace(&mut self.nick, Nick::Content) {
            Nick::Content => Nick::Content,
            Nick::Wanted(user) => Nick::Wanted(user),
            Nick::Asked { user, next } => Nick::Wanted(next.unwrap_or(user)),
        };
        if !close_code::is_worth_retrying(code) {
            self.enter(State::Stopped, out);
            out.push(Output::Stopped(code));
            return;
        }
        self.enter(State::Offline, out);
        out.push(Output::Wait(wait(self.attempts, chance)));
        self.attempts = self.attempts.saturating_add(1);
    }

    /// Works out whether all is shown.
    fn stand(&mut self, out: &mut Vec<Output>) {
        match (self.link, self.places.is_caught_up()) {
            (Standing::Down | Standing::Greeting, _) => {}
            (Standing::Welcome, false) => self.enter(State::CatchingUp, out),
            (Standing::Welcome, true) => {
                self.attempts = 0;
                self.enter(State::Live, out);
            }
        }
    }

    fn enter(&mut self, state: State, out: &mut Vec<Output>) {
        if self.state != state {
            self.state = state;
            out.push(Output::State(state));
        }
    }

    /// Sends what waits, if its time has come: a new name before the next line, but behind every
    /// line that was sent under the old one.
    fn send_next(&mut self, out: &mut Vec<Output>) {
        if self.state != State::Live || self.outbox.is_busy() {
            return;
        }
        match &self.nick {
            Nick::Asked { .. } => {}
            Nick::Wanted(user) if !self.outbox.has_doubt() => {
                let user = user.clone();
                out.push(Output::Send(ClientMessage::Nick { user: user.clone(), token: None }));
                self.nick = Nick::Asked { user, next: None };
            }
            Nick::Wanted(_) | Nick::Content => out.extend(self.outbox.next().map(Output::Send)),
        }
    }

    // ---- What the person wants -----------------------------------------------------------------

    fn join(&mut self, room: &RoomName, out: &mut Vec<Output>) {
        if self.places.add(room.clone()) && self.link != Standing::Down {
            out.extend(self.places.ask(room).map(|join| Output::Send(ClientMessage::Join(join))));
        }
    }

    fn leave(&mut self, room: RoomName, out: &mut Vec<Output>) {
        if !self.places.forget(&room) {
            return;
        }
        out.push(match self.link {
            Standing::Down => Output::Notice(ServerMessage::Left { room }),
            Standing::Greeting | Standing::Welcome => Output::Send(ClientMessage::Leave { room }),
        });
    }

    fn nick(&mut self, user: UserName, out: &mut Vec<Output>) {
        let is_lost = self.state == State::Stopped && self.closed == close_code::NAME_TAKEN;
        let is_unclaimed = self.link == Standing::Down
            && self.identity.token.is_none()
            && !self.outbox.has_doubt();
        if is_lost || is_unclaimed {
            // Nothing is held that could be renamed: the next hello simply says another name.
            self.identity.user = user;
            self.identity.token = None;
            self.nick = Nick::Content;
            out.extend(self.outbox.fail_doubt().into_iter().map(|cid| Output::Failed {
                cid,
                code: ErrorCode::NameTaken,
                message: String::from(
                    "it was sent under a name that is gone, and may have been stored",
                ),
            }));
            return;
        }
        self.nick = match std::mem::replace(&mut self.nick, Nick::Content) {
            Nick::Content | Nick::Wanted(_) => Nick::Wanted(user),
            Nick::Asked { user: asked, .. } => Nick::Asked { user: asked, next: Some(user) },
        };
    }
}

/// The wait after `attempts` connections in a row that were never live: from 500 ms doubling to 30 s, and
/// shortened by up to half, so that a crowd cut off at once does not come back at once.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "from 250 to 30,000"
)]
fn wait(attempts: u32, chance: f64) -> Duration {
    let doubled =
        1_u32.checked_shl(attempts).and_then(|times| limits::RECONNECT_MIN.checked_mul(times));
    let base = doubled.unwrap_or(limits::RECONNECT_MAX).min(limits::RECONNECT_MAX);
    let shortened = base.as_millis() as f64 * (1.0 - chance.clamp(0.0, 1.0) / 2.0);
    Duration::from_millis(shortened.round() as u64)
}
