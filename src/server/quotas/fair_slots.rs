//! Slots that networks get in turn.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::network::{Network, Networks};
use crate::failpoint;

/// So many threads may work at once, and so many of them for one network. The others wait, and each slot
/// that becomes free goes to the network whose last turn is the longest ago (round robin): however many
/// threads of one network wait, a thread of another one waits for one turn of it at most.
///
/// Among the /48s of IPv6 it is the turn of one, in it of one /56, in that of one /64, and there of the
/// thread that came first. So a network with many addresses gets no more turns than one with a single one.
///
/// The lock protects the queue, for single calls. A thread that waits is parked without it, and the slot is
/// handed to it: no other thread wakes up.
#[derive(Debug)]
pub(super) struct FairSlots {
    /// How many there are.
    max: usize,
    /// How many of them one network may have, however large it is.
    share: usize,
    /// Who has a slot, and who waits.
    queue: Mutex<Queue>,
}

/// A slot, or the place in the queue of a thread that waits for one. Dropping it frees it.
#[derive(Debug)]
pub(super) struct Slot<'s> {
    slots: &'s FairSlots,
    ticket: u64,
}

#[derive(Debug, Default)]
struct Queue {
    /// Arrivals and turns so far: the next ticket, and the time by which turns are compared.
    count: u64,
    /// How many slots are in use.
    used: usize,
    /// The threads that wait or have a slot, by ticket.
    entries: BTreeMap<u64, Entry>,
    /// The networks of these.
    networks: HashMap<Network, Turns>,
}

#[derive(Debug)]
struct Entry {
    networks: Networks,
    /// The thread to wake up; `None` once it has a slot.
    waiting: Option<Thread>,
}

/// What is known of a network while one of its threads waits or has a slot.
#[derive(Debug)]
struct Turns {
    /// Its threads.
    entries: usize,
    /// Its slots in use.
    used: usize,
    /// When it had its last turn, or came.
    last: u64,
}

impl FairSlots {
    /// `max` slots, of which one network may have `share`.
    pub(super) fn new(max: usize, share: usize) -> FairSlots {
        FairSlots { max, share, queue: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        failpoint::check(self.queue.lock().unwrap_or_else(PoisonError::into_inner), "questions")
    }

    /// Waits for a slot, for `longest` at most. `None` if there was none so long.
    pub(super) fn take(&self, address: IpAddr, longest: Duration) -> Option<Slot<'_>> {
        let since = Instant::now();
        let mut queue = self.queue();
        let ticket = queue.add(Networks::of(address));
        let slot = Slot { slots: self, ticket }; // from here on, a panic takes it out of the queue
        queue.hand_out(self.max, self.share);
        while queue.is_waiting(ticket) {
            drop(queue);
            let left = longest.saturating_sub(since.elapsed());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
            queue = self.queue();
        }
        Some(slot)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        // No fail point: nothing here can panic, and a slot that is never freed slows all questions.
        let mut queue = self.slots.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.remove(self.ticket);
        queue.hand_out(self.slots.max, self.slots.share);
    }
}

impl Queue {
    /// Adds this thread to those that wait. A network that had none comes behind all others.
    fn add(&mut self, networks: Networks) -> u64 {
        self.count += 1;
        for share in networks.iter() {
            let new = Turns { entries: 0, used: 0, last: self.count };
            self.networks.entry(share.network).or_insert(new).entries += 1;
        }
        self.entries.insert(self.count, Entry { networks, waiting: Some(thread::current()) });
        self.count
    }

    fn is_waiting(&self, ticket: u64) -> bool {
        self.entries.get(&ticket).is_some_and(|entry| entry.waiting.is_some())
    }

    /// Gives the free slots to the threads whose turn it is.
    fn hand_out(&mut self, max: usize, share: usize) {
        while self.used < max {
            let Some(entry) = self.next(share).and_then(|next| self.entries.get_mut(&next)) else {
                return;
            };
            self.used += 1;
            self.count += 1;
            for share in entry.networks.iter() {
                if let Some(turns) = self.networks.get_mut(&share.network) {
                    turns.used += 1;
                    turns.last = self.count;
                }
            }
            if let Some(thread) = entry.waiting.take() {
                thread.unpark();
            }
        }
    }

