//! Inputs for the properties: handwritten seeds, cut, joined and altered.
//!
//! One number from proptest's generator determines an input, so that 100,000 of them take seconds;
//! proptest still shrinks an input that fails, by leaving out bytes.

use std::fmt;
use std::fs;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use proptest::prelude::Rng;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};

/// How many inputs each parser gets at each push.
pub(crate) const INPUTS: u32 = 100_000;

/// Bytes of an input at most.
const MOST: usize = 1_024;

/// Tries `property` on `cases` inputs made from the files of `fuzz/seeds/TARGET/` and from `more`.
pub(crate) fn hold(target: &str, cases: u32, more: Vec<Vec<u8>>, property: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let mut seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    seeds.extend(more);
    for seed in &seeds {
        let held = panic::catch_unwind(AssertUnwindSafe(|| property(seed)));
        assert!(held.is_ok(), "on the seed {:?}", Input(seed.clone()));
    }
    // An input that fails is printed whole, to be added as a seed: proptest stores nothing.
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&Mutated { seeds }, |input| {
        property(&input.0);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[derive(Debug)]
struct Mutated {
    seeds: Vec<Vec<u8>>,
}

/// Bytes, shown as text.
#[derive(Clone, PartialEq)]
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Strategy for Mutated {
    type Tree = Shrinking;
    type Value = Input;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Mutated> {
        let mut rng = Rng64(runner.rng().next_u64());
        let mut bytes = match rng.below(32) {
            0 => (0..rng.below(80)).map(|_| rng.byte()).collect(),
            _ => self.seed(&mut rng).to_vec(),
        };
        for _ in 0..rng.below(6) {
            self.alter(&mut bytes, &mut rng);
        }
        bytes.truncate(MOST);
        let step = bytes.len().div_ceil(2);
        Ok(Shrinking { bytes, step, at: 0, before: None })
    }
}

impl Mutated {
    fn seed(&self, rng: &mut Rng64) -> &[u8] {
        &self.seeds[rng.below(self.seeds.len())]
    }

    fn alter(&self, bytes: &mut Vec<u8>, rng: &mut Rng64) {
        let here = rng.range(bytes.len(), 1 + bytes.len() / 2);
        match rng.below(9) {
            0 => bytes.truncate(here.start),
            1 => drop(bytes.drain(here)),
            2 => {
                let copy = bytes[here.clone()].to_vec();
                bytes.splice(here.start..here.start, copy);
            }
            3 => {
                let other = self.seed(rng);
                let part = other[rng.range(other.len(), 40)].to_vec();
                bytes.splice(here.start..here.start, part);
            }
            4 => bytes.insert(here.start, rng.byte()),
            5 => {
                const AWKWARD: [&[u8]; 16] = [
                    b"\r\n",
                    b"\n",
                    b"\0",
                    b" ",
                    b"\t",
                    b"\"",
                    b"\\",
                    b",",
                    b":",
                    b"\xff",
                    b"\xe2\x82",
                    b"\xed\xa0\x80",
                    b"-1",
                    b"9007199254740992",
                    b"\xf0\x9f\x98\x80",
                    b"\x1b[",
                ];
                let word = AWKWARD[rng.below(AWKWARD.len())];
                bytes.splice(here.start..here.start, word.iter().copied());
            }
            6 | 7 => {
                if let Some(byte) = bytes.get_mut(here.start) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(here.start) {
                    *byte = rng.byte();
                }
            }
        }
    }
}

/// Random enough for tests, and cheap without optimisation (SplitMix64).
struct Rng64(u64);

impl Rng64 {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn byte(&mut self) -> u8 {
        self.roll().to_be_bytes()[0]
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() >> 33).unwrap() % end.max(1)
    }

    /// A range within `len`, of at most `most`.
    fn range(&mut self, len: usize, most: usize) -> Range<usize> {
        let start = self.below(len + 1);
        start..len.min(start + self.below(most + 1))
    }
}

/// Leaves out one part after another, smaller and smaller ones, as long as the property still fails.
struct Shrinking {
    bytes: Vec<u8>,
    step: usize,
    at: usize,
    /// The bytes before the last part was left out.
    before: Option<Vec<u8>>,
}

impl ValueTree for Shrinking {
    type Value = Input;

    fn current(&self) -> Input {
        Input(self.bytes.clone())
    }

    fn simplify(&mut self) -> bool {
        if self.at >= self.bytes.len() {
            (self.at, self.step) = (0, if self.step == 1 { 0 } else { self.step.div_ceil(2) });
        }
        if self.step == 0 || self.bytes.is_empty() {
            return false;
        }
        self.before = Some(self.bytes.clone());
        let end = self.bytes.len().min(self.at + self.step);
        self.bytes.drain(self.at..end);
        true
    }

    fn complicate(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        self.bytes = before;
        self.at += self.step;
        true
    }
}
