//! The client's one lock: the session, and what its actions change.
//!
//! No thread waits while it holds the lock: a message goes into the connection's send queue, an
//! event into the caller's queue. The connection's thread waits for space there before it reads.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::ConnectionSender;
use super::error::ConnectionError;
use super::event::Event;
use super::event_queue::EventSender;
use super::session::{Action, Input, Progress, Session};
use crate::chat::protocol::{ClientMessage, ServerMessage};
use crate::chat::{Cid, Password, Token};
use crate::limits;
use crate::ws::CloseCode;

/// Runs the session: passes inputs in and performs its actions. The [`Client`](super::Client) and
/// the connection's thread share it.
#[derive(Debug)]
pub(super) struct Driver {
    /// The session, and what its actions change.
    inner: Mutex<Inner>,
    /// Signals that `next_step` changed or the connection ended.
    changed: Condvar,
    /// The caller's events.
    events: Arc<EventSender>,
}

/// What the lock protects.
#[derive(Debug)]
struct Inner {
    /// The state machine.
    session: Session,
    /// The caller's events.
    events: Arc<EventSender>,
    /// The open connection, if there is one.
    connection: Option<ConnectionSender>,
    /// What the connection's thread does next.
    next_step: NextStep,
    /// When the submission in flight, rejected as too fast, is sent again.
    resend_at: Option<Instant>,
    /// Why the client ends the connection.
    error: Option<ConnectionError>,
    /// The cid of the next submission.
    next_cid: u128,
}

/// What the connection's thread does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextStep {
    /// Wait until the person asks for something.
    Wait,
    Connect,
    /// Connect at that time.
    Retry(Instant),
    /// End: the client was closed.
    Close,
    /// Nothing: the thread has ended.
    Closed,
}

impl Driver {
    /// A driver of a session. Its cids count up from `first_cid`, one random number per run.
    pub(super) fn new(session: Session, events: EventSender, first_cid: [u8; 16]) -> Driver {
        let events = Arc::new(events);
        let inner = Inner {
            session,
            events: Arc::clone(&events),
            connection: None,
            next_step: NextStep::Wait,
            resend_at: None,
            error: None,
            next_cid: u128::from_be_bytes(first_cid),
        };
        Driver { inner: Mutex::new(inner), changed: Condvar::new(), events }
    }

    /// Poisoning is ignored: the session applies each input as a whole.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- For the client ------------------------------------------------------------------------

    /// Passes an input of the person in.
    pub(super) fn input(&self, input: Input) {
        let mut inner = self.lock();
        inner.handle(input);
        self.changed.notify_all();
    }

    /// Sets the token of the next `hello`.
    pub(super) fn set_token(&self, token: Token) {
        self.lock().session.set_token(token);
    }

    /// Sets the password of the next `hello`.
    pub(super) fn set_password(&self, password: Password) {
        self.lock().session.set_password(password);
    }

    /// A cid that no other submission has.
    pub(super) fn new_cid(&self) -> Cid {
        let mut inner = self.lock();
        let cid = Cid::from_bytes(inner.next_cid.to_be_bytes());
        inner.next_cid = inner.next_cid.wrapping_add(1);
        cid
    }

    /// How far a submission got.
    pub(super) fn progress(&self, cid: &Cid) -> Progress {
        self.lock().session.progress(cid)
    }

    /// Sends a message past the session; `false` if the client is not connected.
    pub(super) fn send(&self, message: ClientMessage) -> bool {
        let mut inner = self.lock();
        let is_welcomed = inner.session.is_welcomed();
        if is_welcomed {
            inner.send(message);
        }
        is_welcomed
    }

    /// Ends the connection and the connection's thread, without waiting for either.
    pub(super) fn close(&self) {
        self.events.close(); // first: the connection's thread may wait for space there
        let mut inner = self.lock();
        match inner.next_step {
            NextStep::Close | NextStep::Closed => return,
            NextStep::Wait | NextStep::Connect | NextStep::Retry(_) => {
                inner.next_step = NextStep::Close;
            }
        }
        if let Some(connection) = &inner.connection {
            connection.close(CloseCode::NORMAL);
        }
        self.changed.notify_all();
    }

    /// Waits until the connection has ended, at most [`limits::CLOSE_WAIT`] for the server's answer
    /// to our Close, then shuts it down.
    pub(super) fn wait_for_end(&self) {
        let mut wait = limits::CLOSE_WAIT;
        let start = Instant::now();
        let mut inner = self.lock();
        while inner.connection.is_some() && !wait.is_zero() {
            let (woken, _) =
                self.changed.wait_timeout(inner, wait).unwrap_or_else(PoisonError::into_inner);
            inner = woken;
            wait = limits::CLOSE_WAIT.saturating_sub(start.elapsed());
        }
        if let Some(connection) = &inner.connection {
            connection.shutdown();
        }
    }

