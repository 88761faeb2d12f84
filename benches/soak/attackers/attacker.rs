//! One who does not behave, and the bytes at hand.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::ROOMS;
use crate::coordinator::{Coordinator, Phase, name};
use crate::support::figures::Dice;
use crate::support::frames;
use crate::support::peer::{head_end, hello, upgrade};

/// How often somebody looks whether it is over.
const GLANCE: Duration = Duration::from_millis(200);
/// For the answer to an upgrade.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that one has forgotten about: the server's pings find out in 40 s.
const GRAVES: usize = 4;

pub(super) struct Attacker {
    pub(super) user: String,
    pub(super) coordinator: Arc<Coordinator>,
    pub(super) dice: Dice,
    /// How many behave.
    pub(super) good: usize,
    token: String,
    graves: VecDeque<TcpStream>,
    done: u64,
}

impl Attacker {
    pub(super) fn new(
        number: usize,
        seed: u64,
        good: usize,
        coordinator: Arc<Coordinator>,
    ) -> Attacker {
        let mut dice = Dice(seed);
        let token = (0..32).map(|_| format!("{:x}", dice.roll(16))).collect();
        let user = format!("bad{number}");
        Attacker { user, coordinator, dice, good, token, graves: VecDeque::new(), done: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.coordinator.phase() != Phase::Faults
    }

    /// A room of those who behave.
    pub(super) fn room(&mut self) -> String {
        name(self.dice.roll(ROOMS as u64) as usize)
    }

    pub(super) fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.coordinator.address)?;
        stream.set_read_timeout(Some(GLANCE))?;
        stream.set_write_timeout(Some(GLANCE))?;
        Ok(stream)
    }

    /// The head that asks for a WebSocket, right in all its parts.
    pub(super) fn upgrade(&self) -> String {
        upgrade(&self.coordinator.address.to_string())
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
                Err(error) if is_silence(&error) && begun.elapsed() < PATIENCE => {}
                Err(error) => return Err(error),
            }
        }
        Ok(stream)
    }

    /// One that has said hello under its own name, and asks to join a room after `since`.
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

    /// Reads what comes, for so long, or until the end or the peace.
    pub(super) fn read(&self, stream: &mut TcpStream, most: Duration) -> io::Result<()> {
        let (mut chunk, begun) = ([0; 16 * 1024], Instant::now());
        while begun.elapsed() < most && !self.is_over() {
            match stream.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if is_silence(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Does nothing, for so long or until the peace.
    pub(super) fn sit(&self, most: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < most && !self.is_over() {
            thread::sleep(GLANCE);
        }
    }

    /// From `least` to `most` seconds.
    pub(super) fn seconds(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least * 1_000 + self.dice.roll((most - least) * 1_000))
    }

    pub(super) fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.dice.roll(256) as u8).collect()
    }

    /// Keeps a connection, and never looks at it again.
    pub(super) fn forget(&mut self, stream: TcpStream) {
        self.graves.push_back(stream);
    }

    /// Gives up the oldest of too many forgotten connections.
    pub(super) fn bury(&mut self) {
        while self.graves.len() > GRAVES {
            self.graves.pop_front();
        }
    }
}

/// A frame in which a client sends a text.
pub(super) fn text(payload: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    frames::push(&mut frame, payload.as_bytes());
    frame
}

fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
