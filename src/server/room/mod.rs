//! One room: its sequencer, its log, its clients, and the rounds that store and broadcast.
//!
//! Depends on `clients` and what is below it; never on `state`, `commands`, `http` or `connection`.

mod state; // what a room's lock protects
mod visit_queue; // the rooms that periodic threads visit
mod loading; // open a room, read its cids, release memory
pub(crate) mod membership; // join, go live, leave, rename
mod members; // who is here
pub(crate) mod round_queue; // the rooms that wait for a broadcaster thread
pub(crate) mod broadcast; // a batch into the log and to everyone
pub(crate) mod pacing; // the pause between two rounds
pub(crate) mod history; // stored records for clients
pub(crate) mod condvar; // a condition variable that is cheap to notify

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::chat::protocol::ServerMessage;
use crate::chat::{
    Author, AwayMessage, Batch, Cid, ClientId, Operation, Outcome, OwnerId, PendingRecord, RoomName,
};
use crate::failpoint;
use crate::limits;
use crate::log::Log;
use crate::metrics::{Gauge, GaugePart};
use crate::server::quotas::Holding;
use condvar::LazyCondvar;
use state::{Presence, Receiver, Receivers, RoomClient, RoomState, Round};
use visit_queue::VisitQueue;

/// A room of the server.
///
/// The lock protects the state; a broadcast or an append runs without it. Under it a room asks its log for
/// what is in memory, and in [`Room::invite`] writes to one client, which cannot block. If a change needs a
/// round, the method returns a [`RoundGuard`], and the caller runs the round.
#[derive(Debug)]
pub(crate) struct Room {
    /// Public, or private: then its name contains those of its two owners.
    pub(crate) name: RoomName,
    /// The stored records.
    pub(crate) log: Arc<dyn Log>,
    /// What the lock protects.
    state: Mutex<RoomState>,
    /// Notified at the end of each broadcast.
    broadcast_ended: LazyCondvar,
    /// What all rooms share.
    pub(crate) context: Arc<RoomContext>,
    /// Held while cids are read from the log: other threads that need them wait.
    cid_lock: Mutex<()>,
    /// Bytes that the cids take.
    cid_memory: GaugePart,
    /// What is read and written without the lock.
    notes: Notes,
    /// Its place in the share of the network that created it; `None` for a room of an earlier run.
    _place: Option<Holding>,
}

/// What is read and written without a room's lock.
#[derive(Debug, Default)]
struct Notes {
    /// When a client last used it, Unix time in ms; 0 if no client did since the start.
    used_at: AtomicU64,
    /// The newest seq when the room was opened.
    head_at_open: AtomicU64,
    /// The server's log says that its log cannot be loaded.
    is_load_error_logged: AtomicBool,
    /// In which queues it is.
    marks: VisitMarks,
}

/// What all rooms share.
#[derive(Debug)]
pub(crate) struct RoomContext {
    /// Rooms for the heartbeat: their count is outdated, or a panic has ended their round.
    pub(crate) checks: VisitQueue<Room>,
    /// Rooms for maintenance: their log was written.
    pub(crate) maintenance: VisitQueue<Room>,
    /// Rooms with deleted texts that are still on the disk.
    pub(crate) erasures: VisitQueue<Room>,
    /// Bytes of logs and cids in memory, of all rooms.
    pub(crate) memory: Arc<Gauge>,
    /// How many there may be.
    pub(crate) memory_limit: usize,
    /// Rooms that are not open: no load has verified their logs since the start.
    pub(crate) unopened: Gauge,
}

impl RoomContext {
    pub(crate) fn new(memory: Arc<Gauge>, memory_limit: usize) -> RoomContext {
        RoomContext {
            checks: VisitQueue::new("checks", |room: &Room| &room.notes.marks.check),
            maintenance: VisitQueue::new("maintenance", |room: &Room| {
                &room.notes.marks.maintenance
            }),
            erasures: VisitQueue::new("erasures", |room: &Room| &room.notes.marks.erasure),
            memory,
            memory_limit,
            unopened: Gauge::default(),
        }
    }

    /// Whether more than half of the memory for rooms is in use.
    pub(crate) fn is_memory_scarce(&self) -> bool {
        self.memory.get() > self.memory_limit / 2
    }
}

/// In which queues a room is.
#[derive(Debug, Default)]
struct VisitMarks {
    /// See [`RoomContext::checks`].
    check: AtomicBool,
    /// See [`RoomContext::maintenance`].
    maintenance: AtomicBool,
    /// See [`RoomContext::erasures`].
    erasure: AtomicBool,
}

