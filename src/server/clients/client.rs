//! A client: one connection whose hello was accepted.

use std::net::{IpAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::chat::protocol::{Agent, ServerMessage};
use crate::chat::{Author, ClientId, Identity, Label, OwnerId, UserName};
use crate::failpoint;
use crate::limits;
use crate::net::{SendQueue, SendResult};
use crate::ws::{self, Close, CloseCode, Encoder};

/// One client. Its session, its rooms and the server's threads share it by `Arc`. It does not know its
/// rooms; its session does.
///
/// The lock protects the identity. It is held over the write of the `welcome` or `renamed` that tells the client
/// of it, which cannot block: so the last such message that a client gets has its latest name.
#[derive(Debug)]
pub(crate) struct Client {
    /// Unique while the server runs.
    pub(crate) id: ClientId,
    /// The peer's address, or the one that a trusted proxy names.
    pub(crate) address: IpAddr,
    /// The kind of client that its hello names.
    pub(crate) agent: Agent,
    /// Whether the others see it: without presence it is no member of the rooms whose records it receives.
    pub(crate) has_presence: bool,
    /// Whether it follows the person's memberships.
    pub(crate) follows_rooms: bool,
    /// Frames on their way to its socket.
    pub(crate) send_queue: SendQueue<Arc<TcpStream>>,
    /// Whose connection it is, under which name.
    identity: Mutex<ToldIdentity>,
    /// Whether another thread has changed in which rooms it is, and its session does not know yet.
    has_changed: AtomicBool,
    /// When something was last received, pinged, closed.
    activity: Activity,
    /// The code of the Close frame that the server has sent to it.
    close_code: OnceLock<CloseCode>,
}

/// What the lock of a client protects.
#[derive(Debug)]
struct ToldIdentity {
    /// The person, with their current name.
    identity: Identity,
    /// Whether the client was sent its `welcome`: before that it gets no `renamed`.
    is_welcomed: bool,
}

/// Instants as milliseconds since the connection's start, so that each fits an atomic.
#[derive(Debug)]
struct Activity {
    /// When the connection started.
    start: Instant,
    /// When something was last received.
    received: AtomicU64,
    /// When the server last sent a ping; 0 for never.
    pinged: AtomicU64,
    /// When the server sent its Close frame; 0 for never.
    closed: AtomicU64,
}

impl Activity {
    fn new() -> Activity {
        let start = Instant::now();
        Activity {
            start,
            received: AtomicU64::new(0),
            pinged: AtomicU64::new(0),
            closed: AtomicU64::new(0),
        }
    }

    fn mark(&self, at: &AtomicU64) {
        let passed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        at.store(passed.max(1), Ordering::Relaxed);
    }

    fn since(&self, at: u64) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(at))
    }
}

impl Client {
    pub(crate) fn new(
        id: ClientId,
        address: IpAddr,
        agent: Agent,
        send_queue: SendQueue<Arc<TcpStream>>,
        identity: Identity,
    ) -> Client {
        Client {
            id,
            address,
            agent,
            has_presence: true,
            follows_rooms: false,
            send_queue,
            identity: Mutex::new(ToldIdentity { identity, is_welcomed: false }),
            has_changed: AtomicBool::new(false),
            activity: Activity::new(),
            close_code: OnceLock::new(),
        }
    }

    /// The same client, which the others see or not.
    pub(crate) fn with_presence(self, has_presence: bool) -> Client {
        Client { has_presence, ..self }
    }

    /// The same client, which follows the person's memberships or not.
    pub(crate) fn following_rooms(self, follows_rooms: bool) -> Client {
        Client { follows_rooms, ..self }
    }

