//! A room's numbered records: append, recover, read by seq, verify.
//!
//! Room: files, `json`, and the values of `chat`. Never a socket or a client.
//!
//! A room reaches its log through [`Log`] alone, because more than one kind will stand behind it.

// From the outside in: what a server opens, and the log behind the trait.
mod store; // the data directory
mod log_name; // what a directory in it is called
mod disk_log; // a log on disk
mod writer; // the file they go into
mod maintenance; // written again after write_error
mod erasure; // deleted texts taken from the disk
mod read_state; // what its readers see
mod segment; // one file and its index
// What stands in the files.
mod line; // one line: record, owner, check value
mod projection; // what records do to others: edits, deletes, the topic
mod segment_scan; // one file from end to end
mod log_scan; // all files of a room
mod recover; // what a start does with them
mod verify; // what a person does: verify, export
mod repair; // and repair
mod files; // the system's files, behind a trait
mod journal; // small facts: names that are held, read markers

#[cfg(test)]
mod memory; // the simplest log that is right: what the durable one is compared with
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

pub use disk_log::{LogConfig, SyncPolicy};
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

/// How much one read may bring.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimit {
    /// Records.
    pub records: usize,
    /// Bytes of their JSON; the first record comes even when it alone is longer.
    pub bytes: usize,
}

/// One room's log. Reading goes on while a batch is appended.
pub trait Log: fmt::Debug + Send + Sync {
    /// The id of this log: another one means other records under the same numbers.
    fn id(&self) -> &str;

    /// The oldest seq that is kept; `head() + 1` where none is.
    fn first(&self) -> u64;

    /// The newest stored seq; 0 before the first record.
    fn head(&self) -> u64;

    /// Stores a batch, all of it or nothing. When this returns, it is stored as safely as the log
    /// was asked to. Its records follow `head()` without a hole.
    ///
    /// # Errors
    /// What kept the batch from being stored. Nothing of it counts then: its numbers come again.
    fn append(&self, batch: &[LogEntry]) -> io::Result<()>;

    /// The records that follow `after`, oldest first, as many as `limit` allows and are kept. None is
    /// left out between owners of them; of those that were deleted, what is left comes.
    ///
    /// # Errors
    /// What kept them from being read; a record that is not as it was written is never served.
    fn read(&self, after: u64, limit: ReadLimit) -> io::Result<Vec<LogEntry>>;

    /// The owners of the owners names of a private room, in the order of the names; none elsewhere.
    fn owners(&self) -> Option<[OwnerId; 2]>;

    /// What the newest record about it says that the room is about, if it says anything.
    fn topic(&self) -> Option<String>;

    /// Why the log cannot be written now, as far as is known.
    fn write_error(&self) -> Option<String>;

    /// What is to be done by the clock, at `now` (Unix time in ms): what was only handed to the
    /// system is forced to the disk, old records are dropped, deleted texts are erased, and a log that
    /// could not be written looks whether it can be again.
    ///
    /// # Errors
    /// What went wrong; it is tried again.
    fn maintain(&self, now: u64) -> io::Result<()>;
}
