//! One room: its ledger, its log, who is in it and who receives live.
//!
//! Room: one lock around the state, never held over a write to a socket or the log. What follows a
//! change is handed back as a [`Load`] for the caller to carry.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::client::Client;
use crate::chat::wire::{Change, Joined, Reply, Since};
use crate::chat::{
    Act, Author, Batch, Cid, ClientId, Ledger, Offered, People, RoomName, Told, Turned, UserName,
};
use crate::limits;
use crate::log::{Log, Most};

/// A room of the server.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: RoomName,
    pub(crate) log: Arc<dyn Log>,
    state: Mutex<State>,
    /// Signalled when a round has been published.
    published: Condvar,
}

/// The role of carrying one room. There is one of it for a room at a time, and it is never lost: only
/// [`Room::set_down`] frees it.
#[derive(Debug)]
pub(crate) struct Load {
    room: Arc<Room>,
}

impl Load {
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.room
    }
}

/// Everybody who receives what is published: shared, and made anew only after a change.
pub(crate) type Receivers = Arc<[Arc<Client>]>;

#[derive(Debug)]
struct State {
    ledger: Ledger,
    members: Vec<Member>,
    receivers: Option<Receivers>,
    people: People,
    crowd_told: Option<Instant>,
    crowd_changed: bool,
    round: Round,
    /// Up to this seq, every receiver has been written to.
    published: u64,
}

/// One connection in the room.
#[derive(Debug)]
struct Member {
    client: Arc<Client>,
    /// False while it is replaying what it missed: then it gets nothing from rounds.
    live: bool,
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

/// What a client that enters has to do next: send the reply, replay from there, then go live.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) joined: Joined,
    pub(crate) changes: u64,
    pub(crate) load: Option<Load>,
}

/// Whether a replaying client has caught up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seam {
    /// It is live from now on. True if people came or went while it replayed.
    Live(bool),
    /// More has been stored meanwhile, up to this seq.
    Behind(u64),
    /// It is no longer in the room.
    Left,
}

impl Room {
    /// The room that `log` is of. Its newest records are read, so that a repeat of one is known.
    ///
    /// # Errors
    /// What kept them from being read.
    pub(crate) fn new(name: RoomName, log: Arc<dyn Log>) -> io::Result<Room> {
        let mut ledger = Ledger::new(name.clone(), log.head(), 0);
        let mut seq = log.head().saturating_sub(limits::CID_WINDOW as u64);
        while seq < log.head() {
            let entries = log.read(seq, Most { records: 1_000, bytes: limits::PAGE_BYTES })?;
            let Some(last) = entries.last() else { break };
            seq = last.seq;
            entries.iter().for_each(|entry| ledger.recall(entry));
        }
        let state = State {
            published: ledger.stored(),
            ledger,
            members: Vec::new(),
            receivers: None,
            people: People::default(),
            crowd_told: None,
            crowd_changed: false,
            round: Round::Free,
        };
        Ok(Room { name, log, state: Mutex::new(state), published: Condvar::new() })
    }

