//! The rooms a client takes part in, and how far each is shown.
//!
//! Records of a room are shown in the order of their seqs. If one arrives while records before it
//! are missing, it is held back and the missing ones are requested. A join says which record is the
//! newest shown, so that the server detects another history of the log. This module only compares seqs
//! and log ids; the session acts on what it returns.

use std::collections::{HashMap, VecDeque};

use crate::chat::RoomName;
use crate::chat::protocol::{Join, JoinTarget, Joined, RecordId, Since};
use crate::limits;

/// The rooms the person joined, in the order they did.
#[derive(Debug)]
pub(super) struct Subscriptions {
    /// One for each room.
    subscriptions: Vec<Subscription>,
    /// What rooms were called before the server has told their names, and those. The person may submit to the former
    /// name in the moment in which the answer comes.
    resolved: VecDeque<(RoomName, RoomName)>,
    /// Where a room starts of which nothing is shown yet.
    since: Since,
    /// Whether the server keeps the rooms of the person, and lists them.
    follows_rooms: bool,
    /// Rooms that the person has left here, until the server says so: the connection may break first.
    leaving: Vec<RoomName>,
}

/// One room.
#[derive(Debug)]
struct Subscription {
    /// Its name.
    room: RoomName,
    /// How far it is shown; `None` before its first `joined`.
    position: Option<Position>,
    /// The server added it: another user wrote there.
    is_invited: bool,
    /// The server keeps it as a room of the person.
    is_member: bool,
    /// Whether it is joined on this connection.
    join_state: JoinState,
}

/// The highest seq shown with no record missing before it, and the log it counts in.
#[derive(Debug, Clone)]
struct Position {
    /// The id of the log.
    log: String,
    /// The highest seq shown with no record missing before it.
    seq: u64,
    /// The record of `seq`; `None` if nothing is shown since the `joined` that began there, and it did not say.
    record: Option<RecordId>,
}

/// Whether a room is joined on the present connection.
#[derive(Debug, Clone, Copy)]
enum JoinState {
    /// Not requested on this connection.
    NotJoined,
    /// Requested, not answered yet. If records after a seq were missing, `missing_after` is that
    /// seq. `is_resume`: only if the person is still a member.
    Joining { missing_after: Option<u64>, is_resume: bool },
    /// Joined. The room is caught up once it is shown as far as `head`. If this join should have
    /// brought the records missing after a seq, `missing_after` is that seq.
    Joined { head: u64, missing_after: Option<u64> },
}

/// What a `joined` means for what is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JoinResult {
    /// It continues where what is shown ends.
    Continues,
    /// What is shown belongs to another log: drop it.
    Reset,
    /// Retention removed the records between what is shown and `first`.
    Gap { first: u64 },
    /// The client did not request this room, and it is not a private one, or one too many.
    NotRequested,
}

/// Where a record belongs in the order of its room.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The next one: show it.
    Next,
    /// Shown before.
    Repeat,
    /// Records before it are missing: send this join to get them.
    Missing(Join),
    /// Records before it are missing, and a join that brings them is under way.
    AwaitingMissing,
    /// Records before it are missing although a join was to bring them.
    StillMissing,
    /// The client does not take part in this room.
    NotJoined,
}

impl Subscriptions {
    pub(super) fn new(rooms: Vec<RoomName>) -> Subscriptions {
        let mut subscriptions = Subscriptions {
            subscriptions: Vec::new(),
            resolved: VecDeque::new(),
            since: Since::Newest,
            follows_rooms: false,
            leaving: Vec::new(),
        };
        for room in rooms {
            subscriptions.add(room);
        }
        subscriptions
    }

    /// Rooms of which nothing is shown yet start at `since` from now on.
    pub(super) fn start_at(&mut self, since: Since) {
        self.since = since;
    }

