//! What goes out to one peer, in order, without ever blocking the one who sends it.
//!
//! Room: a lock, a socket that can refuse, and a backlog of shared bytes. It does not know what the
//! bytes mean, save that the last of them is a farewell.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failpoint;

/// A socket that can be made to refuse what it cannot do at once.
pub trait Pipe {
    /// Writes some of `bytes` and says how many, as [`Pipe::set_waiting`] has said.
    ///
    /// # Errors
    /// `WouldBlock` where the socket is full and may not wait; any other error means that it is dead.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Whether reading and writing wait until they can go on.
    ///
    /// # Errors
    /// What the system says: the socket is of no use then.
    fn set_waiting(&self, waits: bool) -> io::Result<()>;

    /// Ends both directions at once, so that a thread reading from it wakes.
    fn abandon(&self);
}

impl Pipe for TcpStream {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut socket = self;
        socket.write(bytes)
    }

    fn set_waiting(&self, waits: bool) -> io::Result<()> {
        self.set_nonblocking(!waits)
    }

    fn abandon(&self) {
        self.shutdown(Shutdown::Both).ok(); // a socket already dead is as good as shut
    }
}

impl<P: Pipe> Pipe for Arc<P> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        P::try_write(self, bytes)
    }

    fn set_waiting(&self, waits: bool) -> io::Result<()> {
        P::set_waiting(self, waits)
    }

    fn abandon(&self) {
        P::abandon(self);
    }
}

/// A socket between writers that may not wait and a reader that must. O_NONBLOCK belongs to the
/// socket, not to a call, so the two take turns: the first write after a turn of the reader sets it,
/// and later ones find it set. A reader that is waiting already goes on waiting; one that comes and
/// finds nothing to read fails with a stray `WouldBlock`, calls [`Outbound::settle`] and reads again.
/// So whoever mostly listens costs one system call a write, not three.
#[derive(Debug)]
struct Valve<P> {
    pipe: P,
    /// Whether it may wait now. It only changes under the lock around the pace.
    waits: AtomicBool,
}

impl<P: Pipe> Valve<P> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.waits.load(Ordering::Relaxed) {
            self.pipe.set_waiting(false)?;
            self.waits.store(false, Ordering::Relaxed);
        }
        self.pipe.try_write(bytes)
    }

    fn let_wait(&self) {
        if !self.waits.swap(true, Ordering::Relaxed) {
            self.pipe.set_waiting(true).ok(); // the reader's next call says what is wrong
        }
    }
}

/// The sending half of a connection.
#[derive(Debug)]
pub struct Outbound<P> {
    valve: Valve<P>,
    bound: usize,
    pace: Mutex<Pace>,
    moved: Condvar,
}

/// How a peer receives.
#[derive(Debug)]
enum Pace {
    /// Straight from whoever sends.
    Live,
    /// From its backlog, until it has caught up.
    Behind(Backlog),
    /// Only what stands before the farewell, and the farewell.
    Leaving(Backlog),
    /// Nothing: the socket is dead or shut.
    Gone,
}

/// What a peer still needs: shared bytes, how far into the first of them it is, and since when it
/// has taken nothing.
#[derive(Debug)]
struct Backlog {
    segments: VecDeque<Arc<[u8]>>,
    offset: usize,
    bytes: usize,
    stuck_since: Instant,
}

/// What became of bytes given to [`Outbound::send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The socket took them.
    Taken,
    /// The peer has just fallen behind: somebody must [`Outbound::drain`] it.
    FellBehind,
    /// They wait in the backlog, which is being drained.
    Queued,
    /// The backlog is at its bound: they were not taken, and the peer must go.
    TooMuch,
    /// The peer is leaving or gone: they were dropped.
    Dropped,
}

/// How a peer stands after [`Outbound::drain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Nothing is waiting.
    Empty,
    /// Some bytes went, more are waiting.
    Moving,
    /// None went, for this long now.
    Stuck(Duration),
    /// There is nobody to drain to.
    Gone,
}

impl<P: Pipe> Outbound<P> {
    /// A live peer behind `pipe`, which may have `bound` bytes waiting.
    pub fn new(pipe: P, bound: usize) -> Outbound<P> {
        let valve = Valve { pipe, waits: AtomicBool::new(true) };
        Outbound { valve, bound, pace: Mutex::new(Pace::Live), moved: Condvar::new() }
    }

    /// The socket itself.
    pub fn pipe(&self) -> &P {
        &self.valve.pipe
    }

