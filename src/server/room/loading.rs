//! A room is opened when it is first needed, its cids are read before its first post, and what an idle room
//! keeps in memory can be released.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use super::Room;
use super::state::RoomState;
use crate::chat::{Author, Operation, OwnerId, RecentCids};
use crate::failpoint;
use crate::limits;
use crate::log::{ReadLimit, RecoveryFinding};

impl Room {
    /// Opens the room: loads its log for the first time, which verifies it. Does nothing in an open room.
    /// Returns what recovery has found, once.
    ///
    /// # Errors
    /// When the log could not be loaded; the next call tries it again.
    pub(crate) fn open(&self) -> io::Result<Option<RecoveryFinding>> {
        if self.state().is_open {
            return Ok(None);
        }
        let finding = self.log.load()?;
        let head = self.log.head(); // no record comes before the room is open
        let mut state = self.state();
        if state.open(&self.name, head, self.log.newest()) {
            self.notes.head_at_open.store(head, Ordering::Relaxed);
            self.context.unopened.subtract(1);
        }
        Ok(finding)
    }

    /// Whether its log cannot be loaded (`Some(Some(error))`), or can again (`Some(None)`); `None` if that is as at the
    /// last call.
    pub(crate) fn take_load_change(&self) -> Option<Option<String>> {
        let error = self.log.load_error();
        let was_error = self.notes.is_load_error_logged.swap(error.is_some(), Ordering::Relaxed);
        (was_error != error.is_some()).then_some(error)
    }

    /// Whether an operation can be submitted without reading the cids of the newest records from the log.
    pub(crate) fn has_cids(&self) -> bool {
        self.state().sequencer.has_cids()
    }

    /// Reads the cids of the newest records, unless they are in memory.
    ///
    /// # Errors
    /// When they could not be read.
    pub(crate) fn load_cids(&self) -> io::Result<()> {
        self.state_with_cids().map(drop)
    }

    /// The state, with the cids of the newest records: without them, no record is accepted. If they are not in
    /// memory, it reads them from the log, and other threads that need them wait.
    ///
    /// # Errors
    /// When they could not be read.
    pub(super) fn state_with_cids(&self) -> io::Result<MutexGuard<'_, RoomState>> {
        let state = self.state();
        if state.sequencer.has_cids() {
            return Ok(state);
        }
        drop(state);
        let _reading = self.cid_lock();
        let state = self.state();
        if state.sequencer.has_cids() {
            return Ok(state); // another thread was first
        }
        let head = state.sequencer.last_committed();
        drop(state);
        let cids = self.read_cids(head)?;
        let mut state = self.state();
        state.sequencer.set_cids(cids);
        self.cid_memory.set(state.sequencer.cid_memory());
        Ok(state)
    }

    /// The state, for the submission of `operation`, and for a post the owner of the newest stored post under the
    /// author's name. Both are read in one step: no post is stored in between. A log that was unloaded is loaded.
    ///
    /// # Errors
    /// When the cids could not be read, or the log could not be loaded.
    pub(super) fn state_for(
        &self,
        author: &Author,
        operation: &Operation,
    ) -> io::Result<(MutexGuard<'_, RoomState>, Option<OwnerId>)> {
        loop {
            let state = self.state_with_cids()?;
            if !matches!(operation, Operation::Post { .. }) {
                return Ok((state, None));
            }
            if let Ok(stored) = self.log.last_owner(&author.user) {
                return Ok((state, stored));
            }
            drop(state);
            self.log.load()?;
        }
    }

    /// Held while the cids are read from the log.
    fn cid_lock(&self) -> MutexGuard<'_, ()> {
        failpoint::check(self.cid_lock.lock().unwrap_or_else(PoisonError::into_inner), "cids")
    }

    /// The cids of the records up to `head`.
    fn read_cids(&self, head: u64) -> io::Result<RecentCids> {
        let mut cids = RecentCids::default();
        let mut seq = head.saturating_sub(limits::CID_WINDOW as u64);
        while seq < head {
            let limit = ReadLimit { records: 1_000, bytes: limits::HISTORY_PAGE_BYTES };
            let entries = self.log.read(seq, limit)?;
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else { break };
            if first.seq != seq + 1 {
                cids = RecentCids::default(); // retention has dropped what was read before
            }
            seq = last.seq;
            for entry in entries.iter().take_while(|entry| entry.seq <= head) {
                cids.restore(entry.seq, entry.owner, &entry.json);
            }
        }
        Ok(cids)
    }

    // ---- What is kept in memory ----------------------------------------------------------------

    /// Notes that a client uses the room at `now` (Unix time in ms).
    pub(crate) fn touch(&self, now: u64) {
        self.notes.used_at.store(now, Ordering::Relaxed);
    }

    /// When a client last used it; 0 if no client did since the start.
    pub(crate) fn used_at(&self) -> u64 {
        self.notes.used_at.load(Ordering::Relaxed)
    }

    /// About how many bytes of its log and its cids are in memory.
    pub(crate) fn memory(&self) -> usize {
        self.cid_memory.get() + self.log.memory()
    }

    /// Measures the cids; the log measures itself.
    pub(crate) fn measure_memory(&self) {
        let state = self.state();
        self.cid_memory.set(state.sequencer.cid_memory());
    }

    /// Releases the cids and the newest records, if all records are stored: a small part of the log has them.
    pub(crate) fn release_newest(&self) {
        let mut state = self.state();
        if state.sequencer.forget_cids() {
            self.cid_memory.set(state.sequencer.cid_memory());
        }
        drop(state);
        self.log.drop_newest();
    }
}
