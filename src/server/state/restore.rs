//! Loads names and read markers from the data directory at start.

use std::io;
use std::path::Path;

use crate::chat::{NameRegistry, ReadMarker, ReadMarkers, SavedClaim};
use crate::log::{Journal, JournalContents, JournalRecord, Store};
use crate::server::config::Config;
use crate::server::logger::{Level, Logger};
use crate::time::Now;

/// The claimed names, and their file, written again without outdated lines.
pub(super) fn load_names(
    config: &Config,
    store: &Store,
    logger: &Logger,
) -> io::Result<(NameRegistry, Journal<SavedClaim>)> {
    let path = store.names_path();
    let mut names = NameRegistry::new(config.hold_names);
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

/// A file's name without its directory, to keep log lines short.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
