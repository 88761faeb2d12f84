//! One attacker: its connections, and the bytes that it sends.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::ROOMS;
use crate::common::coordinator::Phase;
use crate::common::local_address::connect_from;
use crate::common::rng::Rng;
use crate::run::{Run, room_name};
use crate::support::client::{head_end, hello, upgrade};
use crate::support::frames;

/// How long an attacker waits for bytes before it looks at the phase.
const READ_TIMEOUT: Duration = Duration::from_millis(200);
/// The longest wait for the answer to an upgrade.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Over how many addresses the attackers are spread.
const ADDRESSES: usize = 16;
/// Connections that an attacker leaves open and ignores: the server's pings detect them in 40 s.
const ABANDONED: usize = 4;

pub(super) struct Attacker {
    pub(super) user: String,
    pub(super) run: Arc<Run>,
    pub(super) rng: Rng,
    /// How many clients there are.
    pub(super) clients: usize,
    /// The last byte of its address.
    host: u8,
    token: String,
    abandoned: VecDeque<TcpStream>,
    done: u64,
}

impl Attacker {
    pub(super) fn new(number: usize, seed: u64, clients: usize, run: Arc<Run>) -> Attacker {
        let user = format!("attacker{number}");
        let mut rng = Rng::of(seed, &user, 0);
        let token = rng.hex();
        let host = 1 + (number % ADDRESSES) as u8;
        Attacker { user, run, rng, clients, host, token, abandoned: VecDeque::new(), done: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.run.phase() != Phase::Faults
    }

    /// A room of the clients.
    pub(super) fn room(&mut self) -> String {
        room_name(self.rng.below(ROOMS as u64) as usize)
    }

    pub(super) fn connect(&self) -> io::Result<TcpStream> {
        let stream = connect_from([127, 0, 1, self.host], self.run.address)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        stream.set_write_timeout(Some(READ_TIMEOUT))?;
        Ok(stream)
    }

    /// A valid upgrade request.
    pub(super) fn upgrade(&self) -> String {
        upgrade(&self.run.address.to_string())
    }

    /// A WebSocket.
    pub(super) fn open(&self) -> io::Result<TcpStream> {
        let mut stream = self.connect()?;
        stream.write_all(self.upgrade().as_bytes())?;
        let (mut answer, mut chunk, begun) = (Vec::new(), [0; 512], Instant::now());
        while head_end(&answer).is_none() {
            match stream.read(&mut chunk) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => answer.extend_from_slice(&chunk[..count]),
                Err(error) if is_timeout(&error) && begun.elapsed() < TIMEOUT => {}
                Err(error) => return Err(error),
            }
        }
        Ok(stream)
    }

    /// A WebSocket that has sent `hello` with its own name, and asks to join a room after `since`.
    pub(super) fn join(&self, room: &str, since: &str) -> io::Result<TcpStream> {
        let mut stream = self.open()?;
        let hello = hello(&self.user, room, since);
        let token = format!(r#"{{"token":"{}","#, self.token);
        stream.write_all(&text(&hello.replacen('{', &token, 1)))?;
        Ok(stream)
    }

    /// A post with a cid of its own.
    pub(super) fn post(&mut self, room: &str, words: &str) -> Vec<u8> {
        self.done += 1;
        let cid = format!("{}-{}", self.user, self.done);
        text(&format!(r#"{{"type":"post","room":"{room}","cid":"{cid}","text":"{words}"}}"#))
    }

    /// Reads for so long, or until the connection or the faults end.
    pub(super) fn read(&self, stream: &mut TcpStream, most: Duration) -> io::Result<()> {
        let (mut chunk, begun) = ([0; 16 * 1024], Instant::now());
        while begun.elapsed() < most && !self.is_over() {
            match stream.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Does nothing, for so long or until the faults end.
    pub(super) fn sit(&self, most: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < most && !self.is_over() {
            thread::sleep(READ_TIMEOUT);
        }
    }

    /// From `least` to `most` seconds.
    pub(super) fn seconds(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least * 1_000 + self.rng.below((most - least) * 1_000))
    }

    pub(super) fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.rng.below(256) as u8).collect()
    }

    /// Leaves a connection open, and never reads from it again.
    pub(super) fn abandon(&mut self, stream: TcpStream) {
        self.abandoned.push_back(stream);
    }

    /// Closes the oldest of too many abandoned connections.
    pub(super) fn close_abandoned(&mut self) {
        while self.abandoned.len() > ABANDONED {
            self.abandoned.pop_front();
        }
    }
}

/// The frame in which a client sends a text.
pub(super) fn text(payload: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    frames::push(&mut frame, payload.as_bytes());
    frame
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
