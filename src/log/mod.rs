//! A room's durable log of numbered records: append, recover, read by seq, verify. A log is a
//! directory of segments: files of lines, each line with a checksum chained to the one before.
//!
//! Depends on `chat`, `json`, `limits`, `metrics`, `failpoint` and files; never on sockets or
//! clients.
//!
//! A room uses its log only through [`Log`]: another kind of log can implement it.

// From the outside in: the data directory, and the log behind the trait.
mod store; // the data directory
mod log_name; // the name of a log's directory
mod disk_log; // a log on disk
mod writer; // the open file, and a batch to append
mod maintenance; // fsync, retention, retry after a failure
mod erasure; // removes deleted texts from the disk
mod erasure_queue; // which of them is next, and how fast
mod read_state; // what readers see
mod segment; // one file and its index; a page of records
// What is in the files.
mod line; // one line: record, owner, checksum
mod batch_mark; // the write that a line was part of
mod projection; // state derived from the records: deletes, edits, the topic
mod segment_scan; // reads one file from end to end
mod torn_tail; // is a bad place a torn tail or corruption?
mod log_scan; // reads all files of a room
mod recover; // recovery at start: cuts a torn tail
mod verify; // the commands verify and export
mod repair; // the command repair
mod files; // the system's files, behind a trait
mod journal; // names and read markers, an append-only file with compaction

#[cfg(test)]
mod memory; // a log in memory, which tests compare with
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

pub use disk_log::{LogConfig, SyncPolicy};
pub use erasure_queue::{ErasureBudget, ErasureQueue};
pub use files::LogMetrics;
pub use journal::{Journal, JournalContents, JournalRecord};
pub use log_name::LogName;
pub use log_scan::Corruption;
pub use recover::Torn;
pub use repair::{Repaired, repair};
pub use segment_scan::CorruptionKind;
pub use store::{RecoveryFinding, Store};
pub use verify::{Verified, export, verify};

use crate::chat::{LogEntry, OwnerId};
#[cfg(doc)]
use crate::limits;

/// How much one read returns at most.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimit {
    /// Records.
    pub records: usize,
    /// Bytes of their JSON; the first record is returned even if it alone is longer.
    pub bytes: usize,
}

/// A segment that holds deleted texts of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingErasure {
    /// Who deleted them.
    pub owner: OwnerId,
    /// The seq of the segment's first record.
    pub segment: u64,
}

/// One room's log. Reading goes on while a batch is appended.
pub trait Log: fmt::Debug + Send + Sync {
    /// The id of this log: another id means other records under the same seqs.
    fn id(&self) -> &str;

    /// The oldest seq that retention has left; `head() + 1` where there is none.
    fn first(&self) -> u64;

    /// The newest stored seq; 0 before the first record.
    fn head(&self) -> u64;

    /// Stores a batch, all of it or nothing (group commit: one write and one fsync for all its
    /// records). When this returns, it is as durable as the log's `SyncPolicy` demands. Its seqs
    /// follow `head()` without a gap.
    ///
    /// # Errors
    /// The batch could not be stored. Nothing of it counts: its seqs are free again.
    fn append(&self, batch: &[LogEntry]) -> io::Result<()>;

    /// The records after `after`, the oldest first, up to `limit`. The result is contiguous;
    /// deleted records are redacted.
    ///
    /// # Errors
    /// The records could not be read. A record that is not as it was written is never returned.
    fn read(&self, after: u64, limit: ReadLimit) -> io::Result<Vec<LogEntry>>;

    /// The owners of the two names of a private room, in the order of the names; `None` for another
    /// room.
    fn owners(&self) -> Option<[OwnerId; 2]>;

    /// The topic of the room, if it has one.
    fn topic(&self) -> Option<String>;

    /// How many edits the post `target` has, if it is not deleted.
    fn edit_count(&self, target: u64) -> usize;

    /// The seq of the record that deleted the post `target`.
    fn delete_of(&self, target: u64) -> Option<u64>;

    /// The seq after which a newest page starts: so that it has the newest
    /// [`limits::HISTORY_PAGE`] posts, or all, but begins no more than [`limits::NEWEST_SPAN`] records ago.
    fn newest_page(&self) -> u64;

    /// Why the log cannot be written now, as far as is known.
    fn write_error(&self) -> Option<String>;

    /// The deleted texts that are still on the disk.
    fn pending_erasures(&self) -> Vec<PendingErasure>;

    /// Erases the deleted texts of the segment that begins with the record `segment`. It writes a
    /// whole file; `pace` is called after each piece with its bytes, and may sleep. Reads and appends
    /// go on meanwhile.
    ///
    /// # Errors
    /// What failed; the old file is still there, and the texts are still pending.
    fn erase(&self, segment: u64, pace: &mut dyn FnMut(usize)) -> io::Result<()>;

    /// Periodic maintenance at `now` (Unix time in ms): fsync pending writes (`--sync interval`),
    /// apply retention, retry a log that failed.
    ///
    /// # Errors
    /// What failed; the next call retries it.
    fn maintain(&self, now: u64) -> io::Result<()>;
}
