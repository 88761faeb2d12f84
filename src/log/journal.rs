//! A journal: an append-only file of small records (claims of names, read markers, memberships), of
//! which the last one for each key counts. Compaction rewrites it.
//!
//! It holds no tokens, only owner ids, from which no token can be computed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::marker::PhantomData;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Disk, Files, Stat};
use super::repair::backup_name;
use crate::chat::{AwayMessage, ReadMarker, SavedClaim, SavedMembership, SavedState, UserName};
use crate::json::{self, Object, Value};
use crate::limits;
use crate::ownership;

/// A record that can be written as a line.
pub trait JournalRecord: Sized {
    /// The `type` in the file's first line.
    const KIND: &'static str;

    /// Adds the record's fields to a line.
    fn push(&self, line: &mut Object);

    /// Reads the record from a line.
    fn parse(line: &Value) -> Option<Self>;
}

/// A file of records.
#[derive(Debug)]
pub struct Journal<T> {
    /// Where it is.
    path: PathBuf,
    /// The open file.
    file: Arc<File>,
    /// Its size.
    bytes: u64,
    /// Its size after the last compaction.
    compacted_bytes: u64,
    /// Whether all of it is fsynced.
    synced: bool,
    /// The last line may be incomplete.
    torn: bool,
    /// The error of the last append, if it failed.
    write_error: Option<String>,
    records: PhantomData<T>,
}

/// The contents of a journal.
#[derive(Debug)]
pub struct JournalContents<T> {
    /// The records, the oldest first.
    pub records: Vec<T>,
    /// Lines that are not valid records, incomplete ones included.
    pub invalid_lines: usize,
}

impl<T: JournalRecord> Journal<T> {
    /// Reads the file at `path`; empty where there is none.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn read(path: &Path) -> io::Result<JournalContents<T>> {
        let mut found = JournalContents { records: Vec::new(), invalid_lines: 0 };
        let mut bytes = Vec::new();
        match ownership::open_for_reading(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
            other => other?.read_to_end(&mut bytes)?,
        };
        let header = encode_header::<T>();
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        let (lines, last) = bytes.split_at(end);
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match parse(line) {
                Some(record) => found.records.push(record),
                None if line == header.trim_end().as_bytes() => {}
                None => found.invalid_lines += 1,
            }
        }
        found.records.extend(parse(last)); // a kill in the middle of a write leaves a part of a record
        Ok(found)
    }

    /// Keeps a file with invalid lines under a second name, before [`write`](Journal::write) replaces it.
    /// Returns that name.
    ///
    /// # Errors
    /// The file could not be copied.
    pub fn keep_damaged(path: &Path) -> io::Result<PathBuf> {
        let backup = backup_name(path);
        fs::hard_link(path, &backup).or_else(|_| {
            // A file system without hard links.
            let mut copy = ownership::create_new(&backup)?;
            io::copy(&mut ownership::open_for_reading(path)?, &mut copy)?;
            copy.sync_all()
        })?;
        Ok(backup)
    }

    /// Writes a new file with `records` to `path`. The former one stays until the new one is
    /// complete.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn write(path: &Path, records: &[T]) -> io::Result<Journal<T>> {
        let replacement = path.with_extension("anew");
        let mut file = ownership::create_anew(&replacement)?;
        let text = [encode_header::<T>(), encode_lines(records)].concat();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&replacement, path)?;
        Disk.fsync_dir(path.parent().unwrap_or(Path::new(".")))?;
        let (path, file, bytes) = (path.to_owned(), Arc::new(file), text.len() as u64);
        Ok(Journal {
            path,
            file,
            bytes,
            compacted_bytes: bytes,
            synced: true,
            torn: false,
            write_error: None,
            records: PhantomData,
        })
    }

    /// Appends changed records. They survive a kill of the process.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn append(&mut self, records: &[T]) -> io::Result<()> {
        let start = if self.torn { "\n" } else { "" };
        let text = [start, &encode_lines(records)].concat();
        let written = (&*self.file).write_all(text.as_bytes());
        self.torn = written.is_err();
        self.write_error = written.as_ref().err().map(io::Error::to_string);
        self.synced = false;
        let len = || self.file.metadata().map(|found| found.len());
        self.bytes = if self.torn { len()? } else { self.bytes + text.len() as u64 };
        written
    }

    /// Whether the file is what this journal has written: not removed, replaced or changed by another
    /// program.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        let named = Disk.stat(&self.path);
        let opened = self.file.metadata().map(Stat::from);
        let is_same = |named: Stat, opened: Stat| named.id == opened.id && named.len == self.bytes;
        named.is_ok_and(|named| opened.is_ok_and(|opened| is_same(named, opened)))
    }

    /// The file, if it has records that are not fsynced yet.
    pub fn take_unsynced(&mut self) -> Option<Arc<File>> {
        let unsynced = !mem::replace(&mut self.synced, true);
        unsynced.then(|| Arc::clone(&self.file))
    }

    /// Whether compaction is due: most lines are superseded.
    #[must_use]
    pub fn needs_compaction(&self) -> bool {
        self.bytes > limits::JOURNAL && self.bytes > self.compacted_bytes.saturating_mul(4)
    }

    /// Compacts the file: rewrites it with `records` only.
    ///
    /// # Errors
    /// The file could not be written; then the old one is unchanged.
    pub fn compact(&mut self, records: &[T]) -> io::Result<()> {
        *self = Journal::write(&self.path, records).inspect_err(|error| {
            self.write_error = Some(error.to_string());
        })?;
        Ok(())
    }

    /// The file's size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The error of the last append, if it failed.
    #[must_use]
    pub fn write_error(&self) -> Option<&str> {
        self.write_error.as_deref()
    }
}

