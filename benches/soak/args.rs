//! The command line.

use std::env;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

/// `--max-data` of the server, in bytes: the 1GiB of `FLAGS` in `main.rs`.
pub(crate) const MAX_DATA: u64 = 1 << 30;
/// The rooms over which the clients are spread.
pub(crate) const ROOMS: usize = 10;

#[derive(Debug)]
pub(crate) struct Args {
    minutes: f64,
    /// Clients and attackers together: `--clients`.
    connections: usize,
    /// How often the server is killed, at even intervals.
    pub(crate) kills: u32,
    pub(crate) seed: u64,
    pub(crate) svg: Option<PathBuf>,
}

impl Args {
    /// From the command line: `--name value` or `--name=value`.
    pub(crate) fn parse() -> Args {
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
            connections: value("--clients").map_or(100, |text| text.parse().unwrap()),
            kills: value("--kills").map_or(3, |text| text.parse().unwrap()),
            seed: value("--seed")
                .map_or_else(|| RandomState::new().hash_one(0), |text| text.parse().unwrap()),
            svg: value("--svg").map(PathBuf::from),
        }
    }

    pub(crate) fn span(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    /// How many clients behave.
    pub(crate) fn clients(&self) -> usize {
        self.connections / 2
    }

    /// How many attack.
    pub(crate) fn attackers(&self) -> usize {
        self.connections - self.clients()
    }
}

impl fmt::Display for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Args { minutes, seed, .. } = self;
        let (clients, attackers) = (self.clients(), self.attackers());
        write!(
            f,
            "soak: {minutes} minutes, {clients} clients, {attackers} attackers, --seed {seed}"
        )
    }
}
