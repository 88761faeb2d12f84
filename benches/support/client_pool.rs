//! Many clients on one thread: an epoll loop that reads and counts.

use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::client::{Client, TIMEOUT};
use super::frames::{self, Frames};

/// Clients that share a thread.
pub(crate) struct ClientPool {
    poll: Poll,
    events: Events,
    members: Vec<(TcpStream, Frames)>,
    chunk: Vec<u8>,
    frame: Vec<u8>,
}

impl ClientPool {
    pub(crate) fn new() -> ClientPool {
        let (poll, events) = (Poll::new().unwrap(), Events::with_capacity(1_024));
        let (chunk, frame) = (vec![0; 256 * 1024], Vec::new());
        ClientPool { poll, events, members: Vec::new(), chunk, frame }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Adds a client.
    pub(crate) fn add(&mut self, client: Client) {
        client.stream.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(client.stream);
        let token = Token(self.members.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE).unwrap();
        self.members.push((stream, client.frames));
    }

    /// Waits for bytes and calls `each` for every payload that they complete, with its client's place and the
    /// time when it was read.
    pub(crate) fn poll(&mut self, wait: Duration, mut each: impl FnMut(usize, &[u8], Instant)) {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return,
            other => other.unwrap(),
        }
        for event in &self.events {
            let Token(place) = event.token();
            let (stream, frames) = &mut self.members[place];
            loop {
                match stream.read(&mut self.chunk) {
                    Ok(0) => panic!("the server has ended connection {place}"),
                    Ok(count) => {
                        let now = Instant::now();
                        frames.feed(&self.chunk[..count], |payload| each(place, payload, now));
                        if count < self.chunk.len() {
                            break; // a short read means that no more is there (epoll(7))
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// Sends a text as the client at `place`; waits while the socket is full.
    pub(crate) fn send(&mut self, place: usize, payload: &[u8]) {
        self.frame.clear();
        frames::push(&mut self.frame, payload);
        let (mut rest, begun) = (&*self.frame, Instant::now());
        while !rest.is_empty() {
            match self.members[place].0.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(begun.elapsed() < TIMEOUT, "the server reads nothing any more");
                    thread::yield_now();
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}
