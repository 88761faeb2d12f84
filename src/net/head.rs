//! Reads one HTTP head from a socket before a deadline, or returns the reason why not.
//!
//! The stream must block: each read gets the rest of the time as its timeout.

use std::fmt;
use std::io;
use std::time::Duration;

use super::deadline::{Deadline, TimedRead};
use crate::http::{Error, Head, Parser, Request, Response, ResponseHead, Status};
use crate::limits;

/// Reads a request's head with an unused `parser`, and returns the bytes that came after it: a
/// client need not wait for the 101 before its first frame.
///
/// # Errors
///
/// [`HeadError`], which knows the response to send.
pub fn read_request(
    stream: &mut impl TimedRead,
    deadline: &Deadline,
    parser: &mut Parser<Request>,
) -> Result<(Request, Vec<u8>), HeadError> {
    read(stream, deadline, parser, Vec::new())
}

/// Reads a response's head, and returns the bytes that came after it.
///
/// Interim responses (100 Continue, 103 Early Hints) are skipped, up to [`limits::INTERIM_HEADS`]
/// of them (RFC 9110 §15.2).
///
/// # Errors
///
/// [`HeadError`].
pub fn read_response(
    stream: &mut impl TimedRead,
    deadline: &Deadline,
) -> Result<(ResponseHead, Vec<u8>), HeadError> {
    let (mut head, mut rest): (ResponseHead, _) =
        read(stream, deadline, &mut Parser::new(), Vec::new())?;
    for _ in 0..limits::INTERIM_HEADS {
        if !head.status.is_informational() || head.status == Status::SWITCHING_PROTOCOLS {
            break;
        }
        (head, rest) = read(stream, deadline, &mut Parser::new(), rest)?;
    }
    Ok((head, rest))
}

/// Why there is no head.
#[derive(Debug)]
pub enum HeadError {
    /// The peer closed without sending a byte, as a browser closes a connection that it opened in
    /// advance.
    Empty,
    /// The peer closed its sending side inside the head.
    Truncated,
    /// The deadline passed.
    Timeout {
        /// How long the peer had.
        wait: Duration,
    },
    /// The bytes are not a head we accept.
    Invalid(Error),
    /// The connection failed.
    Io(io::Error),
}

impl HeadError {
    /// The response of a server; `None` where no peer would read it.
    #[must_use]
    pub fn response(&self) -> Option<Response> {
        match self {
            HeadError::Empty | HeadError::Io(_) => None,
            HeadError::Truncated => Some(Response::error(Status::BAD_REQUEST, &self.to_string())),
            HeadError::Timeout { .. } => {
                Some(Response::error(Status::REQUEST_TIMEOUT, &self.to_string()))
            }
            HeadError::Invalid(error) => Some(Response::from(*error)),
        }
    }
}

/// Reads one head that starts with `input`.
fn read<H: Head>(
    stream: &mut impl TimedRead,
    deadline: &Deadline,
    parser: &mut Parser<H>,
    mut input: Vec<u8>,
) -> Result<(H, Vec<u8>), HeadError> {
    let mut chunk = [0; limits::CHUNK];
    loop {
        if let Some((head, used)) = parser.feed(&input).map_err(HeadError::Invalid)? {
            return Ok((head, input.split_off(used)));
        }
        input.clear();
        let left = deadline.left(stream.now());
        let left = left.map_err(|_| HeadError::Timeout { wait: deadline.wait() })?;
        stream.set_read_wait(left).map_err(HeadError::Io)?;
        let remaining = parser.remaining().min(chunk.len());
        match stream.read(chunk.get_mut(..remaining).unwrap_or_default()) {
            Ok(0) if parser.is_untouched() => return Err(HeadError::Empty),
            Ok(0) => return Err(HeadError::Truncated),
            Ok(count) => input.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if is_retryable(error.kind()) => {} // the deadline decides whether the time is up
            Err(error) => return Err(HeadError::Io(error)),
        }
    }
}

