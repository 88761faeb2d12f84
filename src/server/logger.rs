//! One line per event on standard error, written by one thread so that nobody else ever waits.
//!
//! Room: a bounded queue and a `Write` that comes in by argument. Strangers' words are escaped and
//! cut here, at the only door.

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

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something an operator should look at.
    Warn,
    /// What happens to the server and to connections as a whole.
    Info,
    /// Each coming and going.
    Debug,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// Where events are told. A full queue drops lines and counts them.
#[derive(Debug, Clone)]
pub struct Logger {
    most: Level,
    lines: SyncSender<Line>,
    lost: Arc<Lost>,
}

/// What was never written.
#[derive(Debug, Default)]
struct Lost {
    /// Since a line last told of it.
    lately: AtomicU64,
    /// Since the start.
    ever: AtomicU64,
}

/// A line on its way, and what it tells of.
#[derive(Debug)]
struct Line {
    event: &'static str,
    text: String,
}

impl Logger {
    /// Starts the thread that writes to `out` what is at most `most`.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub fn start(most: Level, out: impl Write + Send + 'static) -> std::io::Result<Logger> {
        let (lines, queue) = sync_channel(limits::LOG_QUEUE);
        let lost = Arc::<Lost>::default();
        let (mut out, mut budget) = (out, Budget::new(Instant::now()));
        let run = move || {
            // Whatever a writer does, the next line is written.
            let mut pass = || write_all(&queue, &mut budget, &mut out);
            while catch_unwind(AssertUnwindSafe(&mut pass)).is_err() {}
        };
        thread::Builder::new().name("logger".into()).spawn(run)?;
        Ok(Logger { most, lines, lost })
    }

    /// Tells one event: what happened, and its particulars as `key=value`. Values are escaped.
    pub fn log(&self, level: Level, event: &'static str, particulars: &[(&str, &str)]) {
        if level > self.most {
            return;
        }
        let mut text = format!("{} {} {event}", utc(unix_ms()), level.word());
        for (key, value) in particulars {
            write!(text, " {key}={}", safe(value)).ok(); // writing to a String cannot fail
        }
        let dropped = self.lost.lately.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            write!(text, " dropped_lines={dropped}").ok();
        }
        if self.lines.try_send(Line { event, text }).is_err() {
            self.lost.lately.fetch_add(dropped + 1, Ordering::Relaxed);
            self.lost.ever.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were lost since the start because nobody took them.
    pub(crate) fn dropped(&self) -> u64 {
        self.lost.ever.load(Ordering::Relaxed)
    }
}

/// Writes until every [`Logger`] is gone. A reader that went away changes nothing.
fn write_all(queue: &Receiver<Line>, budget: &mut Budget, out: &mut impl Write) {
    loop {
        match queue.recv_timeout(SECOND) {
            Ok(line) => {
                budget.turn(Instant::now(), out);
                if budget.take(line.event) {
                    write(out, line.text);
                }
            }
            Err(RecvTimeoutError::Timeout) => budget.turn(Instant::now(), out),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn write(out: &mut impl Write, mut line: String) {
    line.push('\n');
    out.write_all(line.as_bytes()).ok();
}

const SECOND: Duration = Duration::from_secs(1);

/// How many lines of each event are written in a second: what strangers can cause without end fills no
/// disk. Those beyond are counted, and the count is told when the second is over.
#[derive(Debug)]
struct Budget {
    second: Instant,
    events: Vec<(&'static str, u64)>,
}

impl Budget {
    fn new(now: Instant) -> Budget {
        Budget { second: now, events: Vec::new() }
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

    /// Begins a new second, if this one is over, and tells what was left out in it.
    fn turn(&mut self, now: Instant, out: &mut impl Write) {
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

/// `value` with everything escaped that could end a line, move a cursor or fake a field, and cut.
fn safe(value: &str) -> String {
    let mut safe = String::new();
    for character in value.chars() {
        if safe.len() > limits::LOG_VALUE {
            safe.push('…');
            break;
        }
        if character.is_ascii_graphic() && character != '\\' || character.is_alphanumeric() {
            safe.push(character);
        } else if character == ' ' {
            safe.push('_');
        } else {
            safe.extend(character.escape_unicode());
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_strangers_say_stays_one_short_line() {
        assert_eq!(safe("bob"), "bob");
        assert_eq!(safe("José 😀"), "José_\\u{1f600}");
        assert_eq!(safe("a\r\nb\x1b[2J\u{202e}"), "a\\u{d}\\u{a}b\\u{1b}[2J\\u{202e}");
        assert!(safe(&"x".repeat(10_000)).len() < 300);
    }

    /// A reader that blocks until it is let go.
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
        let mut budget = Budget::new(start);
        let written = (0..100_000).filter(|_| budget.take("refused")).count();
        assert_eq!(written as u64, limits::LOG_LINES);
        assert!(budget.take("joined"));
        budget.turn(start + SECOND / 2, &mut out);
        assert!(out.is_empty() && !budget.take("refused"));
        budget.turn(start + SECOND, &mut out);
        let told = String::from_utf8(out).unwrap();
        assert!(told.ends_with(" warn refused left_out=99991\n"), "{told}");
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
    fn a_writer_that_panics_costs_its_line_and_no_more() {
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
    fn a_reader_that_is_stuck_holds_up_nobody_and_the_loss_is_counted() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let logger = Logger::start(Level::Info, Stuck(Arc::clone(&written))).unwrap();
        let stuck = written.lock().unwrap();
        for _ in 0..limits::LOG_QUEUE + 100 {
            logger.log(Level::Info, "joined", &[]);
        }
        assert!(logger.dropped() >= 99, "one line may be at the reader");
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
            assert!(Instant::now() < deadline, "the loss is never told");
            thread::yield_now();
        }
    }
}
