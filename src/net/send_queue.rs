//! The send queue of one peer: bytes go out in order, and the sender never blocks. A slow peer gets
//! a bounded backlog (backpressure).
//!
//! It does not know what the bytes mean, except which of them are the last.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failpoint;

/// A socket that can be made non-blocking.
pub trait Socket {
    /// Writes some of `bytes` and returns how many.
    ///
    /// # Errors
    /// `WouldBlock` where the socket is full and non-blocking; any other error means that it is
    /// dead.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Makes reads and writes block or not.
    ///
    /// # Errors
    /// The system's error: the socket cannot be used.
    fn set_blocking(&self, blocking: bool) -> io::Result<()>;

    /// Shuts down both directions, which wakes a thread that reads from it.
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
        self.shutdown(Shutdown::Both).ok(); // an error means that it is closed already
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

/// A socket shared by senders that must not block and a reader that must. O_NONBLOCK belongs to the
/// socket, not to a call, so the two take turns: the first write after the reader's turn sets it,
/// and later writes find it set. A reader that is blocked already stays blocked; one that comes
/// later and finds nothing to read gets a spurious `WouldBlock`, calls
/// [`SendQueue::restore_blocking`] and reads again. So a client that mostly receives costs one
/// system call per write, not three.
#[derive(Debug)]
struct NonBlocking<P> {
    /// The socket.
    socket: P,
    /// Whether it is blocking now. It changes only under the lock around the state.
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
            self.socket.set_blocking(true).ok(); // the reader's next call returns the error
        }
    }
}

/// The sending half of a connection. The contract:
///
/// - [`SendQueue::send`] and [`SendQueue::send_last`] do not block.
/// - After [`SendResult::FellBehind`] the caller MUST make a thread call [`SendQueue::drain`]
///   until it returns [`DrainResult::Empty`] or [`DrainResult::Closed`].
/// - After [`SendResult::Overflow`] the caller MUST end the connection.
/// - A reader MUST call [`SendQueue::restore_blocking`] after a spurious `WouldBlock`.
#[derive(Debug)]
pub struct SendQueue<P> {
    /// The socket, which the reader shares.
    socket: NonBlocking<P>,
    /// Bytes of the backlog at most.
    limit: usize,
    /// Live, behind, closing or closed; held over one non-blocking write.
    state: Mutex<QueueState>,
    /// Notified when the backlog shrinks and when the connection closes.
    drained: Condvar,
}

/// How the peer receives.
#[derive(Debug)]
enum QueueState {
    /// Live: each send writes to the socket.
    Live,
    /// Behind: the peer gets its backlog first.
    Behind(Backlog),
    /// Only the bytes before the last ones, and the last ones.
    Closing(Backlog),
    /// Nothing: the socket is dead or closed.
    Closed,
}

/// What the peer has not received yet.
#[derive(Debug)]
struct Backlog {
    /// What is left to write, in order.
    segments: VecDeque<Arc<[u8]>>,
    /// Bytes of the first segment that the socket has accepted.
    offset: usize,
    /// Bytes that are left to write.
    bytes: usize,
    /// Since when the socket has accepted nothing.
    stalled_since: Instant,
}

/// The result of [`SendQueue::send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendResult {
    /// The socket accepted all bytes.
    Written,
    /// The peer has just fallen behind: a thread must [`SendQueue::drain`] the backlog.
    FellBehind,
    /// They are in the backlog, which is being drained.
    Queued,
    /// The backlog is full: the bytes were not accepted, and the connection must end.
    Overflow,
    /// The connection is closing or closed: the bytes were dropped.
    Closed,
}

/// The result of [`SendQueue::drain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainResult {
    /// The backlog is empty.
    Empty,
    /// Some bytes were written, more are left.
    Progress,
    /// None was written, for this long now.
    Stalled(Duration),
    /// The connection is closed.
    Closed,
}

impl<P: Socket> SendQueue<P> {
    /// The send queue of a live peer behind `socket`, with a backlog of at most `limit` bytes.
    pub fn new(socket: P, limit: usize) -> SendQueue<P> {
        let socket = NonBlocking { socket, blocking: AtomicBool::new(true) };
        SendQueue { socket, limit, state: Mutex::new(QueueState::Live), drained: Condvar::new() }
    }

    /// The socket.
    pub fn socket(&self) -> &P {
        &self.socket.socket
    }

