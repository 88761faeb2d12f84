//! Who comes into a room, goes, and is called otherwise; and where the old meets the new.
//!
//! Room: the room's lock, and in one place the lock of a client's socket under it.

use std::mem;
use std::sync::Arc;

use super::{Load, Member, Room, State};
use crate::chat::protocol::{Change, Joined, Reply, Since};
use crate::chat::{Away, ClientId, Turned, UserName};
use crate::limits;
use crate::log::Most;
use crate::net::Sent;
use crate::server::clients::client::Client;
use crate::ws;

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
    /// A client enters, or enters again: it is a member from now on, but receives nothing until it
    /// has replayed what it missed and met the [`Room::seam`].
    pub(crate) fn enter(
        self: &Arc<Room>,
        client: &Arc<Client>,
        user: &UserName,
        away: Option<&Away>,
        since: Since,
        log: Option<&str>,
    ) -> Entry {
        let mut state = self.settled();
        let aside = state.ledger.mentioned();
        match state.members.iter_mut().find(|member| member.client.id == client.id) {
            Some(member) => {
                (member.live, member.aside) = (false, aside);
                state.receivers = None;
            }
            None => self.admit(&mut state, client, (user, away), false),
        }
        let joined = self.joined(&state, since, log);
        Entry { joined, changes: state.people.changes(), load: self.load(&mut state) }
    }

    /// Makes a member of a client that is none.
    fn admit(
        &self,
        state: &mut State,
        client: &Arc<Client>,
        (user, away): (&UserName, Option<&Away>),
        live: bool,
    ) {
        let aside = state.ledger.mentioned();
        let (client, id) = (Arc::clone(client), client.id);
        state.members.push(Member { client, user: user.clone(), live, aside });
        state.receivers = None;
        if state.people.arrive(user, away) {
            let came = Some((user.clone(), Change::Joined));
            self.tell_presence(state, came, Some(id));
        }
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
        let is_crowd = state.people.is_crowd();
        Joined {
            room: self.name.clone(),
            log: String::from(self.log.id()),
            first,
            head,
            since,
            reset,
            topic: self.log.topic(),
            marked: None,
            count: state.people.count(),
            members: (!is_crowd).then(|| state.people.list()),
            away: if is_crowd { Vec::new() } else { state.people.away() },
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
    pub(crate) fn exit(self: &Arc<Room>, client: ClientId) -> Option<Load> {
        let mut state = self.settled();
        let index = state.members.iter().position(|member| member.client.id == client)?;
        let Member { user, .. } = state.members.swap_remove(index);
        state.receivers = None;
        if state.people.depart(&user) {
            self.tell_presence(&mut state, Some((user, Change::Left)), None);
        }
        self.load(&mut state)
    }

    /// A member goes by another name. Its other devices keep the old one, so what the others are
    /// told depends on who is left under either.
    pub(crate) fn rename(self: &Arc<Room>, client: ClientId, to: &UserName) -> Option<Load> {
        let mut state = self.state();
        let member = state.members.iter_mut().find(|member| member.client.id == client)?;
        let from = mem::replace(&mut member.user, to.clone());
        match state.people.turn(&from, to) {
            Turned::Renamed => {
                let renamed = Reply::Renamed { user: from, to: to.clone(), token: None };
                state.ledger.mention(renamed.encode(), Some(client));
            }
            Turned::Came => {
                let came = Some((to.clone(), Change::Joined));
                self.tell_presence(&mut state, came, Some(client));
            }
            Turned::Went => {
                let went = Some((from, Change::Left));
                self.tell_presence(&mut state, went, Some(client));
            }
            Turned::Nothing => {}
        }
        self.load(&mut state)
    }

    /// Among few, each coming and going is told; in a crowd only that the count has changed, later.
    /// Whose doing it is need not be told.
    pub(super) fn tell_presence(
        &self,
        state: &mut State,
        change: Option<(UserName, Change)>,
        cause: Option<ClientId>,
    ) {
        if change.is_some() && state.people.is_crowd() {
            state.crowd_changed = true;
            return;
        }
        let room = self.name.clone();
        let away = change.as_ref().and_then(|(user, _)| state.people.away_of(user).cloned());
        let presence = Reply::Presence { room, change, away, count: state.people.count() };
        state.ledger.mention(presence.encode(), cause);
    }

    /// Brings a client in that did not ask: it is told where it is, then what was stored after the
    /// record `after`, which is little and of late, and then what comes. Nothing is done for one that is
    /// here already. What becomes of the bytes that are written here is for the caller to see to.
    pub(crate) fn bring(
        self: &Arc<Room>,
        client: &Arc<Client>,
        user: &UserName,
        away: Option<&Away>,
        after: u64,
        marked: Option<u64>,
    ) -> (Sent, Option<Load>) {
        let mut state = self.settled();
        if state.members.iter().any(|member| member.client.id == client.id) {
            return (Sent::Taken, None);
        }
        self.admit(&mut state, client, (user, away), true);
        let joined = Joined { marked, ..self.joined(&state, Since::After(after), None) };
        let most = Most { records: limits::PAGE, bytes: limits::PAGE_BYTES };
        let mut entries = self.log.read(joined.since, most).unwrap_or_default();
        entries.retain(|entry| entry.seq <= joined.head);
        let mut frame = Vec::new();
        ws::push_text_frame(&mut frame, Reply::Joined(joined).encode().as_bytes());
        for entry in &entries {
            ws::push_text_frame(&mut frame, entry.json.as_bytes());
        }
        // Under the room's lock, so that no round comes between. A write that cannot block.
        let sent = client.outbound.send(&frame.into());
        (sent, self.load(&mut state))
    }
}