    /// Adds a room; `false` if it was there.
    pub(super) fn add(&mut self, room: RoomName) -> bool {
        let is_new = self.find(&room).is_none();
        self.leaving.retain(|left| *left != room);
        if is_new {
            let join_state = JoinState::NotJoined;
            self.subscriptions.push(Subscription {
                room,
                position: None,
                is_invited: false,
                is_member: false,
                join_state,
            });
        }
        is_new
    }

    /// Whether the client takes part in a room.
    pub(super) fn contains(&self, room: &RoomName) -> bool {
        self.subscriptions.iter().any(|subscription| subscription.room == *room)
    }

    /// Adds a private room for the server, unless it has added too many.
    fn add_invited(&mut self, room: RoomName) {
        let invited = self.subscriptions.iter().filter(|subscription| subscription.is_invited);
        if invited.count() < limits::CLIENT_INVITATIONS && self.add(room) {
            self.subscriptions.last_mut().into_iter().for_each(|added| added.is_invited = true);
        }
    }

    /// Adds a room that the person is a member of, unless there are too many; `false` if it was there, or was not
    /// added.
    pub(super) fn add_member(&mut self, room: RoomName) -> bool {
        let members = self.subscriptions.iter().filter(|subscription| subscription.is_member);
        if members.count() >= limits::CLIENT_MEMBERSHIPS {
            return false;
        }
        let is_new = self.add(room);
        if is_new {
            self.subscriptions.last_mut().into_iter().for_each(|added| added.is_member = true);
        }
        is_new
    }

    /// The server says that the person is a member of this room. Returns the join, if it was not joined here.
    pub(super) fn join_listed(&mut self, room: &RoomName) -> Option<Join> {
        if self.leaving.contains(room) {
            return None;
        }
        if self.add_member(room.clone()) {
            return self.join(room);
        }
        let subscription = self.find(room)?;
        subscription.is_member = true;
        let is_joined = !matches!(subscription.join_state, JoinState::NotJoined);
        if is_joined { None } else { self.join(room) }
    }

    /// The server lists the rooms of the person on this connection.
    pub(super) fn set_following(&mut self) {
        self.follows_rooms = true;
    }

