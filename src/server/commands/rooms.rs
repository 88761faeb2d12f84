//! Commands about rooms: join, invitations, read markers.

use std::cmp::Reverse;
use std::sync::Arc;

use super::Session;
use super::queries::unreadable;
use crate::chat::protocol::{
    ErrorMessage, Join, JoinTarget, Joined, PresenceChange, ServerMessage, Since,
};
use crate::chat::{ErrorCode, OwnerId, RoomName};
use crate::limits;
use crate::server::clients::disconnect::Disconnect;
use crate::server::metrics::Resume;
use crate::server::room::history::{CatchUpStart, Unreadable};
use crate::server::room::{Room, RoundGuard, history};
use crate::server::state::invitations::{Entry, RoomChange};
use crate::server::state::private_rooms::Reason;

impl Session {
    /// Adds the private rooms that this client was invited into, and removes those that it left for them, and the
    /// public ones that another device has left.
    pub(super) fn accept_invitations(&mut self) {
        if !self.client.take_changed() {
            return;
        }
        self.rooms.remove_left(self.client.id);
        let shared = Arc::clone(&self.shared);
        for change in shared.private_rooms.invitations.take_changes(self.client.id) {
            let room = match change {
                RoomChange::Entered(room) => room,
                RoomChange::Left(room) => {
                    if !shared.private_rooms.invitations.has_place(self.client.id, &room) {
                        self.rooms.remove(&room);
                    }
                    continue;
                }
            };
            if let Some(former) =
                self.rooms.find(&room.name).filter(|former| !Arc::ptr_eq(former, &room))
            {
                self.leave_silently(&former); // the same name, but of other owners
            }
            if self.rooms.iter().all(|other| !Arc::ptr_eq(other, &room)) {
                self.rooms.add(room);
            }
        }
    }

    /// Leaves a room without a message to the client.
    fn leave_silently(&mut self, room: &Arc<Room>) {
        let round = self.remove_from(room);
        self.shared.broadcaster.run_round(round);
    }

    /// Leaves a room, and sends the client `left`.
    pub(super) fn leave_room(&mut self, room: &Arc<Room>) {
        self.forget_room(room);
        let memberships = &self.shared.memberships;
        let (sent, round) = memberships.leave_and_tell(self.owner(), &self.client, room);
        self.shared.delivery.after_send(&self.client, sent);
        self.shared.broadcaster.run_round(round);
    }

    fn remove_from(&mut self, room: &Arc<Room>) -> Option<RoundGuard> {
        self.forget_room(room);
        self.shared.memberships.leave_room(self.owner(), self.client.id, room)
    }

    fn forget_room(&mut self, room: &Arc<Room>) {
        self.rooms.remove(room);
        if room.name.is_private() {
            self.shared.private_rooms.invitations.leave(self.client.id, room);
        }
    }

    /// Adds a room that the client is about to join. For a private one it may leave another.
    fn add_room(&mut self, room: &Arc<Room>) {
        self.rooms.add(Arc::clone(room));
        if room.name.is_private() {
            self.shared.private_rooms.enter(&self.client, room, Entry::Joined);
            self.accept_invitations();
        }
    }

    /// Joins a room. `had_rooms`: the person was a member of any before the message.
    pub(super) fn join(&mut self, join: &Join, had_rooms: bool) -> Result<(), Disconnect> {
        if let JoinTarget::Room(room) = &join.target
            && join.resume
            && had_rooms
            && !self.may_resume(room)
        {
            self.send(&ServerMessage::Left { room: room.clone() });
            return Ok(());
        }
        let opened = match &join.target {
            JoinTarget::Room(room) => self.check_place(room),
            JoinTarget::Peer(_) => Ok(()),
        };
        // A name that the server has listed means the room of that name, even if the other person has another name now.
        let resumed = match &join.target {
            JoinTarget::Room(room) if join.resume => self.private_room(room),
            JoinTarget::Room(_) | JoinTarget::Peer(_) => None,
        };
        let resumed = resumed.map(|room| room.log.id());
        let log = resumed.as_deref().or(join.log.as_deref());
        let room = match opened.and_then(|()| self.open(&join.target, log)) {
            Ok(room) => room,
            Err(error) => {
                if let JoinTarget::Room(room) = &join.target {
                    self.end_refused_membership(room, error.code);
                }
                return self.reject(error.about_join(join.target.clone()));
            }
        };
        let makes_member = self.makes_member(join, &room, had_rooms);
        self.enter(&room, join, makes_member)
    }

