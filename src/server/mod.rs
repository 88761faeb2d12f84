//! The server: accepts connections, runs their sessions, stores and broadcasts messages, serves the page.
//!
//! Depends on every layer below; never on `client`, arguments or exit codes.
//!
//! | thread | how many | what it does | how it ends |
//! |---|---|---|---|
//! | (caller of [`Server::run`]) | 1 | accepts connections | [`ServerHandle::stop`] |
//! | `hello` | 1 per new connection | HTTP head, `hello`, first catch-up | starts `session`, or closes |
//! | `session` | 1 per client | reads messages and executes them | with its connection |
//! | `refusal` | at most `REFUSALS` | sends the reason to a connection without a slot | after that |
//! | `broadcaster` | 16 | run the rounds that sessions leave | with the process |
//! | `slow-clients` | 1 | retries writes to full sockets | with the process |
//! | `heartbeat` | 1 | every 500 ms: pings, counts of large rooms, the clock | with the process |
//! | `maintenance` | 1 | every 100 ms: fsync, retention, retries | with the process |
//! | `disk-watch` | 1 | every 500 ms: free space, warnings when it is short | with the process |
//! | `eraser` | 1 | every second: erases deleted texts from the disk, at its own pace | with the process |
//! | `loader` | 1 | loads every room once; every 100 ms: keeps rooms within their memory | with the process |
//! | `logger` | 1 | writes the operator's log | with the last [`Logger`] |
//!
//! A panic never ends one of the last eight threads: its loop catches it.
//!
//! Read the folders in the order of the `mod` lines. A posted message passes through
//! `connection/session.rs`, `commands/post.rs`, `room/mod.rs`, `room/broadcast.rs`, `clients/delivery.rs`.

mod tunable_limits; // limits that an operator may change
mod limit_table; // their names, for --limit
mod config; // every choice of the operator
mod capacity; // how many connections this machine can hold
mod logger; // the operator's log: one line per event
mod metrics; // counters
mod clock; // time that a jump does not move at once
mod quotas; // fair shares of what clients can make grow

mod clients; // who is connected, sending to them
mod room; // one room: join, submit, rounds
mod state; // what threads share: names, rooms, read markers, memberships
mod commands; // what each message does
mod http; // the web page, health, metrics
mod connection; // from a socket to commands

mod disk_watch; // when space is short
mod background; // heartbeat, maintenance, erasure, the check of every room

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

pub use capacity::{Ceiling, ceiling};
pub use config::{Config, PostLimits};
pub use limit_table::{LIMITS, LimitValue, TunableLimit};
pub use logger::{Level, Logger};
pub use tunable_limits::{AddressLimits, DiskLimits, FloodLimits, Limits, RoomLimits, Timeouts};

use crate::limits;
use crate::log::Store;
use crate::net::entropy::Entropy;
use crate::ws::CloseCode;
use background::Eraser;
use disk_watch::DiskWatch;
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
    /// A server on `listener` that stores its rooms in `store` and logs events to `logger`.
    ///
    /// # Errors
    /// When the store cannot be read, or the system refuses randomness or a thread.
    pub fn new(
        listener: TcpListener,
        config: Config,
        store: Store,
        logger: Logger,
    ) -> io::Result<Server> {
        let shared = Arc::new(Shared::new(config, store, logger, Entropy::open()?)?);
        for _ in 0..limits::BROADCASTERS {
            spawn_loop(&shared, "broadcaster", |shared| shared.broadcaster.run_queued())?;
        }
        spawn_loop(&shared, "slow-clients", |shared| {
            shared.delivery.retry_slow_clients(shared.config.limits.timeouts.stall);
        })?;
        let panics_seen = AtomicU64::new(0);
        let clock_watch = Cell::new(shared.rooms.clock.watch());
        spawn_loop(&shared, "heartbeat", move |shared| {
            thread::sleep(limits::HEARTBEAT_EVERY);
            clock_watch.set(background::follow_clock(shared, clock_watch.get()));
            background::heartbeat(shared, &panics_seen);
        })?;
        let (lock_watch, passes) = (Cell::new(None), AtomicUsize::new(0));
        spawn_loop(&shared, "maintenance", move |shared| {
            thread::sleep(limits::MAINTENANCE_EVERY);
            let mut watch = lock_watch.take();
            background::check_lock(shared, &mut watch);
            lock_watch.set(watch);
            background::maintenance(shared, passes.fetch_add(1, Ordering::Relaxed));
        })?;
        let (unchecked, rooms) = mpsc::channel();
        for room in shared.rooms.all() {
            unchecked.send(room).ok(); // the receiver is here
        }
        spawn_loop(&shared, "loader", move |shared| {
            match rooms.try_recv() {
                Ok(room) => background::check_room(shared, &room),
                Err(_) => thread::sleep(limits::MAINTENANCE_EVERY),
            }
            shared.rooms.release_idle();
        })?;
        let disk_watch = Cell::new(DiskWatch::default());
        spawn_loop(&shared, "disk-watch", move |shared| {
            thread::sleep(limits::DISK_CHECK_EVERY);
            let mut watch = disk_watch.take(); // a panic begins it again
            watch.check(shared, Instant::now());
            disk_watch.set(watch);
        })?;
        let eraser = RefCell::new(Eraser::default());
        spawn_loop(&shared, "eraser", move |shared| {
            thread::sleep(limits::ERASE_EVERY);
            eraser.borrow_mut().run(shared);
        })?;
        Ok(Server { listener, shared })
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A handle that stops it.
    ///
    /// # Errors
    /// As [`address`](Server::address).
    pub fn handle(&self) -> io::Result<ServerHandle> {
        Ok(ServerHandle { shared: Arc::clone(&self.shared), address: self.address()? })
    }

    /// Serves until it is stopped.
    pub fn run(self) {
        connection::accept::run(&self.listener, &self.shared);
    }
}

impl ServerHandle {
    /// Stops accepting, sends every client a Close frame, and gives them a moment to read it. Every message
    /// that was shown is stored already, so there is nothing else to do.
    pub fn stop(&self) {
        let delivery = &self.shared.delivery;
        self.shared.admission.stop();
        for client in delivery.poll.all() {
            delivery.disconnect(&client, CloseCode::GOING_AWAY, "the server is shutting down");
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
        let deadline = Instant::now() + limits::CLOSE_WAIT;
        while !delivery.poll.is_empty() && Instant::now() < deadline {
            thread::sleep(limits::PACING_MAX);
        }
    }
}

/// Starts a thread that repeats `pass` for ever. It catches and logs a panic: the server needs these threads
/// until it ends.
fn spawn_loop(
    shared: &Arc<Shared>,
    name: &'static str,
    pass: impl Fn(&Shared) + Send + 'static,
) -> io::Result<()> {
    let shared = Arc::clone(shared);
    let run = move || {
        loop {
            if catch_unwind(AssertUnwindSafe(|| pass(&shared))).is_err() {
                shared.panic_caught(name);
            }
        }
    };
    thread::Builder::new().name(name.into()).spawn(run).map(drop)
}
