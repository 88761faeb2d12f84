//! Those who behave: they read everything, say a line now and then, and come back as `PROTOCOL.md` says.
//!
//! Each checks on the way what it was promised: every seq once, without a hole, the same bytes in the same
//! place as everybody else; and nobody sends it away while the server is up.

mod stats; // what came of one
mod connection; // one connection of theirs

use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::args::{Args, ROOMS};
use crate::coordinator::{Coordinator, Phase, name};
use crate::support::figures::Dice;
use connection::{Connection, Ending};
pub(crate) use stats::{Stats, histogram};

/// Of a thread of the bench: the frames of a release build are small.
const STACK: usize = 256 * 1024;
/// The first wait before coming back, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

pub(crate) fn start(args: &Args, coordinator: &Arc<Coordinator>) -> Vec<JoinHandle<Stats>> {
    let lives = (0..args.good()).map(|number| {
        let mut client = Client::new(number, args.seed_of(number), Arc::clone(coordinator));
        let life = Builder::new().name(format!("good-{number}")).stack_size(STACK);
        life.spawn(move || {
            client.live();
            client.stats
        })
    });
    lives.map(Result::unwrap).collect()
}

pub(crate) fn finish(lives: Vec<JoinHandle<Stats>>) -> Vec<Stats> {
    lives.into_iter().map(|life| life.join().unwrap()).collect()
}

/// Somebody who behaves.
struct Client {
    number: usize,
    room: usize,
    user: String,
    token: String,
    coordinator: Arc<Coordinator>,
    dice: Dice,
    /// The room's log, and how far it was seen without a hole.
    log: Option<String>,
    seen: u64,
    /// What is said and not stored yet.
    pending: Option<Line>,
    stats: Stats,
}

#[derive(Clone)]
struct Line {
    cid: String,
    text: String,
}

impl Client {
    fn new(number: usize, seed: u64, coordinator: Arc<Coordinator>) -> Client {
        let mut dice = Dice(seed);
        let token = (0..32).map(|_| format!("{:x}", dice.roll(16))).collect();
        let (room, user) = (number % ROOMS, format!("good{number}"));
        Client {
            number,
            room,
            user,
            token,
            coordinator,
            dice,
            log: None,
            seen: 0,
            pending: None,
            stats: Stats::new(room),
        }
    }

    /// One connection after the other.
    fn live(&mut self) {
        let mut attempts = 0;
        while self.coordinator.phase() != Phase::Done {
            let era = self.coordinator.era();
            let ending = Connection::hold(self);
            self.stand(false);
            match ending {
                Ok(Ending::Over) => return,
                Ok(Ending::Walked) => {
                    self.stats.walks += 1;
                    attempts = 0;
                }
                Ok(Ending::Cut { was_live, why }) => {
                    self.blame(era, &why);
                    attempts = if was_live { 0 } else { attempts + 1 };
                }
                Err(error) => {
                    self.blame(era, &format!("cannot come in: {error}"));
                    attempts += 1;
                }
            }
            thread::sleep(self.pause(attempts));
        }
    }

    /// Who is up in one era from end to end has no reason to lose anybody who behaves.
    fn blame(&self, era: u32, why: &str) {
        if era % 2 == 1 && self.coordinator.era() == era {
            self.coordinator.breach(&format!("{} lost the server, which is up: {why}", self.user));
        }
    }

    /// Doubling, and shortened at random by up to half.
    fn pause(&mut self, attempts: u32) -> Duration {
        let doubled = WAITS.0 * 2_u32.saturating_pow(attempts.min(6));
        doubled.min(WAITS.1).mul_f64(1.0 - self.dice.roll(1_000) as f64 / 2_000.0)
    }

    fn stand(&self, is_live: bool) {
        self.coordinator.stand(self.number, is_live, self.seen, self.pending.is_some());
    }

    /// A line nobody has said before. Its cid tells when it was said.
    fn think(&mut self) {
        let nanos = self.coordinator.begun.elapsed().as_nanos();
        let cid = format!("good-{}-{}-{nanos:x}", self.number, self.stats.said);
        let words = "soak ".repeat(1 + self.dice.roll(40) as usize);
        let text = format!("{} {words}", self.stats.said).trim_end().to_owned();
        self.stats.said += 1;
        self.pending = Some(Line { cid, text });
    }

    fn room_name(&self) -> String {
        name(self.room)
    }

    /// When something is due that comes about so often.
    fn soon(&mut self, mean: Duration) -> Instant {
        Instant::now() + mean.mul_f64(0.2 + 1.6 * self.dice.roll(1_000) as f64 / 1_000.0)
    }
}

/// When a line was said, in ns since the run began, if it is of somebody who behaves.
fn said_at(cid: &str) -> Option<u64> {
    u64::from_str_radix(cid.strip_prefix("good-")?.rsplit('-').next()?, 16).ok()
}