    /// Sorts the rooms that the server has listed as the server has them, before all others.
    pub(super) fn sort_as<'r>(&mut self, listed: impl Iterator<Item = &'r RoomName>) {
        let places: HashMap<&RoomName, usize> = listed.zip(0..).collect();
        let place = |one: &Subscription| places.get(&one.room).copied().unwrap_or(usize::MAX);
        self.subscriptions.sort_by_key(place);
    }

    /// Notes that the person has left a room here.
    pub(super) fn note_leaving(&mut self, room: &RoomName) {
        if !self.leaving.contains(room) {
            self.leaving.push(room.clone());
        }
    }

    /// The rooms that the person has left here and the server still lists.
    pub(super) fn confirm_leaving<'r>(
        &mut self,
        listed: &(impl Iterator<Item = &'r RoomName> + Clone),
    ) -> Vec<RoomName> {
        self.leaving.retain(|room| listed.clone().any(|one| one == room));
        self.leaving.clone()
    }

    /// The server says that the client has left a room. A room that was joined again since then is not the one left; one
    /// that is being resumed is.
    pub(super) fn on_left(&mut self, room: &RoomName) {
        self.leaving.retain(|left| left != room);
        let is_newer = |one: &Subscription| match one.join_state {
            JoinState::Joining { is_resume, .. } => !is_resume,
            JoinState::NotJoined | JoinState::Joined { .. } => false,
        };
        if self.find(room).is_some_and(|one| !is_newer(one)) {
            self.remove(room);
        }
    }

    /// Removes a room, and forgets how far it was shown; `false` if it was not there.
    pub(super) fn remove(&mut self, room: &RoomName) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|subscription| subscription.room != *room);
        self.subscriptions.len() < before
    }

    /// The connection is gone: every room has to be joined again.
    pub(super) fn on_disconnect(&mut self) {
        for subscription in &mut self.subscriptions {
            subscription.join_state = JoinState::NotJoined;
        }
    }

    /// The joins of every room, for the `hello`.
    pub(super) fn join_all(&mut self) -> Vec<Join> {
        let (since, follows) = (self.since, self.follows_rooms);
        let join = |subscription: &mut Subscription| subscription.join(None, since, follows);
        self.subscriptions.iter_mut().map(join).collect()
    }

    /// The join of one room.
    pub(super) fn join(&mut self, room: &RoomName) -> Option<Join> {
        let (since, follows) = (self.since, self.follows_rooms);
        self.find(room).map(|subscription| subscription.join(None, since, follows))
    }

    /// Whether a join of the room is not answered yet.
    pub(super) fn is_joining(&self, room: &RoomName) -> bool {
        self.subscriptions.iter().any(|subscription| {
            let is_joining = matches!(subscription.join_state, JoinState::Joining { .. });
            is_joining && subscription.room == *room
        })
    }

    /// Whether every room is joined and shown as far as its head was then.
    pub(super) fn is_caught_up(&self) -> bool {
        self.subscriptions.iter().all(|subscription| {
            match (subscription.join_state, &subscription.position) {
                (JoinState::Joined { head, .. }, Some(position)) => position.seq >= head,
                (JoinState::Joined { .. }, None)
                | (JoinState::NotJoined | JoinState::Joining { .. }, _) => false,
            }
        })
    }

    /// If a `joined` answers a join that asked for its room by another name, the room has its own name from now on.
    /// Returns what it was called. Only a private room has several names.
    pub(super) fn resolve(&mut self, joined: &Joined) -> Option<RoomName> {
        let asked = joined.asked.as_ref().filter(|_| joined.room.is_private())?.to_room();
        if asked == joined.room || !asked.is_private() || !self.is_joining(&asked) {
            return None;
        }
        let is_member = self.follows_rooms;
        if let Some(there) = self.find(&joined.room) {
            there.is_member |= is_member; // the person has asked for it
            self.remove(&asked);
        } else if let Some(subscription) = self.find(&asked) {
            subscription.room = joined.room.clone();
        }
        self.resolved.retain(|(former, _)| *former != asked);
        self.resolved.truncate(limits::CLIENT_INVITATIONS - 1);
        self.resolved.push_front((asked.clone(), joined.room.clone()));
        Some(asked)
    }

    /// The present name of a room that was called `room`, unless a join by that name waits for its answer.
    pub(super) fn present_name(&self, room: &RoomName) -> Option<&RoomName> {
        if self.subscriptions.iter().any(|subscription| subscription.room == *room) {
            return None;
        }
        self.resolved.iter().find(|(former, _)| former == room).map(|(_, present)| present)
    }

    /// Applies a `joined`. A private room needs no request: the server adds it when another user
    /// writes there, up to [`limits::CLIENT_INVITATIONS`] of them.
    pub(super) fn on_joined(&mut self, joined: &Joined) -> JoinResult {
        if joined.room.is_private() {
            self.add_invited(joined.room.clone());
        }
        let follows = self.follows_rooms;
        let Some(subscription) = self.find(&joined.room) else { return JoinResult::NotRequested };
        let missing_after = match subscription.join_state {
            JoinState::NotJoined => None,
            JoinState::Joining { missing_after, .. } | JoinState::Joined { missing_after, .. } => {
                missing_after
            }
        };
        // A private room that the person has not asked for is theirs once they write or read there: the server says so.
        let is_wish =
            matches!(subscription.join_state, JoinState::Joining { is_resume: false, .. });
        subscription.is_member |= follows && (is_wish || !joined.room.is_private());
        subscription.join_state = JoinState::Joined { head: joined.head, missing_after };
        let result = match &subscription.position {
            Some(position) if joined.reset || position.log != joined.log => JoinResult::Reset,
            Some(position) if joined.since > position.seq => {
                JoinResult::Gap { first: joined.first }
            }
            Some(_) => return JoinResult::Continues,
            None => JoinResult::Continues,
        };
        let (log, seq, record) = (joined.log.clone(), joined.since, joined.record.clone());
        subscription.position = Some(Position { log, seq, record });
        result
    }

    /// Compares a record's seq with what is shown. If it is the next, the position moves on to it.
    pub(super) fn advance(&mut self, room: &RoomName, seq: u64, record: RecordId) -> Order {
        let (since, follows) = (self.since, self.follows_rooms);
        let Some(subscription) = self.find(room) else { return Order::NotJoined };
        let Some(position) = &mut subscription.position else { return Order::NotJoined };
        if seq <= position.seq {
            return Order::Repeat;
        }
        if seq - position.seq == 1 {
            (position.seq, position.record) = (seq, Some(record));
            return Order::Next;
        }
        let shown = position.seq;
        match subscription.join_state {
            JoinState::NotJoined | JoinState::Joining { .. } => Order::AwaitingMissing,
            JoinState::Joined { missing_after, .. } if missing_after == Some(shown) => {
                Order::StillMissing
            }
            JoinState::Joined { .. } => {
                Order::Missing(subscription.join(Some(shown), since, follows))
            }
        }
    }

    fn find(&mut self, room: &RoomName) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|subscription| subscription.room == *room)
    }
}

