//! A TCP proxy that cuts, delays, half-closes and swallows at random bytes.
//!
//! It never alters, adds or reorders a byte: TCP promises that.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::common::rng::Rng;

/// A proxy with several addresses for one server.
pub(super) struct FaultProxy {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
}

struct Shared {
    server: SocketAddr,
    seed: u64,
    is_quiet: AtomicBool,
    closed: AtomicBool,
    /// Whether the server is up.
    is_server_up: Mutex<bool>,
    server_came_up: Condvar,
    /// Both sockets of every open connection, with the connection's number.
    ends: Mutex<Vec<(u64, Arc<TcpStream>)>>,
    next: AtomicU64,
    counts: FaultCounts,
}

/// The faults so far.
#[derive(Default)]
pub(super) struct FaultCounts {
    /// Connections that reached the server.
    pub(super) connections: AtomicU64,
    /// Connections cut at a byte.
    pub(super) cuts: AtomicU64,
    /// Directions closed at a byte while the other stayed open.
    pub(super) halves: AtomicU64,
    /// Directions that swallowed everything from a byte on, until they were cut.
    pub(super) swallowed: AtomicU64,
    /// Pauses at a byte.
    pub(super) pauses: AtomicU64,
}

impl FaultCounts {
    /// Connections that were ended, whichever way.
    pub(super) fn ended(&self) -> u64 {
        [&self.cuts, &self.halves, &self.swallowed].map(|n| n.load(Ordering::Relaxed)).iter().sum()
    }

    pub(super) fn describe(&self) -> String {
        let [connections, cuts, halves, swallowed, pauses] =
            [&self.connections, &self.cuts, &self.halves, &self.swallowed, &self.pauses]
                .map(|count| count.load(Ordering::Relaxed));
        format!(
            "{connections} connections: {cuts} cut, {halves} half-closed, {swallowed} swallowed; \
             {pauses} pauses"
        )
    }
}

/// What happens at a byte.
#[derive(Clone, Copy)]
enum ConnectionError {
    /// The bytes after it are delayed.
    Pause,
    /// The connection ends; what is in flight in either direction is lost.
    Cut,
    /// This direction ends, the other stays.
    HalfClose,
    /// Everything after it is lost, and then the connection ends.
    Swallow,
}

impl ConnectionError {
    fn draw(rng: &mut Rng) -> ConnectionError {
        match rng.below(12) {
            0 => ConnectionError::Cut,
            1 => ConnectionError::HalfClose,
            2 => ConnectionError::Swallow,
            _ => ConnectionError::Pause,
        }
    }
}

impl FaultProxy {
    pub(super) fn new(server: SocketAddr, seed: u64) -> FaultProxy {
        let shared = Shared {
            server,
            seed,
            is_quiet: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            is_server_up: Mutex::new(false),
            server_came_up: Condvar::new(),
            ends: Mutex::new(Vec::new()),
            next: AtomicU64::new(0),
            counts: FaultCounts::default(),
        };
        FaultProxy { shared: Arc::new(shared), addresses: Vec::new() }
    }

    /// Adds an address for one client: its connections get the same faults in every run of the seed.
    pub(super) fn add_address(&mut self, who: &str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        self.addresses.push(address);
        let (shared, who) = (Arc::clone(&self.shared), who.to_owned());
        spawn(move || {
            for number in 0.. {
                let Ok((client, _)) = listener.accept() else { return };
                if shared.closed.load(Ordering::SeqCst) {
                    return;
                }
                let rng = Rng::of(shared.seed, &who, number);
                let shared = Arc::clone(&shared);
                spawn(move || shared.connect(client, rng));
            }
        });
        address
    }

    /// Whether the server is up from now on.
    pub(super) fn set_server_up(&self, up: bool) {
        *self.shared.is_server_up.lock().unwrap_or_else(PoisonError::into_inner) = up;
        self.shared.server_came_up.notify_all();
    }

