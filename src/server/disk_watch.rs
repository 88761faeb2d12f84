//! Watches the disk: measures its free space, counts the bytes of all logs, and logs when space is short.
//!
//! It has a thread of its own: a file system that hangs stops nothing else.

use std::time::Instant;

use super::logger::Level;
use super::state::disk_space::{SpaceFigures, SpaceLevel};
use super::state::shared::Shared;
use crate::limits;
use crate::log::{FreeSpace, Look};

/// What the thread remembers.
#[derive(Debug, Default)]
pub(super) struct DiskWatch {
    /// Asks `df`.
    free_space: FreeSpace,
    /// When all logs were last listed.
    counted: Option<Instant>,
    /// What the log said last.
    level: SpaceLevel,
    /// Whether the log said that the free space is not known.
    is_unknown: bool,
    /// Whether the log said that the last answer of `df` does not count any more.
    is_outdated: bool,
}

impl DiskWatch {
    /// One check; the thread repeats it every [`limits::DISK_CHECK_EVERY`].
    pub(super) fn check(&mut self, shared: &Shared, now: Instant) {
        let space = &shared.rooms.disk_space;
        let lately = |at| now.saturating_duration_since(at) < limits::DATA_COUNT_EVERY;
        if !self.counted.is_some_and(lately) {
            self.counted = Some(now);
            if let Err(error) = shared.rooms.recount_usage() {
                let fields = [("error", &*error.to_string())];
                shared.logger.log(Level::Warn, "data-not-counted", &fields);
            }
        }
        match self.free_space.look(&shared.rooms.data_dir(), now) {
            None => {}
            Some(Look::Found(size, free)) => {
                space.set_disk(Some((size, free)));
                self.is_unknown = false;
            }
            Some(look @ (Look::NoDf | Look::Failed)) => self.log_unknown(shared, look),
        }
        self.log_outdated(shared, space.is_outdated());
        self.log_change(shared, space.level());
    }

    /// A `df` that hangs may have answered before: after a time that answer does not count, and posts are stored
    /// until a write fails, as without `df`.
    fn log_outdated(&mut self, shared: &Shared, is_outdated: bool) {
        if std::mem::replace(&mut self.is_outdated, is_outdated) == is_outdated {
            return;
        }
        if !is_outdated {
            return shared.logger.log(Level::Warn, "free-space-known-again", &[]);
        }
        let age = shared.rooms.disk_space.age().unwrap_or_default().as_secs().to_string();
        let fields = [
            ("seconds", &*age),
            ("why", "df does not answer, as on a file system that hangs"),
            ("posts", "are stored until a write fails or --max-data is reached"),
        ];
        shared.logger.log(Level::Warn, "free-space-outdated", &fields);
    }

    /// Without `df` only `--max-data` and the error of a write refuse a post.
    fn log_unknown(&mut self, shared: &Shared, look: Look) {
        if self.is_unknown {
            return;
        }
        self.is_unknown = true;
        let why = if look == Look::NoDf { "there is no program df" } else { "df has failed" };
        let fields = [("why", why), ("cure", "limit the data directory with --max-data")];
        shared.logger.log(Level::Warn, "free-space-unknown", &fields);
    }

    fn log_change(&mut self, shared: &Shared, level: SpaceLevel) {
        let before = std::mem::replace(&mut self.level, level);
        let event = match (before, level) {
            (SpaceLevel::Enough | SpaceLevel::Low, SpaceLevel::Full) => "disk-full-posts-refused",
            (SpaceLevel::Full, SpaceLevel::Enough | SpaceLevel::Low) => "posts-accepted-again",
            (SpaceLevel::Enough, SpaceLevel::Low) => "disk-nearly-full",
            (SpaceLevel::Low, SpaceLevel::Enough)
            | (SpaceLevel::Enough, SpaceLevel::Enough)
            | (SpaceLevel::Low, SpaceLevel::Low)
            | (SpaceLevel::Full, SpaceLevel::Full) => return,
        };
        let SpaceFigures { used, max, free, reserve } = shared.rooms.disk_space.figures();
        let number = |bytes: Option<u64>| bytes.map_or("unknown".into(), |bytes| bytes.to_string());
        let max = max.map_or("none".into(), |max| max.to_string());
        let fields = [
            ("data_bytes", &*used.to_string()),
            ("max_data", &*max),
            ("free_bytes", &*number(free)),
            ("min_free", &*reserve.to_string()),
        ];
        shared.logger.log(Level::Warn, event, &fields);
    }
}
