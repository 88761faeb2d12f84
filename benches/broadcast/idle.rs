//! Many connections that say nothing.

use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::kinds::Kind;

/// Threads that connect at the same time: enough to keep the server busy.
const CONNECTING: usize = 4;

pub(crate) struct Idle {
    /// Bytes of memory of each.
    pub(crate) rss: f64,
    pub(crate) per_second: f64,
    pub(crate) cpu_us: f64,
}

/// Connects so many clients, which join a room and stay.
pub(crate) fn hold(count: usize) -> Idle {
    let running = Kind::Talk.start();
    let (rss, cpu, begun) = (running.server.rss(), running.server.cpu(), Instant::now());
    let held = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for first in 0..CONNECTING {
            let (held, running) = (&held, &running);
            scope.spawn(move || {
                for place in (first..count).step_by(CONNECTING) {
                    let peer = running.client(place);
                    held.lock().unwrap().push(peer);
                }
            });
        }
    });
    let passed = begun.elapsed();
    let (rss, cpu) = (running.server.rss() - rss, running.server.cpu() - cpu);
    Idle {
        rss: rss as f64 / count as f64,
        per_second: count as f64 / passed.as_secs_f64(),
        cpu_us: cpu.as_secs_f64() * 1e6 / count as f64,
    }
}
