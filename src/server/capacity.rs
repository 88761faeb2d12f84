//! Capacity: how many connections this machine can hold, computed at start.
//!
//! When threads or memory maps run out, Rust's runtime may abort the process instead of returning an error,
//! so the server stays below the ceiling by itself. The files under `/proc` and `/sys` come in by argument.

use std::fmt;

/// Descriptors left free: the listener, logs, refusals, what std opens.
const SPARE_DESCRIPTORS: u64 = 32;
/// Memory maps of one thread: its stack, the guard page, and the same for its signal stack.
const MAPS_PER_THREAD: u64 = 4;
/// Memory maps left free: the program, its libraries, its heap; and the second thread that a connection has
/// for a moment, between hello and session, for some 700 connections at once.
const SPARE_MAPS: u64 = 4_096;
/// Threads left free: the server's own, and those of other programs of this user.
const SPARE_THREADS: u64 = 128;

/// The maximum number of connections, and which limit sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// Connections at once.
    pub connections: usize,
    /// The system limit that is reached first.
    pub set_by: &'static str,
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections (set by {})", self.connections, self.set_by)
    }
}

/// Computes the ceiling from what `read` returns for a path. A file that does not exist or contains "max"
/// sets no limit.
pub fn ceiling(read: impl Fn(&str) -> Option<String>) -> Ceiling {
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let descriptors = read("/proc/self/limits").and_then(|limits| open_files(&limits));
    let group = read("/proc/self/cgroup").and_then(|groups| unified_group(&groups));
    let pids = group.and_then(|group| number(&format!("/sys/fs/cgroup{group}/pids.max")));
    let threads = |limit: Option<u64>| limit.map(|limit| limit.saturating_sub(SPARE_THREADS));
    let bounds = [
        ("RLIMIT_NOFILE, see ulimit -n", descriptors.map(|n| n.saturating_sub(SPARE_DESCRIPTORS))),
        (
            "vm.max_map_count",
            number("/proc/sys/vm/max_map_count")
                .map(|maps| maps.saturating_sub(SPARE_MAPS) / MAPS_PER_THREAD),
        ),
        ("kernel.threads-max", threads(number("/proc/sys/kernel/threads-max"))),
        ("kernel.pid_max", threads(number("/proc/sys/kernel/pid_max"))),
        ("the control group's pids.max", threads(pids)),
    ];
    let lowest = bounds
        .into_iter()
        .filter_map(|(set_by, bound)| Some((bound?, set_by)))
        .min()
        .unwrap_or((1_000, "a guess: this system does not show its limits"));
    let connections = usize::try_from(lowest.0).unwrap_or(usize::MAX).max(1);
    Ceiling { connections, set_by: lowest.1 }
}

/// The soft limit in the "Max open files" line of `/proc/self/limits` (proc_pid_limits(5)).
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The path of this process's group in the unified hierarchy (cgroups(7)).
fn unified_group(groups: &str) -> Option<String> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(if path == "/" { String::new() } else { String::from(path) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proc(files: &'static [(&'static str, &'static str)]) -> Ceiling {
        ceiling(|path| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).into()))
    }

    #[test]
    fn the_lowest_limit_sets_the_ceiling() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max processes             95000                95000                processes\n\
                      Max open files            1048576              1048576              files\n";
        assert_eq!(
            ceiling(|path| match path {
                "/proc/self/limits" => Some(limits.into()),
                "/proc/sys/vm/max_map_count" => Some("65530\n".into()),
                "/proc/sys/kernel/threads-max" => Some("192000\n".into()),
                _ => None,
            }),
            Ceiling { connections: 15_358, set_by: "vm.max_map_count" }
        );
    }

    #[test]
    fn a_small_control_group_and_a_small_ulimit_are_seen() {
        const GROUP: (&str, &str) = ("/proc/self/cgroup", "0::/talk.slice\n");
        let ceiling = proc(&[GROUP, ("/sys/fs/cgroup/talk.slice/pids.max", "200\n")]);
        assert_eq!(ceiling.connections, 72);
        let unbounded = proc(&[GROUP, ("/sys/fs/cgroup/talk.slice/pids.max", "max\n")]);
        assert_eq!(unbounded.connections, 1_000);
        let tiny = proc(&[("/proc/self/limits", "Max open files 16 16 files")]);
        assert_eq!(tiny.connections, 1, "never zero");
    }
}
