//! The client as a state machine: offline → connecting → catching up → live.
//!
//! Depends on `outbox`, `subscriptions`, `event`, `chat` and `limits`; never on sockets, threads,
//! the clock or randomness.
//!
//! The host (`driver.rs`) passes in what happened as an [`Input`], and performs the [`Action`]s
//! that the session returns, in order. The browser's client is the same machine;
//! `tests/vectors/session/` tests both.

use std::mem;
use std::time::Duration;

use super::event::Event;
use super::outbox::Outbox;
use super::subscriptions::Subscriptions;
use crate::chat::close_code;
use crate::chat::protocol::{ClientMessage, ServerMessage, Since};
use crate::chat::{Cid, ErrorCode, Password, Rejection, RoomName, Token, UserName};
use crate::limits;

mod action; // what goes in, what comes out
mod receive; // what a message from the server does

pub use super::event::ConnectionState;
pub use super::outbox::{Progress, SavedSubmission, Submission};
pub use action::{Action, Credentials, Input};

/// The state of one client.
#[derive(Debug)]
pub struct Session {
    /// What the next `hello` contains.
    credentials: Credentials,
    /// The state that events report.
    state: ConnectionState,
    /// How far the handshake of the connection has come.
    stage: ConnectionStage,
    /// Connections in a row that ended before they were live.
    attempts: u32,
    /// The close code of the last connection.
    closed: u16,
    /// The rooms, and how far each is shown.
    subscriptions: Subscriptions,
    /// Submissions that are not stored yet.
    outbox: Outbox,
    /// A change of name that is under way.
    rename: Rename,
    /// Names that were ours before, the newest last: records under them may be ours.
    former_names: Vec<UserName>,
}

/// How far the handshake of the present connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectionStage {
    /// There is none.
    Disconnected,
    /// The `hello` is sent.
    HelloSent,
    /// The server has answered it with `welcome`.
    Welcomed,
}

/// A change of our name.
#[derive(Debug)]
enum Rename {
    None,
    /// Not sent yet.
    Wanted(UserName),
    /// Sent on this connection. `next` is what the person asked for since.
    Requested {
        user: UserName,
        next: Option<UserName>,
    },
}

impl Session {
    /// A session that has not started.
    #[must_use]
    pub fn new(credentials: Credentials, rooms: Vec<RoomName>) -> Session {
        Session {
            credentials,
            state: ConnectionState::Offline { retry: Duration::ZERO },
            stage: ConnectionStage::Disconnected,
            attempts: 0,
            closed: 0,
            subscriptions: Subscriptions::new(rooms),
            outbox: Outbox::default(),
            rename: Rename::None,
            former_names: Vec::new(),
        }
    }

    /// Adds rooms that the person was a member of when the client ran last: it joins them if that is still so, or if
    /// the person has no rooms.
    pub fn resume_rooms(&mut self, rooms: impl IntoIterator<Item = RoomName>) {
        for room in rooms {
            self.subscriptions.add_member(room);
        }
    }

    /// Rooms of which nothing is shown yet start at `since` from now on. Without this call they
    /// start with their newest page.
    pub fn start_at(&mut self, since: Since) {
        self.subscriptions.start_at(since);
    }

    /// Whether the server has accepted us on the present connection.
    #[must_use]
    pub fn is_welcomed(&self) -> bool {
        self.stage == ConnectionStage::Welcomed
    }

    /// How far a submission got.
    #[must_use]
    pub fn progress(&self, cid: &Cid) -> Progress {
        self.outbox.progress(cid)
    }

    /// Sets a token for the next `hello` if the name has none. A token that only the `welcome`
    /// brings could be lost with the connection, and then the name could not be claimed again.
    pub fn ensure_token(&mut self, token: Token) {
        self.credentials.token.get_or_insert(token);
    }

    /// Sets the token of the next `hello`, in the place of one that does not own the name.
    pub fn set_token(&mut self, token: Token) {
        self.credentials.token = Some(token);
    }

    /// Sets the password of the next `hello`.
    pub fn set_password(&mut self, password: Password) {
        self.credentials.password = Some(password);
    }

    /// Applies `input`. Returns what the host has to do, in order.
    pub fn handle(&mut self, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        self.apply_input(input, &mut actions);
        self.update_state(&mut actions);
        self.send_next(&mut actions);
        actions
    }

