//! Many clients connect at once: all have called connect(2) before the server answers one.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::support::client::{TIMEOUT, head_end, hello, is, upgrade};
use crate::support::frames::{self, Frames};
use crate::targets::{LOBBY, Target, user};

/// A client, from connect(2) to `joined`.
struct ConnectingClient {
    stream: TcpStream,
    state: State,
}

enum State {
    Connecting,
    /// The upgrade request is sent; the answer so far.
    Upgrading(Vec<u8>),
    /// The hello is sent.
    HelloSent(Frames),
    Joined,
}

/// Returns how many have joined the lobby, and how long that took.
pub(crate) fn connect_at_once(count: usize) -> (usize, Duration) {
    let running = Target::Talk.start();
    let address = &running.server.address;
    let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(1_024));
    let begun = Instant::now();
    let connect = |place| {
        let mut stream = TcpStream::connect(address.parse().unwrap()).unwrap();
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(place), interest).unwrap();
        ConnectingClient { stream, state: State::Connecting }
    };
    let mut clients: Vec<ConnectingClient> = (0..count).map(connect).collect();
    let mut inside = 0;
    while inside < count && begun.elapsed() < TIMEOUT {
        poll.poll(&mut events, Some(Duration::from_millis(100))).unwrap();
        for event in &events {
            let Token(place) = event.token();
            let client = &mut clients[place];
            if event.is_writable() && matches!(client.state, State::Connecting) {
                client.stream.write_all(upgrade(address).as_bytes()).unwrap();
                client.state = State::Upgrading(Vec::new());
            }
            if event.is_readable() {
                inside += usize::from(client.receive(place));
            }
        }
    }
    (inside, begun.elapsed())
}

impl ConnectingClient {
    /// Reads and answers; returns whether the client has now joined.
    fn receive(&mut self, place: usize) -> bool {
        let (mut chunk, mut has_joined) = ([0; 4 * 1024], false);
        loop {
            let bytes = match self.stream.read(&mut chunk) {
                Ok(0) => panic!("the server has ended connection {place}"),
                Ok(count) => &chunk[..count],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return has_joined,
                Err(error) => panic!("connection {place}: {error}"),
            };
            match &mut self.state {
                State::Connecting | State::Joined => {}
                State::Upgrading(answer) => {
                    answer.extend_from_slice(bytes);
                    if head_end(answer).is_some() {
                        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", answer.escape_ascii());
                        let mut frame = Vec::new();
                        let hello = hello(&user(place), LOBBY, "\"now\"");
                        frames::push(&mut frame, hello.as_bytes());
                        self.stream.write_all(&frame).unwrap();
                        self.state = State::HelloSent(Frames::default());
                    }
                }
                State::HelloSent(frames) => {
                    frames.feed(bytes, |payload| has_joined |= is(payload, "joined"));
                    if has_joined {
                        self.state = State::Joined;
                    }
                }
            }
        }
    }
}
