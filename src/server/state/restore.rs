//! What an earlier run has left: the names that are held, read markers, and the rooms.
//!
//! Room: a store in, the shared's furniture out. What was found amiss is told.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::chat::{NameRegistry, ReadMarker, ReadMarkers, SavedClaim};
use crate::log::{
    Corruption, Journal, JournalContents, JournalRecord, LogName, RecoveryFinding, Store, Torn,
};
use crate::net::entropy::Entropy;
use crate::server::config::Config;
use crate::server::logger::{Level, Logger};
use crate::server::room::Room;
use crate::time::Now;

/// The names that an earlier run has kept, and their file, written anew.
pub(crate) fn names(
    config: &Config,
    store: &Store,
    logger: &Logger,
) -> io::Result<(NameRegistry, Journal<SavedClaim>)> {
    let path = store.names_path();
    let mut names = NameRegistry::new(config.hold_names);
    names.restore(facts(&path, logger)?, Now::read());
    let file =
        Journal::write(&path, &names.all(Now::read())).map_err(|error| about(&path, &error))?;
    Ok((names, file))
}

/// The read markers that an earlier run has kept, and their file, written anew.
pub(crate) fn marks(
    store: &Store,
    logger: &Logger,
) -> io::Result<(ReadMarkers, Journal<ReadMarker>)> {
    let path = store.marks_path();
    let mut marks = ReadMarkers::default();
    marks.restore(facts(&path, logger)?);
    let all = marks.prune(|_, _| true);
    let file = Journal::write(&path, &all).map_err(|error| about(&path, &error))?;
    Ok((marks, file))
}

/// What a journal holds. Lines that are none of ours are told, and left out.
fn facts<T: JournalRecord>(path: &Path, logger: &Logger) -> io::Result<Vec<T>> {
    let JournalContents { facts, unread } =
        Journal::read(path).map_err(|error| about(path, &error))?;
    if unread > 0 {
        let (file, lines) = (name(path), unread.to_string());
        logger.log(Level::Warn, "lines-not-read", &[("file", &file), ("lines", &lines)]);
    }
    Ok(facts)
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The rooms that have a log. One that is damaged is told, and can be read up to there.
pub(crate) fn rooms(
    config: &Config,
    store: &Store,
    logger: &Logger,
    entropy: &Entropy,
) -> io::Result<BTreeMap<LogName, Arc<Room>>> {
    let mut rooms = BTreeMap::new();
    for name in store.logs()? {
        let (log, found) = store.open_log(&name, config.log, entropy.token()?)?;
        if let Some(found) = found {
            tell(logger, &name, &found);
        }
        let room = Room::new(name.room.clone(), log)?;
        rooms.insert(name, Arc::new(room));
    }
    Ok(rooms)
}

fn tell(logger: &Logger, log: &LogName, found: &RecoveryFinding) {
    let room = log.to_string();
    match found {
        RecoveryFinding::Torn(torn) => {
            let Torn { file, offset, bytes, aside: _ } = torn;
            let (file, offset, bytes) = (name(file), offset.to_string(), bytes.to_string());
            logger.log(
                Level::Warn,
                "torn-tail-cut",
                &[("room", &*room), ("file", &file), ("offset", &offset), ("bytes", &bytes)],
            );
        }
        RecoveryFinding::Damaged(damage) => {
            let Corruption { file, seq, offset, flaw } = damage;
            let (file, flaw) = (name(file), flaw.to_string());
            let (seq, offset) = (seq.to_string(), offset.to_string());
            let particulars = [
                ("room", &*room),
                ("file", &file),
                ("seq", &seq),
                ("offset", &offset),
                ("why", &flaw),
                ("cure", "server repair"),
            ];
            logger.log(Level::Warn, "damaged-read-only", &particulars);
        }
    }
}

/// A file's name without its directory: a line of the logger is short.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
