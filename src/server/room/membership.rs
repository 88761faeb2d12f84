//! Joining a room, going live, leaving, and renames.

use std::mem;
use std::sync::Arc;

use super::state::{Presence, RoomClient, RoomState};
use super::{Room, RoundGuard};
use crate::chat::protocol::{Joined, PresenceChange, ServerMessage, Since};
use crate::chat::{AwayMessage, ChangeEffect, ClientId, Label, OwnerId, RoomName, UserName};
use crate::limits;
use crate::log::ReadLimit;
use crate::net::SendResult;
use crate::server::clients::client::{Client, text_frame};
use crate::ws;

/// What the session does after [`Room::join`]: send `joined`, run the round, catch up.
#[derive(Debug)]
pub(crate) struct JoinStep {
    /// The message for the client, without its read marker, the record at its `since`, and who the other person of
    /// a private room is.
    pub(crate) joined: Joined,
    /// The count of membership changes, for [`Room::try_go_live`].
    pub(crate) changes: u64,
    /// A round to run, if none is running.
    pub(crate) round: Option<RoundGuard>,
}

/// Whether a client that catches up has all records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CatchUp {
    /// It is live. True if members joined or left meanwhile.
    Live(bool),
    /// More records were stored meanwhile, up to this seq.
    Behind(u64),
    /// It is no longer in the room.
    Left,
}

impl Room {
    /// Adds a client, or starts its catch-up again if it has joined before. It is a member from now on, unless
    /// it has no presence, but receives no broadcasts until [`try_go_live`](Room::try_go_live). `is_other_log` comes from
    /// [`is_other_log`](super::history::is_other_log), which may read the disk: before the lock.
    pub(crate) fn join(
        self: &Arc<Room>,
        client: &Arc<Client>,
        (owner, label): (OwnerId, &Label),
        away: Option<&AwayMessage>,
        since: Since,
        is_other_log: bool,
    ) -> JoinStep {
        let mut state = self.state_between_broadcasts();
        let first_ephemeral = state.sequencer.ephemeral_count();
        match state.clients.iter_mut().find(|entry| entry.client.id == client.id) {
            Some(entry) => {
                (entry.is_live, entry.first_ephemeral) = (false, first_ephemeral);
                state.receivers = None;
            }
            None => state.add_client(&self.name, client, (owner, label, away), false),
        }
        let joined = self.joined_message(&state, since, is_other_log);
        let changes = state.members.changes();
        JoinStep { joined, changes, round: self.try_start_round(&mut state) }
    }

    fn joined_message(&self, state: &RoomState, since: Since, is_other_log: bool) -> Joined {
        let (first, head) = (self.log.first(), state.sequencer.last_committed());
        let oldest = first.saturating_sub(1);
        let newest = self.newest_page(head);
        let reset = match since {
            Since::After(seq) => seq > head || is_other_log,
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
            peer: None,
            asked: None,
            log: String::from(&*self.log.id()),
            first,
            head,
            since,
            record: None,
            reset,
            damaged: self.log.is_damaged(),
            topic: self.log.topic(),
            marked: None,
            count: state.members.count(),
            members: (!is_large).then(|| state.members.list()),
            away: if is_large { Vec::new() } else { state.members.away_members() },
            absent: None,
            absent_members: None,
        }
    }

    /// The seq after which the newest page starts: it has the newest posts, however many edits and other
    /// changes came after them. `head` is the newest committed seq; the log may be ahead of it.
    pub(crate) fn newest_page(&self, head: u64) -> u64 {
        self.log.newest_page().min(head)
    }

    /// Makes a client live that has received everything up to `seq`, if nothing was stored since.
    /// `changes` comes from its [`JoinStep`].
    pub(crate) fn try_go_live(&self, client: ClientId, seq: u64, changes: u64) -> CatchUp {
        let mut state = self.state_between_broadcasts();
        let stored = state.sequencer.last_committed();
        if stored > seq {
            return CatchUp::Behind(stored);
        }
        let changed = state.members.changes() != changes && !state.members.is_large();
        match state.clients.iter_mut().find(|entry| entry.client.id == client) {
            Some(entry) => entry.is_live = true,
            None => return CatchUp::Left,
        }
        state.receivers = None;
        CatchUp::Live(changed)
    }

