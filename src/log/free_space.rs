//! Free space of a file system, as `df` (POSIX) tells it: the standard library has no `statvfs`.
//!
//! Nothing here waits: `df` on a file system that hangs would never answer.

use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::limits;

/// Asks `df` again and again.
#[derive(Debug, Default)]
pub struct FreeSpace {
    /// The `df` that runs, and since when.
    running: Option<(Child, Instant)>,
    /// When `df` was last started.
    started: Option<Instant>,
    /// There is no `df`: do not try again.
    is_missing: bool,
}

/// What a look at the disk has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Bytes of the file system, and bytes of it that are free.
    Found(u64, u64),
    /// `df` is not installed.
    NoDf,
    /// `df` could not be started, has failed, or has not answered in time.
    Failed,
}

/// Where `df` is: the server's own search path does not count.
const PATH: &str = "/usr/bin:/bin:/run/current-system/sw/bin";

/// Bytes of the answer of `df` at most. It has two lines.
const ANSWER: u64 = 16 * 1024;

impl FreeSpace {
    /// Starts `df` if it is time, and returns its answer once it is there. A `df` that hangs is killed; while
    /// it does not end, no other is started.
    pub fn look(&mut self, root: &Path, now: Instant) -> Option<Look> {
        let Some((child, since)) = &mut self.running else {
            return self.start(root, now);
        };
        match child.try_wait() {
            Ok(None) if now.saturating_duration_since(*since) < limits::DF_WAIT => None,
            Ok(None) => {
                child.kill().ok(); // it may be stuck in the system: then it stays, and is asked for again
                Some(Look::Failed)
            }
            Ok(Some(_)) => {
                let answer = read_answer(child);
                self.running = None;
                Some(answer.unwrap_or(Look::Failed))
            }
            Err(_) => {
                self.running = None;
                Some(Look::Failed)
            }
        }
    }

    fn start(&mut self, root: &Path, now: Instant) -> Option<Look> {
        let lately = |at| now.saturating_duration_since(at) < limits::DISK_LOOK_EVERY;
        if self.is_missing || self.started.is_some_and(lately) {
            return None;
        }
        self.started = Some(now);
        let mut df = Command::new("df");
        df.args(["-Pk", "--"]).arg(root).env_clear().env("PATH", PATH).env("LC_ALL", "C");
        df.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        match df.spawn() {
            Ok(child) => {
                self.running = Some((child, now));
                None
            }
            Err(error) => {
                self.is_missing = error.kind() == ErrorKind::NotFound;
                Some(if self.is_missing { Look::NoDf } else { Look::Failed })
            }
        }
    }
}

fn read_answer(child: &mut Child) -> io::Result<Look> {
    let mut text = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(ANSWER).read_to_end(&mut text)?;
    }
    let found = parse(&String::from_utf8_lossy(&text));
    Ok(found.map_or(Look::Failed, |(size, free)| Look::Found(size, free)))
}

/// The size and the free bytes in the answer of `df -Pk`. The device may have any name, with spaces as well:
/// the numbers are before the first word like `42%`.
fn parse(answer: &str) -> Option<(u64, u64)> {
    let words: Vec<&str> = answer.lines().nth(1)?.split_whitespace().collect();
    words.windows(4).find_map(|four| {
        let [size, used, free, capacity] = four else { return None };
        capacity.strip_suffix('%')?.parse::<u64>().ok()?;
        used.parse::<u64>().ok()?;
        let bytes = |kib: &str| kib.parse::<u64>().ok()?.checked_mul(1024);
        Some((bytes(size)?, bytes(free)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_df_is_read_whatever_the_names_are() {
        let answer = |line: &str| {
            format!("Filesystem     1024-blocks    Used Available Capacity Mounted on\n{line}\n")
        };
        let read = |line: &str| parse(&answer(line));
        assert_eq!(read("/dev/vda1 1000 900 50 95% /"), Some((1_024_000, 51_200)));
        assert_eq!(read("host:/a b 1000 900 50 95% /mnt/my 7% disk"), Some((1_024_000, 51_200)));
        assert_eq!(read("tmpfs 0 0 0 - /proc"), None, "it has no size");
        assert_eq!(read("/dev/vda1 1000 900 -5 101% /"), None);
        assert_eq!(read("/dev/vda1 99999999999999999999 1 1 1% /"), None);
        for wrong in ["", "\n", "Filesystem\n", "a\n1 2 3\n", "df: no such file"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_df_that_hangs_is_ended_and_no_other_is_started_meanwhile() {
        let (mut space, start) = (FreeSpace::default(), Instant::now());
        let hanging = Command::new("sleep").arg("1000").stdout(Stdio::piped()).spawn().unwrap();
        space.running = Some((hanging, start));
        let root = Path::new("/");
        assert_eq!(space.look(root, start + limits::DF_WAIT / 2), None);
        assert_eq!(space.look(root, start + limits::DF_WAIT), Some(Look::Failed));
        while space.running.is_some() {
            assert!(start.elapsed() < limits::CONNECT_WAIT * 6, "it does not end");
            assert_ne!(space.look(root, start + limits::DF_WAIT), None, "it says nothing new");
        }
        assert_eq!(space.started, None);
    }

    #[test]
    fn df_of_this_system_answers_and_is_not_asked_again_at_once() {
        let (mut space, root) = (FreeSpace::default(), std::env::temp_dir());
        let start = Instant::now();
        let found = loop {
            assert!(start.elapsed() < limits::CONNECT_WAIT * 6, "no answer");
            if let Some(found) = space.look(&root, start) {
                break found; // its time does not pass
            }
            std::thread::yield_now();
        };
        assert!(matches!(found, Look::Found(size, free) if free <= size), "{found:?}");
        assert_eq!(space.look(&root, start), None);
        assert!(space.running.is_none());
        space.look(&root, start + limits::DISK_LOOK_EVERY);
        assert!(space.running.is_some());
    }
}
