//! Repeatable random decisions: every decision of a run follows from its seed.

use std::time::Duration;

/// A stream of random numbers (SplitMix64).
#[derive(Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The stream of one named user of randomness: runs with the same seed give it the same numbers.
    pub(crate) fn of(seed: u64, name: &str, number: u64) -> Rng {
        let mut rng = Rng(seed);
        for byte in name.bytes() {
            rng.0 = rng.next() ^ u64::from(byte);
        }
        rng.0 = rng.next() ^ number;
        rng
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `end`, not including it.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    /// From 1 to 2^`bits`, small ones as likely as large ones.
    pub(crate) fn magnitude(&mut self, bits: u64) -> u64 {
        let top = 1 << self.below(bits);
        top + self.below(top)
    }

    pub(crate) fn millis_below(&mut self, end: u64) -> Duration {
        Duration::from_micros(self.below(end * 1000))
    }

    /// 32 random hex digits, as in a token.
    pub(crate) fn hex(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }
}

#[test]
fn a_seed_repeats_its_decisions_and_another_does_not() {
    let draw = |seed, name, number| {
        let mut rng = Rng::of(seed, name, number);
        (0..8).map(|_| rng.below(1_000_000)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1, "ann", 0), draw(1, "ann", 0));
    assert_ne!(draw(1, "ann", 0), draw(2, "ann", 0));
    assert_ne!(draw(1, "ann", 0), draw(1, "bob", 0));
    assert_ne!(draw(1, "ann", 0), draw(1, "ann", 1));
}
