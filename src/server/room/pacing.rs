//! The carrier's pacing between owners rounds, in which lines gather that will share a write.
//!
//! Room: values. How much has gathered and what time it is comes in by argument.

use std::time::{Duration, Instant};

use crate::limits;

/// A pacing that is being taken.
///
/// What a round saves by having waited is a write to each receiver for each line that joined it. So it
/// waits in proportion to what its writes cost, and only while lines come: when none has come for as long
/// as several took before, whoever has something to say wants to hear something first.
#[derive(Debug)]
pub(crate) struct Pacing {
    /// Since when lines gather.
    begun: Instant,
    end: Instant,
    /// How many had at the last look.
    seen: Option<usize>,
}

impl Pacing {
    /// The pacing after rounds that began at `begun`, wrote to receivers for `worked`, and are done `now`.
    pub(crate) fn new(begun: Instant, worked: Duration, now: Instant) -> Pacing {
        let whole = worked.saturating_mul(limits::PACING_FACTOR).min(limits::PACING_MAX);
        let end = if whole < limits::PACING_MIN { now } else { now + whole };
        Pacing { begun, end, seen: None }
    }

    /// How long to sleep before the next look, if it is not over: it is `now`, and `gathered` lines wait.
    pub(crate) fn next_pause(&mut self, now: Instant, gathered: usize) -> Option<Duration> {
        let left = self.end.saturating_duration_since(now);
        if left.is_zero() || self.seen.replace(gathered) == Some(gathered) {
            return None;
        }
        let lines = u32::try_from(gathered).unwrap_or(u32::MAX);
        let each = now.saturating_duration_since(self.begun).checked_div(lines).unwrap_or(left);
        let silence = each.saturating_mul(limits::PACING_SILENCE).max(limits::PACING_MIN);
        Some(left.min(silence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_lasts_while_lines_come_but_not_for_ever() {
        let begun = Instant::now();
        let mut pacing = Pacing::new(begun, 100 * MS, begun + MS);
        assert_eq!(pacing.next_pause(begun + MS, 100), Some(limits::PACING_MIN), "one every 10 us");
        assert_eq!(
            pacing.next_pause(begun + 2 * MS, 10),
            Some(200 * limits::PACING_SILENCE * MS / 1_000)
        );
        assert_eq!(pacing.next_pause(begun + MS + limits::PACING_MAX, 11), None);
    }

    #[test]
    fn it_ends_with_a_silence() {
        let begun = Instant::now();
        let mut pacing = Pacing::new(begun, 100 * MS, begun + MS);
        let silence = pacing.next_pause(begun + MS, 10).unwrap();
        assert_eq!(
            silence,
            100 * limits::PACING_SILENCE * MS / 1_000,
            "eight that take 100 us each"
        );
        assert_eq!(pacing.next_pause(begun + MS + silence, 10), None);
    }

    #[test]
    fn a_room_in_which_nothing_has_come_yet_is_given_all_of_it() {
        let now = Instant::now();
        assert_eq!(Pacing::new(now, 100 * MS, now).next_pause(now, 0), Some(limits::PACING_MAX));
    }

    #[test]
    fn few_writes_are_no_reason_to_rest() {
        let now = Instant::now();
        let worked = limits::PACING_MIN / (limits::PACING_FACTOR + 1);
        assert_eq!(Pacing::new(now, worked, now).next_pause(now, 1), None);
    }
}
