//! The server's memory, threads and descriptors, each second.

use std::fmt;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::run::Run;

const EVERY: Duration = Duration::from_secs(1);

/// The server starts a few threads when it first needs them.
const SPARE_THREADS: usize = 8;
/// The files of the busiest rooms stay open between two batches.
const SPARE_DESCRIPTORS: usize = 24;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Seconds since the start of the run.
    pub(crate) at: f64,
    /// The server's process id: another in each life.
    pub(crate) pid: u32,
    pub(crate) rss_kib: u64,
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
}

impl Sample {
    fn take(pid: u32, at: f64) -> Option<Sample> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Some(Sample {
            at,
            pid,
            rss_kib: number("VmRSS:")?,
            threads: number("Threads:")? as usize,
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count(),
        })
    }

    /// Whether threads and descriptors are back to about those of `calm`.
    pub(crate) fn is_near(&self, calm: &Sample) -> bool {
        self.threads <= calm.threads + SPARE_THREADS
            && self.descriptors <= calm.descriptors + SPARE_DESCRIPTORS
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sample { threads, descriptors, .. } = self;
        let mib = self.rss_kib as f64 / 1024.0;
        write!(f, "{threads} threads, {descriptors} descriptors, {mib:.1} MiB")
    }
}

pub(crate) struct Sampler {
    shared: Arc<Shared>,
    run: Arc<Run>,
    thread: JoinHandle<()>,
}

struct Shared {
    pid: AtomicU32,
    is_over: AtomicBool,
    samples: Mutex<Vec<Sample>>,
}

impl Sampler {
    pub(crate) fn start(run: &Arc<Run>, pid: u32) -> Sampler {
        let shared = Arc::new(Shared {
            pid: AtomicU32::new(pid),
            is_over: AtomicBool::new(false),
            samples: Mutex::default(),
        });
        let (mine, time) = (Arc::clone(&shared), Arc::clone(run));
        let sample = move || {
            while !mine.is_over.load(Ordering::SeqCst) {
                let pid = mine.pid.load(Ordering::SeqCst);
                let found = Sample::take(pid, time.start.elapsed().as_secs_f64());
                mine.samples.lock().unwrap().extend(found);
                thread::sleep(EVERY);
            }
        };
        Sampler { shared, run: Arc::clone(run), thread: thread::spawn(sample) }
    }

    /// The server was started again.
    pub(crate) fn set_pid(&self, pid: u32) {
        self.shared.pid.store(pid, Ordering::SeqCst);
    }

    /// A sample taken now.
    pub(crate) fn now(&self) -> Sample {
        let pid = self.shared.pid.load(Ordering::SeqCst);
        Sample::take(pid, self.run.start.elapsed().as_secs_f64()).unwrap()
    }

    pub(crate) fn finish(self) -> Vec<Sample> {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
        self.shared.samples.lock().unwrap().clone()
    }
}
