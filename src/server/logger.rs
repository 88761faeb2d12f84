//! The operator's log: one line per event on standard error, written by one thread, so that no other thread
//! waits.
//!
//! All text of users is escaped and cut here.

use std::fmt::Write as _;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::limits;
use crate::time::unix_ms;
use crate::time::utc;

/// How important an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something that needs the operator's attention.
    Warn,
    /// What the server has done by itself and an operator may look for later.
    Notice,
    /// Starts and ends of sessions.
    Info,
    /// Every refused request and every disconnect by the server.
    Debug,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Warn => "warn",
            Level::Notice => "notice",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// Logs events. A full queue drops lines and counts them.
#[derive(Debug, Clone)]
pub struct Logger {
    /// The least important level that is written.
    max: Level,
    /// The queue to the logger thread.
    lines: SyncSender<LogLine>,
    /// How many lines were dropped.
    dropped: Arc<Dropped>,
}

/// How many lines were dropped.
#[derive(Debug, Default)]
struct Dropped {
    /// Since a line last reported it.
    unreported: AtomicU64,
    /// Since the start.
    total: AtomicU64,
}

/// A line for the logger thread, and its event.
#[derive(Debug)]
struct LogLine {
    event: &'static str,
    text: String,
}

impl Logger {
    /// Starts the thread that writes events up to the level `max` to `out`.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub fn start(max: Level, out: impl Write + Send + 'static) -> std::io::Result<Logger> {
        let (lines, queue) = sync_channel(limits::LOG_QUEUE);
        let dropped = Arc::<Dropped>::default();
        let (mut out, mut budget) = (out, LineBudget::new(Instant::now()));
        let run = move || {
            // A panic in `out` costs one line.
            let mut pass = || write_all(&queue, &mut budget, &mut out);
            while catch_unwind(AssertUnwindSafe(&mut pass)).is_err() {}
        };
        thread::Builder::new().name("logger".into()).spawn(run)?;
        Ok(Logger { max, lines, dropped })
    }

    /// Logs one event, with its fields as `key=value`. Values are escaped.
    pub fn log(&self, level: Level, event: &'static str, fields: &[(&str, &str)]) {
        if level > self.max {
            return;
        }
        let mut text = format!("{} {} {event}", utc(unix_ms()), level.name());
        for (key, value) in fields {
            write!(text, " {key}={}", escape(value)).ok(); // writing to a String cannot fail
        }
        let dropped = self.dropped.unreported.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            write!(text, " dropped_lines={dropped}").ok();
        }
        if self.lines.try_send(LogLine { event, text }).is_err() {
            self.dropped.unreported.fetch_add(dropped + 1, Ordering::Relaxed);
            self.dropped.total.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were dropped since the start, because the queue was full.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.total.load(Ordering::Relaxed)
    }
}

