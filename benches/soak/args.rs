//! What was asked for.

use std::env;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

/// Those who behave share so many rooms.
pub(crate) const ROOMS: usize = 10;

#[derive(Debug)]
pub(crate) struct Args {
    minutes: f64,
    clients: usize,
    /// How often the server is killed, at even distances.
    pub(crate) kills: u32,
    pub(crate) seed: u64,
    pub(crate) svg: Option<PathBuf>,
}

impl Args {
    /// From the command line: `--name value` or `--name=value`.
    pub(crate) fn from_words() -> Args {
        let words: Vec<String> = env::args().skip(1).collect();
        let value = |name: &str| {
            let at = words.iter().position(|word| word == name);
            let next = at.and_then(|at| words.get(at + 1)).map(String::as_str);
            let joined =
                |word: &'_ String| word.strip_prefix(name)?.strip_prefix('=').map(String::from);
            next.map(String::from).or_else(|| words.iter().find_map(joined))
        };
        Args {
            minutes: value("--minutes").map_or(1.0, |text| text.parse().unwrap()),
            clients: value("--clients").map_or(100, |text| text.parse().unwrap()),
            kills: value("--kills").map_or(3, |text| text.parse().unwrap()),
            seed: value("--seed")
                .map_or_else(|| RandomState::new().hash_one(0), |text| text.parse().unwrap()),
            svg: value("--svg").map(PathBuf::from),
        }
    }

    pub(crate) fn span(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    /// How many behave.
    pub(crate) fn good(&self) -> usize {
        self.clients / 2
    }

    /// How many do not.
    pub(crate) fn bad(&self) -> usize {
        self.clients - self.good()
    }

    /// Where somebody's dice begin: each has other ones, and never zero, which would stay zero (splitmix64).
    pub(crate) fn seed_of(&self, number: usize) -> u64 {
        let mut z = self.seed.wrapping_add((number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) | 1
    }
}

impl fmt::Display for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Args { minutes, seed, .. } = self;
        let (good, bad) = (self.good(), self.bad());
        write!(f, "soak: {minutes} minutes, {good} behave, {bad} do not, --seed {seed}")
    }
}