/// Whether a read returned no bytes though the connection is fine: its timeout passed, a coarse
/// timer fired early, or a signal came.
fn is_retryable(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadError::Empty => f.write_str("the peer closed without sending anything"),
            HeadError::Truncated => f.write_str("the head ends too early"),
            HeadError::Timeout { wait } => {
                write!(f, "no complete head came within {} s", wait.as_secs_f32())
            }
            HeadError::Invalid(error) => write!(f, "{error}"),
            HeadError::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for HeadError {}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::Read;
    use std::time::Instant;

    use super::*;

    const REQUEST: &[u8] = b"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /// What the next read returns.
    enum ScriptStep {
        Bytes(Vec<u8>),
        /// These bytes come after this time.
        After(Duration, Vec<u8>),
        Fails(io::ErrorKind),
        End,
    }

    /// A stream with its own clock, which moves only while a read waits.
    struct ScriptedStream {
        steps: VecDeque<ScriptStep>,
        now: Instant,
        wait: Duration,
        read: usize,
    }

    impl ScriptedStream {
        fn new(steps: impl IntoIterator<Item = ScriptStep>) -> ScriptedStream {
            let steps = steps.into_iter().collect();
            ScriptedStream { steps, now: Instant::now(), wait: Duration::ZERO, read: 0 }
        }

        fn bytes(parts: &[&[u8]]) -> ScriptedStream {
            ScriptedStream::new(parts.iter().map(|part| ScriptStep::Bytes(part.to_vec())))
        }

        fn deadline(&self) -> Deadline {
            Deadline::new(self.now, limits::HEAD_WAIT)
        }

        fn request(&mut self) -> Result<(Request, Vec<u8>), HeadError> {
            let deadline = self.deadline();
            read_request(self, &deadline, &mut Parser::new())
        }
    }

    impl Read for ScriptedStream {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!buffer.is_empty());
            let bytes = match self.steps.pop_front() {
                Some(ScriptStep::Bytes(bytes)) => bytes,
                Some(ScriptStep::After(time, bytes)) if time < self.wait => {
                    self.now += time;
                    bytes
                }
                Some(ScriptStep::After(time, bytes)) => {
                    self.now += self.wait;
                    self.steps.push_front(ScriptStep::After(time - self.wait, bytes));
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Some(ScriptStep::Fails(kind)) => return Err(kind.into()),
                Some(ScriptStep::End) => return Ok(0),
                None => panic!("a read too many"),
            };
            let count = bytes.len().min(buffer.len());
            buffer[..count].copy_from_slice(&bytes[..count]);
            if count < bytes.len() {
                self.steps.push_front(ScriptStep::Bytes(bytes[count..].to_vec()));
            }
            self.read += count;
            Ok(count)
        }
    }

    impl TimedRead for ScriptedStream {
        fn set_read_wait(&mut self, wait: Duration) -> io::Result<()> {
            assert!(!wait.is_zero());
            self.wait = wait;
            Ok(())
        }

        fn now(&self) -> Instant {
            self.now
        }
    }

    #[test]
    fn a_frame_behind_the_head_is_handed_back_wherever_the_bytes_are_cut() {
        let wire = [REQUEST, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"].concat();
        for cut in 1..wire.len() {
            let mut stream = ScriptedStream::bytes(&[&wire[..cut], &wire[cut..]]);
            let (request, mut rest) = stream.request().unwrap();
            assert_eq!(request.target.path, "/ws", "cut at byte {cut}");
            rest.extend(stream.steps.drain(..).flat_map(|step| match step {
                ScriptStep::Bytes(bytes) => bytes,
                ScriptStep::After(..) | ScriptStep::Fails(_) | ScriptStep::End => Vec::new(),
            }));
            assert_eq!(rest, wire[REQUEST.len()..], "cut at byte {cut}");
        }
    }

    #[test]
    fn a_peer_that_sends_a_byte_now_and_then_fails_at_the_deadline() {
        let second = Duration::from_secs(1);
        let steps = REQUEST.iter().map(|byte| ScriptStep::After(second, vec![*byte]));
        let mut stream = ScriptedStream::new(steps);
        let start = stream.now;
        let error = stream.request().unwrap_err();
        assert!(matches!(error, HeadError::Timeout { wait: limits::HEAD_WAIT }));
        assert_eq!(stream.now - start, limits::HEAD_WAIT);
        assert_eq!(error.to_string(), "no complete head came within 10 s");
        assert_eq!(error.response().unwrap().status(), Status::REQUEST_TIMEOUT);
    }

    #[test]
    fn a_read_that_ends_early_is_not_a_timeout() {
        let mut stream = ScriptedStream::new([
            ScriptStep::Fails(io::ErrorKind::Interrupted),
            ScriptStep::Fails(io::ErrorKind::WouldBlock),
            ScriptStep::Bytes(REQUEST[..9].to_vec()),
            ScriptStep::Fails(io::ErrorKind::TimedOut),
            ScriptStep::After(Duration::from_secs(9), REQUEST[9..].to_vec()),
        ]);
        assert_eq!(stream.request().unwrap().1, b"");
    }

    #[test]
    fn a_peer_that_leaves_gets_only_a_response_that_it_can_read() {
        let silent = ScriptedStream::new([ScriptStep::End]).request().unwrap_err();
        assert!(matches!(silent, HeadError::Empty) && silent.response().is_none());
        let cut = ScriptedStream::new([ScriptStep::Bytes(b"GET /".to_vec()), ScriptStep::End])
            .request()
            .unwrap_err();
        assert!(matches!(cut, HeadError::Truncated));
        assert_eq!(cut.response().unwrap().status(), Status::BAD_REQUEST);
        let reset =
            ScriptedStream::new([ScriptStep::Fails(io::ErrorKind::ConnectionReset)]).request();
        assert!(matches!(reset, Err(HeadError::Io(error)) if error.kind()
            == io::ErrorKind::ConnectionReset));
    }

    #[test]
    fn tls_is_refused_at_its_first_byte() {
        let error = ScriptedStream::bytes(&[b"\x16"]).request().unwrap_err();
        assert!(matches!(error, HeadError::Invalid(Error::NotHttp { first: 0x16 })));
        assert_eq!(error.response().unwrap().status(), Status::BAD_REQUEST);
    }

    #[test]
    fn no_more_of_an_endless_head_is_read_than_a_head_may_have() {
        let line = [b"X: ".as_slice(), &[b'y'; 1_000], b"\r\n"].concat();
        let mut stream = ScriptedStream::bytes(&[b"GET / HTTP/1.1\r\n", &line.repeat(1_000)]);
        let error = stream.request().unwrap_err();
        assert!(matches!(error, HeadError::Invalid(Error::HeadTooLong { .. })));
        assert_eq!(stream.read, limits::HEAD);
    }

    #[test]
    fn a_client_passes_over_what_only_announces_the_answer() {
        let early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".as_slice();
        let switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00".as_slice();
        let mut stream = ScriptedStream::bytes(&[&[early, early, switch].concat()]);
        let deadline = stream.deadline();
        let (head, rest) = read_response(&mut stream, &deadline).unwrap();
        assert_eq!((head.status, rest.as_slice()), (Status::SWITCHING_PROTOCOLS, &b"\x81\x00"[..]));

        let mut endless = ScriptedStream::bytes(&[&early.repeat(1_000)]);
        let (head, _) = read_response(&mut endless, &deadline).unwrap();
        assert_eq!(head.status.code(), 103);
    }
}
