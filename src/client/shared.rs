//! The one lock of a client: its machine, and what the machine's outputs are done to.
//!
//! Nothing under the lock waits: a message goes into the writer's queue, a notice into the
//! person's.

use std::mem;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Link;
use super::error::ConnectionError;
use super::event::{Notice, State};
use super::session;
use super::session::{Input, Output, Session};
use crate::chat::protocol::{ClientMessage, ServerMessage};
use crate::chat::{Cid, Token};
use crate::limits;
use crate::ws::CloseCode;

/// What the person's side and the connection's share.
#[derive(Debug)]
pub(super) struct Desk {
    papers: Mutex<Papers>,
    /// The plan is another, or the connection has ended.
    changed: Condvar,
}

/// What lies on the desk.
#[derive(Debug)]
struct Papers {
    session: Session,
    notices: Sender<Notice>,
    link: Option<Link>,
    plan: Plan,
    /// When the line in flight, refused as too fast, may go out again.
    again: Option<Instant>,
    /// Why we want to end the connection.
    error: Option<ConnectionError>,
    /// What the server said when it closed the connection.
    reason: String,
    /// The number of the next line's cid.
    next_cid: u128,
}

/// What the connection's thread is to do when it has nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Wait for a word from the person.
    Rest,
    Connect,
    /// Connect at that time.
    Retry(Instant),
    /// End: the person has left.
    Leave,
    /// It has ended.
    Left,
}

impl Desk {
    /// A desk whose lines are named by counting up from `first_cid`: one random number per run.
    pub(super) fn new(session: Session, notices: Sender<Notice>, first_cid: [u8; 16]) -> Desk {
        let papers = Papers {
            session,
            notices,
            link: None,
            plan: Plan::Rest,
            again: None,
            error: None,
            reason: String::new(),
            next_cid: u128::from_be_bytes(first_cid),
        };
        Desk { papers: Mutex::new(papers), changed: Condvar::new() }
    }

    /// The one place the lock is taken. A poisoned desk is still a desk: the machine takes each
    /// input whole.
    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- The person's side ---------------------------------------------------------------------

    /// Tells the machine what the person wants.
    pub(super) fn want(&self, input: Input) {
        let mut papers = self.papers();
        papers.feed(input);
        self.changed.notify_all();
    }

    /// A cid that no other line has.
    pub(super) fn new_cid(&self) -> Cid {
        let mut papers = self.papers();
        let cid = Cid::from_bytes(papers.next_cid.to_be_bytes());
        papers.next_cid = papers.next_cid.wrapping_add(1);
        cid
    }

    /// Sends a question past the machine; `false` where there is nobody to ask.
    pub(super) fn ask(&self, request: ClientMessage) -> bool {
        let mut papers = self.papers();
        let is_known = papers.session.is_welcome();
        if is_known {
            papers.send(request);
        }
        is_known
    }

    /// Ends the connection and everything else, without waiting.
    pub(super) fn leave(&self) {
        let mut papers = self.papers();
        match papers.plan {
            Plan::Leave | Plan::Left => return,
            Plan::Rest | Plan::Connect | Plan::Retry(_) => papers.plan = Plan::Leave,
        }
        if let Some(link) = &papers.link {
            link.close(CloseCode::NORMAL);
        }
        self.changed.notify_all();
    }

    /// Waits until the connection has ended, for as long as a server may take to answer our Close,
    /// and cuts it then.
    pub(super) fn wait_for_end(&self) {
        let mut wait = limits::CLOSE_WAIT;
        let start = Instant::now();
        let mut papers = self.papers();
        while papers.link.is_some() && !wait.is_zero() {
            let (woken, _) =
                self.changed.wait_timeout(papers, wait).unwrap_or_else(PoisonError::into_inner);
            papers = woken;
            wait = limits::CLOSE_WAIT.saturating_sub(start.elapsed());
        }
        if let Some(link) = &papers.link {
            link.cut();
        }
    }

    // ---- The connection's side -----------------------------------------------------------------

