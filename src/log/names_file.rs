//! The names that are held, kept over a restart: a file of lines to which each change is added.
//!
//! Room: one file. What a claim means is `chat::names`' to know; here are no tokens, only holders,
//! from which no token can be made.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Disk, Files};
use crate::chat::{Kept, UserName};
use crate::json::{self, Object};
use crate::limits;

const HEADER: &str = "{\"type\":\"names\",\"version\":1}\n";

/// The file of names.
#[derive(Debug)]
pub struct NamesFile {
    path: PathBuf,
    file: Arc<File>,
    bytes: u64,
    /// What it had when it was written anew last.
    compact: u64,
    synced: bool,
    /// The last line may be half a line.
    torn: bool,
    trouble: Option<String>,
}

/// What the file holds: for each name the last line counts.
#[derive(Debug, Default)]
pub struct KeptNames {
    /// The claims, the oldest line first.
    pub kept: Vec<Kept>,
    /// Lines that are none of ours, or only half of one.
    pub unread: usize,
}

impl NamesFile {
    /// What is kept in the file at `path`; nothing where there is none.
    ///
    /// # Errors
    /// What kept it from being read.
    pub fn read(path: &Path) -> io::Result<KeptNames> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(KeptNames::default()),
            other => other?,
        };
        let mut names = KeptNames::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match parse(line) {
                Some(kept) => names.kept.push(kept),
                None if line == HEADER.trim_end().as_bytes() => {}
                None => names.unread += 1,
            }
        }
        Ok(names)
    }

    /// Begins the file at `path` anew with `kept`. The former one stays until the new one is whole.
    ///
    /// # Errors
    /// What kept it from being written.
    pub fn write(path: &Path, kept: &[Kept]) -> io::Result<NamesFile> {
        let anew = path.with_extension("anew");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&anew)?;
        let text = [HEADER.to_owned(), lines(kept)].concat();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&anew, path)?;
        Disk.sync_dir(path.parent().unwrap_or(Path::new(".")))?;
        let (path, file, bytes) = (path.to_owned(), Arc::new(file), text.len() as u64);
        Ok(NamesFile {
            path,
            file,
            bytes,
            compact: bytes,
            synced: true,
            torn: false,
            trouble: None,
        })
    }

    /// Adds what has changed. A kill of the process does not undo it.
    ///
    /// # Errors
    /// What kept it from being written.
    pub fn append(&mut self, kept: &[Kept]) -> io::Result<()> {
        let start = if self.torn { "\n" } else { "" };
        let text = [start, &lines(kept)].concat();
        let written = (&*self.file).write_all(text.as_bytes());
        self.torn = written.is_err();
        self.trouble = written.as_ref().err().map(io::Error::to_string);
        self.synced = false;
        self.bytes += text.len() as u64;
        written
    }

    /// The file, if something in it is to be forced to the disk.
    pub fn take_unsynced(&mut self) -> Option<Arc<File>> {
        let unsynced = !mem::replace(&mut self.synced, true);
        unsynced.then(|| Arc::clone(&self.file))
    }

    /// Whether most of its lines are about what is no longer so.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.bytes > limits::NAMES_FILE && self.bytes > self.compact.saturating_mul(4)
    }

    /// Writes it anew with `kept`.
    ///
    /// # Errors
    /// What kept it from being written; then it is as it was.
    pub fn compact(&mut self, kept: &[Kept]) -> io::Result<()> {
        *self = NamesFile::write(&self.path, kept)?;
        Ok(())
    }

    /// Why it could not be written, if that is so.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}

fn lines(kept: &[Kept]) -> String {
    let mut text = String::new();
    for Kept { user, holder, posted, until } in kept {
        let mut object = Object::new();
        object.string("user", user.as_str()).string("holder", &holder.to_string());
        object.boolean("posted", *posted);
        if let Some(until) = until {
            object.number("until", *until);
        }
        text.push_str(&object.end());
        text.push('\n');
    }
    text
}

fn parse(line: &[u8]) -> Option<Kept> {
    let value = json::parse(std::str::from_utf8(line).ok()?).ok()?;
    let until = value.get("until").map(|until| until.as_u64().ok_or(())).transpose().ok()?;
    Some(Kept {
        user: UserName::vouched(value.get("user")?.as_str()?),
        holder: value.get("holder")?.as_str()?.parse().ok()?,
        posted: value.get("posted")?.as_bool()?,
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(user: &str, until: Option<u64>) -> Kept {
        let holder = "0123456789abcdef0123456789abcdef".parse().unwrap();
        Kept { user: user.parse().unwrap(), holder, posted: until.is_some(), until }
    }

    #[test]
    fn what_was_added_is_read_again_and_a_half_line_spoils_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("names.jsonl");
        assert!(NamesFile::read(&path).unwrap().kept.is_empty());
        let mut file = NamesFile::write(&path, &[kept("alice", Some(7))]).unwrap();
        file.append(&[kept("bob", None), kept("José", Some(9))]).unwrap();
        let all = [kept("alice", Some(7)), kept("bob", None), kept("José", Some(9))];
        assert_eq!(NamesFile::read(&path).unwrap().kept, all);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let names = NamesFile::read(&path).unwrap();
            assert!(all.starts_with(&names.kept) && names.unread <= 1, "cut at byte {cut}");
        }
    }

    #[test]
    fn it_is_written_anew_once_most_of_it_is_stale() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("names.jsonl");
        let mut file = NamesFile::write(&path, &[]).unwrap();
        while !file.is_stale() {
            file.append(&vec![kept("bob", None); 100]).unwrap();
        }
        file.compact(&[kept("bob", None)]).unwrap();
        file.append(&[kept("bob", Some(5))]).unwrap();
        assert!(!file.is_stale());
        let names = NamesFile::read(&path).unwrap();
        assert_eq!(names.kept, [kept("bob", None), kept("bob", Some(5))]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
