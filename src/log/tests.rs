//! The log on disk, held against the simplest log that is right, cut and flipped anywhere, on files
//! that fail.

mod broken_files; // files that fail when they are told to
mod cut; // a log cut or altered anywhere
mod kept; // what is stored, read, rotated, dropped
mod write_error; // when the disk does not do what it is asked
mod mortal; // files of a machine that dies
mod killed; // and what it leaves
mod repaired; // verify, export, repair
mod erased; // deleted texts

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::disk_log::DiskLog;
use super::files::{Disk, Files};
use super::recover::{Recovered, Torn, recover};
use super::{Log, LogConfig, ReadLimit, SyncPolicy};
use crate::chat::LogEntry;
use crate::limits;

const ALL: ReadLimit = ReadLimit { records: usize::MAX, bytes: usize::MAX };

const RULES: LogConfig = LogConfig {
    sync: SyncPolicy::Always,
    file_bytes: limits::LOG_FILE,
    retain: None,
    retain_records: None,
};

/// A room's directory that goes away with the test.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.0.path().join("rooms")).unwrap();
        place
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn dir(&self) -> PathBuf {
        self.root().join("rooms/lobby")
    }

    /// Opens the log as a start does.
    fn open(&self, rules: LogConfig) -> (DiskLog, Option<Torn>) {
        self.open_on(Arc::new(Disk), rules)
    }

    fn open_on(&self, files: Arc<dyn Files>, rules: LogConfig) -> (DiskLog, Option<Torn>) {
        let room = "lobby".parse().unwrap();
        let (found, torn) = recover(&*files, &room, &self.dir(), String::from("fresh")).unwrap();
        (DiskLog::new(room, self.dir(), rules, files, found), torn)
    }

    /// The files of the log, by name.
    fn files(&self) -> Vec<PathBuf> {
        super::log_scan::list(&self.dir()).unwrap().into_iter().map(|(_, path)| path).collect()
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

fn all(log: &dyn Log) -> Vec<LogEntry> {
    log.read(0, ALL).unwrap()
}

/// A log without any record yet, on these files.
fn nothing(place: &Place, files: Arc<dyn Files>, rules: LogConfig) -> DiskLog {
    let nothing = Recovered::nothing(String::from("fresh"), None);
    DiskLog::new("lobby".parse().unwrap(), place.dir(), rules, files, nothing)
}