    /// Waits until it is time to connect; `false` when the person has left.
    pub(super) fn wait_to_connect(&self) -> bool {
        let mut papers = self.papers();
        loop {
            let wait = match papers.plan {
                Plan::Leave | Plan::Left => {
                    papers.plan = Plan::Left;
                    return false;
                }
                Plan::Connect => {
                    papers.plan = Plan::Rest;
                    return true;
                }
                Plan::Rest => {
                    papers = self.changed.wait(papers).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                Plan::Retry(at) => at.saturating_duration_since(Instant::now()),
            };
            if wait.is_zero() {
                papers.feed(Input::Start);
            } else {
                let woken = self.changed.wait_timeout(papers, wait);
                (papers, _) = woken.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// The WebSocket is open. A name without a token is claimed with `token`.
    pub(super) fn open(&self, link: Link, token: Token) {
        let mut papers = self.papers();
        if papers.plan == Plan::Leave {
            link.close(CloseCode::NORMAL); // the person left while it was being made
            papers.link = Some(link);
            return;
        }
        papers.link = Some(link);
        papers.session.equip(token);
        papers.feed(Input::Opened);
    }

    /// The server said something. Fails where it is not to be trusted with more.
    pub(super) fn hear(&self, reply: ServerMessage) -> Result<(), ConnectionError> {
        let mut papers = self.papers();
        papers.feed(Input::Heard(reply));
        papers.error.take().map_or(Ok(()), Err)
    }

    /// How long the line in flight has to rest yet; sends it again when it has rested.
    pub(super) fn rest(&self, now: Instant) -> Option<Duration> {
        let mut papers = self.papers();
        let at = papers.again?;
        if at > now {
            return Some(at - now);
        }
        papers.again = None;
        papers.feed(Input::Again);
        None
    }

    /// The connection has ended: nothing more can be said. Returns our own reason to end it, if we
    /// had one.
    pub(super) fn unlink(&self) -> Option<ConnectionError> {
        let mut papers = self.papers();
        papers.link = None;
        self.changed.notify_all();
        papers.error.take()
    }

    /// The connection has ended, or was never made, because of `error`.
    pub(super) fn close(&self, error: ConnectionError, chance: f64) {
        let mut papers = self.papers();
        if papers.plan == Plan::Leave {
            return; // the person did not wait to hear it
        }
        let code = error.close_code();
        papers.again = None;
        if let ConnectionError::Closed { reason, .. } = &error {
            papers.reason.clone_from(reason);
        }
        papers.tell(Notice::Trouble(error));
        papers.feed(Input::Closed { code, chance });
    }
}

impl Papers {
    /// Lets the machine judge, and does what it says.
    fn feed(&mut self, input: Input) {
        for output in self.session.feed(input) {
            self.perform(output);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::State(session::State::Connecting) => {
                self.tell(Notice::State(State::Connecting));
            }
            Output::State(session::State::CatchingUp) => {
                self.tell(Notice::State(State::CatchingUp));
            }
            Output::State(session::State::Live) => self.tell(Notice::State(State::Live)),
            // Outcome with the wait, and with the code.
            Output::State(session::State::Offline | session::State::Stopped) => {}
            Output::Connect => self.intend(Plan::Connect),
            Output::Wait(retry) => {
                self.intend(Plan::Retry(Instant::now() + retry));
                self.tell(Notice::State(State::Offline { retry }));
            }
            Output::Send(request) => self.send(request),
            Output::AgainIn(wait) => self.again = Some(Instant::now() + wait),
            Output::HangUp(_) => self.error = Some(ConnectionError::MissingRecords),
            Output::Record(record) => self.tell(Notice::Record(record)),
            Output::Reset(room) => self.tell(Notice::Reset(room)),
            Output::Gap { room, first } => self.tell(Notice::Gap { room, first }),
            Output::Pending(line) => self.tell(Notice::Pending(line)),
            Output::Stored { cid, seq } => self.tell(Notice::Stored { cid, seq }),
            Output::Failed { cid, code, message } => {
                self.tell(Notice::Failed { cid, code, message });
            }
            Output::Dropped(cid) => self.tell(Notice::Dropped(cid)),
            Output::Notice(reply) => {
                if let Some(notice) = Notice::of(reply) {
                    self.tell(notice);
                }
            }
            Output::Stopped(code) => {
                let reason = mem::take(&mut self.reason);
                self.tell(Notice::Stopped { code, reason });
            }
        }
    }

    fn send(&mut self, request: ClientMessage) {
        if self.link.as_ref().is_some_and(|link| !link.send(request)) {
            self.error = Some(ConnectionError::WriteStalled);
        }
    }

    fn tell(&self, notice: Notice) {
        self.notices.send(notice).ok(); // a person who no longer listens is told nothing
    }

    /// Changes the plan, unless the person has left.
    fn intend(&mut self, plan: Plan) {
        match self.plan {
            Plan::Rest | Plan::Connect | Plan::Retry(_) => self.plan = plan,
            Plan::Leave | Plan::Left => {}
        }
    }
}
