//! The quota of questions: joins, pages of history, searches, lists.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::network::{Network, Networks};
use super::rate_quota::RateQuota;
use crate::failpoint;
use crate::limits;

/// How much of the server the questions of one network may use.
///
/// At most so many questions are answered at once as the machine has cores, and half of them for one
/// network: posts, which do not wait here, find a free core. The time and the bytes of each answer are
/// charged to the client's network. A network in debt waits: its sessions read nothing meanwhile.
///
/// The lock protects the counts, for single calls. Waiting for a slot releases it.
#[derive(Debug)]
pub(crate) struct QuestionQuota {
    /// Microseconds of answering.
    time: RateQuota,
    /// Bytes of answers.
    bytes: RateQuota,
    /// Questions that may be answered at once, and how many of them for one site.
    slots: Slots,
    /// Questions that are answered now.
    running: Mutex<Running>,
    /// Notified at the end of each.
    ended: Condvar,
}

#[derive(Debug, Clone, Copy)]
struct Slots {
    /// For all.
    max: usize,
    /// For one network, however large; as many as for all where networks have no share.
    share: usize,
}

#[derive(Debug, Default)]
struct Running {
    /// Of all.
    total: usize,
    /// Of the clients of each network.
    by_network: HashMap<Network, Counts>,
}

/// Questions of one network.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    /// They are answered now.
    running: usize,
    /// They wait for a slot.
    waiting: usize,
}

/// A question that is being answered. Dropping it frees its slot.
#[derive(Debug)]
pub(crate) struct Question<'q> {
    quota: &'q QuestionQuota,
    address: IpAddr,
    networks: Networks,
    since: Instant,
    /// False if the wait for a slot was too long: then it runs without one.
    has_slot: bool,
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
            slots: Slots { max, share: if has_shares { max / 2 } else { max } },
            running: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        failpoint::check(self.running.lock().unwrap_or_else(PoisonError::into_inner), "questions")
    }

    /// Waits until a question of a client with this address may be answered.
    pub(crate) fn begin(&self, address: IpAddr) -> Question<'_> {
        let (networks, start) = (Networks::of(address), Instant::now());
        let mut has_slot = false;
        while !has_slot && start.elapsed() < limits::QUESTION_WAIT {
            let mut running = self.running();
            let is_full = |running: &mut Running| !running.has_slot(self.slots, &networks);
            if is_full(&mut running) && running.waiting(&networks) < limits::QUESTIONS_WAITING {
                running.change_waiting(&networks, 1);
                let left = limits::QUESTION_WAIT.saturating_sub(start.elapsed());
                let waited = self.ended.wait_timeout_while(running, left, is_full);
                running = waited.unwrap_or_else(PoisonError::into_inner).0;
                running.change_waiting(&networks, -1);
            }
            has_slot = running.has_slot(self.slots, &networks);
            if has_slot {
                running.take_slot(&networks);
            } else {
                drop(running);
                thread::sleep(limits::PAUSE_STEP);
            }
        }
        Question { quota: self, address, networks, since: Instant::now(), has_slot }
    }

    /// Charges the time of a command that is no question, and returns how long its client should wait.
    pub(crate) fn charge_time(&self, address: IpAddr, took: Duration) -> Duration {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.time.charge(address, micros, Instant::now())
    }
}

impl Running {
    fn has_slot(&self, slots: Slots, networks: &Networks) -> bool {
        let of = |network| self.by_network.get(network).map_or(0, |counts| counts.running);
        self.total < slots.max && networks.iter().all(|share| of(&share.network) < slots.share)
    }

    fn take_slot(&mut self, networks: &Networks) {
        self.total += 1;
        for share in networks.iter() {
            self.by_network.entry(share.network).or_default().running += 1;
        }
    }

    fn free_slot(&mut self, networks: &Networks) {
        self.total = self.total.saturating_sub(1);
        self.change(networks, |counts| counts.running = counts.running.saturating_sub(1));
    }

    /// How many questions of the smallest of these networks wait.
    fn waiting(&self, networks: &Networks) -> usize {
        let smallest = networks.iter().next();
        let counts = smallest.and_then(|share| self.by_network.get(&share.network));
        counts.map_or(0, |counts| counts.waiting)
    }

    fn change_waiting(&mut self, networks: &Networks, by: isize) {
        self.change(networks, |counts| {
            counts.waiting = counts.waiting.saturating_add_signed(by);
        });
    }

    fn change(&mut self, networks: &Networks, change: impl Fn(&mut Counts)) {
        for share in networks.iter() {
            let counts = self.by_network.entry(share.network).or_default();
            change(counts);
            if *counts == Counts::default() {
                self.by_network.remove(&share.network);
            }
        }
    }
}

impl Question<'_> {
    /// The question is answered with so many bytes. Returns how long its client should wait before it
    /// asks again.
    pub(crate) fn end(self, bytes: usize) -> Duration {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.since);
        let time_debt = self.quota.charge_time(self.address, took);
        time_debt.max(self.quota.bytes.charge(self.address, bytes as u64, now))
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        if !self.has_slot {
            return;
        }
        // No fail point: nothing here can panic, and a slot that is never freed slows all questions.
        let mut running = self.quota.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.free_slot(&self.networks);
        self.quota.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn one_network_cannot_take_all_slots() {
        let quota = QuestionQuota::new(true, 1_000);
        let held: Vec<Question> = (0..quota.slots.share).map(|_| quota.begin(ip(1))).collect();
        let (started, starts) = mpsc::channel();
        thread::scope(|scope| {
            let waiting = started.clone();
            scope.spawn(|| {
                let question = quota.begin(ip(1));
                waiting.send(1).unwrap();
                drop((question, waiting));
            });
            let other = quota.begin(ip(2));
            started.send(2).unwrap();
            drop(other);
            assert_eq!(starts.recv(), Ok(2), "another network's question is answered meanwhile");
            drop(held);
            assert_eq!(starts.recv(), Ok(1));
        });
        assert_eq!(quota.running().total, 0);
        assert!(quota.running().by_network.is_empty());
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
