//! The server: accept, route, sessions, the poll registry, carrying, the embedded page.
//!
//! Room: everything below, and threads. Never arguments, exit codes, or the client.
//!
//! From a keystroke to everyone's screen: `accept` starts a `session`, which greets whoever says
//! hello, hears messages and does what `verbs` says; a line goes into its `room`'s sequencer, `carry` takes the batch that has
//! gathered into the log and then to everyone's socket; who cannot take it is drained by `slow_clients`.

mod state; // what the threads of one server share
mod http; // what is served over plain HTTP
mod connection; // a connection, from its socket to its commands
mod clients; // who is connected
mod commands; // what each message does

mod room; // one room

mod background; // what happens by the clock
mod tend; // the same for what is stored

mod config; // every choice its operator has
mod tunable_limits; // how much strangers may ask of it
mod capacity; // how many this machine can hold
mod metrics; // what is counted
mod logger; // one line per event

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

pub use capacity::{Ceiling, ceiling};
pub use config::Config;
pub use logger::{Level, Logger};
pub use tunable_limits::{LIMITS, LimitValue, Limits, TunableLimit};

use crate::limits;
use crate::log::Store;
use crate::net::entropy::Entropy;
use crate::ws::CloseCode;
use state::shared::Shared;

/// A server that is bound, but does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// Stops a server from another thread.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Server {
    /// A server on `listener` that keeps its rooms in `store`, and whose events go to `logger`.
    ///
    /// # Errors
    /// When the store cannot be read, the system has no randomness to give, or refuses a thread.
    pub fn new(
        listener: TcpListener,
        config: Config,
        store: Store,
        logger: Logger,
    ) -> io::Result<Server> {
        let shared = Arc::new(Shared::new(config, store, logger, Entropy::open()?)?);
        spawn_loop(&shared, "carrier", Shared::carry_on)?;
        spawn_loop(&shared, "drain", |shared| {
            shared.metrics.evicted.add(shared.slow_clients.round(shared.config.limits.stall_wait));
        })?;
        spawn_loop(&shared, "pulse", |shared| {
            thread::sleep(limits::HEARTBEAT_EVERY);
            background::pass(shared);
        })?;
        spawn_loop(&shared, "storage", |shared| {
            thread::sleep(limits::MAINTENANCE_EVERY);
            tend::pass(shared);
        })?;
        Ok(Server { listener, shared })
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What stops it.
    ///
    /// # Errors
    /// What the system says.
    pub fn handle(&self) -> io::Result<ServerHandle> {
        Ok(ServerHandle { shared: Arc::clone(&self.shared), address: self.address()? })
    }

    /// Serves until it is stopped.
    pub fn run(self) {
        connection::accept::run(&self.listener, &self.shared);
    }
}

impl ServerHandle {
    /// Lets nobody in any more, tells everybody that the server goes away, and gives them a moment
    /// to hear it. What was shown is stored, so nothing else is to be done.
    pub fn stop(&self) {
        self.shared.stop();
        for client in self.shared.poll.all() {
            self.shared.dismiss(&client, CloseCode::GOING_AWAY, "the server goes away");
        }
        let mut address = self.address;
        match address {
            SocketAddr::V4(_) if address.ip().is_unspecified() => {
                address.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            SocketAddr::V6(_) if address.ip().is_unspecified() => {
                address.set_ip(Ipv6Addr::LOCALHOST.into());
            }
            SocketAddr::V4(_) | SocketAddr::V6(_) => {}
        }
        TcpStream::connect_timeout(&address, limits::CLOSE_WAIT).ok(); // wakes the accept loop
        let patience = Instant::now() + limits::CLOSE_WAIT;
        while !self.shared.poll.is_empty() && Instant::now() < patience {
            thread::sleep(limits::PACING_MAX);
        }
    }
}

/// Starts a thread that does `pass` again and again, whatever happens in it: none of the server's
/// own threads may end unnoticed.
fn spawn_loop(
    shared: &Arc<Shared>,
    name: &'static str,
    pass: impl Fn(&Shared) + Send + 'static,
) -> io::Result<()> {
    let shared = Arc::clone(shared);
    let run = move || {
        loop {
            if catch_unwind(AssertUnwindSafe(|| pass(&shared))).is_err() {
                shared.panicked(name);
            }
        }
    };
    thread::Builder::new().name(name.into()).spawn(run).map(drop)
}
