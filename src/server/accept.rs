//! The accept loop: a connection in, a session thread out.
//!
//! Room: the listener, the door, threads. It only accepts: whatever takes time is done elsewhere,
//! and no error ends it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use super::door::Pass;
use super::house::House;
use super::logger::Level;
use super::session;
use crate::http::Response;
use crate::limits;

/// Accepts until the house stops.
pub(super) fn run(listener: &TcpListener, house: &Arc<House>) {
    let mut pause = limits::ACCEPT_PAUSE.0;
    loop {
        let accepted = listener.accept();
        if house.is_stopping() {
            return;
        }
        let began = accepted.and_then(|(stream, peer)| admit(house, stream, peer));
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
    match house.door.enter(peer.ip()) {
        Ok(pass) => {
            let id = house.next_client();
            let house = Arc::clone(house);
            spawn(format!("session-{}", id.0), pass, move || {
                session::run(&house, stream, peer.ip(), id);
            })
        }
        Err(full) => {
            house.logger.tell(
                Level::Debug,
                "refused",
                &[("address", &peer.ip().to_string()), ("reason", full.word())],
            );
            let Some(pass) = house.door.refuse() else { return Ok(()) };
            let refusal = move || session::refuse(&stream, &Response::from(full));
            spawn(String::from("refusal"), pass, refusal)
        }
    }
}

/// Starts a thread that gives its pass back when it ends, however it ends. If the system refuses the
/// thread, the connection closes.
fn spawn(name: String, pass: Pass, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let thread = thread::Builder::new().name(name).stack_size(limits::SESSION_STACK);
    thread
        .spawn(move || {
            let _pass = pass;
            run();
        })
        .map(drop)
}
