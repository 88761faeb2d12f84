//! The server's clock: Unix time that a jump of the wall clock does not move at once.
//!
//! It goes with the monotonic clock, and follows the wall clock where that agrees. A wall clock that has jumped
//! is believed for dates once it has stayed there for [`limits::CLOCK_STAYS`], and for retention, which cannot
//! be undone, only after [`limits::CLOCK_IS_RIGHT`].

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::limits;
use crate::time::{Now, unix_ms};

/// The clock, for all threads. Atomics, and no lock: every post reads it.
#[derive(Debug)]
pub(crate) struct SteadyClock {
    /// When the server started.
    start: Instant,
    /// What it makes of the wall clock, at the start; the heartbeat thread has a copy that goes on.
    first: WallClockWatch,
    /// Unix time at the start, in ms, as the clock has it now.
    offset: AtomicI64,
    /// Whether retention may trust it.
    is_trusted: AtomicBool,
}

impl SteadyClock {
    /// The clock at a start. `newest` is the time of the newest stored record, in Unix time in ms; 0 without
    /// one.
    pub(crate) fn new(newest: u64) -> SteadyClock {
        let first = WallClockWatch::new(unix_ms(), newest);
        let (offset, is_trusted) = (AtomicI64::new(first.offset), AtomicBool::new(false));
        SteadyClock { start: Instant::now(), first, offset, is_trusted }
    }

    /// The watch that compares it with the wall clock.
    pub(crate) fn watch(&self) -> WallClockWatch {
        self.first
    }

    /// Compares it with the wall clock, and follows it if that is right.
    pub(crate) fn follow(&self, watch: &mut WallClockWatch) -> Option<ClockEvent> {
        let monotonic = self.start.elapsed();
        let event = watch.compare(monotonic, unix_ms(), machine_uptime);
        self.offset.store(watch.offset, Ordering::Relaxed);
        self.is_trusted.store(watch.is_right(monotonic), Ordering::Relaxed);
        event
    }

    /// Unix time in ms.
    pub(crate) fn unix_ms(&self) -> u64 {
        at(self.offset.load(Ordering::Relaxed), self.start.elapsed())
    }

    /// This moment, on both clocks, for what is stored with a time. It is after the newest record, also on a
    /// machine that has started without the time.
    pub(crate) fn now(&self) -> Now {
        Now { instant: Instant::now(), unix_ms: self.unix_ms().max(self.first.newest) }
    }

    /// This moment for what an earlier run has stored with a time: with a wall clock that is plainly wrong, the
    /// time of the newest record.
    pub(crate) fn restored_now(&self) -> Now {
        let (now, newest) = (self.now(), self.first.newest);
        let latest = if newest == 0 { u64::MAX } else { newest.saturating_add(NAMES_AHEAD) };
        Now { unix_ms: now.unix_ms.min(latest), ..now }
    }

    /// Unix time in ms for what may be given back: as the clock has it, but at most a day beyond the newest
    /// record of the start while the wall clock is not trusted.
    pub(crate) fn cautious_ms(&self) -> u64 {
        if self.is_trusted.load(Ordering::Relaxed) {
            self.unix_ms()
        } else {
            self.restored_now().unix_ms
        }
    }

    /// Unix time in ms for retention; 0, at which no record is too old, while the wall clock is not trusted.
    pub(crate) fn retention_ms(&self) -> u64 {
        if self.is_trusted.load(Ordering::Relaxed) { self.unix_ms() } else { 0 }
    }
}

/// How far beyond the newest record a start may place the names that are held: they lapse later than they
/// should after a quiet week, and not at once with a wrong clock.
const NAMES_AHEAD: u64 = 24 * 60 * 60 * 1_000;

/// Unix time in ms, this long after a start at `offset`.
fn at(offset: i64, monotonic: Duration) -> u64 {
    u64::try_from(offset.saturating_add(ms(monotonic))).unwrap_or(0)
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How long the machine has been up, time asleep included, which the monotonic clock does not count.
fn machine_uptime() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    Duration::try_from_secs_f64(text.split(' ').next()?.parse().ok()?).ok()
}

/// Decides how far the wall clock is believed. Values only: readings come in by argument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallClockWatch {
    /// Unix time at the start, in ms, as believed.
    offset: i64,
    /// What the wall clock makes of it instead, since it has jumped.
    jump: Option<Jump>,
    /// What retention relies on: the wall clock has agreed with it since then, ...
    steady: Jump,
    /// ... and must do so for this long.
    proof: Duration,
    /// The machine's uptime beyond the monotonic clock, in ms: the time asleep.
    asleep: Option<i64>,
    /// The time of the newest record at the start.
    newest: u64,
}

/// An offset, and since when (on the monotonic clock) the wall clock shows it.
#[derive(Debug, Clone, Copy)]
struct Jump {
    offset: i64,
    since: Duration,
}

/// What the operator should know about the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockEvent {
    /// It has jumped by this many ms; dates do not follow yet.
    Jumped(i64),
    /// It stays where it has jumped to: dates follow by this many ms.
    Believed(i64),
    /// It is back.
    RightAgain,
}