    fn lock_identity(&self) -> MutexGuard<'_, ToldIdentity> {
        failpoint::check(self.identity.lock().unwrap_or_else(PoisonError::into_inner), "identity")
    }

    /// Whose connection it is, under which name.
    pub(crate) fn identity(&self) -> Identity {
        self.lock_identity().identity.clone()
    }

    /// Sends it the `welcome` that `message` makes of its identity, with `label` if that is newer. The caller
    /// handles the result of the write.
    pub(crate) fn welcome(
        &self,
        label: Option<&Label>,
        message: impl FnOnce(&Identity) -> ServerMessage,
    ) -> SendResult {
        let mut told = self.lock_identity();
        told.identity.update(label);
        told.is_welcomed = true;
        self.send_queue.send(&text_frame(&message(&told.identity)))
    }

    /// Gives it the new name of its person, and tells it; not if it has this name or a newer one. The caller
    /// handles the result of the write.
    pub(crate) fn relabel(&self, owner: OwnerId, label: &Label) -> Option<SendResult> {
        let mut told = self.lock_identity();
        if told.identity.owner != owner {
            return None;
        }
        let former = told.identity.update(Some(label))?;
        let is_told = told.is_welcomed && former != told.identity.user;
        is_told.then(|| self.send_renamed(former, &told.identity))
    }

    /// Makes it the connection of this person, and tells it: the answer to `nick`. The caller handles the result
    /// of the write.
    pub(crate) fn set_identity(&self, identity: Identity) -> SendResult {
        let mut told = self.lock_identity();
        let former = told.identity.user.clone();
        if told.identity.owner == identity.owner {
            told.identity.update(Some(&identity.label()));
        } else {
            told.identity = identity;
        }
        self.send_renamed(former, &told.identity)
    }

    fn send_renamed(&self, user: UserName, identity: &Identity) -> SendResult {
        let (to, token) = (identity.user.clone(), Some(identity.token.clone()));
        self.send_queue.send(&text_frame(&ServerMessage::Renamed { user, to, token }))
    }

    /// Notes that another thread has changed in which rooms it is; its session does not know yet.
    pub(crate) fn flag_changed(&self) {
        self.has_changed.store(true, Ordering::Release);
    }

    /// Whether [`flag_changed`](Client::flag_changed) was called since this was last asked.
    pub(crate) fn take_changed(&self) -> bool {
        self.has_changed.load(Ordering::Acquire) && self.has_changed.swap(false, Ordering::AcqRel)
    }

    /// The author of what it submits now.
    pub(crate) fn author(&self) -> Author {
        let Identity { owner, user, .. } = self.identity();
        Author { client: self.id, owner, user }
    }

    /// Waits, because its network has used more than its share. False if the connection closes meanwhile.
    pub(crate) fn pause(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        loop {
            if self.send_queue.is_closed() {
                return false;
            }
            self.mark_received(); // its session reads nothing meanwhile: no pong can be expected
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(limits::PAUSE_STEP));
        }
    }

    /// Notes that something was received from it.
    pub(crate) fn mark_received(&self) {
        self.activity.mark(&self.activity.received);
    }

    /// How long nothing was received from it.
    pub(crate) fn idle_time(&self) -> Duration {
        self.activity.since(self.activity.received.load(Ordering::Relaxed))
    }

    /// Notes that it is being pinged.
    pub(crate) fn mark_pinged(&self) {
        self.activity.mark(&self.activity.pinged);
    }

    /// How long ago it was pinged, if nothing was received from it since.
    pub(crate) fn unanswered_ping(&self) -> Option<Duration> {
        let pinged = self.activity.pinged.load(Ordering::Relaxed);
        let received = self.activity.received.load(Ordering::Relaxed);
        (pinged > received).then(|| self.activity.since(pinged))
    }

    /// How long ago the server sent it a Close frame, if it did.
    pub(crate) fn closing_time(&self) -> Option<Duration> {
        let closed = self.activity.closed.load(Ordering::Relaxed);
        (closed > 0).then(|| self.activity.since(closed))
    }

    /// The code of the Close frame that the server sent it, if it did.
    pub(crate) fn close_code(&self) -> Option<CloseCode> {
        self.close_code.get().copied()
    }

    /// Notes that it is being sent a Close frame, and encodes that frame.
    pub(crate) fn close_frame(&self, code: CloseCode, reason: &str) -> Arc<[u8]> {
        self.activity.mark(&self.activity.closed);
        self.close_code.set(code).ok(); // the first reason counts
        let mut frame = Vec::new();
        let close = Close { code, reason: reason.into() };
        Encoder::server().close(Some(&close), &mut frame);
        frame.into()
    }
}

/// A message as one text frame.
pub(crate) fn text_frame(message: &ServerMessage) -> Arc<[u8]> {
    let mut frame = Vec::new();
    ws::push_text_frame(&mut frame, message.encode().as_bytes());
    frame.into()
}
