//! One room: its sequencer, its log, who is in it and who receives live.
//!
//! Room: one lock around the state, never held over a write to a socket or the log. What follows a
//! change is handed back as a [`Load`] for the caller to carry.

pub(crate) mod history; // what was said before
pub(crate) mod broadcast; // a batch into the log and to everyone
pub(crate) mod round; // the rooms that wait for it
pub(crate) mod pacing; // between owners rounds
pub(crate) mod condvar; // what threads wait for
pub(crate) mod parcel; // a batch as it goes over the wire

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::clients::client::Client;
use super::room::condvar::LazyCondvar;
use crate::chat::protocol::ServerMessage;
use crate::chat::{
    Author, AwayMessage, Batch, Cid, ClientId, Members, Operation, Outcome, PendingRecord,
    RoomName, Sequencer, UserName,
};
use crate::failpoint;
use crate::limits;
use crate::log::{Log, ReadLimit};

pub(crate) use membership::CatchUp;

/// A room of the server.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: RoomName,
    pub(crate) log: Arc<dyn Log>,
    state: Mutex<State>,
    /// Signalled when a round has been published.
    published: LazyCondvar,
}

/// The role of carrying one room. There is one of it for a room at a time, and it is never lost: it is
/// set down, or dropped by a panic, and then the pulse finds what is left.
#[derive(Debug)]
pub(crate) struct Load {
    room: Arc<Room>,
    is_held: bool,
}

impl Load {
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    /// Ends a round. Hands the load back if more has gathered meanwhile: then the role is not free yet.
    pub(crate) fn set_down(mut self) -> Option<Load> {
        self.is_held = !self.room.end_round();
        self.is_held.then_some(self)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if self.is_held {
            self.room.neglect();
        }
    }
}

/// Everybody who receives what is published: shared, and made anew only after a change.
pub(crate) type Receivers = Arc<[Receiver]>;

/// Somebody who receives what is published.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) client: Arc<Client>,
    /// The first aside that concerns it.
    pub(crate) aside: u64,
}

#[derive(Debug)]
struct State {
    sequencer: Sequencer,
    clients: Vec<RoomClient>,
    receivers: Option<Receivers>,
    members: Members,
    crowd_told: Option<Instant>,
    crowd_changed: bool,
    round: Round,
    /// Up to this seq, every receiver has been written to.
    published: u64,
    /// What was said again while it was written to receivers, and by whom.
    late: Vec<(ClientId, u64)>,
}

/// One connection in the room.
#[derive(Debug)]
struct RoomClient {
    client: Arc<Client>,
    /// As whom it is counted among the members. The client may be called otherwise already.
    user: UserName,
    /// False while it is replaying what it missed: then it gets nothing from rounds.
    live: bool,
    /// The first aside that its `joined` does not cover: who came before it is in its list already.
    aside: u64,
}

/// Where carrying stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Nobody carries the room.
    Free,
    /// Somebody does.
    Carried,
    /// Somebody does, and is writing to receivers now.
    Publishing,
}

impl State {
    /// What is stored, but not written to everyone yet, is underway: answered now, it would overtake
    /// the records before it.
    fn unless_underway(&self, told: Outcome) -> Outcome {
        match told {
            Outcome::AlreadyStored(seq) if seq > self.published => Outcome::InFlight,
            told @ (Outcome::Accepted
            | Outcome::AlreadyStored(_)
            | Outcome::InFlight
            | Outcome::CidConflict
            | Outcome::NoSuchTarget) => told,
        }
    }
}

impl Room {
    /// The room that `log` is of. Its newest records are read, so that a repeat of one is known.
    ///
    /// # Errors
    /// What kept them from being read.
    pub(crate) fn new(name: RoomName, log: Arc<dyn Log>) -> io::Result<Room> {
        let mut sequencer = Sequencer::new(name.clone(), log.head(), 0);
        let mut seq = log.head().saturating_sub(limits::CID_WINDOW as u64);
        while seq < log.head() {
            let entries =
                log.read(seq, ReadLimit { records: 1_000, bytes: limits::HISTORY_PAGE_BYTES })?;
            let Some(last) = entries.last() else { break };
            seq = last.seq;
            entries.iter().for_each(|entry| sequencer.restore(entry));
        }
        let state = State {
            published: sequencer.last_committed(),
            sequencer,
            clients: Vec::new(),
            receivers: None,
            members: Members::default(),
            crowd_told: None,
            crowd_changed: false,
            round: Round::Free,
            late: Vec::new(),
        };
        Ok(Room { name, log, state: Mutex::new(state), published: LazyCondvar::default() })
    }

