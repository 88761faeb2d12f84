//! The pause between two rounds of a broadcaster thread. Records that arrive in it share a write.
//!
//! Values only: the time and the number of waiting records come in by argument.

use std::time::{Duration, Instant};

use crate::limits;

/// One pause.
///
/// Waiting before a round saves one write per receiver for each record that joins the batch. So the pause
/// is in proportion to the last round's write time, and ends early once no record has arrived for eight
/// average gaps: then the authors probably wait for an answer.
#[derive(Debug)]
pub(crate) struct Pacing {
    /// When records began to gather.
    start: Instant,
    /// When the pause ends at the latest.
    end: Instant,
    /// How many records were waiting at the last call of `next_sleep`.
    last_waiting: Option<usize>,
}

impl Pacing {
    /// The pause after rounds that started at `start`, wrote to receivers for `write_time`, and ended `now`.
    pub(crate) fn new(start: Instant, write_time: Duration, now: Instant) -> Pacing {
        let whole = write_time.saturating_mul(limits::PACING_FACTOR).min(limits::PACING_MAX);
        let end = if whole < limits::PACING_MIN { now } else { now + whole };
        Pacing { start, end, last_waiting: None }
    }

    /// How long to sleep before asking again, at `now` with `waiting` records in the batch; `None` when the
    /// pause is over.
    pub(crate) fn next_sleep(&mut self, now: Instant, waiting: usize) -> Option<Duration> {
        let left = self.end.saturating_duration_since(now);
        if left.is_zero() || self.last_waiting.replace(waiting) == Some(waiting) {
            return None;
        }
        let records = u32::try_from(waiting).unwrap_or(u32::MAX);
        let gap = now.saturating_duration_since(self.start).checked_div(records).unwrap_or(left);
        let silence = gap.saturating_mul(limits::PACING_SILENCE).max(limits::PACING_MIN);
        Some(left.min(silence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_lasts_while_records_arrive_but_not_for_ever() {
        let start = Instant::now();
        let mut pacing = Pacing::new(start, 100 * MS, start + MS);
        assert_eq!(pacing.next_sleep(start + MS, 100), Some(limits::PACING_MIN), "one every 10 us");
        assert_eq!(
            pacing.next_sleep(start + 2 * MS, 10),
            Some(200 * limits::PACING_SILENCE * MS / 1_000)
        );
        assert_eq!(pacing.next_sleep(start + MS + limits::PACING_MAX, 11), None);
    }

    #[test]
    fn it_ends_with_a_silence() {
        let start = Instant::now();
        let mut pacing = Pacing::new(start, 100 * MS, start + MS);
        let silence = pacing.next_sleep(start + MS, 10).unwrap();
        assert_eq!(silence, 100 * limits::PACING_SILENCE * MS / 1_000, "eight gaps of 100 us");
        assert_eq!(pacing.next_sleep(start + MS + silence, 10), None);
    }

    #[test]
    fn a_room_without_waiting_records_gets_the_whole_pause() {
        let now = Instant::now();
        assert_eq!(Pacing::new(now, 100 * MS, now).next_sleep(now, 0), Some(limits::PACING_MAX));
    }

    #[test]
    fn short_writes_are_no_reason_to_pause() {
        let now = Instant::now();
        let write_time = limits::PACING_MIN / (limits::PACING_FACTOR + 1);
        assert_eq!(Pacing::new(now, write_time, now).next_sleep(now, 1), None);
    }
}
