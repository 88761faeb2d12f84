//! The log on disk: compared with the one in memory, cut and altered at any byte, on files that
//! fail, on machines that crash.

mod failing_files; // files that fail on command
mod corruption; // a log cut or altered at any byte
mod storing; // store, read, rotate, drop
mod retention; // by time, with right and wrong dates
mod write_errors; // the disk refuses or fails
mod crashing_files; // files of a machine that crashes
mod crash; // what is left after a crash at any step
mod repairing; // verify, export, repair
mod erasing; // deleted texts
mod erasing_turns; // whose texts are erased next
mod many_changes; // one post with very many edits and deletes; the newest page
mod loading; // loaded when needed, unloaded when idle

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::disk_log::DiskLog;
use super::files::{Disk, Files};
use super::finding::Torn;
use super::line::{Checksum, SegmentHeader};
use super::recover::{Recovered, recover};
use super::{Log, LogConfig, ReadLimit, SyncPolicy};
use crate::chat::LogEntry;
use crate::limits;

const ALL: ReadLimit = ReadLimit { records: usize::MAX, bytes: usize::MAX };

const CONFIG: LogConfig = LogConfig {
    sync: SyncPolicy::Always,
    file_bytes: limits::LOG_FILE,
    retain: None,
    retain_records: None,
};

/// A data directory with one room, removed at the end of the test.
struct TempDataDir(TempDir);

impl TempDataDir {
    fn new() -> TempDataDir {
        let data = TempDataDir(tempfile::tempdir().unwrap());
        fs::create_dir(data.0.path().join("rooms")).unwrap();
        data
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn dir(&self) -> PathBuf {
        self.root().join("rooms/lobby")
    }

    /// Opens the log as a server does at start.
    fn open(&self, config: LogConfig) -> (DiskLog, Option<Torn>) {
        self.open_on(Arc::new(Disk), config)
    }

    fn open_on(&self, files: Arc<dyn Files>, config: LogConfig) -> (DiskLog, Option<Torn>) {
        let room = "lobby".parse().unwrap();
        let (found, torn) = recover(&*files, &room, &self.dir(), String::from("fresh")).unwrap();
        (DiskLog::new(room, self.dir(), config, files, found), torn)
    }

    /// The segments of the log, by name.
    fn files(&self) -> Vec<PathBuf> {
        super::log_scan::list_segments(&self.dir())
            .unwrap()
            .into_iter()
            .map(|(_, path)| path)
            .collect()
    }

    /// All names in the directory.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn record(seq: u64, text: &str) -> LogEntry {
    let json = format!(
        r#"{{"type":"post","room":"lobby","seq":{seq},"at":{at},"user":"bob","cid":"c{seq}","text":"{text}"}}"#,
        at = 1_000_000 + seq,
    );
    let owner = format!("{seq:032x}").parse().unwrap();
    LogEntry { seq, owner, json: json.into() }
}

fn records(seqs: std::ops::RangeInclusive<u64>) -> Vec<LogEntry> {
    seqs.map(|seq| record(seq, "hello")).collect()
}

/// Begins a segment of the first version, whose records have no batch marks.
fn push_old_header(bytes: &mut Vec<u8>) -> Checksum {
    let (room, log) = ("lobby".parse().unwrap(), String::from("a"));
    let (after, owners) = (Checksum::START, None);
    SegmentHeader { version: 1, room, log, first: 1, at: 0, after, owners }.push(bytes)
}

fn all(log: &dyn Log) -> Vec<LogEntry> {
    log.read(0, ALL).unwrap()
}

/// A log without records, on these files.
fn empty_log(data: &TempDataDir, files: Arc<dyn Files>, config: LogConfig) -> DiskLog {
    let empty_log = Recovered::empty(String::from("fresh"), None);
    DiskLog::new("lobby".parse().unwrap(), data.dir(), config, files, empty_log)
}
