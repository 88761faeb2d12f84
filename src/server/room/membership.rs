//! Who comes into a room, goes, and is called otherwise; and where the old meets the new.
//!
//! Room: the room's lock, and in one place the lock of a client's socket under it.

use std::mem;
use std::sync::Arc;

use super::{Load, Room, RoomClient, State};
use crate::chat::protocol::{Change, Joined, ServerMessage, Since};
use crate::chat::{AwayMessage, ClientId, RenameEffect, UserName};
use crate::limits;
use crate::log::ReadLimit;
use crate::net::Sent;
use crate::server::clients::client::Client;
use crate::ws;

/// What a client that enters has to do next: send the reply, replay from there, then go live.
#[derive(Debug)]
pub(crate) struct JoinStep {
    pub(crate) joined: Joined,
    pub(crate) changes: u64,
    pub(crate) load: Option<Load>,
}

/// Whether a replaying client has caught up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CatchUp {
    /// It is live from now on. True if members came or went while it replayed.
    Live(bool),
    /// More has been stored meanwhile, up to this seq.
    Behind(u64),
    /// It is no longer in the room.
    Left,
}

impl Room {
    /// A client enters, or enters again: it is a member from now on, but receives nothing until it
    /// has replayed what it missed and met the [`Room::try_go_live`].
    pub(crate) fn enter(
        self: &Arc<Room>,
        client: &Arc<Client>,
        user: &UserName,
        away: Option<&AwayMessage>,
        since: Since,
        log: Option<&str>,
    ) -> JoinStep {
        let mut state = self.settled();
        let aside = state.sequencer.ephemeral_count();
        match state.clients.iter_mut().find(|member| member.client.id == client.id) {
            Some(member) => {
                (member.live, member.aside) = (false, aside);
                state.receivers = None;
            }
            None => self.admit(&mut state, client, (user, away), false),
        }
        let joined = self.joined(&state, since, log);
        JoinStep { joined, changes: state.members.changes(), load: self.load(&mut state) }
    }

    /// Makes a member of a client that is none.
    fn admit(
        &self,
        state: &mut State,
        client: &Arc<Client>,
        (user, away): (&UserName, Option<&AwayMessage>),
        live: bool,
    ) {
        let aside = state.sequencer.ephemeral_count();
        let (client, id) = (Arc::clone(client), client.id);
        state.clients.push(RoomClient { client, user: user.clone(), live, aside });
        state.receivers = None;
        if state.members.add(user, away) {
            let came = Some((user.clone(), Change::Joined));
            self.tell_presence(state, came, Some(id));
        }
    }

    fn joined(&self, state: &State, since: Since, log: Option<&str>) -> Joined {
        let (first, head) = (self.log.first(), state.sequencer.last_committed());
        let oldest = first.saturating_sub(1);
        let newest = head.saturating_sub(limits::HISTORY_PAGE as u64).max(oldest);
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
        let is_large = state.members.is_large();
        Joined {
            room: self.name.clone(),
            log: String::from(self.log.id()),
            first,
            head,
            since,
            reset,
            topic: self.log.topic(),
            marked: None,
            count: state.members.count(),
            members: (!is_large).then(|| state.members.list()),
            away: if is_large { Vec::new() } else { state.members.away() },
        }
    }

    /// A client that has replayed up to `seq` becomes live, if nothing has been stored since.
    /// `changes` is what [`JoinStep`] gave.
    pub(crate) fn try_go_live(&self, client: ClientId, seq: u64, changes: u64) -> CatchUp {
        let mut state = self.settled();
        let stored = state.sequencer.last_committed();
        if stored > seq {
            return CatchUp::Behind(stored);
        }
        let changed = state.members.changes() != changes && !state.members.is_large();
        match state.clients.iter_mut().find(|member| member.client.id == client) {
            Some(member) => member.live = true,
            None => return CatchUp::Left,
        }
        state.receivers = None;
        CatchUp::Live(changed)
    }

    /// A client leaves.
    pub(crate) fn exit(self: &Arc<Room>, client: ClientId) -> Option<Load> {
        let mut state = self.settled();
        let index = state.clients.iter().position(|member| member.client.id == client)?;
        let RoomClient { user, .. } = state.clients.swap_remove(index);
        state.receivers = None;
        if state.members.remove(&user) {
            self.tell_presence(&mut state, Some((user, Change::Left)), None);
        }
        self.load(&mut state)
    }

    /// A member goes by another name. Its other devices keep the old one, so what the others are
    /// told depends on who is left under either.
    pub(crate) fn rename(self: &Arc<Room>, client: ClientId, to: &UserName) -> Option<Load> {
        let mut state = self.state();
        let member = state.clients.iter_mut().find(|member| member.client.id == client)?;
        let from = mem::replace(&mut member.user, to.clone());
        match state.members.rename(&from, to) {
            RenameEffect::Renamed => {
                let renamed = ServerMessage::Renamed { user: from, to: to.clone(), token: None };
                state.sequencer.push_ephemeral(renamed.encode(), Some(client));
            }
            RenameEffect::Joined => {
                let came = Some((to.clone(), Change::Joined));
                self.tell_presence(&mut state, came, Some(client));
            }
            RenameEffect::Left => {
                let went = Some((from, Change::Left));
                self.tell_presence(&mut state, went, Some(client));
            }
            RenameEffect::Unchanged => {}
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
        if change.is_some() && state.members.is_large() {
            state.crowd_changed = true;
            return;
        }
        let room = self.name.clone();
        let away = change.as_ref().and_then(|(user, _)| state.members.away_of(user).cloned());
        let presence = ServerMessage::Presence { room, change, away, count: state.members.count() };
        state.sequencer.push_ephemeral(presence.encode(), cause);
    }

    /// Brings a client in that did not ask: it is told where it is, then what was stored after the
    /// record `after`, which is little and of late, and then what comes. Nothing is done for one that is
    /// here already. What becomes of the bytes that are written here is for the caller to see to.
    pub(crate) fn bring(
        self: &Arc<Room>,
        client: &Arc<Client>,
        user: &UserName,
        away: Option<&AwayMessage>,
        after: u64,
        marked: Option<u64>,
    ) -> (Sent, Option<Load>) {
        let mut state = self.settled();
        if state.clients.iter().any(|member| member.client.id == client.id) {
            return (Sent::Written, None);
        }
        self.admit(&mut state, client, (user, away), true);
        let joined = Joined { marked, ..self.joined(&state, Since::After(after), None) };
        let most = ReadLimit { records: limits::HISTORY_PAGE, bytes: limits::HISTORY_PAGE_BYTES };
        let mut entries = self.log.read(joined.since, most).unwrap_or_default();
        entries.retain(|entry| entry.seq <= joined.head);
        let mut frame = Vec::new();
        ws::push_text_frame(&mut frame, ServerMessage::Joined(joined).encode().as_bytes());
        for entry in &entries {
            ws::push_text_frame(&mut frame, entry.json.as_bytes());
        }
        // Under the room's lock, so that no round comes between. A write that cannot block.
        let sent = client.send_queue.send(&frame.into());
        (sent, self.load(&mut state))
    }
}
