//! How a log that could not be written comes to be written again, where that is safe.
//!
//! Room: what `tend` does when there is trouble.

use std::io;
use std::time::Instant;

use super::disk_log::Durable;
use super::files::{append_all, copy, write_anew};
use super::read_state::Health;
use super::segment::file_name;
use super::segment_scan::scan;
use crate::limits;

/// Bytes that must go into a file before the disk counts as not full.
const PROBE: [u8; 4096] = [b'\n'; 4096];

impl Durable {
    /// Looks whether what was in the way is gone.
    pub(super) fn heal(&self) {
        let health = self.shelf().health.clone();
        match health {
            Health::Well | Health::Damaged(_) => {}
            Health::Hindered(_) => {
                if self.probe().is_ok() {
                    self.shelf().health.cure(&health);
                }
            }
            Health::Doubtful(_) => {
                let mut writer = self.writer();
                let now = Instant::now();
                let lately = |at| now.saturating_duration_since(at) < limits::VERIFY_EVERY;
                if !writer.verified.is_some_and(lately) {
                    writer.verified = Some(now);
                    if self.renew(writer.check).is_ok() {
                        writer.unsynced = None;
                        self.shelf().health.cure(&health);
                    }
                }
            }
        }
    }

    /// Whether something can be written where this log is.
    fn probe(&self) -> io::Result<()> {
        let path = self.dir.with_extension("probe");
        self.files.remove(&path).ok(); // of a run that was killed right here
        let file = self.files.create(&path)?;
        let written = append_all(&*file, &PROBE);
        self.files.remove(&path)?;
        written
    }

    /// Verifies the last file, and writes it again as another. To sync the old one again would prove
    /// nothing: after a failed sync the system takes its pages for clean. The new one's pages are
    /// written for the first time, and it takes the old one's place only once that has succeeded.
    /// Earlier files were synced before the last was begun.
    fn renew(&self, check: super::line::Check) -> io::Result<()> {
        let (last, next) = {
            let shelf = self.shelf();
            let last = shelf.segments.last();
            (last.map(|last| (last.path.clone(), last.first, last.end)), shelf.next)
        };
        let refused = self.dir.join(file_name(next)); // a file that was begun, and did not get there
        match self.files.remove(&refused) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let Some((path, first, end)) = last else { return Ok(()) };
        let file = self.files.write(&path)?;
        if file.stat()?.len > end {
            file.set_len(end)?; // what could not be rolled back
        }
        let found = scan(&*file, self.room.as_str(), first, None, |_| Ok(()))?;
        let good = found.is_ok_and(|scan| {
            scan.flaw.is_none() && scan.next == next && scan.end == end && scan.check == check
        });
        if !good {
            return Err(io::Error::other("what was stored is not there"));
        }
        let anew = write_anew(&*self.files, &path, |anew| copy(&*file, 0, end, anew))?;
        self.files.rename(&anew, &path)?;
        self.files.sync_dir(&self.dir)
    }
}

impl Health {
    /// What `ailment` says is no longer so, unless something else has come up.
    fn cure(&mut self, ailment: &Health) {
        if self == ailment {
            *self = Health::Well;
        }
    }
}