fn encode_header<T: JournalRecord>() -> String {
    let mut object = Object::new();
    object.string("type", T::KIND).number("version", 1);
    object.end() + "\n"
}

fn encode_lines<T: JournalRecord>(records: &[T]) -> String {
    let mut text = String::new();
    for record in records {
        let mut object = Object::new();
        record.push(&mut object);
        text.push_str(&object.end());
        text.push('\n');
    }
    text
}

fn parse<T: JournalRecord>(line: &[u8]) -> Option<T> {
    T::parse(&json::parse(std::str::from_utf8(line).ok()?).ok()?)
}

/// A claim of a name.
impl JournalRecord for SavedClaim {
    const KIND: &'static str = "names";

    fn push(&self, line: &mut Object) {
        let SavedClaim { user, owner, key, posted, is_former, until, away } = self;
        line.string("user", user.as_str()).string("holder", &owner.to_string());
        if let Some(key) = key {
            line.string("key", &key.to_string());
        }
        line.boolean("posted", *posted);
        if *is_former {
            line.boolean("former", true);
        }
        if let Some(until) = until {
            line.number("until", *until);
        }
        if let Some(away) = away {
            line.string("away", away.as_str());
        }
    }

    fn parse(line: &Value) -> Option<SavedClaim> {
        let until = line.get("until").map(|until| until.as_u64().ok_or(())).transpose().ok()?;
        let digest = |key: &Value| key.as_str().and_then(|key| key.parse().ok()).ok_or(());
        Some(SavedClaim {
            user: UserName::from_trusted(line.get("user")?.as_str()?),
            owner: line.get("holder")?.as_str()?.parse().ok()?,
            key: line.get("key").map(digest).transpose().ok()?,
            posted: line.get("posted")?.as_bool()?,
            is_former: line.get("former").and_then(Value::as_bool).unwrap_or(false),
            until,
            away: line.get("away").and_then(Value::as_str).map(AwayMessage::from_trusted),
        })
    }
}

/// A read marker.
impl JournalRecord for ReadMarker {
    const KIND: &'static str = "marks";

    fn push(&self, line: &mut Object) {
        line.string("holder", &self.owner.to_string()).string("log", &self.log);
        line.number("seq", self.seq);
    }

    fn parse(line: &Value) -> Option<ReadMarker> {
        Some(ReadMarker {
            owner: line.get("holder")?.as_str()?.parse().ok()?,
            log: String::from(line.get("log")?.as_str()?),
            seq: line.get("seq")?.as_u64()?,
        })
    }
}

/// A membership.
impl JournalRecord for SavedMembership {
    const KIND: &'static str = "memberships";

    fn push(&self, line: &mut Object) {
        line.string("holder", &self.owner.to_string()).string("room", self.room.as_str());
        match self.state {
            SavedState::Joined => {}
            SavedState::Muted => {
                line.boolean("muted", true);
            }
            SavedState::Left => {
                line.boolean("left", true);
            }
        }
    }

