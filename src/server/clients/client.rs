//! A registered person: one connection that has said hello.
//!
//! Room: an send_queue half, an identity, a few instants. It does not know what its rooms are; its
//! session does.

use std::net::{IpAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::chat::protocol::Agent;
use crate::chat::{Author, ClientId, Identity};
use crate::failpoint;
use crate::net::SendQueue;
use crate::ws::{Close, CloseCode, Encoder};

/// One client. Sessions, rooms and threads share it by `Arc`.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) address: IpAddr,
    pub(crate) agent: Agent,
    pub(crate) send_queue: SendQueue<Arc<TcpStream>>,
    identity: Mutex<Identity>,
    called: AtomicBool,
    since: Instant,
    /// Milliseconds after `since` at which it was last heard.
    heard: AtomicU64,
    /// The same for the last ping and for our Close frame; 0 for never.
    pinged: AtomicU64,
    closed: AtomicU64,
    /// The code of that frame.
    code: OnceLock<CloseCode>,
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
            send_queue,
            identity: Mutex::new(identity),
            called: AtomicBool::new(false),
            since: Instant::now(),
            heard: AtomicU64::new(0),
            pinged: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            code: OnceLock::new(),
        }
    }

    /// The one place the lock is taken. An identity is replaced whole.
    fn lock_identity(&self) -> MutexGuard<'_, Identity> {
        failpoint::check(self.identity.lock().unwrap_or_else(PoisonError::into_inner), "identity")
    }

    /// The name it goes by, and the proof of it.
    pub(crate) fn identity(&self) -> Identity {
        self.lock_identity().clone()
    }

    /// Goes by another name from now on; returns the former one.
    pub(crate) fn rename(&self, held: Identity) -> Identity {
        std::mem::replace(&mut *self.lock_identity(), held)
    }

    /// Others have brought it into a room that its session does not know of yet.
    pub(crate) fn flag_invited(&self) {
        self.called.store(true, Ordering::Release);
    }

    /// Whether that is so; asked by its session, which then knows.
    pub(crate) fn take_invited(&self) -> bool {
        self.called.load(Ordering::Acquire) && self.called.swap(false, Ordering::AcqRel)
    }

    /// As whom it says things.
    pub(crate) fn author(&self) -> Author {
        let held = self.lock_identity();
        Author { client: self.id, owner: held.owner, user: held.user.clone() }
    }

    fn stamp(&self, at: &AtomicU64) {
        let passed = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        at.store(passed.max(1), Ordering::Relaxed);
    }

    fn passed(&self, at: u64) -> Duration {
        self.since.elapsed().saturating_sub(Duration::from_millis(at))
    }

    /// Something came from it: it lives.
    pub(crate) fn mark_received(&self) {
        self.stamp(&self.heard);
    }

    /// How long nothing has come from it.
    pub(crate) fn idle_time(&self) -> Duration {
        self.passed(self.heard.load(Ordering::Relaxed))
    }

    /// Notes that it is being pinged.
    pub(crate) fn mark_pinged(&self) {
        self.stamp(&self.pinged);
    }

    /// How long ago it was pinged, if nothing has come from it since.
    pub(crate) fn unanswered_ping(&self) -> Option<Duration> {
        let pinged = self.pinged.load(Ordering::Relaxed);
        (pinged > self.heard.load(Ordering::Relaxed)).then(|| self.passed(pinged))
    }

    /// How long ago it was sent a Close frame, if it was.
    pub(crate) fn closing_time(&self) -> Option<Duration> {
        let closed = self.closed.load(Ordering::Relaxed);
        (closed > 0).then(|| self.passed(closed))
    }

    /// With which code it was sent away, if it was.
    pub(crate) fn close_code(&self) -> Option<CloseCode> {
        self.code.get().copied()
    }

    /// Notes that it is being sent a Close frame, and makes that frame.
    pub(crate) fn close(&self, code: CloseCode, reason: &str) -> Arc<[u8]> {
        self.stamp(&self.closed);
        self.code.set(code).ok(); // the first reason counts
        let mut frame = Vec::new();
        let close = Close { code, reason: reason.into() };
        Encoder::server().close(Some(&close), &mut frame);
        frame.into()
    }
}