    /// Joins a room that is in the list of the session's rooms.
    fn enter(
        &mut self,
        room: &Arc<Room>,
        join: &Join,
        makes_member: bool,
    ) -> Result<(), Disconnect> {
        let shared = Arc::clone(&self.shared);
        let question = shared.quotas.questions.begin(self.client.address);
        if room.log.load().is_err() {
            let wait = question.end(0);
            self.refuse_unreadable(room, join)?;
            return if self.is_new { Ok(()) } else { self.pause(wait) };
        }
        let is_other_log = history::is_other_log(room, join);
        let identity = self.client.identity();
        let away = shared.names.away(identity.owner);
        let person = (identity.owner, &identity.label());
        let step = room.join(&self.client, person, away.as_ref(), join.since, is_other_log);
        if room.name.is_private() {
            shared.private_rooms.confirm_place(&self.client, room, Entry::Joined);
        }
        if makes_member && self.become_member(room, Reason::Own) {
            self.tell_others(&room.name, PresenceChange::Joined, false);
        }
        let (absent, absent_members) = self.absent_members(room);
        let record = history::record_at_since(room, join, &step.joined);
        let wait = question.end(0);
        shared.names.update_member(identity.owner, room, &shared.broadcaster);
        let marked = shared.read_markers.get(identity.owner, room);
        let peer = shared.private_rooms.peer_name(room, identity.owner);
        let is_by_name = join.target != JoinTarget::Room(room.name.clone());
        let asked = is_by_name.then(|| join.target.clone());
        let joined = Joined { marked, record, peer, asked, absent, absent_members, ..step.joined };
        if let Since::After(seq) = join.since {
            shared.metrics.messages.count_resume(match joined.since {
                _ if joined.reset => Resume::OtherLog,
                start if start > seq => Resume::BeyondRetention,
                _ => Resume::Complete,
            });
        }
        let since = joined.since;
        self.send(&ServerMessage::Joined(joined));
        shared.broadcaster.run_round(step.round);
        let free_pages = usize::from(self.is_new);
        if !self.is_new {
            self.pause(wait)?;
        }
        let senders = (&*shared.delivery, &shared.quotas.questions);
        let start = CatchUpStart { since, changes: step.changes, free_pages };
        match history::catch_up(senders, &self.client, room, start)? {
            Ok(()) => Ok(()),
            Err(Unreadable) => self.refuse_unreadable(room, join),
        }
    }

    /// Rejects a join because the room's log cannot be read now. The client's other rooms are not affected.
    fn refuse_unreadable(&mut self, room: &Arc<Room>, join: &Join) -> Result<(), Disconnect> {
        self.reject(unreadable().about_join(join.target.clone()))?;
        if room.has_client(self.client.id) {
            self.leave_room(room);
        } else {
            self.leave_silently(room);
        }
        Ok(())
    }

    /// Joins the private rooms with messages that this name has not read, as many as there are places for:
    /// first those in which they have written, then those with the newest messages. A client that follows the
    /// memberships joins the person's own rooms by itself.
    pub(super) fn join_unread(&mut self) -> Result<(), Disconnect> {
        let shared = Arc::clone(&self.shared);
        let identity = self.client.identity();
        let marked = |room: &Room| shared.read_markers.get(identity.owner, room).unwrap_or(0);
        let mut unread = shared.private_rooms.of(identity.owner);
        let listed =
            self.client.follows_rooms.then(|| shared.memberships.private_of(identity.owner));
        let listed = listed.unwrap_or_default();
        let to_join = listed.iter().filter(|name| self.rooms.find(name).is_none()).count();
        unread.retain(|room| {
            room.last_assigned() > marked(room)
                && !listed.contains(&room.name)
                && self.rooms.find(&room.name).is_none()
                && shared.rooms.load(room).is_ok() // else the operator's log has the reason
        });
        unread.sort_by_cached_key(|room| {
            Reverse((room.has_posted(identity.owner), room.newest_at()))
        });
        let free = shared.private_rooms.invitations.free_places(self.client.id);
        unread.truncate(free.saturating_sub(to_join));
        // Those worth least first, because what was joined first is left first.
        for room in unread.into_iter().rev() {
            self.add_room(&room);
            // A stranger's messages come in small numbers: the client asks for the rest if they are wanted.
            let start = if room.has_posted(identity.owner) {
                room.newest_page(room.head())
            } else {
                room.head().saturating_sub(limits::UNANSWERED_PAGE)
            };
            let since = Since::After(marked(&room).max(start));
            let target = JoinTarget::Room(room.name.clone());
            let join = Join { target, since, log: None, record: None, resume: false };
            self.enter(&room, &join, false)?;
        }
        Ok(())
    }