    fn parse(line: &Value) -> Option<SavedMembership> {
        let flag = |key| line.get(key).map_or(Some(false), Value::as_bool);
        let state = match (flag("muted")?, flag("left")?) {
            (false, false) => SavedState::Joined,
            (true, false) => SavedState::Muted,
            (_, true) => SavedState::Left,
        };
        Some(SavedMembership {
            owner: line.get("holder")?.as_str()?.parse().ok()?,
            room: line.get("room")?.as_str()?.parse().ok()?,
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved_claim(user: &str, until: Option<u64>) -> SavedClaim {
        let owner = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let away = until.map(|_| AwayMessage::parse("lunch").unwrap());
        let (key, is_former) = (until.map(|_| owner), until.is_some());
        let (user, posted) = (user.parse().unwrap(), until.is_some());
        SavedClaim { user, owner, key, posted, is_former, until, away }
    }

    #[test]
    fn appended_records_are_read_again_and_a_half_line_loses_only_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("names.jsonl");
        assert!(Journal::<SavedClaim>::read(&path).unwrap().records.is_empty());
        let mut file = Journal::write(&path, &[saved_claim("alice", Some(7))]).unwrap();
        file.append(&[saved_claim("bob", None), saved_claim("José", Some(9))]).unwrap();
        let all =
            [saved_claim("alice", Some(7)), saved_claim("bob", None), saved_claim("José", Some(9))];
        assert_eq!(Journal::<SavedClaim>::read(&path).unwrap().records, all);
        let whole = fs::read(&path).unwrap();
        let header = encode_header::<SavedClaim>().trim_end().len();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let names = Journal::<SavedClaim>::read(&path).unwrap();
            assert!(all.starts_with(&names.records), "cut at byte {cut}");
            let is_damaged = cut > 0 && cut < header;
            assert_eq!(names.invalid_lines, usize::from(is_damaged), "cut at byte {cut}");
        }
    }

    #[test]
    fn it_is_compacted_once_most_of_it_is_superseded() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("names.jsonl");
        let mut file = Journal::write(&path, &[]).unwrap();
        while !file.needs_compaction() {
            file.append(&vec![saved_claim("bob", None); 100]).unwrap();
        }
        file.compact(&[saved_claim("bob", None)]).unwrap();
        file.append(&[saved_claim("bob", Some(5))]).unwrap();
        assert!(!file.needs_compaction());
        let names = Journal::<SavedClaim>::read(&path).unwrap();
        assert_eq!(names.records, [saved_claim("bob", None), saved_claim("bob", Some(5))]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_line_of_an_older_version_is_a_current_name_without_a_key() {
        let line = br#"{"user":"bob","holder":"0123456789abcdef0123456789abcdef","posted":false}"#;
        assert_eq!(parse::<SavedClaim>(line), Some(saved_claim("bob", None)));
    }

    #[test]
    fn a_read_marker_is_written_and_read_as_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("marks.jsonl");
        let marker =
            ReadMarker { owner: saved_claim("bob", None).owner, log: String::from("a6fa"), seq: 7 };
        let mut file = Journal::write(&path, std::slice::from_ref(&marker)).unwrap();
        file.append(&[ReadMarker { seq: 9, ..marker.clone() }]).unwrap();
        let found = Journal::<ReadMarker>::read(&path).unwrap();
        assert_eq!(
            (found.records, found.invalid_lines),
            (vec![marker.clone(), ReadMarker { seq: 9, ..marker }], 0)
        );
        assert_eq!(Journal::<SavedClaim>::read(&path).unwrap().records, [], "no names");
    }

    #[test]
    fn a_membership_is_written_and_read_as_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("memberships.jsonl");
        let membership = |state| SavedMembership {
            owner: saved_claim("bob", None).owner,
            room: "dev".parse().unwrap(),
            state,
        };
        let all = [SavedState::Joined, SavedState::Muted, SavedState::Left].map(membership);
        Journal::write(&path, &all).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let line = r#"{"holder":"0123456789abcdef0123456789abcdef","room":"dev","muted":true}"#;
        assert_eq!(text.lines().nth(2), Some(line));
        let found = Journal::<SavedMembership>::read(&path).unwrap();
        assert_eq!((found.records, found.invalid_lines), (all.to_vec(), 0));
        fs::write(&path, text.replace("\"dev\"", "\"../etc\"")).unwrap();
        assert_eq!(Journal::<SavedMembership>::read(&path).unwrap().invalid_lines, 3);
    }
}
