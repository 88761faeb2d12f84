//! How much one client may say, and how much nuisance it may make.
//!
//! Room: arithmetic on instants that come in by argument. What follows from a refusal is not
//! decided here.

use std::time::{Duration, Instant};

/// So many at once, then so many per second (the generic cell rate algorithm, as in ITU-T I.371:
/// one instant is all it has to remember).
#[derive(Debug, Clone)]
pub struct Allowance {
    /// Time that one use costs; zero where there is no limit.
    interval: Duration,
    /// How far ahead of its rate a client may be.
    ahead: Duration,
    /// When a client that never ran ahead would be due again.
    due: Option<Instant>,
}

impl Allowance {
    /// `burst` at once, `rate` per second; a rate of 0 is no limit.
    #[must_use]
    pub fn new(rate: u32, burst: u32) -> Allowance {
        let interval = Duration::from_secs(1).checked_div(rate).unwrap_or_default();
        Allowance { interval, ahead: interval * burst.saturating_sub(1), due: None }
    }

    /// Uses it once.
    ///
    /// # Errors
    /// How long to wait until it can be used again, when it is used up. Nothing is charged then.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let due = self.due.map_or(now, |due| due.max(now));
        let early = due.saturating_duration_since(now);
        if early > self.ahead {
            return Err(early - self.ahead);
        }
        self.due = Some(due + self.interval);
        Ok(())
    }
}

/// What a client that makes a nuisance of itself should meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// An answer.
    Kept,
    /// An answer, after this wait: it comes faster than is borne.
    Strained(Duration),
    /// An end: it has gone on for longer than patience lasts.
    Lost,
}

/// Counts the control, empty and refused messages of one client, second by second.
#[derive(Debug, Clone)]
pub struct Nuisances {
    /// So many in a second are borne.
    most: u32,
    /// So long are more of them slowed.
    patience: Duration,
    second: Instant,
    in_second: u32,
    bad_since: Option<Instant>,
}

impl Nuisances {
    /// None so far; `most` in a second are borne, more of them are slowed for as long as `patience`.
    #[must_use]
    pub fn new(most: usize, patience: Duration, now: Instant) -> Nuisances {
        let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
        Nuisances { most, patience, second: now, in_second: 0, bad_since: None }
    }

    /// Counts one more.
    pub fn count(&mut self, now: Instant) -> Patience {
        let second = Duration::from_secs(1);
        let passed = now.saturating_duration_since(self.second);
        if passed >= second {
            let was_bad = self.in_second > self.most && passed < 2 * second;
            if !was_bad {
                self.bad_since = None;
            }
            (self.second, self.in_second) = (now, 0);
        }
        self.in_second += 1;
        if self.in_second <= self.most {
            return Patience::Kept;
        }
        let bad_since = *self.bad_since.get_or_insert(now);
        if now.saturating_duration_since(bad_since) >= self.patience {
            return Patience::Lost;
        }
        Patience::Strained(second / self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn none(now: Instant) -> Nuisances {
        Nuisances::new(limits::NUISANCES_PER_SECOND, limits::ABUSE_WAIT, now)
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let start = Instant::now();
        let mut posts = Allowance::new(5, 20);
        for n in 0..20 {
            assert_eq!(posts.take(start), Ok(()), "number {n} of the burst");
        }
        assert_eq!(posts.take(start), Err(200 * MS));
        assert_eq!(posts.take(start + 199 * MS), Err(MS), "a refusal costs nothing");
        assert_eq!(posts.take(start + 200 * MS), Ok(()));
        assert_eq!(posts.take(start + 200 * MS), Err(200 * MS));
        let later = start + Duration::from_secs(60);
        let fresh = (0..30).filter(|_| posts.take(later).is_ok()).count();
        assert_eq!(fresh, 20, "rest brings back the burst, not more");
    }

    #[test]
    fn a_rate_of_zero_is_no_limit() {
        let now = Instant::now();
        let mut posts = Allowance::new(0, 0);
        assert!((0..10_000).all(|_| posts.take(now).is_ok()));
    }

    #[test]
    fn a_short_flurry_is_slowed_and_forgiven_and_a_long_one_ends() {
        let start = Instant::now();
        let mut nuisances = none(start);
        let kept = (0..25).filter(|_| nuisances.count(start) == Patience::Kept).count();
        assert_eq!(kept, 20);
        assert_eq!(nuisances.count(start + 3000 * MS), Patience::Kept, "forgiven");

        let mut nuisances = none(start);
        let lost = (0..2000)
            .map(|n| start + n * 10 * MS)
            .find(|at| nuisances.count(*at) == Patience::Lost);
        let after = lost.unwrap().duration_since(start);
        assert!(after >= limits::ABUSE_WAIT && after <= limits::ABUSE_WAIT + 400 * MS, "{after:?}");
    }

    #[test]
    fn just_below_the_limit_is_borne_for_ever() {
        let start = Instant::now();
        let mut nuisances = none(start);
        assert!((0..2000).all(|n| nuisances.count(start + n * 50 * MS) == Patience::Kept));
    }
}
