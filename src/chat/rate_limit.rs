//! Rate limits of one client: how fast it may post, and how many control messages it may send.
//!
//! Arithmetic on instants that come in by argument. `server` does what a verdict asks for.

use std::time::{Duration, Instant};

/// A rate limit with a burst (the generic cell rate algorithm of ITU-T I.371: it stores one
/// instant).
#[derive(Debug, Clone)]
pub struct RateLimiter {
    /// Time between two uses at the full rate; zero where there is no limit.
    interval: Duration,
    /// How early a use may come.
    tolerance: Duration,
    /// When the next use is due at the full rate.
    due: Option<Instant>,
}

impl RateLimiter {
    /// `burst` at once, `rate` per second; a rate of 0 is no limit.
    #[must_use]
    pub fn new(rate: u32, burst: u32) -> RateLimiter {
        RateLimiter::every(Duration::from_secs(1).checked_div(rate).unwrap_or_default(), burst)
    }

    /// `burst` at once, then one per `interval`; an interval of zero is no limit.
    #[must_use]
    pub fn every(interval: Duration, burst: u32) -> RateLimiter {
        RateLimiter { interval, tolerance: interval * burst.saturating_sub(1), due: None }
    }

    /// Uses the limiter once.
    ///
    /// # Errors
    /// How long to wait, when the limit is reached. A rejected use does not count.
    pub fn check(&mut self, now: Instant) -> Result<(), Duration> {
        let due = self.due.map_or(now, |due| due.max(now));
        let early = due.saturating_duration_since(now);
        if early > self.tolerance {
            return Err(early - self.tolerance);
        }
        self.due = Some(due + self.interval);
        Ok(())
    }
}

/// What to do with a client after a message counted by [`FloodControl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Answer it.
    Allow,
    /// Answer it after this wait: the client is over the limit.
    Delay(Duration),
    /// Close the connection: the client has been over the limit for longer than the grace time.
    Disconnect,
}

/// Counts one client's control, empty and rejected messages, per second.
#[derive(Debug, Clone)]
pub struct FloodControl {
    /// Messages per second that are answered at once.
    limit: u32,
    /// How long a client may stay over the limit; its messages are slowed meanwhile.
    grace: Duration,
    /// When the second that is counted started.
    second: Instant,
    /// Messages in that second.
    in_second: u32,
    /// Since when the client is over the limit, if it is.
    over_since: Option<Instant>,
}

impl FloodControl {
    /// A client that has sent no such message yet. Over `limit` per second it is slowed, and after
    /// `grace` disconnected.
    #[must_use]
    pub fn new(limit: usize, grace: Duration, now: Instant) -> FloodControl {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX).max(1);
        FloodControl { limit, grace, second: now, in_second: 0, over_since: None }
    }

    /// Counts one message.
    pub fn check(&mut self, now: Instant) -> Verdict {
        let second = Duration::from_secs(1);
        let passed = now.saturating_duration_since(self.second);
        if passed >= second {
            let was_over = self.in_second > self.limit && passed < 2 * second;
            if !was_over {
                self.over_since = None;
            }
            (self.second, self.in_second) = (now, 0);
        }
        self.in_second += 1;
        if self.in_second <= self.limit {
            return Verdict::Allow;
        }
        let over_since = *self.over_since.get_or_insert(now);
        if now.saturating_duration_since(over_since) >= self.grace {
            return Verdict::Disconnect;
        }
        Verdict::Delay(second / self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn flood_control(now: Instant) -> FloodControl {
        FloodControl::new(limits::CONTROL_RATE, limits::FLOOD_GRACE, now)
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let start = Instant::now();
        let mut posts = RateLimiter::new(5, 20);
        for n in 0..20 {
            assert_eq!(posts.check(start), Ok(()), "number {n} of the burst");
        }
        assert_eq!(posts.check(start), Err(200 * MS));
        assert_eq!(posts.check(start + 199 * MS), Err(MS), "a rejected use does not count");
        assert_eq!(posts.check(start + 200 * MS), Ok(()));
        assert_eq!(posts.check(start + 200 * MS), Err(200 * MS));
        let later = start + Duration::from_secs(60);
        let fresh = (0..30).filter(|_| posts.check(later).is_ok()).count();
        assert_eq!(fresh, 20, "a pause brings back the burst, and no more");
    }

    #[test]
    fn a_rate_below_one_per_second_is_an_interval() {
        let start = Instant::now();
        let mut topics = RateLimiter::every(10_000 * MS, 3);
        assert_eq!((0..4).filter(|_| topics.check(start).is_ok()).count(), 3);
        assert_eq!(topics.check(start), Err(10_000 * MS));
        assert_eq!(topics.check(start + 10_000 * MS), Ok(()));
    }

    #[test]
    fn a_rate_of_zero_is_no_limit() {
        let now = Instant::now();
        let mut posts = RateLimiter::new(0, 0);
        assert!((0..10_000).all(|_| posts.check(now).is_ok()));
    }

    #[test]
    fn a_short_flood_is_slowed_and_forgiven_and_a_long_one_disconnects() {
        let start = Instant::now();
        let mut flood = flood_control(start);
        let allowed = (0..25).filter(|_| flood.check(start) == Verdict::Allow).count();
        assert_eq!(allowed, 20);
        assert_eq!(flood.check(start + 3000 * MS), Verdict::Allow, "forgiven");

        let mut flood = flood_control(start);
        let disconnected = (0..2000)
            .map(|n| start + n * 10 * MS)
            .find(|at| flood.check(*at) == Verdict::Disconnect);
        let after = disconnected.unwrap().duration_since(start);
        assert!(
            after >= limits::FLOOD_GRACE && after <= limits::FLOOD_GRACE + 400 * MS,
            "{after:?}"
        );
    }

    #[test]
    fn just_below_the_limit_is_allowed_for_ever() {
        let start = Instant::now();
        let mut flood = flood_control(start);
        assert!((0..2000).all(|n| flood.check(start + n * 50 * MS) == Verdict::Allow));
    }
}
