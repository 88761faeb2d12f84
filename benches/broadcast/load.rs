//! The load on a server: some clients send, all receive.

use std::process;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::common::server_process::cpu;
use crate::support::client::is;
use crate::support::client_pool::ClientPool;
use crate::targets::{LOBBY, Running, Target};

/// Time before the measured span: all clients have joined, buffers have grown, queues are stable.
const WARMUP: Duration = Duration::from_millis(700);
/// The longest wait for an event.
const WAIT: Duration = Duration::from_millis(100);

/// How long messages in flight may take to arrive after a measurement. An overloaded server needs longer;
/// the bench does not wait for it.
const SETTLING: Duration = Duration::from_secs(3);
/// If nothing comes for so long, nothing more will come.
const SILENCE: Duration = Duration::from_secs(1);

/// A load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) clients: usize,
    /// How many of them send.
    pub(crate) senders: usize,
    /// How many more have joined and never read.
    pub(crate) non_readers: usize,
    pub(crate) pace: Pace,
    /// Rooms over which the clients are spread.
    pub(crate) rooms: usize,
    /// Bytes of a text.
    pub(crate) text: usize,
}

/// When the clients send.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// So many messages a second, whether or not they are delivered.
    Open(u32),
    /// Each sender has so many in flight.
    Closed(usize),
}

/// The result of a load.
pub(crate) struct Outcome {
    pub(crate) deliveries: u64,
    pub(crate) span: Duration,
    /// The CPU time of the server, and of the clients.
    pub(crate) cpu: Duration,
    pub(crate) clients_cpu: Duration,
    /// From when a message was due to when it was read, in us: by every client at an open pace, by its
    /// sender at a closed one.
    pub(crate) latencies: Histogram<u64>,
}

impl Outcome {
    pub(crate) fn rate(&self) -> f64 {
        self.deliveries as f64 / self.span.as_secs_f64()
    }

    /// us of the server's CPU for each delivery.
    pub(crate) fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.deliveries as f64
    }

    pub(crate) fn quantile(&self, part: f64) -> f64 {
        self.latencies.value_at_quantile(part) as f64 / 1e3
    }
}

/// The sender of a message, and when it was due, from its cid.
const CID: usize = "00000-0000000000000000".len();

pub(crate) fn cid(place: usize, nanos: u64) -> String {
    format!("{place:05}-{nanos:016x}")
}

pub(crate) struct Said {
    pub(crate) place: usize,
    pub(crate) nanos: u64,
}

/// Reads the cid at its fixed place, if this is a message of this bench.
pub(crate) fn said(payload: &[u8], text: usize) -> Option<Said> {
    let at = payload.len().checked_sub(CID + "\",\"text\":\"\"}".len() + text)?;
    let cid = payload.get(at..at + CID)?;
    let digits = |part: &[u8], radix| {
        part.iter()
            .try_fold(0, |n, digit| Some(n * radix + char::from(*digit).to_digit(16)? as u64))
    };
    Some(Said { place: digits(&cid[..5], 10)? as usize, nanos: digits(&cid[6..], 16)? })
}

/// From 1 us to a minute, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).unwrap()
}

impl Load {
    pub(crate) fn run(&self, target: Target, span: Duration) -> Outcome {
        let running = target.start();
        let mut pool = ClientPool::new();
        for place in 0..self.clients {
            let mut client = running.client(place, &self.room(place));
            if place + 1 == self.clients {
                client = running.wait_until_known(client, place);
            }
            pool.add(client);
        }
        let non_readers = self.clients..self.clients + self.non_readers;
        let _non_readers: Vec<_> = non_readers.map(|place| running.client(place, LOBBY)).collect();
        Drive::new(self, target, pool).drive(&running, span)
    }

    fn room(&self, place: usize) -> String {
        match self.rooms {
            1 => String::from(LOBBY),
            rooms => format!("room{:03}", place % rooms),
        }
    }
}

