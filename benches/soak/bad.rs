//! Those who do not behave: each picks a misdeed, does it, and picks the next.
//!
//! They owe nobody anything: whatever the server does about it, the next misdeed comes. What they say is
//! no cause for anybody else to see more than lines of theirs.

mod villain; // one of them, and the bytes at hand
mod requests; // misdeeds before there is a WebSocket
mod frames; // misdeeds in frames
mod chatter; // misdeeds in the protocol

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

use crate::board::{Board, Phase};
use crate::plan::Plan;
use villain::Villain;

/// Of a thread of the bench: the frames of a release build are small.
const STACK: usize = 256 * 1024;

/// How often each misdeed was done.
pub(crate) type Deeds = BTreeMap<&'static str, u64>;

type Deed = fn(&mut Villain) -> io::Result<()>;

const ALL: &[(&str, Deed)] = &[
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
    ("bad hello", chatter::bad_hello),
    ("stolen name", chatter::steal_name),
    ("bad JSON", chatter::bad_json),
    ("post flood", chatter::flood),
    ("reads nothing", chatter::deaf),
    ("joins and leaves", chatter::come_and_go),
    ("many rooms", chatter::many_rooms),
    ("history", chatter::history),
    ("join from 0", chatter::replays),
];

pub(crate) fn start(plan: &Plan, board: &Arc<Board>) -> Vec<JoinHandle<Deeds>> {
    let lives = (0..plan.bad()).map(|number| {
        let seed = plan.seed_of(plan.good() + number);
        let villain = Villain::new(number, seed, plan.good(), Arc::clone(board));
        let life = Builder::new().name(format!("bad-{number}")).stack_size(STACK);
        life.spawn(move || live(villain))
    });
    lives.map(Result::unwrap).collect()
}

/// Waits until all have gone; returns what they did.
pub(crate) fn finish(lives: Vec<JoinHandle<Deeds>>) -> Deeds {
    let mut all = Deeds::new();
    for (name, count) in lives.into_iter().flat_map(|life| life.join().unwrap()) {
        *all.entry(name).or_default() += count;
    }
    all
}

fn live(mut villain: Villain) -> Deeds {
    let mut deeds = Deeds::new();
    while villain.board.phase() == Phase::War {
        let (name, deed) = ALL[villain.dice.roll(ALL.len() as u64) as usize];
        match deed(&mut villain) {
            // Whoever finds no server has done nothing.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Ok(()) | Err(_) => *deeds.entry(name).or_default() += 1,
        }
        villain.bury();
        thread::sleep(Duration::from_millis(100 + villain.dice.roll(900)));
    }
    deeds
}
