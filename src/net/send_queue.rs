//! What goes out to one peer, in order, without ever blocking the one who sends it.
//!
//! Room: a lock, a socket that can refuse, and a backlog of shared bytes. It does not know what the
//! bytes mean, save that the last of them is a send_last.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failpoint;

/// A socket that can be made to refuse what it cannot do at once.
pub trait Socket {
    /// Writes some of `bytes` and says how many, as [`Socket::set_blocking`] has said.
    ///
    /// # Errors
    /// `WouldBlock` where the socket is full and may not wait; any other error means that it is dead.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Whether reading and writing wait until they can go on.
    ///
    /// # Errors
    /// What the system says: the socket is of no use then.
    fn set_blocking(&self, blocking: bool) -> io::Result<()>;

    /// Ends both directions at once, so that a thread reading from it wakes.
    fn shutdown(&self);
}

impl Socket for TcpStream {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut socket = self;
        socket.write(bytes)
    }

    fn set_blocking(&self, blocking: bool) -> io::Result<()> {
        self.set_nonblocking(!blocking)
    }

    fn shutdown(&self) {
        self.shutdown(Shutdown::Both).ok(); // a socket already dead is as good as shut
    }
}

impl<P: Socket> Socket for Arc<P> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        P::try_write(self, bytes)
    }

    fn set_blocking(&self, blocking: bool) -> io::Result<()> {
        P::set_blocking(self, blocking)
    }

    fn shutdown(&self) {
        P::shutdown(self);
    }
}

/// A socket between writers that may not wait and a reader that must. O_NONBLOCK belongs to the
/// socket, not to a call, so the two take turns: the first write after a turn of the reader sets it,
/// and later ones find it set. A reader that is waiting already goes on waiting; one that comes and
/// finds nothing to read fails with a stray `WouldBlock`, calls [`SendQueue::restore_blocking`] and reads again.
/// So whoever mostly listens costs one system call a write, not three.
#[derive(Debug)]
struct NonBlocking<P> {
    socket: P,
    /// Whether it may wait now. It only changes under the lock around the state.
    blocking: AtomicBool,
}

impl<P: Socket> NonBlocking<P> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.blocking.load(Ordering::Relaxed) {
            self.socket.set_blocking(false)?;
            self.blocking.store(false, Ordering::Relaxed);
        }
        self.socket.try_write(bytes)
    }

    fn restore_blocking(&self) {
        if !self.blocking.swap(true, Ordering::Relaxed) {
            self.socket.set_blocking(true).ok(); // the reader's next call says what is wrong
        }
    }
}

/// The sending half of a connection.
#[derive(Debug)]
pub struct SendQueue<P> {
    socket: NonBlocking<P>,
    limit: usize,
    state: Mutex<State>,
    drained: Condvar,
}

/// How a peer receives.
#[derive(Debug)]
enum State {
    /// Straight from whoever sends.
    Live,
    /// From its backlog, until it has caught up.
    Behind(Backlog),
    /// Only what stands before the send_last, and the send_last.
    Closing(Backlog),
    /// Nothing: the socket is dead or shut.
    Closed,
}

/// What a peer still needs: shared bytes, how far into the first of them it is, and since when it
/// has taken nothing.
#[derive(Debug)]
struct Backlog {
    segments: VecDeque<Arc<[u8]>>,
    offset: usize,
    bytes: usize,
    stalled_since: Instant,
}

/// What became of bytes given to [`SendQueue::send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The socket took them.
    Written,
    /// The peer has just fallen behind: somebody must [`SendQueue::drain`] it.
    FellBehind,
    /// They wait in the backlog, which is being drained.
    Queued,
    /// The backlog is at its bound: they were not taken, and the peer must go.
    Overflow,
    /// The peer is leaving or gone: they were dropped.
    Closed,
}

/// How a peer stands after [`SendQueue::drain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Nothing is waiting.
    Empty,
    /// Some bytes went, more are waiting.
    Progress,
    /// None went, for this long now.
    Stalled(Duration),
    /// There is nobody to drain to.
    Closed,
}

impl<P: Socket> SendQueue<P> {
    /// A live peer behind `socket`, which may have `limit` bytes waiting.
    pub fn new(socket: P, limit: usize) -> SendQueue<P> {
        let socket = NonBlocking { socket, blocking: AtomicBool::new(true) };
        SendQueue { socket, limit, state: Mutex::new(State::Live), drained: Condvar::new() }
    }

    /// The socket itself.
    pub fn socket(&self) -> &P {
        &self.socket.socket
    }

