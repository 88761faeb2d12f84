//! A bad line: a TCP proxy that cuts, delays, half-closes and swallows at bytes of chance's choosing.
//!
//! It never alters, invents or reorders a byte: that much TCP promises.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::chance::Chance;

/// Its doors lead to one server.
pub(super) struct Proxy {
    shared: Arc<Shared>,
    doors: Vec<SocketAddr>,
}

struct Shared {
    server: SocketAddr,
    seed: u64,
    peace: AtomicBool,
    closed: AtomicBool,
    /// Whether somebody answers at the server's address.
    up: Mutex<bool>,
    risen: Condvar,
    /// Both ends of every connection there is.
    ends: Mutex<Vec<(u64, Arc<TcpStream>)>>,
    next: AtomicU64,
    tally: Tally,
}

/// What was done to people, so far.
#[derive(Default)]
pub(super) struct Tally {
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

impl Tally {
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
    fn draw(chance: &mut Chance) -> Fault {
        match chance.below(12) {
            0 => Fault::Cut,
            1 => Fault::HalfClose,
            2 => Fault::Swallow,
            _ => Fault::Pause,
        }
    }
}

impl Proxy {
    pub(super) fn new(server: SocketAddr, seed: u64) -> Proxy {
        let shared = Shared {
            server,
            seed,
            peace: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            up: Mutex::new(false),
            risen: Condvar::new(),
            ends: Mutex::new(Vec::new()),
            next: AtomicU64::new(0),
            tally: Tally::default(),
        };
        Proxy { shared: Arc::new(shared), doors: Vec::new() }
    }

    /// A door for one person, whose connections have the same fate in every run of the seed.
    pub(super) fn open_door(&mut self, who: &str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let door = listener.local_addr().unwrap();
        self.doors.push(door);
        let (shared, who) = (Arc::clone(&self.shared), who.to_owned());
        spawn(move || {
            for number in 0.. {
                let Ok((client, _)) = listener.accept() else { return };
                if shared.closed.load(Ordering::SeqCst) {
                    return;
                }
                let chance = Chance::of(shared.seed, &who, number);
                let shared = Arc::clone(&shared);
                spawn(move || shared.lead(client, chance));
            }
        });
        door
    }

    /// Whether somebody answers at the server's address from now on.
    pub(super) fn tell(&self, up: bool) {
        *self.shared.up.lock().unwrap_or_else(PoisonError::into_inner) = up;
        self.shared.risen.notify_all();
    }

    /// Cuts every connection there is, and leaves those to come in peace.
    pub(super) fn make_peace(&self) {
        self.shared.peace.store(true, Ordering::SeqCst);
        self.shared.cut_all();
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.shared.tally
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.tell(true); // nobody waits any longer
        for door in &self.doors {
            TcpStream::connect(door).ok(); // wakes the one who accepts there
        }
        self.shared.cut_all();
    }
}

impl Shared {
    fn in_peace(&self) -> bool {
        self.peace.load(Ordering::SeqCst)
    }

    /// Leads one connection through to the server, if it answers.
    fn lead(&self, client: TcpStream, mut chance: Chance) {
        if !self.in_peace() && chance.one_in(20) {
            return; // refused
        }
        if self.in_peace() || chance.one_in(2) {
            let mut up = self.up.lock().unwrap_or_else(PoisonError::into_inner);
            while !*up {
                up = self.risen.wait(up).unwrap_or_else(PoisonError::into_inner);
            }
        }
        let Ok(server) = TcpStream::connect(self.server) else { return };
        let (client, server) = (Arc::new(client), Arc::new(server));
        for end in [&client, &server] {
            end.set_nodelay(true).ok();
        }
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        self.ends().extend([(number, Arc::clone(&client)), (number, Arc::clone(&server))]);
        self.tally.connections.fetch_add(1, Ordering::Relaxed);
        let (up, down) = (Chance::of(chance.next(), "up", 0), Chance::of(chance.next(), "down", 0));
        if self.closed.load(Ordering::SeqCst) {
            return;
        }
        thread::scope(|scope| {
            scope.spawn(|| self.carry(&client, &server, up));
            self.carry(&server, &client, down);
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
    fn carry(&self, from: &TcpStream, to: &TcpStream, mut chance: Chance) {
        let mut left = chance.magnitude(15);
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
            left = chance.magnitude(15);
            if !self.in_peace() && self.strike(Fault::draw(&mut chance), from, to, &mut chance) {
                return;
            }
        }
    }

    /// Lets a fault happen; whether the direction ended by it.
    fn strike(&self, fault: Fault, from: &TcpStream, to: &TcpStream, chance: &mut Chance) -> bool {
        let cut = || {
            from.shutdown(Shutdown::Both).ok();
            to.shutdown(Shutdown::Both).ok();
        };
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        match fault {
            Fault::Pause => {
                count(&self.tally.pauses);
                thread::sleep(Duration::from_micros(chance.magnitude(15)));
                return false;
            }
            Fault::Cut => {
                count(&self.tally.cuts);
                cut();
            }
            Fault::HalfClose => {
                count(&self.tally.halves);
                to.shutdown(Shutdown::Write).ok();
                drain(from);
            }
            Fault::Swallow => {
                count(&self.tally.swallowed);
                from.set_read_timeout(Some(chance.millis(100).max(Duration::from_millis(1)))).ok();
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