struct Drive<'l> {
    load: &'l Load,
    target: Target,
    pool: ClientPool,
    text: String,
    begun: Instant,
    /// Messages sent, and deliveries of them, since the start.
    said: u64,
    delivered: u64,
    /// Senders that may send the next message, at a closed pace.
    free: Vec<usize>,
}

impl Drive<'_> {
    fn new(load: &Load, target: Target, pool: ClientPool) -> Drive<'_> {
        let text = "x".repeat(load.text);
        Drive {
            load,
            target,
            pool,
            text,
            begun: Instant::now(),
            said: 0,
            delivered: 0,
            free: Vec::new(),
        }
    }

    fn drive(mut self, running: &Running, span: Duration) -> Outcome {
        self.begun = Instant::now();
        if let Pace::Closed(in_flight) = self.load.pace {
            self.free = (0..self.load.senders).flat_map(|n| vec![n; in_flight]).collect();
        }
        self.until(WARMUP, &mut histogram());
        let (cpu_before, own_before) = (running.server.cpu(), cpu(process::id()));
        let start = Instant::now();
        let mut latencies = histogram();
        let deliveries = self.until(self.begun.elapsed() + span, &mut latencies);
        let outcome = Outcome {
            deliveries,
            span: start.elapsed(),
            cpu: running.server.cpu() - cpu_before,
            clients_cpu: cpu(process::id()) - own_before,
            latencies,
        };
        self.settle();
        outcome
    }

    /// Receives what is in flight: a server that drops messages would look fast.
    fn settle(&mut self) {
        let wanted = self.said * (self.load.clients / self.load.rooms) as u64;
        let begun = Instant::now();
        let (delivered, mut received) = (&mut self.delivered, Instant::now());
        while *delivered < wanted && begun.elapsed() < SETTLING {
            self.pool.poll(WAIT, |_, payload, now| {
                *delivered += u64::from(is(payload, "post"));
                received = now;
            });
            let missing = wanted - *delivered;
            assert!(received.elapsed() < SILENCE, "{missing} of {wanted} deliveries never came");
        }
        assert!(*delivered <= wanted, "{delivered} deliveries instead of {wanted}");
    }

    /// Runs until so long after the start; returns how many messages were delivered.
    fn until(&mut self, end: Duration, latencies: &mut Histogram<u64>) -> u64 {
        let (mut deliveries, begun, load) = (0, self.begun, *self.load);
        loop {
            let wait = self.say_what_is_due();
            let free = &mut self.free;
            self.pool.poll(wait, |place, payload, now| {
                deliveries += u64::from(is(payload, "post"));
                match load.pace {
                    Pace::Closed(_) if place >= load.senders => return,
                    Pace::Closed(_) | Pace::Open(_) => {}
                }
                let Some(said) = said(payload, load.text) else { return };
                if let Pace::Closed(_) = load.pace {
                    if said.place != place {
                        return;
                    }
                    free.push(place);
                }
                let passed = (now - begun).saturating_sub(Duration::from_nanos(said.nanos));
                latencies.saturating_record(passed.as_micros() as u64);
            });
            if begun.elapsed() >= end {
                self.delivered += deliveries;
                return deliveries;
            }
        }
    }

    /// Returns how long nothing more is due.
    fn say_what_is_due(&mut self) -> Duration {
        match self.load.pace {
            Pace::Open(rate) => loop {
                let due = Duration::from_secs(1) * self.said as u32 / rate;
                let early = due.saturating_sub(self.begun.elapsed());
                if !early.is_zero() {
                    return early.min(WAIT);
                }
                let place = self.said as usize % self.load.senders;
                self.say(place, due);
            },
            Pace::Closed(_) => {
                for place in std::mem::take(&mut self.free) {
                    self.say(place, self.begun.elapsed());
                }
                WAIT
            }
        }
    }

    fn say(&mut self, place: usize, due: Duration) {
        let cid = cid(place, due.as_nanos() as u64);
        let post = self.target.post(place, &self.load.room(place), &cid, &self.text);
        self.pool.send(place, post.as_bytes());
        self.said += 1;
    }
}
