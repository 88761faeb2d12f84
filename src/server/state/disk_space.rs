//! Whether there is room for more posts: what the data directory takes, and what the disk has left.
//!
//! Posts are refused before the disk is full. Then deletes, names and read markers still find room, and so
//! does erasure, which writes a segment again before it removes the old one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

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
    /// What the files of names, read markers and memberships take.
    journals: AtomicU64,
    /// Bytes free on the disk at the last look; [`UNKNOWN`] before it.
    free: AtomicU64,
    /// When the server started: times count from here.
    start: Instant,
    /// When that look was, in ms since the start. The answer counts for [`limits::DISK_ANSWER_VALID`], also if the
    /// thread that looks hangs.
    measured: AtomicU64,
    /// What the data directory took at that look.
    used_then: AtomicU64,
    /// Bytes of the disk that posts may not use.
    reserve: AtomicU64,
    /// Posts are refused: it takes more than the limit to accept them again.
    is_refusing: AtomicBool,
}

/// Free space that was not measured yet.
const UNKNOWN: u64 = u64::MAX;

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

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
            start: Instant::now(),
            measured: AtomicU64::new(0),
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
        self.measured.store(millis(self.start.elapsed()), Ordering::Relaxed);
        self.free.store(disk.map_or(UNKNOWN, |(_, free)| free), Ordering::Relaxed);
        let reserve = self.limits.min_free.unwrap_or(disk.map_or(0, |(size, _)| share(size)));
        self.reserve.store(reserve, Ordering::Relaxed);
    }

    fn used(&self) -> u64 {
        self.logs.usage.bytes() + self.journals.load(Ordering::Relaxed)
    }

    /// The numbers at this moment. What the server has written since the last look is not free any more.
    pub(crate) fn figures(&self) -> SpaceFigures {
        self.figures_at(self.start.elapsed())
    }

    /// The numbers so long after the start.
    fn figures_at(&self, now: Duration) -> SpaceFigures {
        let used = self.used();
        let since = used.saturating_sub(self.used_then.load(Ordering::Relaxed));
        let is_valid = self.age_at(now).is_some_and(|age| age <= limits::DISK_ANSWER_VALID);
        let free = self.free.load(Ordering::Relaxed).saturating_sub(since);
        SpaceFigures {
            used,
            max: self.limits.max_data,
            free: is_valid.then_some(free),
            reserve: self.reserve.load(Ordering::Relaxed),
        }
    }

    /// How long ago the free space was measured; `None`: it was not.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.age_at(self.start.elapsed())
    }

    fn age_at(&self, now: Duration) -> Option<Duration> {
        let measured = Duration::from_millis(self.measured.load(Ordering::Relaxed));
        let is_known = self.free.load(Ordering::Relaxed) != UNKNOWN;
        is_known.then(|| now.saturating_sub(measured))
    }

    /// Whether the free space was measured, but so long ago that this does not count any more.
    pub(crate) fn is_outdated(&self) -> bool {
        self.age().is_some_and(|age| age > limits::DISK_ANSWER_VALID)
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
    fn an_answer_of_df_does_not_count_for_ever() {
        let space = space(Some(32_000), None);
        let level = |after| space.figures_at(space.start.elapsed() + after).level(false);
        let (valid, moment) = (limits::DISK_ANSWER_VALID, Duration::from_secs(5));
        assert_eq!(space.age(), None);
        space.set_disk(Some((100 * GIB, 50 * GIB)));
        assert_eq!(space.figures_at(valid - moment).free, Some(50 * GIB));
        assert_eq!(space.figures_at(space.start.elapsed() + valid + moment).free, None);
        assert!(space.age().is_some() && !space.is_outdated());
        space.set_disk(Some((100 * GIB, 0)));
        assert_eq!(level(valid - moment), SpaceLevel::Full);
        assert_eq!(level(valid + moment), SpaceLevel::Enough, "writing decides");
        space.set_journals(40_000);
        assert_eq!(level(valid + moment), SpaceLevel::Full, "--max-data still counts");
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