    fn apply_input(&mut self, input: Input, actions: &mut Vec<Action>) {
        match input {
            Input::Start => match self.state {
                ConnectionState::Offline { .. } | ConnectionState::Stopped => {
                    self.enter(ConnectionState::Connecting, actions);
                    actions.push(Action::Connect);
                }
                ConnectionState::Connecting
                | ConnectionState::CatchingUp
                | ConnectionState::Live => {}
            },
            Input::Opened => self.on_open(actions),
            Input::Received(message) => match self.stage {
                ConnectionStage::Disconnected => {} // sent on a connection that is gone
                ConnectionStage::HelloSent | ConnectionStage::Welcomed => {
                    self.on_message(message, actions);
                }
            },
            Input::Closed { code, reason, jitter, least_wait } => {
                self.on_close(code, reason, (jitter, least_wait), actions);
            }
            Input::Submit(mut submission) => {
                if let Some(room) = self.subscriptions.present_name(&submission.room) {
                    submission.room = room.clone();
                }
                self.outbox.push(submission.clone());
                actions.push(Action::Emit(Event::Pending(submission)));
            }
            Input::ResendDue => self.outbox.resend_due(),
            Input::Resend(cid) => {
                let submission = self.outbox.resend(&cid);
                actions.extend(submission.map(Event::Pending).map(Action::Emit));
            }
            Input::Drop(cid) => {
                if self.outbox.discard(&cid) {
                    actions.push(Action::Emit(Event::Dropped(cid)));
                }
            }
            Input::Join(room) => self.join(&room, actions),
            Input::Leave(room) => self.leave(room, actions),
            Input::Nick(user) => self.rename(user, actions),
            Input::Restore(saved) => saved.into_iter().for_each(|one| self.restore(one, actions)),
        }
    }

    // ---- The connection ------------------------------------------------------------------------

    fn on_open(&mut self, actions: &mut Vec<Action>) {
        if self.state != ConnectionState::Connecting || self.stage != ConnectionStage::Disconnected
        {
            return;
        }
        self.stage = ConnectionStage::HelloSent;
        let Credentials { user, token, password, agent, presence, follows_rooms: rooms } =
            self.credentials.clone();
        let join = self.subscriptions.join_all();
        let hello = ClientMessage::Hello { user, token, password, agent, presence, rooms, join };
        actions.push(Action::Send(hello));
    }

    fn on_close(
        &mut self,
        code: u16,
        reason: String,
        (jitter, least_wait): (f64, Duration),
        actions: &mut Vec<Action>,
    ) {
        match self.state {
            ConnectionState::Offline { .. } | ConnectionState::Stopped => return,
            ConnectionState::Connecting | ConnectionState::CatchingUp | ConnectionState::Live => {}
        }
        self.stage = ConnectionStage::Disconnected;
        self.closed = code;
        self.subscriptions.on_disconnect();
        self.outbox.on_disconnect();
        self.rename = match mem::replace(&mut self.rename, Rename::None) {
            Rename::None => Rename::None,
            Rename::Wanted(user) => Rename::Wanted(user),
            Rename::Requested { user, next } => Rename::Wanted(next.unwrap_or(user)),
        };
        if !close_code::is_worth_retrying(code) {
            self.enter(ConnectionState::Stopped, actions);
            actions.push(Action::Emit(Event::Stopped { code, reason }));
            return;
        }
        let retry = backoff(self.attempts, jitter).max(least_wait);
        self.attempts = self.attempts.saturating_add(1);
        self.enter(ConnectionState::Offline { retry }, actions);
        actions.push(Action::Retry(retry));
    }

    /// Enters `CatchingUp` or `Live`, once the server has accepted the client.
    fn update_state(&mut self, actions: &mut Vec<Action>) {
        if self.stage != ConnectionStage::Welcomed {
            return;
        }
        if self.subscriptions.is_caught_up() {
            self.attempts = 0;
            self.enter(ConnectionState::Live, actions);
        } else {
            self.enter(ConnectionState::CatchingUp, actions);
        }
    }

    fn enter(&mut self, state: ConnectionState, actions: &mut Vec<Action>) {
        if self.state != state {
            self.state = state;
            actions.push(Action::Emit(Event::State(state)));
        }
    }

