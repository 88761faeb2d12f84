//! The quota of questions: joins, pages of history, searches, lists, and reading the cids of a room.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::fair_slots::{FairSlots, Slot};
use super::rate_quota::RateQuota;
use crate::limits;

/// How much of the server the questions of one network may use.
///
/// At most so many questions are answered at once as the machine has cores, and half of them for one
/// network: posts, which seldom wait here, find a free core. Networks take turns. The time and the bytes of
/// each answer are charged to the client's network. A network in debt waits: its sessions read nothing
/// meanwhile.
#[derive(Debug)]
pub(crate) struct QuestionQuota {
    /// Microseconds of answering.
    time: RateQuota,
    /// Bytes of answers.
    bytes: RateQuota,
    /// One for each question that is answered now.
    slots: FairSlots,
}

/// A question that is being answered. Dropping it frees its slot.
#[derive(Debug)]
pub(crate) struct Question<'q> {
    quota: &'q QuestionQuota,
    address: IpAddr,
    since: Instant,
    /// `None` if the wait for a slot was too long: then it runs without one.
    _slot: Option<Slot<'q>>,
}

impl QuestionQuota {
    /// The quota; with `has_shares`, networks have a share of it.
    pub(crate) fn new(has_shares: bool, answer_bytes: usize) -> QuestionQuota {
        let of = |amount: u64| if has_shares { amount } else { 0 };
        let max = thread::available_parallelism().map_or(1, usize::from).max(2);
        let time = u64::try_from(limits::QUESTION_TIME.as_micros()).unwrap_or(u64::MAX);
        QuestionQuota {
            time: RateQuota::new(of(time), limits::QUESTION_FILL),
            bytes: RateQuota::new(of(answer_bytes as u64), limits::QUESTION_FILL),
            slots: FairSlots::new(max, if has_shares { max / 2 } else { max }),
        }
    }

    /// Waits until a question of a client with this address may be answered.
    pub(crate) fn begin(&self, address: IpAddr) -> Question<'_> {
        let slot = self.slots.take(address, limits::QUESTION_WAIT);
        Question { quota: self, address, since: Instant::now(), _slot: slot }
    }
}

impl Question<'_> {
    /// The question is answered with so many bytes. Returns how long its client should wait before it
    /// asks again.
    pub(crate) fn end(self, bytes: usize) -> Duration {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.since);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let time_debt = self.quota.time.charge(self.address, micros, now);
        time_debt.max(self.quota.bytes.charge(self.address, bytes as u64, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn large_answers_put_their_network_into_debt_and_no_other() {
        let quota = QuestionQuota::new(true, 1_000);
        assert_eq!(quota.begin(ip(1)).end(1_000), Duration::ZERO, "the burst");
        let debt = quota.begin(ip(1)).end(500);
        let half = limits::QUESTION_FILL / 2;
        assert!(debt > half.mul_f64(0.9) && debt <= half, "{debt:?}");
        assert_eq!(quota.begin(ip(2)).end(1_000), Duration::ZERO);
        let debt = quota.begin(ip(1)).end(1_000_000);
        assert!(debt <= limits::QUESTION_FILL, "a debt has a limit: {debt:?}");
    }

    #[test]
    fn without_shares_no_one_waits() {
        let quota = QuestionQuota::new(false, 1_000);
        for _ in 0..10 {
            assert_eq!(quota.begin(ip(1)).end(1_000_000), Duration::ZERO);
        }
    }
}
