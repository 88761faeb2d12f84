//! What an earlier run has left: the names that are held, and the rooms.
//!
//! Room: a store in, the house's furniture out. What was found amiss is told.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::clock::now;
use super::config::Config;
use super::logger::{Level, Logger};
use super::room::Room;
use crate::chat::{Names, RoomName};
use crate::log::{Damage, Found, NamesFile, Store, Torn};
use crate::net::entropy::Entropy;

/// The names that an earlier run has kept, and their file, written anew.
pub(super) fn names(
    config: &Config,
    store: &Store,
    logger: &Logger,
) -> io::Result<(Names, NamesFile)> {
    let path = store.names_path();
    let about =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let kept = NamesFile::read(&path).map_err(about)?;
    if kept.unread > 0 {
        let unread = kept.unread.to_string();
        logger.tell(Level::Warn, "names-not-read", &[("lines", &unread)]);
    }
    let mut names = Names::new(config.hold_names);
    names.restore(kept.kept, now());
    let file = NamesFile::write(&path, &names.all(now())).map_err(about)?;
    Ok((names, file))
}

/// The rooms that have a log. One that is damaged is told, and can be read up to there.
pub(super) fn rooms(
    config: &Config,
    store: &Store,
    logger: &Logger,
    entropy: &Entropy,
) -> io::Result<BTreeMap<RoomName, Arc<Room>>> {
    let mut rooms = BTreeMap::new();
    for name in store.rooms()? {
        let (log, found) = store.open_log(&name, config.rules, entropy.token()?)?;
        if let Some(found) = found {
            tell(logger, &name, &found);
        }
        rooms.insert(name.clone(), Arc::new(Room::new(name, log)?));
    }
    Ok(rooms)
}

fn tell(logger: &Logger, room: &RoomName, found: &Found) {
    match found {
        Found::Torn(torn) => {
            let Torn { file, offset, bytes, aside: _ } = torn;
            let (file, offset, bytes) = (name(file), offset.to_string(), bytes.to_string());
            logger.tell(
                Level::Warn,
                "torn-tail-cut",
                &[("room", room.as_str()), ("file", &file), ("offset", &offset), ("bytes", &bytes)],
            );
        }
        Found::Damaged(damage) => {
            let Damage { file, seq, offset, flaw } = damage;
            let (file, flaw) = (name(file), flaw.to_string());
            let (seq, offset) = (seq.to_string(), offset.to_string());
            let particulars = [
                ("room", room.as_str()),
                ("file", &file),
                ("seq", &seq),
                ("offset", &offset),
                ("why", &flaw),
                ("cure", "server repair"),
            ];
            logger.tell(Level::Warn, "damaged-read-only", &particulars);
        }
    }
}

/// A file's name without its directory: a line of the logger is short.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
