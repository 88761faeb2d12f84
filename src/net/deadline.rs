//! Deadlines: a fixed end for a wait, however many reads it takes.
//!
//! A socket's read timeout starts again with every byte: a peer that sends one byte now and then
//! would hold a thread for ever.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The time by which something must be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    start: Instant,
    wait: Duration,
}

impl Deadline {
    /// The time `wait` after `start`.
    #[must_use]
    pub fn new(start: Instant, wait: Duration) -> Deadline {
        Deadline { start, wait }
    }

    /// The time left, never zero.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use talk::net::deadline::Deadline;
    /// let start = Instant::now();
    /// let deadline = Deadline::new(start, Duration::from_secs(10));
    /// assert_eq!(deadline.left(start + Duration::from_secs(4))?, Duration::from_secs(6));
    /// assert!(deadline.left(start + Duration::from_secs(10)).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] when the deadline has passed.
    pub fn left(&self, now: Instant) -> io::Result<Duration> {
        let left = self.wait.saturating_sub(now.saturating_duration_since(self.start));
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    /// The whole wait.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

/// A stream with a read timeout.
pub trait TimedRead: Read {
    /// Sets the timeout of the following reads to `wait`, which is not zero. A read that takes
    /// longer fails with [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`].
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn set_read_wait(&mut self, wait: Duration) -> io::Result<()>;

    /// The clock of this stream's deadlines; a test's stream has its own.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl TimedRead for &TcpStream {
    fn set_read_wait(&mut self, wait: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(wait))
    }
}

impl TimedRead for TcpStream {
    fn set_read_wait(&mut self, wait: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(wait))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_deadline_does_not_move_and_never_leaves_a_wait_of_zero() {
        let start = Instant::now();
        let deadline = Deadline::new(start, Duration::from_millis(10));
        let left = |passed| deadline.left(start + Duration::from_nanos(passed)).ok();
        assert_eq!(left(0), Some(Duration::from_millis(10)));
        assert_eq!(left(9_999_999), Some(Duration::from_nanos(1)));
        assert_eq!(left(10_000_000), None);
        assert_eq!(left(u64::MAX >> 1), None);
    }

    #[test]
    fn a_read_of_a_silent_socket_ends_with_the_wait_of_its_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut stream = &stream;
        let deadline = Deadline::new(stream.now(), Duration::from_millis(20));
        let error = loop {
            let left = match deadline.left(stream.now()) {
                Ok(left) => left,
                Err(error) => break error,
            };
            stream.set_read_wait(left).unwrap();
            assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