impl Subscription {
    /// A join of this room. `follows`: the server lists the rooms of the person. Then one that is not asked for now is
    /// resumed: the person may have left it on another device meanwhile.
    fn join(&mut self, missing_after: Option<u64>, since: Since, follows: bool) -> Join {
        let is_resume = self.is_member || (follows && self.is_invited);
        self.join_state = JoinState::Joining { missing_after, is_resume };
        let since = self.position.as_ref().map_or(since, |position| Since::After(position.seq));
        let log = self.position.as_ref().map(|position| position.log.clone());
        let record = self.position.as_ref().and_then(|position| position.record.clone());
        let target = match self.room.wanted_peer() {
            Some(user) => JoinTarget::Peer(user),
            None => JoinTarget::Room(self.room.clone()),
        };
        Join { target, since, log, record, resume: is_resume }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_adds_private_rooms_up_to_a_bound_and_no_others() {
        let joined = |room: &str| Joined {
            room: room.parse().unwrap(),
            peer: None,
            asked: None,
            log: "l".to_owned(),
            first: 1,
            head: 0,
            since: 0,
            reset: false,
            damaged: false,
            topic: None,
            marked: None,
            count: 2,
            members: None,
            away: Vec::new(),
            absent: None,
            absent_members: None,
            record: None,
        };
        let mut subscriptions = Subscriptions::new(vec!["@bob+own".parse().unwrap()]);
        let mut add = |room: &str| subscriptions.on_joined(&joined(room));
        assert_eq!(add("@bob+own"), JoinResult::Continues);
        assert_eq!(add("elsewhere"), JoinResult::NotRequested);
        for n in 0..limits::CLIENT_INVITATIONS {
            assert_eq!(add(&format!("@bob+e{n}")), JoinResult::Continues);
        }
        assert_eq!(add("@bob+more"), JoinResult::NotRequested);
        assert_eq!(add("@bob+e0"), JoinResult::Continues, "it is there already");
        assert!(subscriptions.remove(&"@bob+e0".parse().unwrap()));
        assert_eq!(subscriptions.on_joined(&joined("@bob+more")), JoinResult::Continues);
    }

    #[test]
    fn a_server_lists_no_more_rooms_than_a_client_joins() {
        let mut subscriptions = Subscriptions::new(vec!["own".parse().unwrap()]);
        let joined = |n: &usize| {
            let room = format!("room{n}").parse().unwrap();
            subscriptions.join_listed(&room).is_some_and(|join| join.resume)
        };
        assert_eq!((0..5_000).filter(joined).count(), limits::CLIENT_MEMBERSHIPS);
    }
}
