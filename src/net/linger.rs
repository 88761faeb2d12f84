//! Lingering close: closes a socket so that the peer can still read what was sent to it.
//!
//! The system resets a socket that is closed with unread bytes, and a reset makes the peer's system
//! discard what the peer has not read yet: in particular the refusal or Close frame that explains
//! the end.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::deadline::Deadline;
use crate::limits;

/// Closes a connection in the order of RFC 9112 §9.6: shuts down sending, reads and discards what
/// the peer still sends, at most [`limits::LINGER_BYTES`] or [`limits::LINGER_WAIT`] in all, then
/// closes.
///
/// Blocks for that long at most. An error on the way also ends the connection, so there is nothing
/// to report.
pub fn linger(stream: &TcpStream) {
    linger_within(stream, limits::LINGER_BYTES, limits::LINGER_WAIT);
}

fn linger_within(stream: &TcpStream, bytes: usize, wait: Duration) {
    half_close_and_drain(stream, bytes, &Deadline::new(Instant::now(), wait)).ok();
    stream.shutdown(Shutdown::Both).ok();
}

fn half_close_and_drain(
    mut stream: &TcpStream,
    mut bytes: usize,
    deadline: &Deadline,
) -> io::Result<()> {
    stream.set_nonblocking(false)?; // a non-blocking socket would make this loop spin
    stream.shutdown(Shutdown::Write)?;
    let mut chunk = [0; limits::CHUNK];
    while bytes > 0 {
        stream.set_read_timeout(Some(deadline.left(Instant::now())?))?;
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => bytes = bytes.saturating_sub(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, peer)
    }

    #[test]
    fn a_peer_in_the_middle_of_sending_still_reads_the_last_bytes() {
        let (ours, mut peer) = pair();
        let sender = thread::Builder::new().spawn(move || {
            peer.write_all(&vec![0; limits::LINGER_BYTES]).unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            let mut received = String::new();
            peer.read_to_string(&mut received).map(|_| received)
        });
        (&ours).write_all(b"the last bytes").unwrap();
        linger_within(&ours, usize::MAX, Duration::from_secs(60));
        drop(ours);
        assert_eq!(sender.unwrap().join().unwrap().unwrap(), "the last bytes");
    }

    #[test]
    fn a_peer_that_never_stops_sending_is_cut_off_by_bytes_and_by_time() {
        for (bytes, wait) in
            [(10_000, Duration::from_secs(60)), (usize::MAX, Duration::from_millis(20))]
        {
            let (ours, mut peer) = pair();
            let start = Instant::now();
            let sender =
                thread::Builder::new().spawn(move || while peer.write_all(b"x").is_ok() {});
            linger_within(&ours, bytes, wait);
            drop(ours);
            assert!(start.elapsed() < Duration::from_secs(30), "{bytes} bytes, {wait:?}");
            sender.unwrap().join().unwrap();
        }
    }

    #[test]
    fn a_silent_peer_is_waited_for_no_longer_than_the_deadline() {
        let (ours, peer) = pair();
        ours.set_nonblocking(true).unwrap();
        let start = Instant::now();
        linger_within(&ours, usize::MAX, Duration::from_millis(30));
        assert!(start.elapsed() >= Duration::from_millis(30));
        assert_eq!((&peer).read(&mut [0]).unwrap(), 0, "the peer sees the end");
    }
}
