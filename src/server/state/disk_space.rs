//! Whether there is room for more posts: what the data directory takes, and what the disk has left.
//!
//! Posts are refused before the disk is full. Then deletes, names and read markers still find room, and so
//! does erasure, which writes a segment again before it removes the old one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::limits;
use crate::log::LogMetrics;
use crate::server::tunable_limits::DiskLimits;

/// The space that posts may use. Atomics, and no lock: every post asks.
#[derive(Debug)]
pub(crate) struct DiskSpace {
    /// What the operator allows.
    limits: DiskLimits,
    /// What the logs take.
    logs: Arc<LogMetrics>,
    /// What the files of names and read markers take.
    journals: AtomicU64,
    /// Bytes free on the disk at the last look; [`UNKNOWN`] before it.
    free: AtomicU64,
    /// What the data directory took at that look.
    used_then: AtomicU64,
    /// Bytes of the disk that posts may not use.
    reserve: AtomicU64,
    /// Posts are refused: it takes more than the limit to accept them again.
    is_refusing: AtomicBool,
}

/// Free space that was not measured yet.
const UNKNOWN: u64 = u64::MAX;

/// How much space there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum SpaceLevel {
    /// Enough.
    #[default]
    Enough,
    /// Less than twice the reserve, or a tenth of `--max-data`: time for the operator to act.
    Low,
    /// Posts are refused.
    Full,
}

/// The numbers behind [`SpaceLevel`], in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpaceFigures {
    /// What the data directory takes.
    pub(crate) used: u64,
    /// What it may take, if that is limited.
    pub(crate) max: Option<u64>,
    /// What the disk has left, if it is known.
    pub(crate) free: Option<u64>,
    /// What of that posts may not use.
    pub(crate) reserve: u64,
}

impl DiskSpace {
    pub(super) fn new(limits: DiskLimits, logs: Arc<LogMetrics>) -> DiskSpace {
        DiskSpace {
            limits,
            logs,
            journals: AtomicU64::new(0),
            free: AtomicU64::new(UNKNOWN),
            used_then: AtomicU64::new(0),
            reserve: AtomicU64::new(limits.min_free.unwrap_or(0)),
            is_refusing: AtomicBool::new(false),
        }
    }

    /// Notes what the journals take.
    pub(crate) fn set_journals(&self, bytes: u64) {
        self.journals.store(bytes, Ordering::Relaxed);
    }

    /// Notes the size of the disk and what it has free, as just measured; `None`: it cannot be measured.
    pub(crate) fn set_disk(&self, disk: Option<(u64, u64)>) {
        let share = |size: u64| (size / limits::DISK_RESERVE_SHARE).min(limits::DISK_RESERVE);
        self.used_then.store(self.used(), Ordering::Relaxed);
        self.free.store(disk.map_or(UNKNOWN, |(_, free)| free), Ordering::Relaxed);
        let reserve = self.limits.min_free.unwrap_or(disk.map_or(0, |(size, _)| share(size)));
        self.reserve.store(reserve, Ordering::Relaxed);
    }

    fn used(&self) -> u64 {
        self.logs.usage.bytes() + self.journals.load(Ordering::Relaxed)
    }

    /// The numbers at this moment. What the server has written since the last look is not free any more.
    pub(crate) fn figures(&self) -> SpaceFigures {
        let (used, free) = (self.used(), self.free.load(Ordering::Relaxed));
        let since = used.saturating_sub(self.used_then.load(Ordering::Relaxed));
        SpaceFigures {
            used,
            max: self.limits.max_data,
            free: Some(free).filter(|free| *free != UNKNOWN).map(|free| free.saturating_sub(since)),
            reserve: self.reserve.load(Ordering::Relaxed),
        }
    }

    /// How much space there is at this moment.
    pub(crate) fn level(&self) -> SpaceLevel {
        let level = self.figures().level(self.is_refusing.load(Ordering::Relaxed));
        self.is_refusing.store(level == SpaceLevel::Full, Ordering::Relaxed);
        level
    }

    /// Whether posts are refused at this moment.
    pub(crate) fn is_full(&self) -> bool {
        self.level() == SpaceLevel::Full
    }
}

impl SpaceFigures {
    fn level(self, is_refusing: bool) -> SpaceLevel {
        let SpaceFigures { used, max, free, reserve } = self;
        let margin = |limit: u64| if is_refusing { limit / limits::DISK_MARGIN_SHARE } else { 0 };
        let is_full = |max: u64| used.saturating_add(margin(max)) >= max;
        let is_nearly_full = |max: u64| used >= max - max / 10;
        let is_short = |free: u64| free < reserve.saturating_add(margin(reserve));
        let is_nearly_short = |free: u64| free < reserve.saturating_mul(2);
        if max.is_some_and(is_full) || free.is_some_and(is_short) {
            SpaceLevel::Full
        } else if max.is_some_and(is_nearly_full) || free.is_some_and(is_nearly_short) {
            SpaceLevel::Low
        } else {
            SpaceLevel::Enough
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * 1024 * 1024;

    fn space(max_data: Option<u64>, min_free: Option<u64>) -> DiskSpace {
        DiskSpace::new(DiskLimits { max_data, min_free }, Arc::default())
    }

    #[test]
    fn posts_are_refused_before_the_disk_is_full() {
        let space = space(None, None);
        assert_eq!(space.level(), SpaceLevel::Enough, "free space is not known yet");
        for (size, free, level) in [
            (100 * GIB, 3 * GIB, SpaceLevel::Enough),
            (100 * GIB, 2 * GIB - 1, SpaceLevel::Low),
            (100 * GIB, GIB, SpaceLevel::Low),
            (100 * GIB, GIB - 1, SpaceLevel::Full),
            (100 * GIB, GIB + 1, SpaceLevel::Full), // a little more must be free before posts are accepted again
            (100 * GIB, GIB + GIB / 32, SpaceLevel::Low),
            (GIB, GIB / 10, SpaceLevel::Low),
            (GIB, GIB / 10 - 1, SpaceLevel::Full),
            (0, 0, SpaceLevel::Enough), // a file system that does not tell its size
        ] {
            space.set_disk(Some((size, free)));
            assert_eq!(space.level(), level, "{free} of {size}");
        }
        space.set_disk(Some((GIB, 0)));
        assert!(space.is_full());
        space.set_disk(None);
        assert!(!space.is_full(), "it cannot be measured any more: writing decides");
    }

    #[test]
    fn what_was_written_since_the_last_look_counts() {
        let space = space(None, Some(1_000));
        space.set_disk(Some((GIB, 3_000)));
        assert_eq!(space.level(), SpaceLevel::Enough);
        space.set_journals(2_001);
        assert_eq!((space.level(), space.figures().free), (SpaceLevel::Full, Some(999)));
        space.set_disk(Some((GIB, 3_000)));
        assert_eq!(space.level(), SpaceLevel::Enough, "measured again");
    }

    #[test]
    fn a_data_directory_has_a_maximum() {
        let space = space(Some(32_000), Some(0));
        for (used, level) in [
            (28_799, SpaceLevel::Enough),
            (28_800, SpaceLevel::Low),
            (31_999, SpaceLevel::Low),
            (32_000, SpaceLevel::Full),
            (31_001, SpaceLevel::Full),
            (31_000 - 1, SpaceLevel::Low),
        ] {
            space.set_journals(used);
            assert_eq!(space.level(), level, "{used}");
        }
        space.set_disk(Some((GIB, 0)));
        assert_eq!(space.level(), SpaceLevel::Low, "--min-free 0 turns the other rule off");
    }
}