impl Room {
    /// The room of `log`, not open yet.
    pub(crate) fn new(name: RoomName, log: Arc<dyn Log>, context: &Arc<RoomContext>) -> Room {
        context.unopened.add(1);
        Room {
            log,
            state: Mutex::new(RoomState::new(name.clone())),
            name,
            broadcast_ended: LazyCondvar::default(),
            context: Arc::clone(context),
            cid_lock: Mutex::default(),
            cid_memory: GaugePart::of(&context.memory),
            notes: Notes::default(),
            _place: None,
        }
    }

    /// The same room, with its place in the share of the network that created it.
    pub(crate) fn with_place(self, place: Option<Holding>) -> Room {
        Room { _place: place, ..self }
    }

    /// A panic under the lock can lose an ephemeral event, never a seq: the sequencer changes in single
    /// steps.
    fn state(&self) -> MutexGuard<'_, RoomState> {
        failpoint::check(self.state.lock().unwrap_or_else(PoisonError::into_inner), "state")
    }

    /// The lock, taken while no broadcast is running: a client that goes live or leaves must not receive an
    /// older batch after that.
    fn state_between_broadcasts(&self) -> MutexGuard<'_, RoomState> {
        let mut state = self.state();
        while state.round == Round::Broadcasting {
            state = self.broadcast_ended.wait(state);
        }
        state
    }

    /// The permission to run a round, if there is a batch and no round is running.
    fn try_start_round(self: &Arc<Room>, state: &mut RoomState) -> Option<RoundGuard> {
        if state.is_count_outdated {
            self.context.checks.add(self);
        }
        if state.round != Round::Idle || state.sequencer.is_empty() {
            return None;
        }
        state.round = Round::Running;
        Some(RoundGuard { room: Arc::clone(self), is_held: true })
    }

    // ---- What clients do -----------------------------------------------------------------------

    /// The outcome of an operation that was submitted before under this cid, if one was.
    ///
    /// # Errors
    /// When the cids could not be read from the log.
    pub(crate) fn find(
        &self,
        author: &Author,
        cid: &Cid,
        operation: &Operation,
    ) -> io::Result<Option<Outcome>> {
        let state = self.state_with_cids()?;
        let outcome = state.sequencer.find(author.owner, cid, operation);
        Ok(outcome.map(|outcome| state.unless_in_flight(outcome)))
    }

    /// Adds an operation to the batch; `now` is Unix time in ms.
    ///
    /// # Errors
    /// When the cids could not be read from the log: nothing was added.
    pub(crate) fn submit(
        self: &Arc<Room>,
        author: &Author,
        cid: Cid,
        operation: Operation,
        now: u64,
    ) -> io::Result<(Outcome, Option<RoundGuard>)> {
        let (mut state, stored) = self.state_for(author, &operation)?;
        let outcome = state.sequencer.submit(author, cid, operation, now, stored);
        if let Outcome::AlreadyStored(seq) = outcome
            && seq > state.broadcast_up_to
        {
            state.repeats.push((author.client, seq)); // this client may have received it already
        }
        Ok((state.unless_in_flight(outcome), self.try_start_round(&mut state)))
    }

    /// Sends all others that the author is typing, except in a large room.
    pub(crate) fn push_typing(self: &Arc<Room>, author: &Author) -> Option<RoundGuard> {
        let mut state = self.state();
        if state.members.is_large() {
            return None;
        }
        let typing = ServerMessage::Typing { room: self.name.clone(), user: author.user.clone() };
        state.sequencer.push_ephemeral(typing.encode(), Some(author.client));
        self.try_start_round(&mut state)
    }

    /// Sets or clears a member's away message. The others get an event, unless nothing has changed or the
    /// room is large.
    pub(crate) fn set_away(
        self: &Arc<Room>,
        owner: OwnerId,
        away: Option<&AwayMessage>,
    ) -> Option<RoundGuard> {
        let mut state = self.state();
        let user = state.members.set_away(owner, away)?;
        if state.members.is_large() {
            return None;
        }
        let room = self.name.clone();
        let event = ServerMessage::Away { room, user, away: away.cloned() };
        state.sequencer.push_ephemeral(event.encode(), None);
        self.try_start_round(&mut state)
    }

    /// The heartbeat's check: sends a large room its count, if it has changed and was not sent lately;
    /// and starts the round that a panicked thread has left.
    pub(crate) fn check(self: &Arc<Room>, now: Instant) -> Option<RoundGuard> {
        let mut state = self.state();
        let lately = |at| now.saturating_duration_since(at) < limits::CROWD_PRESENCE_EVERY;
        if state.is_count_outdated && !state.count_sent.is_some_and(lately) {
            (state.is_count_outdated, state.count_sent) = (false, Some(now));
            state.push_presence(&self.name, None, Presence::default());
        }
        self.try_start_round(&mut state)
    }

    // ---- What clients ask ----------------------------------------------------------------------

    /// Whether one of the two owners of a private room has written there. It reads the log if it was never
    /// loaded; a log that cannot be read counts as one without.
    pub(crate) fn has_posted(&self, owner: OwnerId) -> bool {
        self.log.has_posted(owner).unwrap_or(false)
    }

    /// The time of the newest record, in Unix time in ms; 0 before the log was looked at.
    pub(crate) fn newest_at(&self) -> u64 {
        self.log.newest()
    }

    /// The newest seq when the room was opened; `None` before that.
    pub(crate) fn head_at_open(&self) -> Option<u64> {
        let is_open = self.state().is_open;
        is_open.then(|| self.notes.head_at_open.load(Ordering::Relaxed))
    }

    /// The newest committed seq; while the room is not open, what is known of its log.
    pub(crate) fn head(&self) -> u64 {
        let state = self.state();
        if state.is_open { state.sequencer.last_committed() } else { self.log.head() }
    }

    /// The newest assigned seq; its record may not be stored yet. While the room is not open, what is known
    /// of its log.
    pub(crate) fn last_assigned(&self) -> u64 {
        let state = self.state();
        if state.is_open { state.sequencer.last_assigned() } else { self.log.head() }
    }

    // ---- What a round does ---------------------------------------------------------------------

    /// How many items are in the batch.
    fn pending_count(&self) -> usize {
        self.state().sequencer.pending_count()
    }

    /// Takes the batch that has gathered.
    fn take_batch(&self) -> Batch {
        self.state().sequencer.take_batch()
    }

    /// Forgets the records of the batch that could not be stored. Returns those of the next batch, which
    /// are lost with it.
    fn roll_back(&self) -> Vec<PendingRecord> {
        self.state().sequencer.roll_back()
    }

    /// Commits up to `seq` and returns the receivers, in one step: a client that joins gets everything up
    /// to the commit from the log, and everything after it live.
    fn commit(&self, seq: u64) -> Receivers {
        let mut state = self.state();
        state.sequencer.commit(seq);
        state.round = Round::Broadcasting;
        let RoomState { receivers, clients, .. } = &mut *state;
        let receiver = |entry: &RoomClient| Receiver {
            client: Arc::clone(&entry.client),
            first_ephemeral: entry.first_ephemeral,
        };
        let live = || clients.iter().filter(|entry| entry.is_live).map(receiver).collect();
        Arc::clone(receivers.get_or_insert_with(live))
    }

    /// Ends a broadcast: every receiver was written to. Returns the clients that submitted a record again
    /// meanwhile and need it as the answer, with its seq.
    fn end_broadcast(&self) -> Vec<(ClientId, u64)> {
        let mut state = self.state();
        state.round = Round::Running;
        state.broadcast_up_to = state.sequencer.last_committed();
        self.broadcast_ended.notify_all();
        mem::take(&mut state.repeats)
    }

    /// Ends a round. False if more has arrived meanwhile: then the room is not idle, and the caller still has
    /// the permission.
    fn end_round(&self) -> bool {
        let mut state = self.state();
        let is_idle = state.sequencer.is_empty();
        self.set_round(&mut state, if is_idle { Round::Idle } else { Round::Running });
        is_idle
    }

    /// Ends a round after a panic, even if more has arrived. The heartbeat starts the next one, and
    /// maintenance looks at the log.
    fn abort_round(self: &Arc<Room>) {
        self.set_round(&mut self.state(), Round::Idle);
        self.context.checks.add(self);
        self.context.maintenance.add(self);
    }

    fn set_round(&self, state: &mut RoomState, round: Round) {
        if state.round == Round::Broadcasting {
            // A panic has ended the broadcast. No thread will write this batch again.
            state.broadcast_up_to = state.sequencer.last_committed();
            self.broadcast_ended.notify_all();
        }
        state.round = round;
    }
}

/// Permission to run rounds for a room; at most one exists.
///
/// Its holder runs one round and then calls [`finish`](RoundGuard::finish). If it is dropped instead, by a
/// panic, then the room is free again, and the heartbeat starts the next round.
#[derive(Debug)]
#[must_use]
pub(crate) struct RoundGuard {
    room: Arc<Room>,
    /// False once the room is free again.
    is_held: bool,
}

impl RoundGuard {
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    /// Ends the round. If more has arrived meanwhile, the room is not idle: the permission is returned,
    /// for the next round.
    pub(crate) fn finish(mut self) -> Option<RoundGuard> {
        self.is_held = !self.room.end_round();
        self.is_held.then_some(self)
    }
}

impl Drop for RoundGuard {
    fn drop(&mut self) {
        if self.is_held {
            self.room.abort_round();
        }
    }
}

#[cfg(test)]
mod tests;
