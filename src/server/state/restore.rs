//! Loads names, read markers and memberships from the data directory at start.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::chat::{
    Memberships, NameRegistry, ReadMarker, ReadMarkers, SavedClaim, SavedMembership,
};
use crate::limits;
use crate::log::{Journal, JournalContents, JournalRecord, LogName, Store};
use crate::server::clock::SteadyClock;
use crate::server::config::Config;
use crate::server::logger::{Level, Logger};
use crate::server::quotas::Holding;
use crate::server::room::Room;
use crate::time::{unix_ms, utc};

/// The claimed names, and their file, written again without outdated lines.
pub(super) fn load_names(
    config: &Config,
    store: &Store,
    clock: &SteadyClock,
    logger: &Logger,
) -> io::Result<(NameRegistry<Box<Holding>>, Journal<SavedClaim>)> {
    let path = store.names_path();
    let mut names = NameRegistry::new(config.hold_names).with_max(config.limits.rooms.names);
    names.restore(load_records(&path, logger)?, clock.restored_now());
    let file = Journal::write(&path, &names.saved_claims(clock.restored_now()))
        .map_err(|error| with_path(&path, &error))?;
    Ok((names, file))
}

/// The read markers, and their file, written again without outdated lines. After a power cut the file may know
/// more than the logs: a marker is compared with its log when it is first used.
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

/// The memberships, and their file, written again without outdated lines. Each owner may have `max`.
pub(super) fn load_memberships(
    store: &Store,
    max: usize,
    logger: &Logger,
) -> io::Result<(Memberships, Journal<SavedMembership>)> {
    let path = store.memberships_path();
    let mut memberships = Memberships::new(max);
    memberships.restore(load_records(&path, logger)?);
    let all = memberships.prune(|_| true, |_| false);
    let file = Journal::write(&path, &all).map_err(|error| with_path(&path, &error))?;
    Ok((memberships, file))
}

/// Logs a warning if there are logs of rooms but no file of names, or an empty one: a journal has a first line
/// even without records. The server starts, because the rooms may matter more than the names.
pub(super) fn warn_of_missing_names(
    store: &Store,
    mut rooms: impl Iterator<Item = Arc<Room>>,
    logger: &Logger,
) {
    let path = store.names_path();
    let is_missing = fs::metadata(&path).map_or(true, |file| file.len() == 0);
    if is_missing && rooms.next().is_some() {
        let means = "every name is free to take, also those in use before";
        let cure = "stop, restore names.jsonl from a backup, start";
        let fields = [("file", &*file_name(&path)), ("means", means), ("cure", cure)];
        logger.log(Level::Warn, "names-missing", &fields);
    }
}

/// The records of a journal. Lines that cannot be read are counted in the log, and left out; the file that has
/// them stays under a second name.
fn load_records<T: JournalRecord>(path: &Path, logger: &Logger) -> io::Result<Vec<T>> {
    let JournalContents { records, invalid_lines } =
        Journal::read(path).map_err(|error| with_path(path, &error))?;
    if invalid_lines > 0 {
        let backup = Journal::<T>::keep_damaged(path).map_err(|error| with_path(path, &error))?;
        let (file, backup) = (file_name(path), file_name(&backup));
        let lines = invalid_lines.to_string();
        let fields = [("file", &*file), ("lines", &*lines), ("backup", &*backup)];
        logger.log(Level::Warn, "lines-not-read", &fields);
    }
    Ok(records)
}

fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Looks at the last file of the first rooms of each kind: an older version must not begin to work on these
/// data, and their newest records are witnesses of the time.
///
/// # Errors
/// A later version of this program wrote one of them. One that cannot be read is refused when it is loaded.
pub(super) fn peek(rooms: &BTreeMap<LogName, Arc<Room>>) -> io::Result<()> {
    let (private, public): (Vec<_>, Vec<_>) =
        rooms.values().partition(|room| room.name.is_private());
    let first = |rooms: Vec<_>| rooms.into_iter().take(limits::START_PEEKS);
    for room in first(public).chain(first(private)) {
        match room.log.peek() {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// The clock. It takes the time of the newest record of all rooms as a witness, and logs if that and the wall
/// clock cannot both be right.
pub(super) fn start_clock(
    config: &Config,
    rooms: &BTreeMap<LogName, Arc<Room>>,
    logger: &Logger,
) -> SteadyClock {
    let ahead = u64::try_from(limits::RECORD_AHEAD.as_millis()).unwrap_or(u64::MAX);
    let latest = unix_ms().saturating_add(ahead);
    let times = || rooms.iter().map(|(name, room)| (room.log.newest(), name));
    let possible = times().filter(|(at, _)| *at <= latest).max();
    let in_future = times().filter(|(at, _)| *at > latest).max();
    let newest = possible.filter(|(at, _)| *at > 0).or(in_future).map_or(0, |(at, _)| at);
    let clock = SteadyClock::new(newest);
    let now = utc(unix_ms());
    if let Some((at, name)) = in_future {
        let cure =
            "set the clock; if it is right, dates in these rooms stay as they are until then";
        let rooms = times().filter(|(at, _)| *at > latest).count().to_string();
        let (name, at) = (name.to_string(), utc(at));
        let fields =
            [("room", &*name), ("newest", &at), ("rooms", &rooms), ("clock", &now), ("cure", cure)];
        logger.log(Level::Warn, "records-in-the-future", &fields);
    }
    if config.log.retain.is_some() && clock.watch().is_far_ahead() {
        let cure = "set the clock; if it is right, records are dropped from tomorrow on";
        let fields = [("newest", &*utc(newest)), ("clock", &now), ("cure", cure)];
        logger.log(Level::Warn, "retention-waits", &fields);
    }
    clock
}

/// A file's name without its directory, to keep log lines short.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
