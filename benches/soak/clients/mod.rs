//! The clients that behave: they read everything, send a message now and then, and reconnect as `PROTOCOL.md`
//! says.
//!
//! Each checks what it is promised: every seq once, none missing, the same bytes at each seq as every other
//! client; and the server never disconnects it while it is up.

mod stats; // what one client sent and measured
mod connection; // one connection of a client

use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::args::{Args, ROOMS};
use crate::common::checker::{Outcome, Submission};
use crate::common::coordinator::{Phase, Progress};
use crate::common::rng::Rng;
use crate::common::third_party_client::{Post, ThirdPartyClient};
use crate::run::{Run, room_name};
use connection::{Connection, End};
pub(crate) use stats::{Stats, histogram};

/// The stack of a thread of the bench: the frames of a release build are small.
const STACK: usize = 256 * 1024;
/// The first wait before a reconnect, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

pub(crate) fn start(args: &Args, run: &Arc<Run>) -> Vec<JoinHandle<Stats>> {
    let clients = (0..args.clients()).map(|number| {
        let name = format!("client{number}");
        let mut client = Client::new(number, Rng::of(args.seed, &name, 0), Arc::clone(run));
        let thread = Builder::new().name(name).stack_size(STACK);
        thread.spawn(move || {
            client.run();
            client.stats
        })
    });
    clients.map(Result::unwrap).collect()
}

pub(crate) fn finish(clients: Vec<JoinHandle<Stats>>) -> Vec<Stats> {
    clients.into_iter().map(|client| client.join().unwrap()).collect()
}

/// A client that behaves: one room, one message in flight.
struct Client {
    number: usize,
    state: ThirdPartyClient,
    run: Arc<Run>,
    rng: Rng,
    stats: Stats,
}

impl Client {
    fn new(number: usize, mut rng: Rng, run: Arc<Run>) -> Client {
        let room = number % ROOMS;
        let state =
            ThirdPartyClient::new(&format!("client{number}"), rng.hex(), &[room_name(room)]);
        Client { number, state, run, rng, stats: Stats::new(room) }
    }

    /// One connection after the other.
    fn run(&mut self) {
        let mut attempts = 0;
        while self.run.phase() != Phase::Done {
            let epoch = self.run.epoch();
            let end = Connection::run(self);
            self.report_progress(false);
            match end {
                Ok(End::Done) => return,
                Ok(End::Disconnected) => {
                    self.stats.disconnects += 1;
                    attempts = 0;
                }
                Ok(End::Lost { was_live, why }) => {
                    self.check_loss(epoch, &why);
                    attempts = if was_live { 0 } else { attempts + 1 };
                }
                Err(error) => {
                    self.check_loss(epoch, &format!("cannot connect: {error}"));
                    attempts += 1;
                }
            }
            thread::sleep(self.backoff(attempts));
        }
    }

    /// A server that is up in one epoch from its start to its end has no reason to lose a client.
    fn check_loss(&self, epoch: u32, why: &str) {
        if epoch % 2 == 1 && self.run.epoch() == epoch {
            let user = &self.state.user;
            self.run.report_violation(&format!("{user} lost the server, which is up: {why}"));
        }
    }

    /// Doubles with each attempt; jitter takes off up to half.
    fn backoff(&mut self, attempts: u32) -> Duration {
        let doubled = BACKOFF.0 * 2_u32.saturating_pow(attempts.min(6));
        doubled.min(BACKOFF.1).mul_f64(1.0 - self.rng.below(1_000) as f64 / 2_000.0)
    }

    fn report_progress(&self, is_live: bool) {
        let (unsettled, seen) = (self.state.pending.len(), self.state.seen());
        let progress = Progress { is_live, unsettled, seen };
        self.run.coordinator.report_progress(self.number, progress);
    }

    /// Makes up the next message. Its cid holds the time at which it was sent.
    fn submit(&mut self) {
        let nanos = self.run.start.elapsed().as_nanos();
        let number = self.stats.submissions.len();
        let cid = format!("client-{}-{number}-{nanos:x}", self.number);
        let words = "soak ".repeat(1 + self.rng.below(40) as usize);
        let text = format!("{number} {words}").trim_end().to_owned();
        self.stats.submissions.push(Submission {
            author: (self.state.user.clone(), (0, 0)),
            cid: cid.clone(),
            text: text.clone(),
            outcome: Outcome::Unknown,
        });
        self.state.pending.push_back(Post { room: 0, cid, text });
    }

    /// One message is in flight at a time: the last submission is settled.
    fn settle(&mut self, seq: u64) {
        if let Some(last) = self.stats.submissions.last_mut() {
            last.outcome = Outcome::Stored(seq);
        }
    }

    /// When something is due that happens once in `mean`, about.
    fn due(&mut self, mean: Duration) -> Instant {
        Instant::now() + mean.mul_f64(0.2 + 1.6 * self.rng.below(1_000) as f64 / 1_000.0)
    }
}

/// When a message was sent, in ns since the start of the run, if one of these clients sent it.
fn sent_at(cid: &str) -> Option<u64> {
    u64::from_str_radix(cid.strip_prefix("client-")?.rsplit('-').next()?, 16).ok()
}