    /// The one place the lock is taken. A state is always whole: it is replaced, not built up.
    fn state(&self) -> MutexGuard<'_, State> {
        failpoint::check(self.state.lock().unwrap_or_else(PoisonError::into_inner), "send_queue")
    }

    /// Sends `bytes` after everything sent before, or keeps them until the peer takes them.
    pub fn send(&self, bytes: &Arc<[u8]>) -> Sent {
        let mut state = self.state();
        match &mut *state {
            State::Live => match self.socket.try_write(bytes) {
                Ok(count) if count == bytes.len() => Sent::Written,
                Ok(count) => {
                    *state = State::Behind(Backlog::new(Arc::clone(bytes), count));
                    Sent::FellBehind
                }
                Err(error) if would_block(&error) => {
                    *state = State::Behind(Backlog::new(Arc::clone(bytes), 0));
                    Sent::FellBehind
                }
                Err(_) => {
                    self.close(state);
                    Sent::Closed
                }
            },
            State::Behind(backlog) if backlog.bytes.saturating_add(bytes.len()) > self.limit => {
                Sent::Overflow
            }
            State::Behind(backlog) => {
                backlog.push(Arc::clone(bytes));
                Sent::Queued
            }
            State::Closing(_) | State::Closed => Sent::Closed,
        }
    }

    /// Sends `bytes` as the last ones. What waits before them is dropped, save the segment the peer
    /// has half of: it gets whole frames to the end.
    pub fn send_last(&self, bytes: &Arc<[u8]>) -> Sent {
        let mut state = self.state();
        let (mut backlog, otherwise) = match mem::replace(&mut *state, State::Closed) {
            State::Live => (Backlog::empty(), Sent::FellBehind),
            State::Behind(backlog) => (backlog.started(), Sent::Queued),
            closing @ (State::Closing(_) | State::Closed) => {
                *state = closing;
                return Sent::Closed;
            }
        };
        backlog.push(Arc::clone(bytes));
        if backlog.write_to(&self.socket).is_err() {
            self.close(state);
            return Sent::Closed;
        }
        let sent = if backlog.segments.is_empty() { Sent::Written } else { otherwise };
        *state = State::Closing(backlog);
        sent
    }

    /// Writes as much of the backlog as the socket takes.
    pub fn drain(&self, now: Instant) -> Drained {
        let mut state = self.state();
        let (backlog, closing) = match &mut *state {
            State::Live => return Drained::Empty,
            State::Behind(backlog) => (backlog, false),
            State::Closing(backlog) => (backlog, true),
            State::Closed => return Drained::Closed,
        };
        let before = backlog.bytes;
        if backlog.write_to(&self.socket).is_err() {
            self.close(state);
            return Drained::Closed;
        }
        let drained = if backlog.segments.is_empty() {
            Drained::Empty
        } else if backlog.bytes < before {
            backlog.stalled_since = now;
            Drained::Progress
        } else {
            Drained::Stalled(now.saturating_duration_since(backlog.stalled_since))
        };
        if drained == Drained::Empty && !closing {
            *state = State::Live;
        }
        if drained != Drained::Stalled(Duration::ZERO) {
            self.drained.notify_all();
        }
        drained
    }

    /// Ends the connection now, whatever still waits.
    pub fn shutdown(&self) {
        self.close(self.state());
    }

    /// Whether the connection is known to have ended: nothing will be sent on it any more.
    pub fn is_closed(&self) -> bool {
        match *self.state() {
            State::Closed => true,
            State::Live | State::Behind(_) | State::Closing(_) => false,
        }
    }

    fn close(&self, mut state: MutexGuard<'_, State>) {
        *state = State::Closed;
        self.socket.socket.shutdown();
        self.drained.notify_all();
    }

    /// Makes the socket wait again, once nobody is writing: what a reader does after a stray
    /// `WouldBlock`.
    pub fn restore_blocking(&self) {
        let state = self.state();
        self.socket.restore_blocking();
        drop(state);
    }

    /// Waits until at most `bytes` are waiting, as somebody else drains; false if the peer is
    /// leaving or gone.
    pub fn wait_below(&self, bytes: usize) -> bool {
        let mut state = self.state();
        loop {
            match &*state {
                State::Live => return true,
                State::Behind(backlog) if backlog.bytes <= bytes => return true,
                State::Behind(_) => {}
                State::Closing(_) | State::Closed => return false,
            }
            state = self.drained.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Backlog {
    fn empty() -> Backlog {
        Backlog { segments: VecDeque::new(), offset: 0, bytes: 0, stalled_since: Instant::now() }
    }

    /// Begins with a segment of which the socket took `offset` bytes.
    fn new(segment: Arc<[u8]>, offset: usize) -> Backlog {
        let mut backlog = Backlog::empty();
        backlog.push(segment);
        backlog.advance(offset);
        backlog
    }

    /// Only the segment that the peer has begun to receive, if there is one.
    fn started(mut self) -> Backlog {
        self.segments.truncate(usize::from(self.offset > 0));
        self.bytes = self.segments.front().map_or(0, |segment| segment.len() - self.offset);
        self
    }

    fn push(&mut self, segment: Arc<[u8]>) {
        self.bytes += segment.len();
        self.segments.push_back(segment);
    }

    fn advance(&mut self, count: usize) {
        self.offset += count;
        self.bytes -= count;
    }

    /// Writes until nothing waits or the socket is full. An error means that the socket is dead.
    fn write_to(&mut self, socket: &NonBlocking<impl Socket>) -> io::Result<()> {
        while let Some(segment) = self.segments.front() {
            let rest = segment.get(self.offset..).unwrap_or_default();
            if rest.is_empty() {
                self.segments.pop_front();
                self.offset = 0;
                continue;
            }
            match socket.try_write(rest) {
                Ok(count) => self.advance(count),
                Err(error) if would_block(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether the socket merely has no room now.
fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