    /// Cuts every open connection; later ones get no faults.
    pub(super) fn enter_quiet(&self) {
        self.shared.is_quiet.store(true, Ordering::SeqCst);
        self.shared.cut_all();
    }

    pub(super) fn counts(&self) -> &FaultCounts {
        &self.shared.counts
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.set_server_up(true); // wakes the threads that wait for the server
        for address in &self.addresses {
            TcpStream::connect(address).ok(); // wakes the thread that accepts there
        }
        self.shared.cut_all();
    }
}

impl Shared {
    fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::SeqCst)
    }

    /// Forwards one connection to the server, if it is up.
    fn connect(&self, client: TcpStream, mut rng: Rng) {
        if !self.is_quiet() && rng.one_in(20) {
            return; // refused
        }
        if self.is_quiet() || rng.one_in(2) {
            let mut up = self.is_server_up.lock().unwrap_or_else(PoisonError::into_inner);
            while !*up {
                up = self.server_came_up.wait(up).unwrap_or_else(PoisonError::into_inner);
            }
        }
        let Ok(server) = TcpStream::connect(self.server) else { return };
        let (client, server) = (Arc::new(client), Arc::new(server));
        for end in [&client, &server] {
            end.set_nodelay(true).ok();
        }
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        self.ends().extend([(number, Arc::clone(&client)), (number, Arc::clone(&server))]);
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        let (up, down) = (Rng::of(rng.next(), "up", 0), Rng::of(rng.next(), "down", 0));
        if self.closed.load(Ordering::SeqCst) {
            return;
        }
        thread::scope(|scope| {
            scope.spawn(|| self.forward(&client, &server, up));
            self.forward(&server, &client, down);
        });
        self.ends().retain(|(other, _)| *other != number);
    }

    fn ends(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Arc<TcpStream>)>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut_all(&self) {
        for (_, end) in self.ends().iter() {
            end.shutdown(Shutdown::Both).ok();
        }
    }

    /// Forwards one direction, from fault to fault, until it ends.
    fn forward(&self, from: &TcpStream, to: &TcpStream, mut rng: Rng) {
        let mut left = rng.magnitude(15);
        let mut buffer = [0; 4096];
        loop {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = (&mut &*from).read(&mut buffer[..room]).unwrap_or(0);
            if read == 0 || (&mut &*to).write_all(&buffer[..read]).is_err() {
                to.shutdown(Shutdown::Write).ok(); // as the other side ended it
                return;
            }
            left -= read as u64;
            if left > 0 {
                continue;
            }
            left = rng.magnitude(15);
            if !self.is_quiet() && self.inject(ConnectionError::draw(&mut rng), from, to, &mut rng)
            {
                return;
            }
        }
    }

    /// Injects a fault; returns whether it ended the direction.
    fn inject(
        &self,
        fault: ConnectionError,
        from: &TcpStream,
        to: &TcpStream,
        rng: &mut Rng,
    ) -> bool {
        let cut = || {
            from.shutdown(Shutdown::Both).ok();
            to.shutdown(Shutdown::Both).ok();
        };
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        match fault {
            ConnectionError::Pause => {
                count(&self.counts.pauses);
                thread::sleep(Duration::from_micros(rng.magnitude(15)));
                return false;
            }
            ConnectionError::Cut => {
                count(&self.counts.cuts);
                cut();
            }
            ConnectionError::HalfClose => {
                count(&self.counts.halves);
                to.shutdown(Shutdown::Write).ok();
                drain(from);
            }
            ConnectionError::Swallow => {
                count(&self.counts.swallowed);
                from.set_read_timeout(Some(rng.millis_below(100).max(Duration::from_millis(1))))
                    .ok();
                drain(from);
                cut();
            }
        }
        true
    }
}

/// Reads and drops everything, until nothing comes.
fn drain(from: &TcpStream) {
    let mut scratch = [0; 4096];
    while (&mut &*from).read(&mut scratch).is_ok_and(|read| read > 0) {}
}

/// A thread that is not joined: it ends with its sockets.
fn spawn(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(String::from("proxy")).spawn(work).unwrap();
}
