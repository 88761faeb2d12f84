//! The attackers: each picks an attack, does it, and picks the next, whatever the server does about it.
//!
//! The clients may see the attackers' messages, and nothing else of them.

mod attacker; // one attacker
mod requests; // attacks before there is a WebSocket
mod frames; // attacks with frames
mod messages; // attacks with messages of the protocol
mod shares; // more of what all share than is fair

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

use crate::args::Args;
use crate::common::coordinator::Phase;
use crate::run::Run;
use attacker::Attacker;

/// The stack of a thread of the bench: the frames of a release build are small.
const STACK: usize = 256 * 1024;

/// How often each attack was done.
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
    ("reads nothing", messages::read_nothing),
    ("joins and leaves", messages::join_and_leave),
    ("many rooms", messages::many_rooms),
    ("history", messages::history),
    ("join from 0", messages::replays),
    ("rooms with a line", shares::rooms_with_a_line),
    ("private lines", shares::private_lines),
    ("names and away", shares::names_and_away),
    ("questions", shares::questions),
    ("hello of joins", shares::hello_of_joins),
    ("changes", shares::changes),
];

pub(crate) fn start(args: &Args, run: &Arc<Run>) -> Vec<JoinHandle<AttackCounts>> {
    let attackers = (0..args.attackers()).map(|number| {
        let attacker = Attacker::new(number, args.seed, args.clients(), Arc::clone(run));
        let thread = Builder::new().name(format!("attacker{number}")).stack_size(STACK);
        thread.spawn(move || attack_until_quiet(attacker))
    });
    attackers.map(Result::unwrap).collect()
}

/// Waits until all have ended: what they did.
pub(crate) fn finish(attackers: Vec<JoinHandle<AttackCounts>>) -> AttackCounts {
    let mut all = AttackCounts::new();
    for (name, count) in attackers.into_iter().flat_map(|attacker| attacker.join().unwrap()) {
        *all.entry(name).or_default() += count;
    }
    all
}

fn attack_until_quiet(mut attacker: Attacker) -> AttackCounts {
    let mut counts = AttackCounts::new();
    while attacker.run.phase() == Phase::Faults {
        let (name, attack) = ALL[attacker.rng.below(ALL.len() as u64) as usize];
        match attack(&mut attacker) {
            // Without a server nothing was done.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Ok(()) | Err(_) => *counts.entry(name).or_default() += 1,
        }
        attacker.close_abandoned();
        thread::sleep(Duration::from_millis(100 + attacker.rng.below(900)));
    }
    counts
}
