//! Loads names, read markers and rooms from the data directory at start, and logs any damage found.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::rooms::RoomMap;
use crate::chat::{NameRegistry, ReadMarker, ReadMarkers, SavedClaim};
use crate::log::{
    Corruption, Journal, JournalContents, JournalRecord, LogName, RecoveryFinding, Store, Torn,
};
use crate::net::entropy::Entropy;
use crate::server::config::Config;
use crate::server::logger::{Level, Logger};
use crate::server::quotas::Holding;
use crate::server::room::Room;
use crate::time::Now;

/// The claimed names, and their file, written again without outdated lines.
pub(super) fn load_names(
    config: &Config,
    store: &Store,
    logger: &Logger,
) -> io::Result<(NameRegistry<Box<Holding>>, Journal<SavedClaim>)> {
    let path = store.names_path();
    let mut names = NameRegistry::new(config.hold_names).with_max(config.limits.names);
    names.restore(load_records(&path, logger)?, Now::read());
    let file = Journal::write(&path, &names.saved_claims(Now::read()))
        .map_err(|error| with_path(&path, &error))?;
    Ok((names, file))
}

/// The read markers, and their file, written again without outdated lines.
pub(super) fn load_read_markers(
    store: &Store,
    logger: &Logger,
) -> io::Result<(ReadMarkers, Journal<ReadMarker>)> {
    let path = store.read_markers_path();
    let mut markers = ReadMarkers::default();
    markers.restore(load_records(&path, logger)?);
    let all = markers.prune(|_, _| true);
    let file = Journal::write(&path, &all).map_err(|error| with_path(&path, &error))?;
    Ok((markers, file))
}

/// The records of a journal. Lines that cannot be read are counted in the log, and left out.
fn load_records<T: JournalRecord>(path: &Path, logger: &Logger) -> io::Result<Vec<T>> {
    let JournalContents { records, invalid_lines } =
        Journal::read(path).map_err(|error| with_path(path, &error))?;
    if invalid_lines > 0 {
        let (file, lines) = (file_name(path), invalid_lines.to_string());
        logger.log(Level::Warn, "lines-not-read", &[("file", &file), ("lines", &lines)]);
    }
    Ok(records)
}

fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The rooms that have a log. A damaged one is logged, and can be read up to the damage.
pub(super) fn load_rooms(
    config: &Config,
    store: &Store,
    logger: &Logger,
    entropy: &Entropy,
) -> io::Result<RoomMap> {
    let mut rooms = RoomMap::new();
    for name in store.logs()? {
        let (log, finding) = store.open_log(&name, config.log, entropy.token()?)?;
        if let Some(finding) = finding {
            log_finding(logger, &name, &finding);
        }
        let room = Room::new(name.room.clone(), log)?;
        rooms.insert(name, Arc::new(room));
    }
    Ok(rooms)
}

fn log_finding(logger: &Logger, log: &LogName, finding: &RecoveryFinding) {
    let room = log.to_string();
    match finding {
        RecoveryFinding::Torn(torn) => {
            let Torn { file, offset, bytes, backup: _ } = torn;
            let (file, offset, bytes) = (file_name(file), offset.to_string(), bytes.to_string());
            logger.log(
                Level::Warn,
                "torn-tail-cut",
                &[("room", &*room), ("file", &file), ("offset", &offset), ("bytes", &bytes)],
            );
        }
        RecoveryFinding::Corrupt(corruption) => {
            let Corruption { file, seq, offset, kind } = corruption;
            let (file, kind) = (file_name(file), kind.to_string());
            let (seq, offset) = (seq.to_string(), offset.to_string());
            let fields = [
                ("room", &*room),
                ("file", &file),
                ("seq", &seq),
                ("offset", &offset),
                ("why", &kind),
                ("cure", "server repair"),
            ];
            logger.log(Level::Warn, "damaged-read-only", &fields);
        }
    }
}

/// A file's name without its directory, to keep log lines short.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
