//! A room's durable log of numbered records: append, recover, read by seq, verify. A log is a
//! directory of segments: files of lines, each line with a checksum chained to the one before.
//!
//! Depends on `chat`, `json`, `limits`, `metrics`, `failpoint`, `ownership` and files; never on sockets or
//! clients.
//!
//! A room uses its log only through [`Log`]: another kind of log can implement it.

// From the outside in: the data directory, and the log behind the trait.
mod store; // the data directory
mod log_name; // the name of a log's directory
mod disk_log; // a log on disk
mod append; // a batch into the last file, or a new one
mod writer; // the open file, and a batch to append
mod maintenance; // fsync, retention, retry after a failure
mod erasure; // removes deleted texts from the disk
mod erasure_queue; // which of them is next, and how fast
mod loading; // into memory when it is needed, and out again
mod read_state; // what readers see
mod segment; // one file and its index; a page of records
// What is in the files.
mod line; // one line: record, owner, checksum
mod batch_mark; // the write that a line was part of
mod projection; // state derived from the records: deletes, edits, the topic, authors
mod segment_scan; // reads one file from end to end
mod torn_tail; // is a bad place a torn tail or corruption?
mod finding; // what is wrong with them
mod log_scan; // reads all files of a room
mod peek; // what the last file says at first sight
mod recover; // the first load: cuts a torn tail
mod verify; // the commands verify and export
mod repair; // the command repair
mod remove; // the command remove
mod retired; // a log that is being removed
mod files; // the system's files, behind a trait
mod usage; // what the logs take on the disk
mod free_space; // what the disk has free
mod name_list; // the command names
mod journal; // names and read markers, an append-only file with compaction

#[cfg(test)]
mod memory; // a log in memory, which tests compare with
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub use disk_log::{LogConfig, SyncPolicy};
pub use erasure_queue::{ErasureBudget, ErasureQueue};
pub use files::LogMetrics;
pub use finding::{Corruption, RecoveryFinding, Torn};
pub use free_space::{FreeSpace, Look};
pub use journal::{Journal, JournalContents, JournalRecord};
pub use log_name::LogName;
pub use name_list::{give_name, list_names, release_name};
pub use remove::{LogSize, log_size, remove};
pub use repair::{Repaired, repair};
pub use retired::RetiredLog;
pub use segment_scan::CorruptionKind;
pub use store::{LockState, LockWatch, Store};
pub use usage::DiskUsage;
pub use verify::{Verified, export, verify};

use crate::chat::{LogEntry, OwnerId, UserName};
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

/// The log must be loaded for this, and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotLoaded;

/// A segment that retention has dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedSegment {
    /// Its file, which is gone.
    pub file: PathBuf,
    /// How many records it had.
    pub records: u64,
    /// The `at` of the newest of them.
    pub newest: u64,
    /// Which rule dropped it.
    pub why: &'static str,
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
///
/// It is loaded into memory when it is first needed, and may be unloaded while it is idle: then
/// [`append`](Log::append) and [`read`](Log::read) load it again. Once it was loaded, everything else
/// about it is known without.
pub trait Log: fmt::Debug + Send + Sync {
    /// The id of this log: another id means other records under the same seqs. Known after a
    /// [`peek`](Log::peek).
    fn id(&self) -> Arc<str>;

    /// The oldest seq that retention has left; `head() + 1` where there is none.
    fn first(&self) -> u64;

    /// The newest stored seq; 0 before the first record. What a [`peek`](Log::peek) shows is not
    /// verified. Before that it is 1: a log that exists has a record.
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
    /// room. Known after a [`peek`](Log::peek).
    fn owners(&self) -> Option<[OwnerId; 2]>;

    /// Whether `owner`, one of the two of a private room, has written a record that was there when the
    /// log was first loaded, or came since. Loads the log if it never was.
    ///
    /// # Errors
    /// The log could not be loaded.
    fn has_posted(&self, owner: OwnerId) -> io::Result<bool>;

    /// The owner of the newest post under a name, if the log is loaded.
    ///
    /// # Errors
    /// It is not loaded.
    fn last_owner(&self, user: &UserName) -> Result<Option<OwnerId>, NotLoaded>;

    /// The topic of the room, if it has one.
    fn topic(&self) -> Option<String>;

    /// The `at` of the newest record, in Unix time in ms; 0 before the first.
    fn newest(&self) -> u64 {
        0
    }

    /// The segments that retention has dropped since the last call, for the operator's log.
    fn take_dropped(&self) -> Vec<DroppedSegment> {
        Vec::new()
    }

    /// How many edits the post `target` has, if it is not deleted.
    fn edit_count(&self, target: u64) -> usize;

    /// The seq of the newest edit of the post `target`, if it has one and is not deleted.
    fn newest_edit(&self, target: u64) -> Option<u64>;

    /// The seq of the record that deleted the post `target`.
    fn delete_of(&self, target: u64) -> Option<u64>;

    /// The seq after which a newest page starts: so that it has the newest
    /// [`limits::HISTORY_PAGE`] posts, or all, but begins no more than [`limits::NEWEST_SPAN`] records ago.
    fn newest_page(&self) -> u64;

    /// Why the log cannot be written now, as far as is known.
    fn write_error(&self) -> Option<String>;

    /// Whether records in the middle are damaged: those before them can be read, and nothing is written.
    fn is_damaged(&self) -> bool {
        false
    }

    /// Why the last try to load the log has failed; `None` once it was loaded.
    fn load_error(&self) -> Option<String> {
        None
    }

    /// Whether deleted texts are still on the disk, and the log can be written. It costs far less than the list of
    /// them.
    fn is_erasure_pending(&self) -> bool;

    /// The deleted texts that are still on the disk.
    fn pending_erasures(&self) -> Vec<PendingErasure>;

    /// Erases the deleted texts of the segment that begins with the record `segment`. It writes a
    /// whole file; `pace` is called after each piece with its bytes, and may sleep. Reads and appends
    /// go on meanwhile.
    ///
    /// # Errors
    /// What failed; the old file is still there, and the texts are still pending.
    fn erase(&self, segment: u64, pace: &mut dyn FnMut(usize)) -> io::Result<()>;

    /// Periodic maintenance at `now` (Unix time in ms; 0 if that is not known for certain, and then no
    /// record is too old): fsync pending writes (`--sync interval`), apply retention, retry a log that failed.
    ///
    /// # Errors
    /// What failed; the next call retries it.
    fn maintain(&self, now: u64) -> io::Result<()>;

    /// Whether [`maintain`](Log::maintain) has something to do soon. Retention by age is not counted.
    fn needs_maintenance(&self) -> bool;

    /// Looks at the last file of a log that was not loaded yet: id, owners and head are known then.
    /// Does nothing if they are.
    ///
    /// # Errors
    /// The file could not be read; [`Unsupported`](io::ErrorKind::Unsupported): a later version of this
    /// program wrote it.
    fn peek(&self) -> io::Result<()>;

    /// Loads the log, and verifies every record. Does nothing if it is loaded. Returns what the first
    /// load has found, once.
    ///
    /// # Errors
    /// The log could not be read or cut, or is not as this server has left it, or a later version of
    /// this program wrote it.
    fn load(&self) -> io::Result<Option<RecoveryFinding>>;

    /// Drops the newest records from memory: they are read from the disk then.
    fn drop_newest(&self);

    /// Unloads an idle log. False if it is not idle: it is being written, or an fsync, an erasure or a
    /// retry is due.
    fn unload(&self) -> bool;

    /// About how many bytes it takes in memory, as of the last load or maintenance.
    fn memory(&self) -> usize;
}
