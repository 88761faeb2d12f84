//! The accept loop: a connection in, a thread out that greets it, and one that hears it.
//!
//! Room: the listener, the admission, threads. It only accepts: whatever takes time is done elsewhere,
//! and no error ends it.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::session;
use crate::http::Response;
use crate::limits;
use crate::server::clients::admission::Permit;
use crate::server::logger::Level;
use crate::server::state::shared::Shared;
use crate::time::unix_ms;

/// Accepts until the server stops.
pub(crate) fn run(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut pause = limits::ACCEPT_PAUSE.0;
    loop {
        let accepted = listener.accept();
        if shared.is_stopping() {
            return;
        }
        let began = accepted.and_then(|(stream, peer)| {
            let admitted = catch_unwind(AssertUnwindSafe(|| admit(shared, stream, peer)));
            admitted.unwrap_or_else(|_| {
                shared.panicked("accept");
                Ok(())
            })
        });
        match began {
            Ok(()) => pause = limits::ACCEPT_PAUSE.0,
            Err(error) => {
                // EMFILE, ENOMEM, EAGAIN for a thread, ECONNABORTED …: whatever it is, the next
                // connection deserves a try, a little later.
                shared.logger.log(Level::Warn, "accept-failed", &[("error", &error.to_string())]);
                thread::sleep(pause);
                pause = (pause * 2).min(limits::ACCEPT_PAUSE.1);
            }
        }
    }
}

/// Finds a place for a connection and starts its session; without a place, says why.
fn admit(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr) -> std::io::Result<()> {
    let peer = peer.ip();
    let entered = if shared.config.proxies.trusts(peer) {
        shared.admission.admit_proxy()
    } else {
        shared.admission.admit(peer)
    };
    match entered {
        Ok(permit) => {
            let greet = move |shared: &Arc<Shared>, permit| greet(shared, stream, peer, permit);
            spawn(shared, "greeting", limits::HELLO_STACK, permit, greet)
        }
        Err(full) => {
            shared.logger.log(
                Level::Debug,
                "refused",
                &[("address", &peer.to_string()), ("reason", full.reason())],
            );
            let Some(permit) = shared.admission.slot_for_refusal() else { return Ok(()) };
            let refuse = move |_: &Arc<Shared>, permit| {
                session::refuse(&stream, &Response::from(full).dated(unix_ms()));
                drop(permit);
            };
            spawn(shared, "refusal", limits::HELLO_STACK, permit, refuse)
        }
    }
}

/// Hears what a connection wants. A WebSocket that has said hello goes on in a thread of its own: this
/// one's stack and heap have seen a head, a hello and perhaps a replay, and would keep the memory of it
/// for as long as the connection lasts.
fn greet(shared: &Arc<Shared>, stream: TcpStream, peer: IpAddr, mut permit: Permit) {
    let id = shared.next_client();
    let Some(line) = session::greet(shared, stream, peer, &mut permit, id) else { return };
    let converse = move |_: &Arc<Shared>, permit| {
        line.converse();
        drop(permit);
    };
    if let Err(error) = spawn(shared, "session", limits::SESSION_STACK, permit, converse) {
        shared.logger.log(Level::Warn, "accept-failed", &[("error", &error.to_string())]);
    }
}

/// Starts a thread that is given the permit and gives it back when it ends, however it ends. If the system
/// refuses the thread, the connection closes. A panic ends this connection alone, and is counted.
fn spawn(
    shared: &Arc<Shared>,
    name: &'static str,
    stack: usize,
    permit: Permit,
    run: impl FnOnce(&Arc<Shared>, Permit) + Send + 'static,
) -> std::io::Result<()> {
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new().name(String::from(name)).stack_size(stack);
    let survive = move || {
        if catch_unwind(AssertUnwindSafe(|| run(&shared, permit))).is_err() {
            shared.panicked(name);
        }
    };
    thread.spawn(survive).map(drop)
}
