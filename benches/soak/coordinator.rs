//! What everybody in the run knows: whether the server is up, what was seen in which order, what is broken.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::args::{Args, ROOMS};

/// Breaches that are told; more are counted.
const TOLD: usize = 20;

/// How far the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Faults,
    /// The bad have gone, and the good say nothing new.
    Quiet,
    Done,
}

#[derive(Debug)]
pub(crate) struct Coordinator {
    pub(crate) address: SocketAddr,
    pub(crate) begun: Instant,
    /// Odd while the server is up; every start and every kill adds one.
    era: AtomicU32,
    phase: AtomicU8,
    rooms: [Room; ROOMS],
    standings: Vec<Standing>,
    breaches: Mutex<Vec<String>>,
    breached: AtomicU64,
}

/// What was seen in a room, by whomever: the hash of each record's bytes, by its seq.
#[derive(Debug, Default)]
struct Room(Mutex<Vec<u64>>);

/// How far one who behaves is.
#[derive(Debug, Default)]
struct Standing {
    is_live: AtomicBool,
    seen: AtomicU64,
    has_pending: AtomicBool,
}

impl Coordinator {
    pub(crate) fn new(args: &Args, address: SocketAddr) -> Coordinator {
        Coordinator {
            address,
            begun: Instant::now(),
            era: AtomicU32::new(0),
            phase: AtomicU8::new(Phase::Faults as u8),
            rooms: Default::default(),
            standings: (0..args.good()).map(|_| Standing::default()).collect(),
            breaches: Mutex::default(),
            breached: AtomicU64::new(0),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        let phase = self.phase.load(Ordering::SeqCst);
        [Phase::Faults, Phase::Quiet]
            .into_iter()
            .find(|it| *it as u8 == phase)
            .unwrap_or(Phase::Done)
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    /// The server has come up, or is about to be killed.
    pub(crate) fn turn(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
    }

    /// A number that is odd, and stays as it is, while the server is up.
    pub(crate) fn era(&self) -> u32 {
        self.era.load(Ordering::SeqCst)
    }

    /// Compares a record with what others have seen in its place.
    pub(crate) fn see(&self, room: usize, seq: u64, record: &str) {
        let hash = hash(record);
        let mut order = self.rooms[room].0.lock().unwrap();
        let at = seq as usize - 1;
        match order.get(at) {
            Some(seen) if *seen == hash => {}
            Some(_) => {
                drop(order);
                self.breach(&format!("{}, {seq}: others have seen another: {record}", name(room)));
            }
            // Each reader comes from 1 and misses nothing, so the first to be here is at the end.
            None if order.len() == at => order.push(hash),
            None => {
                drop(order);
                self.breach(&format!("{}, {seq}: seen before what precedes it", name(room)));
            }
        }
    }

    /// What was seen of a room.
    pub(crate) fn order(&self, room: usize) -> Vec<u64> {
        self.rooms[room].0.lock().unwrap().clone()
    }

    pub(crate) fn stand(&self, number: usize, is_live: bool, seen: u64, has_pending: bool) {
        let standing = &self.standings[number];
        standing.is_live.store(is_live, Ordering::SeqCst);
        standing.seen.store(seen, Ordering::SeqCst);
        standing.has_pending.store(has_pending, Ordering::SeqCst);
    }

    pub(crate) fn good_live(&self) -> usize {
        self.standings.iter().filter(|standing| standing.is_live.load(Ordering::SeqCst)).count()
    }

    /// Whether each who behaves has their lines stored and has seen what anybody has seen.
    pub(crate) fn is_settled(&self) -> bool {
        self.behind().is_empty()
    }

    pub(crate) fn standings(&self) -> String {
        format!("{} are not there yet: {:?}", self.behind().len(), self.behind())
    }

    fn behind(&self) -> Vec<usize> {
        let heads: Vec<u64> =
            self.rooms.iter().map(|room| room.0.lock().unwrap().len() as u64).collect();
        let is_behind = |(number, standing): &(usize, &Standing)| {
            standing.has_pending.load(Ordering::SeqCst)
                || standing.seen.load(Ordering::SeqCst) < heads[number % ROOMS]
                || !standing.is_live.load(Ordering::SeqCst)
        };
        self.standings.iter().enumerate().filter(is_behind).map(|(number, _)| number).collect()
    }

    /// Something that must never be.
    pub(crate) fn breach(&self, what: &str) {
        let at = self.begun.elapsed().as_secs_f64();
        if self.breached.fetch_add(1, Ordering::SeqCst) < TOLD as u64 {
            self.breaches.lock().unwrap().push(format!("at {at:.1} s: {what}"));
        }
    }

    /// How many there were, and the first of them.
    pub(crate) fn breaches(&self) -> (u64, Vec<String>) {
        (self.breached.load(Ordering::SeqCst), self.breaches.lock().unwrap().clone())
    }
}

/// A room of those who behave.
pub(crate) fn name(room: usize) -> String {
    format!("soak{room}")
}

pub(crate) fn hash(record: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}