    /// Sends the next message that waits, if the client is live and no submission is in flight. A
    /// new name is sent after every submission that was made before the person asked for it, and
    /// before the next.
    fn send_next(&mut self, actions: &mut Vec<Action>) {
        if self.state != ConnectionState::Live || self.outbox.has_in_flight() {
            return;
        }
        match &self.rename {
            Rename::Requested { .. } => {}
            Rename::Wanted(user) if !self.outbox.has_before_rename() => {
                let user = user.clone();
                actions.push(Action::Send(ClientMessage::Nick { user: user.clone(), token: None }));
                self.rename = Rename::Requested { user, next: None };
            }
            Rename::Wanted(_) | Rename::None => {
                actions.extend(self.outbox.take_next().map(Action::Send));
            }
        }
    }

    // ---- What the person wants -----------------------------------------------------------------

    fn join(&mut self, room: &RoomName, actions: &mut Vec<Action>) {
        if self.subscriptions.add(room.clone()) && self.stage != ConnectionStage::Disconnected {
            let join = self.subscriptions.join(room);
            actions.extend(join.map(ClientMessage::Join).map(Action::Send));
        }
    }

    fn leave(&mut self, room: RoomName, actions: &mut Vec<Action>) {
        if !self.subscriptions.remove(&room) {
            return;
        }
        if self.credentials.follows_rooms {
            self.subscriptions.note_leaving(&room);
        }
        actions.push(match self.stage {
            ConnectionStage::Disconnected => {
                Action::Emit(Event::Message(ServerMessage::Left { room }))
            }
            ConnectionStage::HelloSent | ConnectionStage::Welcomed => {
                Action::Send(ClientMessage::Leave { room })
            }
        });
    }

    fn rename(&mut self, user: UserName, actions: &mut Vec<Action>) {
        let is_taken =
            self.state == ConnectionState::Stopped && self.closed == close_code::NAME_TAKEN;
        let is_unclaimed = self.stage == ConnectionStage::Disconnected
            && self.credentials.token.is_none()
            && !self.outbox.has_in_doubt();
        if is_taken || is_unclaimed {
            // The server holds no name for us to rename: the next hello uses the new one.
            self.credentials.user = user;
            self.credentials.token = None;
            self.former_names.clear(); // another person's, from now on
            self.rename = Rename::None;
            for cid in self.outbox.fail_in_doubt() {
                let message =
                    "it was sent under a name that is no longer yours, and may have been stored";
                let rejection = Rejection::new(ErrorCode::NameTaken, message);
                actions.push(Action::Emit(Event::Failed { cid, rejection }));
            }
            return;
        }
        self.outbox.mark_before_rename();
        self.rename = match mem::replace(&mut self.rename, Rename::None) {
            Rename::None | Rename::Wanted(_) => Rename::Wanted(user),
            Rename::Requested { user: requested, .. } => {
                Rename::Requested { user: requested, next: Some(user) }
            }
        };
    }

    fn restore(&mut self, saved: SavedSubmission, actions: &mut Vec<Action>) {
        let SavedSubmission { submission, rejection } = saved;
        actions.push(Action::Emit(Event::Pending(submission.clone())));
        if let Some(rejection) = rejection {
            let cid = submission.cid.clone();
            actions.push(Action::Emit(Event::Failed { cid, rejection }));
            self.outbox.push_failed(submission);
        } else {
            self.outbox.push_in_doubt(submission);
        }
    }
}

/// The wait after `attempts` connections in a row that were never live. It starts at 500 ms and
/// doubles up to 30 s. `jitter` shortens it by up to half, so that clients that were disconnected
/// together do not reconnect together.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "from 250 to 30,000"
)]
fn backoff(attempts: u32, jitter: f64) -> Duration {
    let doubled =
        1_u32.checked_shl(attempts).and_then(|times| limits::RECONNECT_MIN.checked_mul(times));
    let base = doubled.unwrap_or(limits::RECONNECT_MAX).min(limits::RECONNECT_MAX);
    let shortened = base.as_millis() as f64 * (1.0 - jitter.clamp(0.0, 1.0) / 2.0);
    Duration::from_millis(shortened.round() as u64)
}
