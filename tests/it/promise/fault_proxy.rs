//! A bad line: a TCP proxy that cuts, delays, half-closes and swallows at bytes of chance's choosing.
//!
//! It never alters, invents or reorders a byte: that much TCP promises.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::common::rng::Rng;

/// Its addresses lead to one server.
pub(super) struct FaultProxy {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
}

struct Shared {
    server: SocketAddr,
    seed: u64,
    is_quiet: AtomicBool,
    closed: AtomicBool,
    /// Whether somebody answers at the server's address.
    is_server_up: Mutex<bool>,
    server_came_up: Condvar,
    /// Both ends of every connection there is.
    ends: Mutex<Vec<(u64, Arc<TcpStream>)>>,
    next: AtomicU64,
    counts: FaultCounts,
}

/// What was done to people, so far.
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
enum Fault {
    /// The bytes after it come later.
    Pause,
    /// The connection ends; what was under way either way is lost.
    Cut,
    /// This direction ends, the other stays.
    HalfClose,
    /// Everything after it is lost, and then the connection ends.
    Swallow,
}

impl Fault {
    fn draw(rng: &mut Rng) -> Fault {
        match rng.below(12) {
            0 => Fault::Cut,
            1 => Fault::HalfClose,
            2 => Fault::Swallow,
            _ => Fault::Pause,
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

    /// A address for one person, whose connections have the same fate in every run of the seed.
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

    /// Whether somebody answers at the server's address from now on.
    pub(super) fn set_server_up(&self, up: bool) {
        *self.shared.is_server_up.lock().unwrap_or_else(PoisonError::into_inner) = up;
        self.shared.server_came_up.notify_all();
    }

    /// Cuts every connection there is, and leaves those to come in is_quiet.
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
        self.set_server_up(true); // nobody waits any longer
        for address in &self.addresses {
            TcpStream::connect(address).ok(); // wakes the one who accepts there
        }
        self.shared.cut_all();
    }
}

impl Shared {
    fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::SeqCst)
    }

    /// Leads one connection through to the server, if it answers.
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

    /// Carries one direction, from fault to fault, until it ends.
    fn forward(&self, from: &TcpStream, to: &TcpStream, mut rng: Rng) {
        let mut left = rng.magnitude(15);
        let mut buffer = [0; 4096];
        loop {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = (&mut &*from).read(&mut buffer[..room]).unwrap_or(0);
            if read == 0 || (&mut &*to).write_all(&buffer[..read]).is_err() {
                to.shutdown(Shutdown::Write).ok(); // as it came, or as far as it went
                return;
            }
            left -= read as u64;
            if left > 0 {
                continue;
            }
            left = rng.magnitude(15);
            if !self.is_quiet() && self.inject(Fault::draw(&mut rng), from, to, &mut rng) {
                return;
            }
        }
    }

    /// Lets a fault happen; whether the direction ended by it.
    fn inject(&self, fault: Fault, from: &TcpStream, to: &TcpStream, rng: &mut Rng) -> bool {
        let cut = || {
            from.shutdown(Shutdown::Both).ok();
            to.shutdown(Shutdown::Both).ok();
        };
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        match fault {
            Fault::Pause => {
                count(&self.counts.pauses);
                thread::sleep(Duration::from_micros(rng.magnitude(15)));
                return false;
            }
            Fault::Cut => {
                count(&self.counts.cuts);
                cut();
            }
            Fault::HalfClose => {
                count(&self.counts.halves);
                to.shutdown(Shutdown::Write).ok();
                drain(from);
            }
            Fault::Swallow => {
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

/// Reads into the void until nothing comes.
fn drain(from: &TcpStream) {
    let mut void = [0; 4096];
    while (&mut &*from).read(&mut void).is_ok_and(|read| read > 0) {}
}

/// A thread whose end nobody waits for: it ends with its sockets.
fn spawn(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(String::from("proxy")).spawn(work).unwrap();
}
