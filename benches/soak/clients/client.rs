//! The state of one client that behaves: one room, one message in flight.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::stats::Stats;
use crate::args::ROOMS;
use crate::common::checker::{Outcome, Submission};
use crate::common::coordinator::Progress;
use crate::common::rng::Rng;
use crate::common::third_party_client::{Post, ThirdPartyClient};
use crate::run::{Run, room_name};

pub(super) struct Client {
    number: usize,
    pub(super) state: ThirdPartyClient,
    pub(super) run: Arc<Run>,
    pub(super) rng: Rng,
    pub(super) stats: Stats,
}

impl Client {
    pub(super) fn new(number: usize, mut rng: Rng, run: Arc<Run>) -> Client {
        let room = number % ROOMS;
        let state =
            ThirdPartyClient::new(&format!("client{number}"), rng.hex(), &[room_name(room)]);
        Client { number, state, run, rng, stats: Stats::new(room) }
    }

    /// Its address: five clients of 250 have the same.
    pub(super) fn host(&self) -> [u8; 4] {
        [127, 0, 2, 1 + (self.number % 50) as u8]
    }

    pub(super) fn report_progress(&self, is_live: bool) {
        let (unsettled, seen) = (self.state.pending.len(), self.state.seen());
        let progress = Progress { is_live, unsettled, seen };
        self.run.coordinator.report_progress(self.number, progress);
    }

    /// Makes up the next message. Its cid holds the time at which it was sent.
    pub(super) fn submit(&mut self) {
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
    pub(super) fn settle(&mut self, seq: u64) {
        if let Some(last) = self.stats.submissions.last_mut() {
            last.outcome = Outcome::Stored(seq);
        }
    }

    /// When something is due that happens once in `mean`, about.
    pub(super) fn due(&mut self, mean: Duration) -> Instant {
        Instant::now() + mean.mul_f64(0.2 + 1.6 * self.rng.below(1_000) as f64 / 1_000.0)
    }
}

/// When a message was sent, in ns since the start of the run, if one of these clients sent it.
pub(super) fn sent_at(cid: &str) -> Option<u64> {
    u64::from_str_radix(cid.strip_prefix("client-")?.rsplit('-').next()?, 16).ok()
}
