//! The accept loop: a connection in, a thread out that greets it, and one that hears it.
//!
//! Room: the listener, the door, threads. It only accepts: whatever takes time is done elsewhere,
//! and no error ends it.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::session;
use crate::http::Response;
use crate::limits;
use crate::server::clients::admission::Pass;
use crate::server::logger::Level;
use crate::server::state::shared::House;
use crate::time::unix_ms;

/// Accepts until the house stops.
pub(crate) fn run(listener: &TcpListener, house: &Arc<House>) {
    let mut pause = limits::ACCEPT_PAUSE.0;
    loop {
        let accepted = listener.accept();
        if house.is_stopping() {
            return;
        }
        let began = accepted.and_then(|(stream, peer)| {
            let admitted = catch_unwind(AssertUnwindSafe(|| admit(house, stream, peer)));
            admitted.unwrap_or_else(|_| {
                house.panicked("accept");
                Ok(())
            })
        });
        match began {
            Ok(()) => pause = limits::ACCEPT_PAUSE.0,
            Err(error) => {
                // EMFILE, ENOMEM, EAGAIN for a thread, ECONNABORTED …: whatever it is, the next
                // connection deserves a try, a little later.
                house.logger.tell(Level::Warn, "accept-failed", &[("error", &error.to_string())]);
                thread::sleep(pause);
                pause = (pause * 2).min(limits::ACCEPT_PAUSE.1);
            }
        }
    }
}

/// Finds a place for a connection and starts its session; without a place, says why.
fn admit(house: &Arc<House>, stream: TcpStream, peer: SocketAddr) -> std::io::Result<()> {
    let peer = peer.ip();
    let entered = if house.config.proxies.trusts(peer) {
        house.door.enter_unsettled()
    } else {
        house.door.enter(peer)
    };
    match entered {
        Ok(pass) => {
            let greet = move |house: &Arc<House>, pass| greet(house, stream, peer, pass);
            spawn(house, "greeting", limits::HELLO_STACK, pass, greet)
        }
        Err(full) => {
            house.logger.tell(
                Level::Debug,
                "refused",
                &[("address", &peer.to_string()), ("reason", full.word())],
            );
            let Some(pass) = house.door.refuse() else { return Ok(()) };
            let refuse = move |_: &Arc<House>, pass| {
                session::refuse(&stream, &Response::from(full).dated(unix_ms()));
                drop(pass);
            };
            spawn(house, "refusal", limits::HELLO_STACK, pass, refuse)
        }
    }
}

/// Hears what a connection wants. A WebSocket that has said hello goes on in a thread of its own: this
/// one's stack and heap have seen a head, a hello and perhaps a replay, and would keep the memory of it
/// for as long as the connection lasts.
fn greet(house: &Arc<House>, stream: TcpStream, peer: IpAddr, mut pass: Pass) {
    let id = house.next_client();
    let Some(line) = session::greet(house, stream, peer, &mut pass, id) else { return };
    let converse = move |_: &Arc<House>, pass| {
        line.converse();
        drop(pass);
    };
    if let Err(error) = spawn(house, "session", limits::SESSION_STACK, pass, converse) {
        house.logger.tell(Level::Warn, "accept-failed", &[("error", &error.to_string())]);
    }
}

/// Starts a thread that is given the pass and gives it back when it ends, however it ends. If the system
/// refuses the thread, the connection closes. A panic ends this connection alone, and is counted.
fn spawn(
    house: &Arc<House>,
    name: &'static str,
    stack: usize,
    pass: Pass,
    run: impl FnOnce(&Arc<House>, Pass) + Send + 'static,
) -> std::io::Result<()> {
    let house = Arc::clone(house);
    let thread = thread::Builder::new().name(String::from(name)).stack_size(stack);
    let survive = move || {
        if catch_unwind(AssertUnwindSafe(|| run(&house, pass))).is_err() {
            house.panicked(name);
        }
    };
    thread.spawn(survive).map(drop)
}