    /// Whether a room is still the one that its name means; only that of a private room can change.
    pub(super) fn is_current(&self, room: &Arc<Room>) -> bool {
        !room.name.is_private() || self.shared.private_rooms.is_current(room, &self.client)
    }

    /// The room of this name that the client is in. By an old name it may mean one with another name now.
    ///
    /// # Errors
    /// `not_joined` when the client is not in one.
    pub(super) fn joined_room(&self, name: &RoomName) -> Result<Arc<Room>, ErrorMessage> {
        let other = if self.rooms.find(name).is_none() && name.is_private() {
            self.shared.private_rooms.meant_by(name, &self.client.identity())
        } else {
            None
        };
        match other.and_then(|other| self.joined_with(other)) {
            Some(room) => self.rooms.get(&room.name),
            None => self.rooms.get(name),
        }
    }

    /// The private room with this person, if the client is in it.
    fn joined_with(&self, other: OwnerId) -> Option<Arc<Room>> {
        let owned = |room: &Arc<Room>| room.log.owners().is_some_and(|both| both.contains(&other));
        self.rooms.private().into_iter().find(|room| owned(room) && self.is_current(room))
    }

    /// The room that a join asks for: one that the client is in already, or another one that is now added to its
    /// rooms. `log` is the log that the client has of it.
    pub(super) fn open(
        &mut self,
        target: &JoinTarget,
        log: Option<&str>,
    ) -> Result<Arc<Room>, ErrorMessage> {
        let room = self.find_or_open(target, log)?;
        room.touch(self.shared.rooms.clock.unix_ms());
        Ok(room)
    }

    fn find_or_open(
        &mut self,
        target: &JoinTarget,
        log: Option<&str>,
    ) -> Result<Arc<Room>, ErrorMessage> {
        let joined = match target {
            JoinTarget::Room(name) if name.user_keys().is_some() => None, // what it means may change
            JoinTarget::Room(name) => self.rooms.find(name),
            JoinTarget::Peer(user) => {
                let other = self.shared.names.owner(&user.key());
                other.and_then(|other| self.joined_with(other))
            }
        };
        if let Some(room) = joined {
            if self.is_current(&room) {
                return Ok(room);
            }
            self.leave_silently(&room);
        }
        let (shared, address) = (Arc::clone(&self.shared), self.client.address);
        let max = shared.config.limits.rooms.per_client;
        let public = match target {
            JoinTarget::Room(name) if !name.is_private() => Some(name),
            JoinTarget::Room(_) | JoinTarget::Peer(_) => None,
        };
        if public.is_some() && self.rooms.public_count() >= max {
            let message = "you have reached the limit of rooms, leave one first";
            return Err(ErrorMessage::new(ErrorCode::TooManyRooms, message));
        }
        let question = shared.quotas.questions.begin(address); // it may load the room
        let opened = if let Some(name) = public {
            let opened = shared.rooms.open(name, address);
            opened.map(|opened| opened.map_err(|refusal| refusal.to_error(name)))
        } else {
            shared.private_rooms.open(target, log, &self.client.identity(), address)
        };
        question.end(0); // the client waits after the question that follows
        match opened {
            Ok(Ok(room)) => {
                match self.rooms.find(&room.name) {
                    Some(joined) if Arc::ptr_eq(&joined, &room) => return Ok(room),
                    Some(other) => self.leave_silently(&other), // the same name, but of other owners
                    None => {}
                }
                self.add_room(&room);
                Ok(room)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ErrorMessage::new(
                ErrorCode::Storage,
                "the room could not be opened, try again later",
            )),
        }
    }

    /// Advances the read marker of the client's name, and sends it to the owner's other connections.
    pub(super) fn advance_read_marker(
        &self,
        name: &RoomName,
        seq: u64,
    ) -> Result<(), ErrorMessage> {
        let (room, shared) = (self.joined_room(name)?, &self.shared);
        let seq = seq.min(room.head());
        let is_new = shared.read_markers.advance(self.owner(), &room, seq);
        if is_new && room.name.is_private() && self.become_member(&room, Reason::Read) {
            self.tell_new_member(&room);
        }
        if !is_new {
            return Ok(());
        }
        let marked = ServerMessage::Marked { room: room.name.clone(), seq };
        for other in self.other_devices() {
            shared.delivery.send_message(&other, &marked);
        }
        Ok(())
    }
}
