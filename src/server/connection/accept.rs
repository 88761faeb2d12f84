//! The accept loop: each socket gets a thread for its hello, and then one for its session.
//!
//! The loop only accepts: other threads do what is slow, and no error ends it.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::hello;
use crate::failpoint;
use crate::http::Response;
use crate::limits;
use crate::server::clients::admission::Permit;
use crate::server::logger::Level;
use crate::server::state::shared::Shared;
use crate::time::unix_ms;

/// Accepts until the server is stopped.
pub(crate) fn run(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut pause = limits::ACCEPT_PAUSE.0;
    loop {
        let accepted = listener.accept();
        if shared.admission.is_stopping() {
            return;
        }
        let started = accepted.and_then(|(stream, peer)| {
            let admitted = catch_unwind(AssertUnwindSafe(|| admit(shared, stream, peer)));
            admitted.unwrap_or_else(|_| {
                shared.panic_caught("accept");
                Ok(())
            })
        });
        match started {
            Ok(()) => pause = limits::ACCEPT_PAUSE.0,
            Err(error) => {
                // EMFILE, ENOMEM, EAGAIN for a thread, ECONNABORTED …: after any of them the next
                // connection may succeed, a little later.
                shared.logger.log(Level::Warn, "accept-failed", &[("error", &error.to_string())]);
                thread::sleep(pause);
                pause = (pause * 2).min(limits::ACCEPT_PAUSE.1);
            }
        }
    }
}

/// Takes a slot for a connection and starts its hello thread; without a slot, a thread sends the reason.
fn admit(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    let address = peer.ip();
    let admitted = if shared.config.proxies.trusts(address) {
        shared.admission.admit_proxy()
    } else {
        shared.admission.admit(address)
    };
    match admitted {
        Ok(permit) => {
            let serve = move |shared: &Arc<Shared>, permit| serve(shared, stream, peer, permit);
            spawn(shared, "hello", limits::HELLO_STACK, permit, serve)
        }
        Err(refused) => {
            shared.logger.log(
                Level::Debug,
                "refused",
                &[("address", &address.to_string()), ("reason", refused.reason())],
            );
            let Some(permit) = shared.admission.admit_for_refusal() else { return Ok(()) };
            let refuse = move |_: &Arc<Shared>, permit| {
                hello::refuse(&stream, &Response::from(refused).dated(unix_ms()));
                drop(permit);
            };
            spawn(shared, "refusal", limits::HELLO_STACK, permit, refuse)
        }
    }
}

/// Serves a connection up to its hello. The session then runs in a new thread: the stack and heap of this
/// thread have grown with a head, a hello and perhaps a catch-up, and would use that memory until the
/// connection ends.
fn serve(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr, mut permit: Permit) {
    failpoint::set_peer(peer);
    let id = shared.delivery.poll.next_id();
    let connection = hello::handshake(shared, stream, peer.ip(), &mut permit, id);
    let Some(connection) = connection else { return };
    let run = move |_: &Arc<Shared>, permit| {
        failpoint::set_peer(peer);
        connection.run();
        drop(permit);
    };
    if let Err(error) = spawn(shared, "session", limits::SESSION_STACK, permit, run) {
        shared.logger.log(Level::Warn, "accept-failed", &[("error", &error.to_string())]);
    }
}

/// Starts a thread that owns the permit and frees its slot at the end, also after a panic. If the system
/// refuses the thread, the connection closes. A panic ends this connection alone, and is counted.
fn spawn(
    shared: &Arc<Shared>,
    name: &'static str,
    stack: usize,
    permit: Permit,
    run: impl FnOnce(&Arc<Shared>, Permit) + Send + 'static,
) -> io::Result<()> {
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new().name(String::from(name)).stack_size(stack);
    let body = move || {
        if catch_unwind(AssertUnwindSafe(|| run(&shared, permit))).is_err() {
            shared.panic_caught(name);
        }
    };
    thread.spawn(body).map(drop)
}
