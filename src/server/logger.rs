//! One line per event on standard error, written by one thread so that nobody else ever waits.
//!
//! Room: a bounded queue and a `Write` that comes in by argument. Strangers' words are escaped and
//! cut here, at the only door.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::clock::{unix_ms, utc};
use crate::limits;

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
#[derive(Debug)]
pub struct Logger {
    most: Level,
    lines: SyncSender<String>,
    dropped: AtomicU64,
}

impl Logger {
    /// Starts the thread that writes to `out` what is at most `most`.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub fn start(most: Level, out: impl Write + Send + 'static) -> std::io::Result<Logger> {
        let (lines, queue) = sync_channel(limits::LOG_QUEUE);
        thread::Builder::new().name("logger".into()).spawn(move || write_all(&queue, out))?;
        Ok(Logger { most, lines, dropped: AtomicU64::new(0) })
    }

    /// Tells one event: what happened, and its particulars as `key=value`. Values are escaped.
    pub fn tell(&self, level: Level, event: &str, particulars: &[(&str, &str)]) {
        if level > self.most {
            return;
        }
        let mut line = format!("{} {} {event}", utc(unix_ms()), level.word());
        for (key, value) in particulars {
            write!(line, " {key}={}", safe(value)).ok(); // writing to a String cannot fail
        }
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            write!(line, " dropped_lines={dropped}").ok();
        }
        line.push('\n');
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
        }
    }
}

/// Writes until every [`Logger`] is gone. A reader that went away changes nothing.
fn write_all(queue: &Receiver<String>, mut out: impl Write) {
    for line in queue {
        out.write_all(line.as_bytes()).ok();
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
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

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
    fn a_reader_that_is_stuck_holds_up_nobody_and_the_loss_is_counted() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let logger = Logger::start(Level::Info, Stuck(Arc::clone(&written))).unwrap();
        let stuck = written.lock().unwrap();
        for _ in 0..limits::LOG_QUEUE + 100 {
            logger.tell(Level::Info, "joined", &[]);
        }
        assert!(logger.dropped.load(Ordering::Relaxed) >= 99, "one line may be at the reader");
        logger.tell(Level::Debug, "unwanted", &[]);
        drop(stuck);
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            logger.tell(Level::Info, "joined", &[]);
            let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
            if text.contains("dropped_lines=") {
                assert!(!text.contains("unwanted"));
                break;
            }
            assert!(std::time::Instant::now() < deadline, "the loss is never told");
            thread::yield_now();
        }
    }
}