/// Writes lines until every [`Logger`] is dropped. Write errors are ignored.
fn write_all(queue: &Receiver<LogLine>, budget: &mut LineBudget, out: &mut impl Write) {
    loop {
        match queue.recv_timeout(SECOND) {
            Ok(line) => {
                budget.next_second(Instant::now(), out);
                if budget.take(line.event) {
                    write(out, line.text);
                }
            }
            Err(RecvTimeoutError::Timeout) => budget.next_second(Instant::now(), out),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn write(out: &mut impl Write, mut line: String) {
    line.push('\n');
    out.write_all(line.as_bytes()).ok();
}

const SECOND: Duration = Duration::from_secs(1);

/// Limits how many lines of each event are written in a second, so that clients cannot fill a disk. Lines
/// beyond the limit are counted, and the count is written when the second is over.
#[derive(Debug)]
struct LineBudget {
    /// When the current second started.
    second: Instant,
    /// The lines of each event in it.
    events: Vec<(&'static str, u64)>,
}

impl LineBudget {
    fn new(now: Instant) -> LineBudget {
        LineBudget { second: now, events: Vec::new() }
    }

    /// Whether one more line of `event` is written in this second.
    fn take(&mut self, event: &'static str) -> bool {
        let known = self.events.iter_mut().find(|(known, _)| *known == event);
        match known {
            Some((_, count)) => {
                *count += 1;
                *count <= limits::LOG_LINES
            }
            None => {
                self.events.push((event, 1));
                true
            }
        }
    }

    /// Starts a new second if this one is over, and writes how many lines were left out in it.
    fn next_second(&mut self, now: Instant, out: &mut impl Write) {
        if now.saturating_duration_since(self.second) < SECOND {
            return;
        }
        self.second = now;
        for (event, count) in self.events.drain(..) {
            if count > limits::LOG_LINES {
                let more = count - limits::LOG_LINES;
                write(out, format!("{} warn {event} left_out={more}", utc(unix_ms())));
            }
        }
    }
}

/// `value`, cut to a length, with everything escaped that could end a line, move a cursor or fake a field.
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for character in value.chars() {
        if escaped.len() > limits::LOG_VALUE {
            escaped.push('…');
            break;
        }
        if character.is_ascii_graphic() && character != '\\' || character.is_alphanumeric() {
            escaped.push(character);
        } else if character == ' ' {
            escaped.push('_');
        } else {
            escaped.extend(character.escape_unicode());
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn text_of_users_stays_one_short_line() {
        assert_eq!(escape("bob"), "bob");
        assert_eq!(escape("José 😀"), "José_\\u{1f600}");
        assert_eq!(escape("a\r\nb\x1b[2J\u{202e}"), "a\\u{d}\\u{a}b\\u{1b}[2J\\u{202e}");
        assert!(escape(&"x".repeat(10_000)).len() < 300);
    }

    /// A writer that blocks until the test releases it.
    struct Stuck(Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flood_of_one_event_is_counted_and_leaves_others_alone() {
        let (start, mut out) = (Instant::now(), Vec::new());
        let mut budget = LineBudget::new(start);
        let written = (0..100_000).filter(|_| budget.take("refused")).count();
        assert_eq!(written as u64, limits::LOG_LINES);
        assert!(budget.take("joined"));
        budget.next_second(start + SECOND / 2, &mut out);
        assert!(out.is_empty() && !budget.take("refused"));
        budget.next_second(start + SECOND, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with(" warn refused left_out=99991\n"), "{text}");
        assert!(budget.take("refused"), "a new second");
    }

    /// A writer that panics at its first line.
    struct Broken(bool, Arc<Mutex<Vec<u8>>>);

    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            assert!(std::mem::replace(&mut self.0, true), "on purpose");
            self.1.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_that_panics_costs_one_line() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let logger = Logger::start(Level::Info, Broken(false, Arc::clone(&written))).unwrap();
        logger.log(Level::Info, "first", &[]);
        logger.log(Level::Info, "second", &[]);
        let deadline = Instant::now() + Duration::from_secs(60);
        while written.lock().unwrap().is_empty() {
            assert!(Instant::now() < deadline, "nothing is written any more");
            thread::yield_now();
        }
        assert!(String::from_utf8_lossy(&written.lock().unwrap()).contains(" info second\n"));
    }

    #[test]
    fn a_stuck_reader_blocks_no_thread_and_dropped_lines_are_counted() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let logger = Logger::start(Level::Info, Stuck(Arc::clone(&written))).unwrap();
        let stuck = written.lock().unwrap();
        for _ in 0..limits::LOG_QUEUE + 100 {
            logger.log(Level::Info, "joined", &[]);
        }
        assert!(logger.dropped() >= 99, "the logger thread may hold one line");
        logger.log(Level::Debug, "unwanted", &[]);
        drop(stuck);
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            logger.log(Level::Info, "left", &[]);
            let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
            if text.contains("dropped_lines=") {
                assert!(!text.contains("unwanted"));
                break;
            }
            assert!(Instant::now() < deadline, "dropped lines are never reported");
            thread::yield_now();
        }
    }
}
