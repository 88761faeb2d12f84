//! The state of a run that every thread shares: the coordinator, whether the server is up, and which record
//! was seen at each seq.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::args::{Args, ROOMS};
use crate::common::coordinator::{Coordinator, Phase};

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) coordinator: Coordinator,
    pub(crate) address: SocketAddr,
    pub(crate) start: Instant,
    /// Odd while the server is up; every start and every kill adds one.
    epoch: AtomicU32,
    /// For each room the hash of each record's bytes, by its seq, as the first client saw it.
    orders: [Mutex<Vec<u64>>; ROOMS],
}

impl Run {
    pub(crate) fn new(args: &Args, address: SocketAddr) -> Run {
        Run {
            coordinator: Coordinator::new(args.clients()),
            address,
            start: Instant::now(),
            epoch: AtomicU32::new(0),
            orders: Default::default(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.coordinator.phase()
    }

    /// The server has been started, or is about to be killed.
    pub(crate) fn next_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// A number that is odd, and does not change, while the server is up.
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Compares a record with what other clients have seen at its seq.
    pub(crate) fn compare(&self, room: usize, seq: u64, record: &str) {
        let hash = hash(record);
        let mut order = self.orders[room].lock().unwrap();
        let at = seq as usize - 1;
        match order.get(at) {
            Some(seen) if *seen == hash => {}
            Some(_) => {
                drop(order);
                let room = room_name(room);
                self.report_violation(&format!(
                    "{room}, {seq}: others have seen another: {record}"
                ));
            }
            // Each client begins at 1 and misses nothing, so the first to see a record appends it.
            None if order.len() == at => order.push(hash),
            None => {
                drop(order);
                let room = room_name(room);
                self.report_violation(&format!("{room}, {seq}: seen before the record before it"));
            }
        }
    }

    /// The hashes of the records that were seen of a room.
    pub(crate) fn order(&self, room: usize) -> Vec<u64> {
        self.orders[room].lock().unwrap().clone()
    }

    pub(crate) fn live_clients(&self) -> usize {
        self.coordinator.progress().iter().filter(|client| client.is_live).count()
    }

    /// The clients that have an unsettled message or have not seen what any client has seen.
    pub(crate) fn behind(&self) -> Vec<usize> {
        let heads: Vec<u64> =
            self.orders.iter().map(|order| order.lock().unwrap().len() as u64).collect();
        let clients = self.coordinator.progress().into_iter().enumerate();
        let is_behind =
            |number: usize, seen: &[u64]| seen.iter().any(|seq| *seq < heads[number % ROOMS]);
        clients
            .filter(|(number, client)| {
                client.unsettled > 0 || !client.is_live || is_behind(*number, &client.seen)
            })
            .map(|(number, _)| number)
            .collect()
    }

    /// Something happened that must never happen.
    pub(crate) fn report_violation(&self, what: &str) {
        let at = self.start.elapsed().as_secs_f64();
        self.coordinator.report_violation(format!("at {at:.1} s: {what}"));
    }
}

/// The name of a room of the clients.
pub(crate) fn room_name(room: usize) -> String {
    format!("soak{room}")
}

pub(crate) fn hash(record: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}