    /// The one place the lock is taken. A panic under it can lose an aside, never a number: the
    /// sequencer changes in single steps.
    fn state(&self) -> MutexGuard<'_, State> {
        failpoint::check(self.state.lock().unwrap_or_else(PoisonError::into_inner), "state")
    }

    /// The lock, once no round is writing to receivers: who changes between replaying and live may
    /// not have an older batch on its way.
    fn settled(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while state.round == Round::Publishing {
            state = self.published.wait(state);
        }
        state
    }

    /// The role of carrying, if there is something to carry and nobody does.
    fn load(self: &Arc<Room>, state: &mut State) -> Option<Load> {
        if state.round != Round::Free || state.sequencer.is_empty() {
            return None;
        }
        state.round = Round::Carried;
        Some(Load { room: Arc::clone(self), is_held: true })
    }

    // ---- What members do -----------------------------------------------------------------------

    /// What became of an act that was done before under this cid, if one was.
    pub(crate) fn find(
        &self,
        author: &Author,
        cid: &Cid,
        operation: &Operation,
    ) -> Option<Outcome> {
        let state = self.state();
        let told = state.sequencer.find(author.owner, cid, operation)?;
        Some(state.unless_underway(told))
    }

    /// Someone does something; `now` is Unix time in ms.
    pub(crate) fn say(
        self: &Arc<Room>,
        author: &Author,
        cid: Cid,
        operation: Operation,
        now: u64,
    ) -> (Outcome, Option<Load>) {
        let mut state = self.state();
        let told = state.sequencer.submit(author, cid, operation, now);
        if let Outcome::AlreadyStored(seq) = told
            && seq > state.published
        {
            state.late.push((author.client, seq)); // it may have been written to this one already
        }
        (state.unless_underway(told), self.load(&mut state))
    }

    /// Someone is typing; everyone else hears of it.
    pub(crate) fn typing(self: &Arc<Room>, author: &Author) -> Option<Load> {
        let mut state = self.state();
        if state.members.is_large() {
            return None;
        }
        let typing = ServerMessage::Typing { room: self.name.clone(), user: author.user.clone() };
        state.sequencer.push_ephemeral(typing.encode(), Some(author.client));
        self.load(&mut state)
    }

    /// Somebody is away from now on, or back. Whoever is here is told, unless it is a crowd, or knows it.
    pub(crate) fn set_away(
        self: &Arc<Room>,
        user: &UserName,
        away: Option<&AwayMessage>,
    ) -> Option<Load> {
        let mut state = self.state();
        if !state.members.set_away(user, away) || state.members.is_large() {
            return None;
        }
        let (room, user) = (self.name.clone(), user.clone());
        let told = ServerMessage::Away { room, user, away: away.cloned() };
        state.sequencer.push_ephemeral(told.encode(), None);
        self.load(&mut state)
    }

    /// Tells a crowd its count, if it has changed and was not told lately. Finds what nobody carries,
    /// because whoever was to has panicked.
    pub(crate) fn look_after(self: &Arc<Room>, now: Instant) -> Option<Load> {
        let mut state = self.state();
        let lately = |at| now.saturating_duration_since(at) < limits::CROWD_PRESENCE_EVERY;
        if state.crowd_changed && !state.crowd_told.is_some_and(lately) {
            (state.crowd_changed, state.crowd_told) = (false, Some(now));
            self.tell_presence(&mut state, None, None);
        }
        self.load(&mut state)
    }

    // ---- What members ask ----------------------------------------------------------------------

    /// Who is here, as `members` says it.
    pub(crate) fn members(&self) -> ServerMessage {
        let members = &self.state().members;
        ServerMessage::Members {
            room: self.name.clone(),
            members: members.list(),
            away: members.away(),
        }
    }

    /// How many members are here.
    pub(crate) fn count(&self) -> u64 {
        self.state().members.count()
    }

    /// Whether a client is here.
    pub(crate) fn has(&self, client: ClientId) -> bool {
        self.state().clients.iter().any(|entry| entry.client.id == client)
    }

    /// How many connections of the name with the key `key` are here.
    pub(crate) fn connections(&self, key: &str) -> usize {
        self.state().members.connections(key)
    }

    /// The newest stored seq.
    pub(crate) fn head(&self) -> u64 {
        self.state().sequencer.last_committed()
    }

    /// The newest seq given out: what has it may not be stored yet.
    pub(crate) fn last_assigned(&self) -> u64 {
        self.state().sequencer.last_assigned()
    }

    // ---- What a round does ---------------------------------------------------------------------

    /// How much waits to be taken.
    pub(crate) fn pending_count(&self) -> usize {
        self.state().sequencer.pending_count()
    }

    /// Takes the batch that has gathered.
    pub(crate) fn take(&self) -> Batch {
        self.state().sequencer.take()
    }

    /// What was taken could not be stored. Returns what goes down with it.
    pub(crate) fn roll_back(&self) -> Vec<PendingRecord> {
        self.state().sequencer.roll_back()
    }

    /// Commits up to `seq` and names the receivers, in one step: a client that joins gets everything
    /// up to the commit from the log, and everything after it live.
    pub(crate) fn publish(&self, seq: u64) -> Receivers {
        let mut state = self.state();
        state.sequencer.commit(seq);
        state.round = Round::Publishing;
        let State { receivers, clients, .. } = &mut *state;
        let receiver = |m: &RoomClient| Receiver { client: Arc::clone(&m.client), aside: m.aside };
        let live = || clients.iter().filter(|m| m.live).map(receiver).collect();
        Arc::clone(receivers.get_or_insert_with(live))
    }

    /// Every receiver has been written to. Returns who is still to be answered, with which record.
    pub(crate) fn published(&self) -> Vec<(ClientId, u64)> {
        let mut state = self.state();
        state.round = Round::Carried;
        state.published = state.sequencer.last_committed();
        self.published.notify_all();
        mem::take(&mut state.late)
    }

    /// Ends a round. False if more has gathered meanwhile: then the role is not free yet.
    fn end_round(&self) -> bool {
        let mut state = self.state();
        let quiet = state.sequencer.is_empty();
        self.end(&mut state, quiet);
        quiet
    }

    /// Frees the role of carrying, whatever has gathered.
    fn neglect(&self) {
        self.end(&mut self.state(), true);
    }

    fn end(&self, state: &mut State, is_free: bool) {
        if state.round == Round::Publishing {
            // After a panic, as well as it went.
            state.published = state.sequencer.last_committed();
            self.published.notify_all();
        }
        state.round = if is_free { Round::Free } else { Round::Carried };
    }
}

mod membership; // who comes, goes, and is called otherwise
#[cfg(test)]
mod tests;
