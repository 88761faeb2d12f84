//! A socket that is full, short of space, stalled or dead, and what the queue does with the bytes.

use crate::net::send_queue::*;

/// Takes `capacity` bytes and then is full; dead when `capacity` is `None`.
#[derive(Debug, Default)]
struct FakeSocket {
    capacity: Mutex<Option<usize>>,
    written: Mutex<Vec<u8>>,
    is_shut_down: Mutex<bool>,
    /// The calls of `set_blocking`.
    blocking: Mutex<Vec<bool>>,
}

impl FakeSocket {
    fn set_capacity(&self, capacity: usize) {
        *self.capacity.lock().unwrap() = Some(capacity);
    }

    fn written(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
    }
}

impl Socket for FakeSocket {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut capacity = self.capacity.lock().unwrap();
        let left = capacity.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        if *left == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = bytes.len().min(*left);
        *left -= count;
        self.written.lock().unwrap().extend(&bytes[..count]);
        Ok(count)
    }

    fn set_blocking(&self, blocking: bool) -> io::Result<()> {
        self.blocking.lock().unwrap().push(blocking);
        Ok(())
    }

    fn shutdown(&self) {
        *self.is_shut_down.lock().unwrap() = true;
    }
}

fn peer(capacity: usize, bound: usize) -> SendQueue<FakeSocket> {
    let socket = FakeSocket::default();
    socket.set_capacity(capacity);
    SendQueue::new(socket, bound)
}

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

#[test]
fn a_live_peer_gets_bytes_at_once() {
    let peer = peer(100, 100);
    assert_eq!(peer.send(&bytes("one")), SendResult::Written);
    assert_eq!(peer.send(&bytes("two")), SendResult::Written);
    assert_eq!(peer.socket().written(), "onetwo");
    assert_eq!(peer.drain(Instant::now()), DrainResult::Empty);
}

#[test]
fn a_socket_is_non_blocking_from_the_first_write_until_its_reader_blocks() {
    let peer = peer(100, 100);
    peer.restore_blocking();
    assert!(peer.socket().blocking.lock().unwrap().is_empty(), "it is blocking at first");
    peer.send(&bytes("one"));
    peer.send(&bytes("two"));
    assert_eq!(*peer.socket().blocking.lock().unwrap(), [false], "set once");
    peer.restore_blocking();
    peer.restore_blocking();
    peer.send_last(&bytes("three"));
    assert_eq!(*peer.socket().blocking.lock().unwrap(), [false, true, false]);
}

#[test]
fn a_full_socket_cut_anywhere_gets_every_byte_once_and_in_order() {
    for capacity in 0..9 {
        let peer = peer(capacity, 100);
        let sent = [peer.send(&bytes("abc")), peer.send(&bytes("def")), peer.send(&bytes("gh"))];
        assert_eq!(
            sent.iter().filter(|sent| **sent == SendResult::FellBehind).count(),
            usize::from(capacity < 8)
        );
        while peer.drain(Instant::now()) != DrainResult::Empty {
            peer.socket().set_capacity(1);
        }
        assert_eq!(peer.socket().written(), "abcdefgh", "room for {capacity} at first");
        peer.socket().set_capacity(9);
        assert_eq!(peer.send(&bytes("!")), SendResult::Written, "live again");
    }
}

#[test]
fn beyond_the_limit_bytes_are_refused_and_the_last_ones_follow_the_started_segment() {
    let peer = peer(2, 6);
    assert_eq!(peer.send(&bytes("abcd")), SendResult::FellBehind); // 2 wait
    assert_eq!(peer.send(&bytes("efgh")), SendResult::Queued); // 6 wait
    assert_eq!(peer.send(&bytes("i")), SendResult::Overflow);
    assert_eq!(peer.send_last(&bytes("BYE")), SendResult::Queued);
    assert_eq!(peer.send(&bytes("x")), SendResult::Closed);
    assert_eq!(
        peer.send_last(&bytes("AGAIN")),
        SendResult::Closed,
        "there is one last message at most"
    );
    peer.socket().set_capacity(100);
    assert_eq!(peer.drain(Instant::now()), DrainResult::Empty);
    assert_eq!(peer.socket().written(), "abcdBYE");
    assert!(!peer.wait_below(0), "a peer that leaves gets no backlog");
}

#[test]
fn last_bytes_before_any_segment_has_started_drop_the_backlog() {
    let peer = peer(0, 100);
    peer.send(&bytes("abcd"));
    peer.send(&bytes("efgh"));
    peer.send_last(&bytes("BYE"));
    peer.socket().set_capacity(100);
    peer.drain(Instant::now());
    assert_eq!(peer.socket().written(), "BYE");
}

#[test]
fn a_peer_that_accepts_nothing_is_stalled_for_that_long() {
    let peer = peer(1, 100);
    peer.send(&bytes("abcd"));
    let start = Instant::now() + Duration::from_secs(1);
    peer.socket().set_capacity(1);
    assert_eq!(peer.drain(start), DrainResult::Progress);
    let later = start + Duration::from_secs(7);
    assert_eq!(peer.drain(later), DrainResult::Stalled(Duration::from_secs(7)));
}

#[test]
fn a_dead_socket_is_shut_down_and_never_written_to_again() {
    let peer = SendQueue::new(FakeSocket::default(), 100);
    assert_eq!(peer.send(&bytes("a")), SendResult::Closed);
    assert!(*peer.socket().is_shut_down.lock().unwrap());
    peer.socket().set_capacity(100);
    assert_eq!(peer.send(&bytes("b")), SendResult::Closed);
    assert_eq!(peer.drain(Instant::now()), DrainResult::Closed);
    assert_eq!(peer.socket().written(), "");
}

#[test]
fn a_waiting_thread_wakes_when_there_is_room_and_when_the_peer_leaves() {
    for leaves in [false, true] {
        let peer = peer(0, 100);
        peer.send(&bytes("abcd"));
        let capacity = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| peer.wait_below(2));
            if leaves {
                peer.shutdown();
            } else {
                peer.socket().set_capacity(2);
                peer.drain(Instant::now());
            }
            waiting.join().unwrap()
        });
        assert_eq!(capacity, !leaves);
    }
}