    /// A state is replaced as a whole, so a panic under this lock leaves it consistent.
    fn state(&self) -> MutexGuard<'_, QueueState> {
        failpoint::check(self.state.lock().unwrap_or_else(PoisonError::into_inner), "send_queue")
    }

    /// Sends `bytes` after everything sent before: writes them, or adds them to the backlog.
    pub fn send(&self, bytes: &Arc<[u8]>) -> SendResult {
        let mut state = self.state();
        match &mut *state {
            QueueState::Live => match self.socket.try_write(bytes) {
                Ok(count) if count == bytes.len() => SendResult::Written,
                Ok(count) => {
                    *state = QueueState::Behind(Backlog::new(Arc::clone(bytes), count));
                    SendResult::FellBehind
                }
                Err(error) if would_block(&error) => {
                    *state = QueueState::Behind(Backlog::new(Arc::clone(bytes), 0));
                    SendResult::FellBehind
                }
                Err(_) => {
                    self.close(state);
                    SendResult::Closed
                }
            },
            QueueState::Behind(backlog)
                if backlog.bytes.saturating_add(bytes.len()) > self.limit =>
            {
                SendResult::Overflow
            }
            QueueState::Behind(backlog) => {
                backlog.push(Arc::clone(bytes));
                SendResult::Queued
            }
            QueueState::Closing(_) | QueueState::Closed => SendResult::Closed,
        }
    }

    /// Sends `bytes` as the last ones. Drops the backlog before them, except the segment that the
    /// peer has a part of: it gets whole frames to the end.
    pub fn send_last(&self, bytes: &Arc<[u8]>) -> SendResult {
        let mut state = self.state();
        let (mut backlog, otherwise) = match mem::replace(&mut *state, QueueState::Closed) {
            QueueState::Live => (Backlog::empty(), SendResult::FellBehind),
            QueueState::Behind(backlog) => (backlog.started(), SendResult::Queued),
            closing @ (QueueState::Closing(_) | QueueState::Closed) => {
                *state = closing;
                return SendResult::Closed;
            }
        };
        backlog.push(Arc::clone(bytes));
        if backlog.write_to(&self.socket).is_err() {
            self.close(state);
            return SendResult::Closed;
        }
        let sent = if backlog.segments.is_empty() { SendResult::Written } else { otherwise };
        *state = QueueState::Closing(backlog);
        sent
    }

    /// Writes as much of the backlog as the socket accepts.
    pub fn drain(&self, now: Instant) -> DrainResult {
        let mut state = self.state();
        let (backlog, closing) = match &mut *state {
            QueueState::Live => return DrainResult::Empty,
            QueueState::Behind(backlog) => (backlog, false),
            QueueState::Closing(backlog) => (backlog, true),
            QueueState::Closed => return DrainResult::Closed,
        };
        let before = backlog.bytes;
        if backlog.write_to(&self.socket).is_err() {
            self.close(state);
            return DrainResult::Closed;
        }
        let drained = if backlog.segments.is_empty() {
            DrainResult::Empty
        } else if backlog.bytes < before {
            backlog.stalled_since = now;
            DrainResult::Progress
        } else {
            DrainResult::Stalled(now.saturating_duration_since(backlog.stalled_since))
        };
        if drained == DrainResult::Empty && !closing {
            *state = QueueState::Live;
        }
        if drained != DrainResult::Stalled(Duration::ZERO) {
            self.drained.notify_all();
        }
        drained
    }

    /// Closes the connection now and drops the backlog.
    pub fn shutdown(&self) {
        self.close(self.state());
    }

    /// Whether the connection is known to be closed: nothing will be sent on it any more.
    pub fn is_closed(&self) -> bool {
        match *self.state() {
            QueueState::Closed => true,
            QueueState::Live | QueueState::Behind(_) | QueueState::Closing(_) => false,
        }
    }

    fn close(&self, mut state: MutexGuard<'_, QueueState>) {
        *state = QueueState::Closed;
        self.socket.socket.shutdown();
        self.drained.notify_all();
    }

    /// Makes the socket blocking again, once no write is in progress: what a reader does after a
    /// spurious `WouldBlock`.
    pub fn restore_blocking(&self) {
        let state = self.state();
        self.socket.restore_blocking();
        drop(state);
    }

    /// Waits until another thread has drained the backlog to at most `bytes`; false if the
    /// connection is closing or closed.
    pub fn wait_below(&self, bytes: usize) -> bool {
        let mut state = self.state();
        loop {
            match &*state {
                QueueState::Live => return true,
                QueueState::Behind(backlog) if backlog.bytes <= bytes => return true,
                QueueState::Behind(_) => {}
                QueueState::Closing(_) | QueueState::Closed => return false,
            }
            state = self.drained.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Backlog {
    fn empty() -> Backlog {
        Backlog { segments: VecDeque::new(), offset: 0, bytes: 0, stalled_since: Instant::now() }
    }

    /// A backlog of one segment, of which the socket has accepted `offset` bytes.
    fn new(segment: Arc<[u8]>, offset: usize) -> Backlog {
        let mut backlog = Backlog::empty();
        backlog.push(segment);
        backlog.advance(offset);
        backlog
    }

    /// Keeps only the segment that the peer has received a part of, if there is one.
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

    /// Writes until the backlog is empty or the socket is full. An error means that the socket is
    /// dead.
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

/// Whether the socket is full, not dead.
fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
