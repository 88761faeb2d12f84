//! What the logs take on the disk: counted as files grow and go, and corrected by listing them.
//!
//! Each file and each directory counts for its bytes and [`limits::FILE_OVERHEAD`]: ten thousand
//! rooms of one line are 80 MB.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits;

/// Bytes that the logs take.
///
/// Every change adds to it. It begins with 0 and may wrap below it, until a listing has added what
/// an earlier run has left.
#[derive(Debug, Default)]
pub struct DiskUsage(AtomicU64);

impl DiskUsage {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        // Half of all values are below 0: files of an earlier run, not counted yet, have shrunk.
        Some(self.wrapping()).filter(|bytes| i64::try_from(*bytes).is_ok()).unwrap_or(0)
    }

    fn wrapping(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Something took `before` bytes, and takes `after` now.
    pub(super) fn change(&self, before: u64, after: u64) {
        self.0.fetch_add(after.wrapping_sub(before), Ordering::Relaxed);
    }

    /// Corrects the count to what is in `rooms` now. What is written during the listing may count
    /// twice until the next one.
    ///
    /// # Errors
    /// The files could not be listed; the count stays.
    pub(super) fn recount(&self, rooms: &Path) -> io::Result<()> {
        let before = self.wrapping();
        self.change(before, size_of(rooms)?);
        Ok(())
    }
}

/// What a directory takes with all in it. Links are not followed.
fn size_of(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let size = entry.and_then(|entry| {
            let found = entry.metadata()?; // of the link itself, if it is one
            let inside = if found.is_dir() { size_of(&entry.path())? } else { found.len() };
            Ok(inside + limits::FILE_OVERHEAD)
        });
        match size {
            Ok(size) => bytes += size,
            Err(error) if error.kind() == ErrorKind::NotFound => {} // removed meanwhile
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::chat::protocol::{Record, RecordKind};
    use crate::chat::{LogEntry, Operation, Text};
    use crate::log::{LogConfig, Store, SyncPolicy};

    fn entry(seq: u64, operation: Operation) -> LogEntry {
        let (room, cid) = ("lobby".parse().unwrap(), format!("c{seq}").parse().unwrap());
        let (user, kind) = ("bob".parse().unwrap(), RecordKind::Operation(operation));
        let json = Record { room, seq, at: 5, user, cid, kind, new_owner: false }.encode();
        LogEntry { seq, owner: "0".repeat(32).parse().unwrap(), json: json.into() }
    }

    #[test]
    fn what_is_counted_is_what_a_listing_finds() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let (usage, rooms) = (&store.metrics().usage, dir.path().join("rooms"));
        let (sync, file_bytes, day) = (SyncPolicy::Interval, 2_000, Duration::from_secs(86_400));
        let config = LogConfig { sync, file_bytes, retain: Some(day), retain_records: None };
        let log = store.new_log(&"lobby".parse().unwrap(), config, String::from("a"), None);
        let is_exact = |when: &str| assert_eq!(usage.bytes(), size_of(&rooms).unwrap(), "{when}");
        for seq in 1..=50 {
            let text = Text::parse(&"hello".repeat(20), 100).unwrap();
            log.append(&[entry(seq, Operation::Post { text, me: false, reply: None })]).unwrap();
        }
        is_exact("after posts in many segments");
        log.append(&[entry(51, Operation::Delete { target: 3 })]).unwrap();
        let before = usage.bytes();
        for pending in log.pending_erasures() {
            log.erase(pending.segment, &mut |_| ()).unwrap();
        }
        is_exact("after erasure has replaced a segment");
        assert!(usage.bytes() < before, "{before}");
        let earlier = usage.bytes();
        log.maintain(6 + 86_400_000).unwrap();
        is_exact("after retention");
        assert!(usage.bytes() < earlier / 2);

        let again = DiskUsage::default();
        again.change(100, 0);
        assert_eq!(again.bytes(), 0, "a file of an earlier run has shrunk");
        again.recount(&rooms).unwrap();
        assert_eq!(again.bytes(), size_of(&rooms).unwrap());
    }
}