    // ---- For the connection's thread -----------------------------------------------------------

    /// Waits until it is time to connect; `false` when the client was closed.
    pub(super) fn wait_to_connect(&self) -> bool {
        let mut inner = self.lock();
        loop {
            let wait = match inner.next_step {
                NextStep::Close | NextStep::Closed => {
                    inner.next_step = NextStep::Closed;
                    return false;
                }
                NextStep::Connect => {
                    inner.next_step = NextStep::Wait;
                    return true;
                }
                NextStep::Wait => {
                    inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                NextStep::Retry(at) => at.saturating_duration_since(Instant::now()),
            };
            if wait.is_zero() {
                inner.handle(Input::Start);
            } else {
                let woken = self.changed.wait_timeout(inner, wait);
                (inner, _) = woken.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// The WebSocket is open. A name that has no token is claimed with `token`.
    pub(super) fn on_open(&self, connection: ConnectionSender, token: Token) {
        let mut inner = self.lock();
        if inner.next_step == NextStep::Close {
            connection.close(CloseCode::NORMAL); // the client was closed while it was being made
            inner.connection = Some(connection);
            return;
        }
        inner.connection = Some(connection);
        inner.session.ensure_token(token);
        inner.handle(Input::Opened);
    }

    /// Waits until the caller has taken enough events; `true` if it had not. No lock may be held.
    pub(super) fn wait_for_space(&self) -> bool {
        self.events.wait_for_space()
    }

    /// The server sent a message of `bytes`.
    ///
    /// # Errors
    /// The client ends the connection because of it.
    pub(super) fn on_message(
        &self,
        message: ServerMessage,
        bytes: usize,
    ) -> Result<(), ConnectionError> {
        let mut inner = self.lock();
        inner.handle_sized(Input::Received(message), bytes);
        inner.error.take().map_or(Ok(()), Err)
    }

    /// Sends a rate-limited submission again when it is due. Returns how long until then, if it is
    /// not due yet.
    pub(super) fn resend_due(&self, now: Instant) -> Option<Duration> {
        let mut inner = self.lock();
        let at = inner.resend_at?;
        if at > now {
            return Some(at - now);
        }
        inner.resend_at = None;
        inner.handle(Input::ResendDue);
        None
    }

    /// The connection has ended, and nothing more can be sent. Returns why the client ended it, if
    /// it did.
    pub(super) fn on_end(&self) -> Option<ConnectionError> {
        let mut inner = self.lock();
        inner.connection = None;
        self.changed.notify_all();
        inner.error.take()
    }

    /// The connection has ended, or could not be made, because of `error`.
    pub(super) fn on_close(&self, error: ConnectionError, jitter: f64) {
        let mut inner = self.lock();
        if inner.next_step == NextStep::Close {
            return; // no caller waits for events any more
        }
        inner.resend_at = None;
        let code = error.close_code();
        let reason = error.reason().to_owned();
        let least_wait = error.least_wait();
        inner.events.push(Event::ConnectionLost(error), 0);
        inner.handle(Input::Closed { code, reason, jitter, least_wait });
    }
}

impl Inner {
    /// Passes an input to the session, and performs its actions.
    fn handle(&mut self, input: Input) {
        self.handle_sized(input, 0);
    }

    /// The same for an input of that size, which its events count as theirs.
    fn handle_sized(&mut self, input: Input, bytes: usize) {
        for action in self.session.handle(input) {
            match action {
                Action::Connect => self.set_next_step(NextStep::Connect),
                Action::Retry(wait) => self.set_next_step(NextStep::Retry(Instant::now() + wait)),
                Action::Send(message) => self.send(message),
                Action::ResendIn(wait) => self.resend_at = Some(Instant::now() + wait),
                Action::Disconnect(_) => self.error = Some(ConnectionError::MissingRecords),
                Action::Emit(event) => self.events.push(event, bytes),
            }
        }
    }

    fn send(&mut self, message: ClientMessage) {
        let connection = self.connection.as_ref();
        if connection.is_some_and(|connection| !connection.send(message)) {
            self.error = Some(ConnectionError::WriteStalled);
        }
    }

    /// Changes the next step, unless the client was closed.
    fn set_next_step(&mut self, next_step: NextStep) {
        match self.next_step {
            NextStep::Wait | NextStep::Connect | NextStep::Retry(_) => self.next_step = next_step,
            NextStep::Close | NextStep::Closed => {}
        }
    }
}
