//! What the session does with a message from the server.

use std::mem;
use std::time::Duration;

use super::{Action, ConnectionStage, Rename, Session};
use crate::chat::protocol::{
    ClientMessage, ErrorMessage, Joined, ListedRoom, PresenceChange, Record, RecordId,
    ServerMessage,
};
use crate::chat::{ErrorCode, Rejection, RoomName, Token, UserName};
use crate::client::event::Event;
use crate::client::subscriptions::{JoinResult, Order};
use crate::limits;

/// The wait before a submission is sent again if its `rate_limited` names none.
const RESEND_WAIT: Duration = Duration::from_secs(1);

/// The close code for a server that does not send its records (RFC 6455 §7.4.1: a protocol error).
const PROTOCOL_ERROR: u16 = 1002;

impl Session {
    pub(super) fn on_message(&mut self, mut message: ServerMessage, actions: &mut Vec<Action>) {
        if self.apply(&message, actions) {
            if let ServerMessage::Welcome(welcome) = &mut message
                && let Some(rooms) = &mut welcome.rooms
                && self.credentials.follows_rooms
            {
                // Those that the person has left here are still listed; of very many some are not joined.
                rooms.retain(|one| self.subscriptions.contains(&one.room));
            }
            actions.push(Action::Emit(Event::Message(message)));
        }
    }

    /// Applies a message to the session. Returns whether it is passed on as an event as well; a
    /// message without effect on the session always is.
    fn apply(&mut self, message: &ServerMessage, actions: &mut Vec<Action>) -> bool {
        if let ServerMessage::Record(record) = message {
            self.on_record(record, actions);
            return false;
        }
        if let ServerMessage::Error(error) = message {
            return !self.on_error(error, actions);
        }
        if let ServerMessage::Joined(joined) = message {
            return self.on_joined(joined, actions) != JoinResult::NotRequested;
        }
        if let ServerMessage::Other(value) = message
            && let Some((room, seq, id)) = ServerMessage::unknown_record(value)
        {
            return self.advance(&room, seq, id, actions) == Order::Next;
        }
        if let ServerMessage::Welcome(welcome) = message {
            self.stage = ConnectionStage::Welcomed;
            self.set_name(&welcome.user);
            self.credentials.token = Some(welcome.token.clone());
            if let Some(rooms) = &welcome.rooms {
                self.follow_rooms(rooms, actions);
            }
        }
        if let ServerMessage::Membership { room, change: PresenceChange::Joined, .. } = message
            && self.credentials.follows_rooms
        {
            let join = self.subscriptions.join_listed(room);
            actions.extend(join.map(ClientMessage::Join).map(Action::Send));
            return self.subscriptions.contains(room);
        }
        if let ServerMessage::Renamed { user, to, token } = message {
            self.on_renamed(user, to, token.as_ref());
        }
        if let ServerMessage::Left { room } = message {
            self.subscriptions.on_left(room);
        }
        true
    }

    /// Joins the rooms that the person has joined on other devices, and leaves those that they have left here while
    /// there was no connection.
    fn follow_rooms(&mut self, rooms: &[ListedRoom], actions: &mut Vec<Action>) {
        if !self.credentials.follows_rooms {
            return;
        }
        self.subscriptions.set_following();
        let listed = rooms.iter().map(|one| &one.room);
        for room in self.subscriptions.confirm_leaving(&listed) {
            actions.push(Action::Send(ClientMessage::Leave { room }));
        }
        for room in listed.clone() {
            let join = self.subscriptions.join_listed(room);
            actions.extend(join.map(ClientMessage::Join).map(Action::Send));
        }
        self.subscriptions.sort_as(listed);
    }

    fn on_joined(&mut self, joined: &Joined, actions: &mut Vec<Action>) -> JoinResult {
        if let Some(from) = self.subscriptions.resolve(joined) {
            self.outbox.move_room(&from, &joined.room);
        }
        let result = self.subscriptions.on_joined(joined);
        let room = joined.room.clone();
        match result {
            JoinResult::Continues | JoinResult::NotRequested => {}
            JoinResult::Reset => self.reset(room, actions),
            JoinResult::Gap { first } => actions.push(Action::Emit(Event::Gap { room, first })),
        }
        result
    }

    /// Resets a room: what is shown of it is of another log, or of another history of this one.
    /// Waiting edits, deletes and replies fail, because the records they name are of that log too.
    fn reset(&mut self, room: RoomName, actions: &mut Vec<Action>) {
        let failed = self.outbox.fail_targeted(&room);
        actions.push(Action::Emit(Event::Reset(room)));
        for cid in failed {
            let message = "the room was reset, and the message it refers to is gone";
            let rejection = Rejection::new(ErrorCode::NoSuchRecord, message);
            actions.push(Action::Emit(Event::Failed { cid, rejection }));
        }
    }

