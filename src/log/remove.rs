//! The command `remove`: takes the log of one room out of a data directory that no server uses.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::files::Disk;
use super::journal::{Journal, JournalContents};
use super::log_name::LogName;
use super::log_scan::list_segments;
use super::peek::peek;
use super::store::Store;
use super::verify::verify;
use crate::chat::{OwnerId, SavedMembership};

/// How much a log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSize {
    /// Good records.
    pub records: u64,
    /// Bytes of all its files.
    pub bytes: u64,
}

/// How much the log of a room holds.
///
/// # Errors
/// There is no such room, or it could not be read.
pub fn log_size(root: &Path, name: &LogName) -> io::Result<LogSize> {
    let dir = Store::log_dir(root, name);
    let is_there = dir.is_dir() && !list_segments(&dir)?.is_empty();
    if !is_there {
        let what = format!("there is no log of room {name} in {}", root.display());
        return Err(io::Error::new(ErrorKind::NotFound, what));
    }
    let verified = verify(root, name)?;
    let records = (verified.head + 1).saturating_sub(verified.first);
    let mut bytes = 0;
    for entry in fs::read_dir(&dir)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(LogSize { records, bytes })
}

/// Removes the log of a room, and its members: else each of them would create it again when they connect. Another
/// private room may have the same name: its two owners stay members.
///
/// # Errors
/// A server uses the directory, or the log could not be removed.
pub fn remove(root: &Path, name: &LogName) -> io::Result<()> {
    let store = Store::open(root)?; // until the end no server may start
    // If they cannot be read, no one stays a member of a room of this name.
    let owners =
        peek(&Disk, &name.room, &Store::log_dir(root, name)).ok().and_then(|log| log.owners);
    store.retire_log(name)?.delete()?;
    remove_members(&store.memberships_path(), name, owners)
}

/// Writes the file of memberships again, without those of a room: of a private one, those of its owners.
fn remove_members(path: &Path, name: &LogName, owners: Option<[OwnerId; 2]>) -> io::Result<()> {
    let is_of_room = |one: &SavedMembership| {
        one.room == name.room && owners.is_none_or(|owners| owners.contains(&one.owner))
    };
    let JournalContents { mut records, invalid_lines } = Journal::<SavedMembership>::read(path)?;
    let before = records.len();
    records.retain(|one| !is_of_room(one));
    if records.len() == before {
        return Ok(());
    }
    if invalid_lines > 0 {
        Journal::<SavedMembership>::keep_damaged(path)?;
    }
    Journal::write(path, &records).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{LogEntry, SavedState};
    use crate::limits;
    use crate::log::{LogConfig, RetiredLog, SyncPolicy};

    const CONFIG: LogConfig = LogConfig {
        sync: SyncPolicy::Always,
        file_bytes: limits::LOG_FILE,
        retain: None,
        retain_records: None,
    };

    fn owner(digit: char) -> OwnerId {
        digit.to_string().repeat(32).parse().unwrap()
    }

    /// Stores a room with one record; returns its log's name.
    fn store_room(root: &Path, room: &str) -> LogName {
        let store = Store::open(root).unwrap();
        let room = room.parse().unwrap();
        let log =
            store.new_log(&room, CONFIG, String::from("a6fa"), Some([owner('1'), owner('2')]));
        let json =
            format!("{{\"type\":\"post\",\"room\":\"{room}\",\"seq\":1,\"at\":1,\"text\":\"hi\"}}");
        log.append(&[LogEntry { seq: 1, owner: owner('1'), json: json.into() }]).unwrap();
        LogName::new(room, "a6fa")
    }

    #[test]
    fn a_removed_log_is_gone_and_all_others_stay() {
        let data = tempfile::tempdir().unwrap();
        let kept = store_room(data.path(), "lobby");
        for room in ["rust", "@a.b+zoë"] {
            let name = store_room(data.path(), room);
            let size = log_size(data.path(), &name).unwrap();
            assert!(size.records == 1 && size.bytes > 100, "{size:?}");
            remove(data.path(), &name).unwrap();
            assert_eq!(log_size(data.path(), &name).unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(Store::logs_in(data.path()).unwrap(), std::slice::from_ref(&kept));
            assert_eq!(fs::read_dir(data.path().join("rooms")).unwrap().count(), 1);
        }
    }

    #[test]
    fn only_the_owners_of_a_removed_room_are_no_longer_members() {
        let data = tempfile::tempdir().unwrap();
        let name = store_room(data.path(), "@ann+bob");
        let path = data.path().join("memberships.jsonl");
        let member = |digit, room: &str| SavedMembership {
            owner: owner(digit),
            room: room.parse().unwrap(),
            state: SavedState::Joined,
        };
        let kept = [member('3', "@ann+bob"), member('1', "lobby")];
        let all = [&kept[..], &[member('1', "@ann+bob"), member('2', "@ann+bob")]].concat();
        Journal::write(&path, &all).unwrap();
        remove(data.path(), &name).unwrap();
        assert_eq!(Journal::<SavedMembership>::read(&path).unwrap().records, kept);
    }

    #[test]
    fn no_log_is_removed_under_a_server() {
        let data = tempfile::tempdir().unwrap();
        let name = store_room(data.path(), "lobby");
        let server = Store::open(data.path()).unwrap();
        assert_eq!(remove(data.path(), &name).unwrap_err().kind(), ErrorKind::ResourceBusy);
        drop(server);
        assert_eq!(log_size(data.path(), &name).unwrap().records, 1);
    }

    #[test]
    fn after_a_kill_the_next_start_removes_the_rest() {
        let data = tempfile::tempdir().unwrap();
        let name = store_room(data.path(), "lobby");
        drop(RetiredLog::rename(&Store::log_dir(data.path(), &name)).unwrap()); // killed here
        assert_eq!(Store::logs_in(data.path()).unwrap(), []);
        fs::create_dir(data.path().join("rooms/not a log.removed")).unwrap();
        drop(Store::open(data.path()).unwrap());
        let left: Vec<_> = fs::read_dir(data.path().join("rooms")).unwrap().collect();
        assert_eq!(left.len(), 1, "only what is not ours: {left:?}");
        assert_eq!(store_room(data.path(), "lobby"), name, "the name can be used again");
    }
}
