//! The clients that behave: they read everything, send a message now and then, and reconnect as in `PROTOCOL.md`.
//!
//! Each checks what it is promised: every seq once, none missing, the same bytes at each seq as every other
//! client; and the server never disconnects it while it is up.

mod stats; // what one client sent and measured
mod client; // the state of one client
mod connection; // one connection of a client

use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

use crate::args::Args;
use crate::common::coordinator::Phase;
use crate::common::rng::Rng;
use crate::run::Run;
use client::Client;
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
            run_client(&mut client);
            client.stats
        })
    });
    clients.map(Result::unwrap).collect()
}

pub(crate) fn finish(clients: Vec<JoinHandle<Stats>>) -> Vec<Stats> {
    clients.into_iter().map(|client| client.join().unwrap()).collect()
}

/// One connection after the other.
fn run_client(client: &mut Client) {
    let mut attempts = 0;
    while client.run.phase() != Phase::Done {
        let epoch = client.run.epoch();
        let end = Connection::run(client);
        client.report_progress(false);
        match end {
            Ok(End::Done) => return,
            Ok(End::Disconnected) => {
                client.stats.disconnects += 1;
                attempts = 0;
            }
            Ok(End::Lost { was_live, why }) => {
                check_loss(client, epoch, &why);
                attempts = if was_live { 0 } else { attempts + 1 };
            }
            Err(error) => {
                check_loss(client, epoch, &format!("cannot connect: {error}"));
                attempts += 1;
            }
        }
        thread::sleep(backoff(&mut client.rng, attempts));
    }
}

/// A server that is up in one epoch from its start to its end has no reason to lose a client.
fn check_loss(client: &Client, epoch: u32, why: &str) {
    if epoch % 2 == 1 && client.run.epoch() == epoch {
        let user = &client.state.user;
        client.run.report_violation(&format!("{user} lost the server, which is up: {why}"));
    }
}

/// Doubles with each attempt; jitter takes off up to half.
fn backoff(rng: &mut Rng, attempts: u32) -> Duration {
    let doubled = BACKOFF.0 * 2_u32.saturating_pow(attempts.min(6));
    doubled.min(BACKOFF.1).mul_f64(1.0 - rng.below(1_000) as f64 / 2_000.0)
}