    /// A record with a name of ours and our cid proves that its submission is stored, whether or not the
    /// record is shown. If records before it are missing, the server sends it again with them.
    fn on_record(&mut self, record: &Record, actions: &mut Vec<Action>) {
        let order = self.advance(&record.room, record.seq, record.id(), actions);
        if !matches!(order, Order::Next | Order::Repeat | Order::NotJoined) {
            return;
        }
        let is_ours = record.user.is_same_claim(&self.credentials.user)
            || self.former_names.iter().any(|name| record.user.is_same_claim(name));
        if is_ours && self.outbox.acknowledge(&record.room, &record.cid) {
            let (cid, seq) = (record.cid.clone(), record.seq);
            actions.push(Action::Emit(Event::Stored { cid, seq }));
        }
        if order == Order::Next {
            actions.push(Action::Emit(Event::Record(record.clone())));
        }
    }

    /// Advances the room's position to `seq`, or requests the records that are missing before it.
    /// If the server was asked once and still does not send them, the client disconnects.
    fn advance(
        &mut self,
        room: &RoomName,
        seq: u64,
        id: RecordId,
        actions: &mut Vec<Action>,
    ) -> Order {
        let order = self.subscriptions.advance(room, seq, id);
        if let Order::Missing(join) = &order {
            actions.push(Action::Send(ClientMessage::Join(join.clone())));
        } else if order == Order::StillMissing {
            actions.push(Action::Disconnect(PROTOCOL_ERROR));
        }
        order
    }

    /// An error that names the submission in flight is its answer; returns `true` then. One that
    /// names a room that is being joined rejects the join, and all that waits for the room. One that
    /// names neither answers a `nick`, if one was sent.
    fn on_error(&mut self, error: &ErrorMessage, actions: &mut Vec<Action>) -> bool {
        let ErrorMessage { code, message, cid, room, peer, retry_ms } = error;
        let asked = peer.as_ref().map(RoomName::with_peer);
        match (cid, room.as_ref().or(asked.as_ref())) {
            (Some(cid), _) if self.outbox.is_in_flight(cid) => {
                if *code == ErrorCode::RateLimited {
                    self.outbox.set_rate_limited();
                    let wait = retry_ms.map_or(RESEND_WAIT, Duration::from_millis);
                    actions.push(Action::ResendIn(wait));
                } else {
                    self.outbox.fail_in_flight();
                    let (cid, rejection) = (cid.clone(), Rejection::new(*code, message.clone()));
                    actions.push(Action::Emit(Event::Failed { cid, rejection }));
                }
                return true;
            }
            (None, Some(room)) if self.subscriptions.is_joining(room) => {
                self.subscriptions.remove(room);
                // Outside the room each would be refused anyway, with a reason that says less.
                for cid in self.outbox.fail_room(room) {
                    let rejection = Rejection::new(*code, message.clone());
                    actions.push(Action::Emit(Event::Failed { cid, rejection }));
                }
            }
            (None, None) => self.end_rename(),
            (Some(_), _) | (None, Some(_)) => {}
        }
        false
    }

    fn on_renamed(&mut self, user: &UserName, to: &UserName, token: Option<&Token>) {
        if token.is_none() && !user.is_same_claim(&self.credentials.user) {
            return;
        }
        self.set_name(to);
        if token.is_some() || !user.is_same_claim(to) {
            self.credentials.token = token.cloned(); // the old name's token does not prove the new
        }
        self.end_rename();
    }

    /// Takes over a name that the server has given us. It may be another one than we asked for: that of our
    /// other devices. What we have sent under the former one is still ours.
    fn set_name(&mut self, user: &UserName) {
        let former = mem::replace(&mut self.credentials.user, user.clone());
        if former.is_same_claim(user) {
            return;
        }
        self.former_names.retain(|name| !name.is_same_claim(&former) && !name.is_same_claim(user));
        self.former_names.push(former);
        let excess = self.former_names.len().saturating_sub(limits::NAMES_PER_OWNER);
        self.former_names.drain(..excess);
    }

    /// The server has answered the `nick`.
    fn end_rename(&mut self) {
        if let Rename::Requested { next, .. } = &mut self.rename {
            self.rename = next.take().map_or(Rename::None, Rename::Wanted);
        }
    }
}
