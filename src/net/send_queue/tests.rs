//! A tube that is full, cut, stuck or dead, and what becomes of the bytes.

use crate::net::send_queue::*;

/// Takes `room` bytes and then is full; dead when `room` is `None`.
#[derive(Debug, Default)]
struct Tube {
    room: Mutex<Option<usize>>,
    got: Mutex<Vec<u8>>,
    abandoned: Mutex<bool>,
    /// What it was told about waiting.
    waits: Mutex<Vec<bool>>,
}

impl Tube {
    fn give(&self, room: usize) {
        *self.room.lock().unwrap() = Some(room);
    }

    fn got(&self) -> String {
        String::from_utf8(self.got.lock().unwrap().clone()).unwrap()
    }
}

impl Socket for Tube {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.room.lock().unwrap();
        let left = room.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        if *left == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = bytes.len().min(*left);
        *left -= count;
        self.got.lock().unwrap().extend(&bytes[..count]);
        Ok(count)
    }

    fn set_waiting(&self, waits: bool) -> io::Result<()> {
        self.waits.lock().unwrap().push(waits);
        Ok(())
    }

    fn shutdown(&self) {
        *self.abandoned.lock().unwrap() = true;
    }
}

fn peer(room: usize, bound: usize) -> SendQueue<Tube> {
    let tube = Tube::default();
    tube.give(room);
    SendQueue::new(tube, bound)
}

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

#[test]
fn a_live_peer_gets_bytes_at_once() {
    let peer = peer(100, 100);
    assert_eq!(peer.send(&bytes("one")), Sent::Written);
    assert_eq!(peer.send(&bytes("two")), Sent::Written);
    assert_eq!(peer.socket().got(), "onetwo");
    assert_eq!(peer.drain(Instant::now()), Drained::Empty);
}

#[test]
fn a_socket_may_not_wait_from_the_first_write_until_its_reader_must() {
    let peer = peer(100, 100);
    peer.restore_blocking();
    assert!(peer.socket().waits.lock().unwrap().is_empty(), "it waits to begin with");
    peer.send(&bytes("one"));
    peer.send(&bytes("two"));
    assert_eq!(*peer.socket().waits.lock().unwrap(), [false], "told once");
    peer.restore_blocking();
    peer.restore_blocking();
    peer.send_last(&bytes("three"));
    assert_eq!(*peer.socket().waits.lock().unwrap(), [false, true, false]);
}

#[test]
fn a_full_socket_cut_anywhere_gets_every_byte_once_and_in_order() {
    for room in 0..9 {
        let peer = peer(room, 100);
        let sent = [peer.send(&bytes("abc")), peer.send(&bytes("def")), peer.send(&bytes("gh"))];
        assert_eq!(
            sent.iter().filter(|sent| **sent == Sent::FellBehind).count(),
            usize::from(room < 8)
        );
        while peer.drain(Instant::now()) != Drained::Empty {
            peer.socket().give(1);
        }
        assert_eq!(peer.socket().got(), "abcdefgh", "room for {room} at first");
        peer.socket().give(9);
        assert_eq!(peer.send(&bytes("!")), Sent::Written, "live again");
    }
}

#[test]
fn beyond_the_bound_bytes_are_refused_and_the_farewell_follows_the_begun_segment() {
    let peer = peer(2, 6);
    assert_eq!(peer.send(&bytes("abcd")), Sent::FellBehind); // 2 wait
    assert_eq!(peer.send(&bytes("efgh")), Sent::Queued); // 6 wait
    assert_eq!(peer.send(&bytes("i")), Sent::Overflow);
    assert_eq!(peer.send_last(&bytes("BYE")), Sent::Queued);
    assert_eq!(peer.send(&bytes("x")), Sent::Closed);
    assert_eq!(peer.send_last(&bytes("AGAIN")), Sent::Closed, "one farewell at most");
    peer.socket().give(100);
    assert_eq!(peer.drain(Instant::now()), Drained::Empty);
    assert_eq!(peer.socket().got(), "abcdBYE");
    assert!(!peer.wait_below(0), "a leaving peer takes no history");
}

#[test]
fn a_farewell_before_any_segment_has_begun_drops_them_all() {
    let peer = peer(0, 100);
    peer.send(&bytes("abcd"));
    peer.send(&bytes("efgh"));
    peer.send_last(&bytes("BYE"));
    peer.socket().give(100);
    peer.drain(Instant::now());
    assert_eq!(peer.socket().got(), "BYE");
}

#[test]
fn a_peer_that_takes_nothing_is_stuck_for_as_long_as_that() {
    let peer = peer(1, 100);
    peer.send(&bytes("abcd"));
    let start = Instant::now() + Duration::from_secs(1);
    peer.socket().give(1);
    assert_eq!(peer.drain(start), Drained::Progress);
    let later = start + Duration::from_secs(7);
    assert_eq!(peer.drain(later), Drained::Stalled(Duration::from_secs(7)));
}

#[test]
fn a_dead_socket_is_abandoned_and_never_written_to_again() {
    let peer = SendQueue::new(Tube::default(), 100);
    assert_eq!(peer.send(&bytes("a")), Sent::Closed);
    assert!(*peer.socket().abandoned.lock().unwrap());
    peer.socket().give(100);
    assert_eq!(peer.send(&bytes("b")), Sent::Closed);
    assert_eq!(peer.drain(Instant::now()), Drained::Closed);
    assert_eq!(peer.socket().got(), "");
}

#[test]
fn one_who_waits_wakes_when_there_is_room_and_when_the_peer_goes() {
    for leaves in [false, true] {
        let peer = peer(0, 100);
        peer.send(&bytes("abcd"));
        let room = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| peer.wait_below(2));
            if leaves {
                peer.shutdown();
            } else {
                peer.socket().give(2);
                peer.drain(Instant::now());
            }
            waiting.join().unwrap()
        });
        assert_eq!(room, !leaves);
    }
}