impl WallClockWatch {
    /// At a start: it is believed, for lack of another. Retention begins in an hour, or in a day if the wall
    /// clock is far beyond the newest record.
    fn new(wall: u64, newest: u64) -> WallClockWatch {
        let is_plausible =
            newest == 0 || wall <= newest.saturating_add(millis(limits::CLOCK_AHEAD));
        let offset = i64::try_from(wall).unwrap_or(i64::MAX);
        WallClockWatch {
            offset,
            jump: None,
            steady: Jump { offset, since: Duration::ZERO },
            proof: if is_plausible { limits::RETENTION_BEGINS } else { limits::CLOCK_IS_RIGHT },
            asleep: None,
            newest,
        }
    }

    /// Whether the wall clock is too far beyond the newest record for retention to trust it soon.
    pub(crate) fn is_far_ahead(&self) -> bool {
        self.proof == limits::CLOCK_IS_RIGHT
    }

    /// Compares the wall clock, in Unix time in ms, with the monotonic one, which counts from the start.
    fn compare(
        &mut self,
        monotonic: Duration,
        wall: u64,
        uptime: impl FnOnce() -> Option<Duration>,
    ) -> Option<ClockEvent> {
        let shown = i64::try_from(wall).unwrap_or(i64::MAX).saturating_sub(ms(monotonic));
        if !is_near(shown, self.offset, limits::CLOCK_STEP) || self.asleep.is_none() {
            self.add_sleep(uptime().map(|uptime| ms(uptime).saturating_sub(ms(monotonic))));
        }
        if !is_near(shown, self.steady.offset, limits::CLOCK_STEP_OF_RETENTION) {
            self.steady = Jump { offset: shown, since: monotonic };
            self.proof = limits::CLOCK_IS_RIGHT;
        }
        let by = shown.saturating_sub(self.offset);
        if is_near(shown, self.offset, limits::CLOCK_STEP) {
            self.offset = shown;
            return self.jump.take().map(|_| ClockEvent::RightAgain);
        }
        // A clock before the newest record is wrong: the machine has started without the time, and gets it now.
        let is_late = by > 0 && at(self.offset, monotonic) < self.newest;
        let jump = self.jump.filter(|jump| is_near(shown, jump.offset, limits::CLOCK_STEP));
        match jump {
            _ if is_late => self.believe(shown, by),
            Some(jump) if monotonic.saturating_sub(jump.since) >= limits::CLOCK_STAYS => {
                self.believe(shown, by)
            }
            Some(_) => None,
            None => {
                self.jump = Some(Jump { offset: shown, since: monotonic });
                Some(ClockEvent::Jumped(by))
            }
        }
    }

    fn believe(&mut self, shown: i64, by: i64) -> Option<ClockEvent> {
        (self.offset, self.jump) = (shown, None);
        Some(ClockEvent::Believed(by))
    }

    /// The machine was asleep: the wall clock has gone on meanwhile, the monotonic one has not.
    fn add_sleep(&mut self, asleep: Option<i64>) {
        let slept = asleep.zip(self.asleep).map_or(0, |(now, before)| now.saturating_sub(before));
        self.asleep = asleep.or(self.asleep);
        if slept > 0 {
            self.offset = self.offset.saturating_add(slept);
            self.steady.offset = self.steady.offset.saturating_add(slept);
        }
    }

