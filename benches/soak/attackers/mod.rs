//! Those who do not behave: each picks a misdeed, does it, and picks the next.
//!
//! They owe nobody anything: whatever the server does about it, the next misdeed comes. What they say is
//! no cause for anybody else to see more than lines of theirs.

mod attacker; // one of them, and the bytes at hand
mod requests; // misdeeds before there is a WebSocket
mod frames; // misdeeds in frames
mod messages; // misdeeds in the protocol

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

use crate::args::Args;
use crate::coordinator::{Coordinator, Phase};
use attacker::Attacker;

/// Of a thread of the bench: the frames of a release build are small.
const STACK: usize = 256 * 1024;

/// How often each misdeed was done.
pub(crate) type AttackCounts = BTreeMap<&'static str, u64>;

type Attack = fn(&mut Attacker) -> io::Result<()>;

const ALL: &[(&str, Attack)] = &[
    ("slow head", requests::slow_head),
    ("half a request", requests::half),
    ("garbage", requests::garbage),
    ("TLS", requests::tls),
    ("pipelined", requests::pipelined),
    ("odd requests", requests::odd),
    ("long head", requests::long_head),
    ("silence", requests::silence),
    ("bad frame", frames::bad),
    ("bad UTF-8", frames::bad_utf8),
    ("bad close", frames::bad_close),
    ("fragments", frames::fragments),
    ("half a message", frames::half_a_message),
    ("reset in a frame", frames::reset_inside),
    ("ping flood", frames::pings),
    ("close, then stay", frames::close_and_stay),
    ("vanish", frames::vanish),
    ("bad hello", messages::bad_hello),
    ("stolen name", messages::steal_name),
    ("bad JSON", messages::bad_json),
    ("post flood", messages::flood),
    ("reads nothing", messages::deaf),
    ("joins and leaves", messages::come_and_go),
    ("many rooms", messages::many_rooms),
    ("history", messages::history),
    ("join from 0", messages::replays),
];

pub(crate) fn start(args: &Args, coordinator: &Arc<Coordinator>) -> Vec<JoinHandle<AttackCounts>> {
    let lives = (0..args.bad()).map(|number| {
        let seed = args.seed_of(args.good() + number);
        let attacker = Attacker::new(number, seed, args.good(), Arc::clone(coordinator));
        let life = Builder::new().name(format!("bad-{number}")).stack_size(STACK);
        life.spawn(move || live(attacker))
    });
    lives.map(Result::unwrap).collect()
}

/// Waits until all have gone; returns what they did.
pub(crate) fn finish(lives: Vec<JoinHandle<AttackCounts>>) -> AttackCounts {
    let mut all = AttackCounts::new();
    for (name, count) in lives.into_iter().flat_map(|life| life.join().unwrap()) {
        *all.entry(name).or_default() += count;
    }
    all
}

fn live(mut attacker: Attacker) -> AttackCounts {
    let mut counts = AttackCounts::new();
    while attacker.coordinator.phase() == Phase::Faults {
        let (name, attack) = ALL[attacker.dice.roll(ALL.len() as u64) as usize];
        match attack(&mut attacker) {
            // Whoever finds no server has done nothing.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Ok(()) | Err(_) => *counts.entry(name).or_default() += 1,
        }
        attacker.bury();
        thread::sleep(Duration::from_millis(100 + attacker.dice.roll(900)));
    }
    counts
}
