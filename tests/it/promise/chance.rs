//! Chance that can be repeated: every decision of a run follows from its seed.

use std::time::Duration;

/// A stream of decisions (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of one decider: runs with the same seed give it the same one.
    pub(super) fn of(seed: u64, who: &str, number: u64) -> Chance {
        let mut chance = Chance(seed);
        for byte in who.bytes() {
            chance.0 = chance.next() ^ u64::from(byte);
        }
        chance.0 = chance.next() ^ number;
        chance
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `end`, not including it.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// From 1 to 2^`bits`, small ones as likely as large ones.
    pub(super) fn magnitude(&mut self, bits: u64) -> u64 {
        let top = 1 << self.below(bits);
        top + self.below(top)
    }

    pub(super) fn millis(&mut self, end: u64) -> Duration {
        Duration::from_micros(self.below(end * 1000))
    }
}

#[test]
fn a_seed_repeats_its_decisions_and_another_does_not() {
    let draw = |seed, who, number| {
        let mut chance = Chance::of(seed, who, number);
        (0..8).map(|_| chance.below(1_000_000)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1, "ann", 0), draw(1, "ann", 0));
    assert_ne!(draw(1, "ann", 0), draw(2, "ann", 0));
    assert_ne!(draw(1, "ann", 0), draw(1, "bob", 0));
    assert_ne!(draw(1, "ann", 0), draw(1, "ann", 1));
}