    /// The one place the lock is taken. A pace is always whole: it is replaced, not built up.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        failpoint::held(self.pace.lock().unwrap_or_else(PoisonError::into_inner), "pace")
    }

    /// Sends `bytes` after everything sent before, or keeps them until the peer takes them.
    pub fn send(&self, bytes: &Arc<[u8]>) -> Sent {
        let mut pace = self.pace();
        match &mut *pace {
            Pace::Live => match self.valve.try_write(bytes) {
                Ok(count) if count == bytes.len() => Sent::Taken,
                Ok(count) => {
                    *pace = Pace::Behind(Backlog::new(Arc::clone(bytes), count));
                    Sent::FellBehind
                }
                Err(error) if is_full(&error) => {
                    *pace = Pace::Behind(Backlog::new(Arc::clone(bytes), 0));
                    Sent::FellBehind
                }
                Err(_) => {
                    self.leave(pace);
                    Sent::Dropped
                }
            },
            Pace::Behind(backlog) if backlog.bytes.saturating_add(bytes.len()) > self.bound => {
                Sent::TooMuch
            }
            Pace::Behind(backlog) => {
                backlog.push(Arc::clone(bytes));
                Sent::Queued
            }
            Pace::Leaving(_) | Pace::Gone => Sent::Dropped,
        }
    }

    /// Sends `bytes` as the last ones. What waits before them is dropped, save the segment the peer
    /// has half of: it gets whole frames to the end.
    pub fn farewell(&self, bytes: &Arc<[u8]>) -> Sent {
        let mut pace = self.pace();
        let (mut backlog, full) = match mem::replace(&mut *pace, Pace::Gone) {
            Pace::Live => (Backlog::empty(), Sent::FellBehind),
            Pace::Behind(backlog) => (backlog.begun(), Sent::Queued),
            leaving @ (Pace::Leaving(_) | Pace::Gone) => {
                *pace = leaving;
                return Sent::Dropped;
            }
        };
        backlog.push(Arc::clone(bytes));
        if backlog.write_to(&self.valve).is_err() {
            self.leave(pace);
            return Sent::Dropped;
        }
        let sent = if backlog.segments.is_empty() { Sent::Taken } else { full };
        *pace = Pace::Leaving(backlog);
        sent
    }

    /// Writes as much of the backlog as the socket takes.
    pub fn drain(&self, now: Instant) -> Drained {
        let mut pace = self.pace();
        let (backlog, leaving) = match &mut *pace {
            Pace::Live => return Drained::Empty,
            Pace::Behind(backlog) => (backlog, false),
            Pace::Leaving(backlog) => (backlog, true),
            Pace::Gone => return Drained::Gone,
        };
        let before = backlog.bytes;
        if backlog.write_to(&self.valve).is_err() {
            self.leave(pace);
            return Drained::Gone;
        }
        let drained = if backlog.segments.is_empty() {
            Drained::Empty
        } else if backlog.bytes < before {
            backlog.stuck_since = now;
            Drained::Moving
        } else {
            Drained::Stuck(now.saturating_duration_since(backlog.stuck_since))
        };
        if drained == Drained::Empty && !leaving {
            *pace = Pace::Live;
        }
        if drained != Drained::Stuck(Duration::ZERO) {
            self.moved.notify_all();
        }
        drained
    }

    /// Ends the connection now, whatever still waits.
    pub fn abandon(&self) {
        self.leave(self.pace());
    }

    /// Whether the connection is known to have ended: nothing will be sent on it any more.
    pub fn is_gone(&self) -> bool {
        match *self.pace() {
            Pace::Gone => true,
            Pace::Live | Pace::Behind(_) | Pace::Leaving(_) => false,
        }
    }

    fn leave(&self, mut pace: MutexGuard<'_, Pace>) {
        *pace = Pace::Gone;
        self.valve.pipe.abandon();
        self.moved.notify_all();
    }

    /// Makes the socket wait again, once nobody is writing: what a reader does after a stray
    /// `WouldBlock`.
    pub fn settle(&self) {
        let pace = self.pace();
        self.valve.let_wait();
        drop(pace);
    }

    /// Waits until at most `bytes` are waiting, as somebody else drains; false if the peer is
    /// leaving or gone.
    pub fn wait_below(&self, bytes: usize) -> bool {
        let mut pace = self.pace();
        loop {
            match &*pace {
                Pace::Live => return true,
                Pace::Behind(backlog) if backlog.bytes <= bytes => return true,
                Pace::Behind(_) => {}
                Pace::Leaving(_) | Pace::Gone => return false,
            }
            pace = self.moved.wait(pace).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Backlog {
    fn empty() -> Backlog {
        Backlog { segments: VecDeque::new(), offset: 0, bytes: 0, stuck_since: Instant::now() }
    }

    /// Begins with a segment of which the socket took `offset` bytes.
    fn new(segment: Arc<[u8]>, offset: usize) -> Backlog {
        let mut backlog = Backlog::empty();
        backlog.push(segment);
        backlog.advance(offset);
        backlog
    }

    /// Only the segment that the peer has begun to receive, if there is one.
    fn begun(mut self) -> Backlog {
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
    fn write_to(&mut self, valve: &Valve<impl Pipe>) -> io::Result<()> {
        while let Some(segment) = self.segments.front() {
            let rest = segment.get(self.offset..).unwrap_or_default();
            if rest.is_empty() {
                self.segments.pop_front();
                self.offset = 0;
                continue;
            }
            match valve.try_write(rest) {
                Ok(count) => self.advance(count),
                Err(error) if is_full(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether the socket merely has no room now.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