    /// Removes a client. `stays_member`: its person did not leave the room, and may come back.
    pub(crate) fn leave(
        self: &Arc<Room>,
        client: ClientId,
        stays_member: bool,
    ) -> Option<RoundGuard> {
        let mut state = self.state_between_broadcasts();
        state.remove_client(&self.name, client, stays_member);
        self.try_start_round(&mut state)
    }

    /// Removes a client that did not ask, and sends it `left`, unless it still has to receive records: those in
    /// flight, or those before it is live. The caller handles the result of the write.
    pub(crate) fn expel(
        self: &Arc<Room>,
        client: &Arc<Client>,
    ) -> Option<(SendResult, Option<RoundGuard>)> {
        let mut state = self.state_between_broadcasts();
        let Some(entry) = state.clients.iter().find(|entry| entry.client.id == client.id) else {
            return Some((SendResult::Written, None)); // it has left already, or is about to enter
        };
        let is_in_flight = state.sequencer.last_assigned() > state.sequencer.last_committed();
        if is_in_flight || !entry.is_live {
            return None;
        }
        Some(self.remove_and_tell(&mut state, client, false))
    }

    /// As [`leave`](Room::leave), and sends the client `left`. The caller handles the result of the write.
    pub(crate) fn leave_and_tell(
        self: &Arc<Room>,
        client: &Arc<Client>,
        stays_member: bool,
    ) -> (SendResult, Option<RoundGuard>) {
        let mut state = self.state_between_broadcasts();
        self.remove_and_tell(&mut state, client, stays_member)
    }

    fn remove_and_tell(
        self: &Arc<Room>,
        state: &mut RoomState,
        client: &Client,
        stays_member: bool,
    ) -> (SendResult, Option<RoundGuard>) {
        state.remove_client(&self.name, client.id, stays_member);
        let left = ServerMessage::Left { room: self.name.clone() };
        // Under the room's lock, so that it comes before the `joined` of the next invitation.
        let sent = client.send_queue.send(&text_frame(&left));
        (sent, self.try_start_round(state))
    }

    /// Gives a person their new name. The other members get one event, whatever the number of the person's
    /// connections; those do not get it, because each is sent `renamed` by itself.
    pub(crate) fn rename(self: &Arc<Room>, owner: OwnerId, label: &Label) -> Option<RoundGuard> {
        let mut state = self.state();
        let user = state.members.rename(owner, label)?;
        state.push_renamed(owner, user, label);
        self.try_start_round(&mut state)
    }

    /// A client is another person's from now on: the one with this name. The event that the other members get
    /// depends on how many connections the two have left. `stays_member`: as for [`leave`](Room::leave), of the former
    /// person.
    pub(crate) fn change_owner(
        self: &Arc<Room>,
        client: ClientId,
        (owner, label): (OwnerId, &Label),
        stays_member: bool,
    ) -> Option<RoundGuard> {
        let mut state = self.state();
        let entry = state.clients.iter_mut().find(|entry| entry.client.id == client)?;
        let former = mem::replace(&mut entry.owner, owner);
        if !entry.client.has_presence {
            return None;
        }
        match state.members.change_owner(former, owner, label) {
            ChangeEffect::Renamed { from } => state.push_renamed(owner, from, label),
            ChangeEffect::Joined => {
                let joined = Some((label.user.clone(), PresenceChange::Joined));
                let presence =
                    Presence { joined: Some(owner), cause: Some(client), ..Presence::default() };
                state.push_presence(&self.name, joined, presence);
            }
            ChangeEffect::Left { from } => {
                let left = Some((from, PresenceChange::Left));
                let presence = Presence { joined: None, cause: Some(client), stays_member };
                state.push_presence(&self.name, left, presence);
            }
            ChangeEffect::Unchanged => {}
        }
        self.try_start_round(&mut state)
    }

    /// Tells everyone in a private room that the other person, who is not in it now, has another name.
    pub(crate) fn announce_rename(
        self: &Arc<Room>,
        from: &UserName,
        to: &UserName,
    ) -> Option<RoundGuard> {
        let mut state = self.state();
        if state.clients.is_empty() {
            return None;
        }
        let renamed = ServerMessage::Renamed { user: from.clone(), to: to.clone(), token: None };
        state.sequencer.push_ephemeral(renamed.encode(), None);
        self.try_start_round(&mut state)
    }