    /// The thread whose turn it is, among those whose networks may have another slot.
    fn next(&self, share: usize) -> Option<u64> {
        let turns = |entry: &Entry| {
            let (mut last, mut is_full) = ([0; 3], false);
            let largest_first = entry.networks.iter().rev();
            for (at, turns) in
                last.iter_mut().zip(largest_first.map(|of| self.networks.get(&of.network)))
            {
                *at = turns.map_or(0, |turns| turns.last);
                is_full |= turns.is_some_and(|turns| turns.used >= share);
            }
            (!is_full).then_some(last)
        };
        let waiting = self.entries.iter().filter(|(_, entry)| entry.waiting.is_some());
        let candidates = waiting.filter_map(|(ticket, entry)| Some((turns(entry)?, *ticket)));
        candidates.min().map(|(_, ticket)| ticket)
    }

    /// Removes a thread, and frees its slot if it has one.
    fn remove(&mut self, ticket: u64) {
        let Some(entry) = self.entries.remove(&ticket) else { return };
        let used = usize::from(entry.waiting.is_none());
        self.used -= used;
        for share in entry.networks.iter() {
            if let Some(turns) = self.networks.get_mut(&share.network) {
                turns.entries -= 1;
                turns.used -= used;
                if turns.entries == 0 {
                    self.networks.remove(&share.network);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(queue: &mut Queue, address: &str) -> u64 {
        queue.add(Networks::of(address.parse().unwrap()))
    }

    /// The order in which threads of these addresses, which came in this order, get the only slot.
    fn order(addresses: &[&str]) -> Vec<usize> {
        let mut queue = Queue::default();
        let tickets: Vec<u64> = addresses.iter().map(|address| add(&mut queue, address)).collect();
        let next = |_: &&str| {
            queue.hand_out(1, 1);
            let got = tickets.iter().position(|ticket| {
                queue.entries.get(ticket).is_some_and(|entry| entry.waiting.is_none())
            });
            queue.remove(tickets[got.unwrap()]);
            got.unwrap()
        };
        addresses.iter().map(next).collect()
    }

    #[test]
    fn networks_get_slots_in_turn_and_their_threads_as_they_came() {
        let (one, two, three) = ("192.0.2.1", "192.0.2.2", "192.0.2.3");
        assert_eq!(order(&[one, one, one, one, two]), [0, 4, 1, 2, 3]);
        assert_eq!(order(&[one, one, one, two, two, three]), [0, 3, 5, 1, 4, 2]);
    }

    #[test]
    fn many_addresses_of_one_organization_get_the_turns_of_one_network() {
        let site = |n: u8| format!("2001:db8:1:{n:x}::1");
        let sites: Vec<String> = (0..4).map(site).collect();
        let [a, b, c, d] = [0, 1, 2, 3].map(|n: usize| sites[n].as_str());
        assert_eq!(order(&[a, b, c, d, "192.0.2.1"]), [0, 4, 1, 2, 3]);
        assert_eq!(order(&[a, a, a, b]), [0, 3, 1, 2], "its sites take turns");
    }

    #[test]
    fn a_network_that_has_just_come_waits_for_the_turn_of_those_that_wait() {
        let mut queue = Queue::default();
        let first = add(&mut queue, "192.0.2.1");
        let second = add(&mut queue, "192.0.2.1");
        queue.hand_out(1, 1);
        queue.remove(first);
        let other = add(&mut queue, "192.0.2.2");
        queue.hand_out(1, 1);
        assert!(!queue.is_waiting(second) && queue.is_waiting(other));
    }

    #[test]
    fn a_network_has_its_share_at_most_and_the_rest_is_for_others() {
        let slots = FairSlots::new(3, 2);
        let take = |last: u8| slots.take([192, 0, 2, last].into(), Duration::ZERO);
        let held = [take(1), take(1)];
        assert!(held.iter().all(Option::is_some) && take(1).is_none());
        let other = take(2);
        assert!(other.is_some() && take(3).is_none(), "all are in use");
        drop(held);
        assert!(take(1).is_some());
        drop(other);
        let queue = slots.queue();
        assert!(queue.entries.is_empty() && queue.networks.is_empty() && queue.used == 0);
    }

    #[test]
    fn a_slot_is_handed_to_the_thread_that_waits_and_to_no_other_of_its_network() {
        let slots = FairSlots::new(1, 1);
        let held = slots.take([192, 0, 2, 1].into(), Duration::ZERO);
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..20)
                .map(|n| {
                    let slots = &slots;
                    scope.spawn(move || slots.take([192, 0, 2, n].into(), Duration::MAX).is_some())
                })
                .collect();
            drop(held);
            assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
        });
    }
}
