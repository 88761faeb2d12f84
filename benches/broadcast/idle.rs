//! Many connections that say nothing.

use std::time::Instant;

use crate::coming;
use crate::kinds::Kind;

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
    let _held = coming::connect(&running, 0, count);
    let passed = begun.elapsed();
    let (rss, cpu) = (running.server.rss() - rss, running.server.cpu() - cpu);
    Idle {
        rss: rss as f64 / count as f64,
        per_second: count as f64 / passed.as_secs_f64(),
        cpu_us: cpu.as_secs_f64() * 1e6 / count as f64,
    }
}