    /// Adds a client that did not ask, to a private room: sends it `joined`, then the records after
    /// `after`, which are few and recent, and makes it live. Does nothing for a client that is a member. The
    /// caller handles the result of the write.
    pub(crate) fn invite(
        self: &Arc<Room>,
        client: &Arc<Client>,
        (owner, label): (OwnerId, &Label),
        away: Option<&AwayMessage>,
        after: u64,
        (marked, peer): (Option<u64>, Option<UserName>),
    ) -> (SendResult, Option<RoundGuard>) {
        let mut state = self.state_between_broadcasts();
        if state.clients.iter().any(|entry| entry.client.id == client.id) {
            return (SendResult::Written, None);
        }
        state.add_client(&self.name, client, (owner, label, away), true);
        let joined =
            Joined { marked, peer, ..self.joined_message(&state, Since::After(after), false) };
        let limit = ReadLimit { records: limits::HISTORY_PAGE, bytes: limits::HISTORY_PAGE_BYTES };
        let mut entries = self.log.read(joined.since, limit).unwrap_or_default();
        entries.retain(|entry| entry.seq <= joined.head);
        let mut frames = Vec::new();
        ws::push_text_frame(&mut frames, ServerMessage::Joined(joined).encode().as_bytes());
        for entry in &entries {
            ws::push_text_frame(&mut frames, entry.json.as_bytes());
        }
        // Under the room's lock, so that no broadcast comes between. This write cannot block.
        let sent = client.send_queue.send(&frames.into());
        (sent, self.try_start_round(&mut state))
    }
}

impl RoomState {
    /// Adds a client that is not in the room. One without presence receives broadcasts, and is no member.
    fn add_client(
        &mut self,
        room: &RoomName,
        client: &Arc<Client>,
        (owner, label, away): (OwnerId, &Label, Option<&AwayMessage>),
        is_live: bool,
    ) {
        let first_ephemeral = self.sequencer.ephemeral_count();
        let (id, has_presence, client) = (client.id, client.has_presence, Arc::clone(client));
        self.clients.push(RoomClient { client, owner, is_live, first_ephemeral });
        self.receivers = None;
        if has_presence && self.members.add(owner, label, away) {
            let joined = Some((label.user.clone(), PresenceChange::Joined));
            let presence = Presence { joined: Some(owner), cause: Some(id), ..Presence::default() };
            self.push_presence(room, joined, presence);
        }
    }

    /// Removes a client, if it is in the room.
    fn remove_client(&mut self, room: &RoomName, client: ClientId, stays_member: bool) {
        let index = self.clients.iter().position(|entry| entry.client.id == client);
        let Some(index) = index else { return };
        let RoomClient { client, owner, .. } = self.clients.swap_remove(index);
        self.receivers = None;
        if client.has_presence
            && let Some(user) = self.members.remove(owner)
        {
            let presence = Presence { stays_member, ..Presence::default() };
            self.push_presence(room, Some((user, PresenceChange::Left)), presence);
        }
    }

    /// The event of a new name, for all but the person's own connections.
    fn push_renamed(&mut self, owner: OwnerId, from: UserName, label: &Label) {
        let own = self.clients.iter().filter(|entry| entry.owner == owner);
        let own: Vec<ClientId> = own.map(|entry| entry.client.id).collect();
        let renamed = ServerMessage::Renamed { user: from, to: label.user.clone(), token: None };
        self.sequencer.push_ephemeral(renamed.encode(), own);
    }

    /// In a small room each join and leave is an event, except for the client that caused it. A large room
    /// only gets its new count, later.
    pub(super) fn push_presence(
        &mut self,
        room: &RoomName,
        change: Option<(UserName, PresenceChange)>,
        Presence { joined, cause, stays_member: member }: Presence,
    ) {
        if change.is_some() && self.members.is_large() {
            self.is_count_outdated = true;
            return;
        }
        let away = joined.and_then(|owner| self.members.away_of(owner).cloned());
        let (room, count) = (room.clone(), self.members.count());
        let presence = ServerMessage::Presence { room, change, away, member, count };
        self.sequencer.push_ephemeral(presence.encode(), cause);
    }
}