    /// The one place the lock is taken. A panic under it can lose an aside, never a number: the
    /// ledger changes in single steps.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock, once no round is writing to receivers: who changes between replaying and live may
    /// not have an older batch on its way.
    fn settled(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while state.round == Round::Publishing {
            state = self.published.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// The role of carrying, if there is something to carry and nobody does.
    fn load(self: &Arc<Room>, state: &mut State) -> Option<Load> {
        if state.round != Round::Free || state.ledger.is_quiet() {
            return None;
        }
        state.round = Round::Carried;
        Some(Load { room: Arc::clone(self) })
    }

    // ---- What members do -----------------------------------------------------------------------

    /// Someone says something; `now` is Unix time in ms.
    pub(crate) fn say(
        self: &Arc<Room>,
        author: &Author,
        cid: Cid,
        act: Act,
        now: u64,
    ) -> (Told, Option<Load>) {
        let mut state = self.state();
        let told = match state.ledger.say(author, cid, act, now) {
            // Answered now, it would overtake the records before it.
            Told::Stored(seq) if seq > state.published => Told::Underway,
            told @ (Told::New | Told::Stored(_) | Told::Underway | Told::Conflict) => told,
        };
        (told, self.load(&mut state))
    }

    /// Someone is typing; everyone else hears of it.
    pub(crate) fn typing(self: &Arc<Room>, author: &Author) -> Option<Load> {
        let mut state = self.state();
        if state.people.is_crowd() {
            return None;
        }
        let typing = Reply::Typing { room: self.name.clone(), user: author.user.clone() };
        state.ledger.mention(typing.encode(), Some(author.client));
        self.load(&mut state)
    }

    /// A client enters, or enters again: it is a member from now on, but receives nothing until it
    /// has replayed what it missed and met the [`Room::seam`].
    pub(crate) fn enter(
        self: &Arc<Room>,
        client: &Arc<Client>,
        user: &UserName,
        since: Since,
        log: Option<&str>,
    ) -> Entry {
        let mut state = self.settled();
        state.receivers = None;
        match state.members.iter_mut().find(|member| member.client.id == client.id) {
            Some(member) => member.live = false,
            None => {
                state.members.push(Member { client: Arc::clone(client), live: false });
                if state.people.arrive(user) {
                    self.tell_presence(
                        &mut state,
                        Some((user.clone(), Change::Joined)),
                        Some(client.id),
                    );
                }
            }
        }
        let joined = self.joined(&state, since, log);
        Entry { joined, changes: state.people.changes(), load: self.load(&mut state) }
    }

    fn joined(&self, state: &State, since: Since, log: Option<&str>) -> Joined {
        let (first, head) = (self.log.first(), state.ledger.stored());
        let oldest = first.saturating_sub(1);
        let newest = head.saturating_sub(limits::PAGE as u64).max(oldest);
        let reset = match since {
            Since::After(seq) => seq > head || log.is_some_and(|log| log != self.log.id()),
            Since::Newest | Since::Now => false,
        };
        let since = match since {
            Since::After(_) if reset => newest,
            Since::After(seq) => seq.max(oldest),
            Since::Newest => newest,
            Since::Now => head,
        };
        Joined {
            room: self.name.clone(),
            log: String::from(self.log.id()),
            first,
            head,
            since,
            reset,
            topic: None,
            marked: None,
            count: state.people.count(),
            members: (!state.people.is_crowd()).then(|| state.people.list()),
        }
    }

    /// A client that has replayed up to `seq` becomes live, if nothing has been stored since.
    /// `changes` is what [`Entry`] gave.
    pub(crate) fn seam(&self, client: ClientId, seq: u64, changes: u64) -> Seam {
        let mut state = self.settled();
        let stored = state.ledger.stored();
        if stored > seq {
            return Seam::Behind(stored);
        }
        let changed = state.people.changes() != changes && !state.people.is_crowd();
        match state.members.iter_mut().find(|member| member.client.id == client) {
            Some(member) => member.live = true,
            None => return Seam::Left,
        }
        state.receivers = None;
        Seam::Live(changed)
    }

    /// A client leaves.
    pub(crate) fn exit(self: &Arc<Room>, client: ClientId, user: &UserName) -> Option<Load> {
        let mut state = self.settled();
        let index = state.members.iter().position(|member| member.client.id == client)?;
        state.members.swap_remove(index);
        state.receivers = None;
        if state.people.depart(user) {
            self.tell_presence(&mut state, Some((user.clone(), Change::Left)), None);
        }
        self.load(&mut state)
    }

    /// A member goes by another name. Its other devices keep the old one, so what the others are
    /// told depends on who is left under either.
    pub(crate) fn rename(
        self: &Arc<Room>,
        client: ClientId,
        from: &UserName,
        to: &UserName,
    ) -> Option<Load> {
        let mut state = self.state();
        if !state.members.iter().any(|member| member.client.id == client) {
            return None;
        }
        match state.people.turn(from, to) {
            Turned::Renamed => {
                let renamed = Reply::Renamed { user: from.clone(), to: to.clone(), token: None };
                state.ledger.mention(renamed.encode(), Some(client));
            }
            Turned::Came => {
                let came = Some((to.clone(), Change::Joined));
                self.tell_presence(&mut state, came, Some(client));
            }
            Turned::Went => {
                let went = Some((from.clone(), Change::Left));
                self.tell_presence(&mut state, went, Some(client));
            }
            Turned::Nothing => {}
        }
        self.load(&mut state)
    }

    /// Among few, each coming and going is told; in a crowd only that the count has changed, later.
    /// Whose doing it is need not be told.
    fn tell_presence(
        &self,
        state: &mut State,
        change: Option<(UserName, Change)>,
        cause: Option<ClientId>,
    ) {
        if change.is_some() && state.people.is_crowd() {
            state.crowd_changed = true;
            return;
        }
        let presence =
            Reply::Presence { room: self.name.clone(), change, count: state.people.count() };
        state.ledger.mention(presence.encode(), cause);
    }

    /// Tells a crowd its count, if it has changed and was not told lately.
    pub(crate) fn tell_crowd(self: &Arc<Room>, now: Instant) -> Option<Load> {
        let mut state = self.state();
        let lately = |at| now.saturating_duration_since(at) < limits::CROWD_PRESENCE_EVERY;
        if !state.crowd_changed || state.crowd_told.is_some_and(lately) {
            return None;
        }
        (state.crowd_changed, state.crowd_told) = (false, Some(now));
        self.tell_presence(&mut state, None, None);
        self.load(&mut state)
    }

    // ---- What members ask ----------------------------------------------------------------------

    /// The names of everybody here, sorted.
    pub(crate) fn members(&self) -> Vec<UserName> {
        self.state().people.list()
    }

    /// How many people are here.
    pub(crate) fn count(&self) -> u64 {
        self.state().people.count()
    }

    /// The newest stored seq.
    pub(crate) fn head(&self) -> u64 {
        self.state().ledger.stored()
    }

    // ---- What a round does ---------------------------------------------------------------------

    /// Takes the batch that has gathered.
    pub(crate) fn take(&self) -> Batch {
        self.state().ledger.take()
    }

    /// What was taken could not be stored. Returns what goes down with it.
    pub(crate) fn roll_back(&self) -> Vec<Offered> {
        self.state().ledger.roll_back()
    }

    /// Commits up to `seq` and names the receivers, in one step: a client that joins gets everything
    /// up to the commit from the log, and everything after it live.
    pub(crate) fn publish(&self, seq: u64) -> Receivers {
        let mut state = self.state();
        state.ledger.commit(seq);
        state.round = Round::Publishing;
        let State { receivers, members, .. } = &mut *state;
        let live = || members.iter().filter(|m| m.live).map(|m| Arc::clone(&m.client)).collect();
        Arc::clone(receivers.get_or_insert_with(live))
    }

    /// Every receiver has been written to.
    pub(crate) fn published(&self) {
        let mut state = self.state();
        state.round = Round::Carried;
        state.published = state.ledger.stored();
        self.published.notify_all();
    }

    /// Ends a round. False if more has gathered meanwhile: then the role is not free yet.
    pub(crate) fn set_down(&self) -> bool {
        let mut state = self.state();
        let quiet = state.ledger.is_quiet();
        state.round = if quiet { Round::Free } else { Round::Carried };
        state.published = state.ledger.stored(); // after a panic, as well as it went
        self.published.notify_all();
        quiet
    }
}

#[cfg(test)]
mod tests;