    /// Whether the wall clock has been right for so long that retention may trust it.
    fn is_right(&self, monotonic: Duration) -> bool {
        self.jump.is_none() && monotonic.saturating_sub(self.steady.since) >= self.proof
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn is_near(one: i64, other: i64, by: Duration) -> bool {
    one.abs_diff(other) <= millis(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_394_177_902;
    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const YEAR: u64 = 365 * 24 * 60 * 60 * 1_000;

    /// The readings of a machine that never sleeps: at each, so long after the start the wall clock is so many
    /// ms ahead of the truth.
    struct Machine(WallClockWatch, Duration);

    impl Machine {
        fn start(newest: u64, ahead: i64) -> Machine {
            Machine(WallClockWatch::new(NOW.saturating_add_signed(ahead), newest), Duration::ZERO)
        }

        /// The time goes on, and the clocks are compared each second.
        fn run(&mut self, time: Duration, ahead: i64) -> Vec<ClockEvent> {
            let end = self.1 + time;
            let mut events = Vec::new();
            while self.1 < end {
                self.1 += Duration::from_secs(1);
                let wall = (NOW + millis(self.1)).saturating_add_signed(ahead);
                events.extend(self.0.compare(self.1, wall, || Some(self.1)));
            }
            events
        }

        /// By how much dates are wrong, in ms.
        fn error(&self) -> i64 {
            self.0.offset - NOW as i64
        }

        fn retention_trusts_it(&self) -> bool {
            self.0.is_right(self.1)
        }
    }

    #[test]
    fn retention_begins_an_hour_after_a_start_and_rests_for_a_day_after_a_jump() {
        let mut machine = Machine::start(NOW - 1_000, 0);
        assert_eq!(machine.run(HOUR - Duration::from_secs(1), 0), []);
        assert!(!machine.retention_trusts_it(), "the first hour");
        assert_eq!(machine.run(Duration::from_secs(1), 0), []);
        assert!(machine.retention_trusts_it());
        assert_eq!(
            machine.run(Duration::from_secs(2), YEAR as i64),
            [ClockEvent::Jumped(YEAR as i64)]
        );
        assert_eq!((machine.error(), machine.retention_trusts_it()), (0, false));
        assert_eq!(machine.run(Duration::from_secs(2), 0), [ClockEvent::RightAgain]);
        machine.run(DAY - Duration::from_secs(10), 0);
        assert!(!machine.retention_trusts_it());
        machine.run(Duration::from_secs(10), 0);
        assert!(machine.retention_trusts_it(), "it was right for a day");
    }

    #[test]
    fn dates_follow_a_wall_clock_that_stays_where_it_has_jumped_to() {
        for by in [3 * YEAR as i64, -2 * 60 * 60 * 1_000] {
            let mut machine = Machine::start(NOW - YEAR, 0);
            machine.run(HOUR, 0);
            assert_eq!(machine.run(limits::CLOCK_STAYS, by), [ClockEvent::Jumped(by)]);
            assert_eq!(machine.error(), 0);
            assert_eq!(machine.run(Duration::from_secs(2), by), [ClockEvent::Believed(by)]);
            assert_eq!(machine.error(), by);
            assert!(!machine.retention_trusts_it());
            machine.run(DAY, by);
            assert!(machine.retention_trusts_it());
        }
    }

    #[test]
    fn a_wall_clock_that_goes_to_and_fro_is_never_believed() {
        let mut machine = Machine::start(NOW, 0);
        for round in 1..1_000 {
            machine.run(Duration::from_secs(60), round * YEAR as i64);
            assert_eq!((machine.error(), machine.retention_trusts_it()), (0, false));
        }
    }

    #[test]
    fn small_steps_are_followed_at_once_and_do_not_stop_retention() {
        let mut machine = Machine::start(NOW, 0);
        let mut ahead = 0;
        for step in [900, 30_000, -45_000, 60_000] {
            ahead += step;
            assert_eq!(machine.run(HOUR, ahead), []);
            assert_eq!((machine.error(), machine.retention_trusts_it()), (ahead, true));
        }
    }

    #[test]
    fn a_start_far_beyond_the_newest_record_drops_nothing_for_a_day() {
        let mut machine = Machine::start(NOW, YEAR as i64);
        assert!(machine.0.is_far_ahead());
        machine.run(DAY - Duration::from_secs(1), YEAR as i64);
        assert!(!machine.retention_trusts_it());
        machine.run(Duration::from_secs(1), YEAR as i64);
        assert!(machine.retention_trusts_it(), "the operator was told, and has not set it back");
        assert!(!Machine::start(NOW, 6 * 24 * 60 * 60 * 1_000).0.is_far_ahead());
        assert!(!Machine::start(0, YEAR as i64).0.is_far_ahead(), "there is no record to drop");
    }

    #[test]
    fn a_clock_before_the_newest_record_follows_the_wall_clock_at_once() {
        let mut machine = Machine::start(NOW - 1_000, -(NOW as i64));
        machine.run(Duration::from_secs(30), -(NOW as i64));
        let by = NOW as i64;
        assert_eq!(machine.run(Duration::from_secs(1), 0), [ClockEvent::Believed(by)]);
        assert_eq!((machine.error(), machine.retention_trusts_it()), (0, false));
        assert_eq!(
            machine.run(Duration::from_secs(1), YEAR as i64),
            [ClockEvent::Jumped(YEAR as i64)]
        );
    }

    #[test]
    fn a_machine_that_was_asleep_is_no_clock_that_has_jumped() {
        let mut watch = WallClockWatch::new(NOW, NOW);
        let (awake, night) = (2 * HOUR, 8 * HOUR);
        let mut compare = |monotonic, asleep, wall| {
            watch.compare(monotonic, NOW + millis(wall), || Some(monotonic + asleep))
        };
        assert_eq!(compare(HOUR, DAY, HOUR), None, "it had slept for a day before the start");
        assert_eq!(compare(awake, DAY + night, awake + night), None);
        let event = compare(awake, DAY + night, awake + night + DAY);
        assert_eq!(event, Some(ClockEvent::Jumped(millis(DAY) as i64)), "this is one");
        assert_eq!(at(watch.offset, awake), NOW + millis(awake + night));
    }

    #[test]
    fn what_is_restored_is_placed_at_the_newest_record_if_the_clock_is_plainly_wrong() {
        let now = unix_ms();
        for (newest, expected) in [
            (now - YEAR, now - YEAR + NAMES_AHEAD),
            (now + YEAR, now + YEAR),
            (now - 1_000, now),
            (0, now),
        ] {
            let restored = SteadyClock::new(newest).restored_now().unix_ms;
            assert!(restored.abs_diff(expected) < 600_000, "{restored} and {expected}");
        }
    }
}
