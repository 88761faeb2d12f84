//! What is done for a log by the clock: forced to the disk, dropped when it is old.
//!
//! Room: what `tend` does when all is well.

use std::io;

use super::disk_log::Durable;
use super::read_state::Health;
use super::segment::Segment;

impl Durable {
    /// Forces to the disk what is not there yet, without holding up who writes. A file that is written
    /// to no longer is let go.
    pub(super) fn force(&self) -> io::Result<()> {
        let mut writer = self.writer();
        writer.pen.rest();
        let Some(unsynced) = writer.unsynced.take() else { return Ok(()) };
        let _forcing = self.forcing();
        drop(writer);
        let synced = unsynced.sync();
        if let Err(error) = &synced {
            self.shelf().health = Health::Doubtful(error.to_string());
        }
        synced
    }

    /// Drops the files that are no longer to be kept, the oldest first, so that what remains is
    /// contiguous after a kill at any moment.
    pub(super) fn retire(&self, now: u64) -> io::Result<()> {
        if self.rules.retain.is_none() && self.rules.retain_records.is_none() {
            return Ok(());
        }
        let mut writer = self.writer();
        if self.shelf().health != Health::Well {
            return Ok(());
        }
        let over = |last: &Segment| last.next > last.first && self.is_over(last.newest, now);
        if self.shelf().segments.last().is_some_and(over) {
            self.begin_file(&mut writer, &[]).map_err(|failure| self.note(failure))?;
        }
        loop {
            let path = {
                let mut shelf = self.shelf();
                let [oldest, _, ..] = &*shelf.segments else { return Ok(()) };
                let enough = |most| shelf.next - oldest.next >= most;
                let over = self.is_over(oldest.newest, now);
                if !over && !self.rules.retain_records.is_some_and(enough) {
                    return Ok(());
                }
                let path = shelf.segments.remove(0).path;
                let first = shelf.first();
                shelf.gist.forget_before(first);
                path
            };
            self.files.remove(&path)?;
            self.files.sync_dir(&self.dir)?;
        }
    }
}
