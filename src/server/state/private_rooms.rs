//! Private rooms: who may enter one, and invitations into it.
//!
//! A private room belongs to two owners, and is found by them. It is called after the names that they had when it was
//! created, `@alice+bob`, as earlier clients expect; if another room has that name already, by a digest of the two. Of
//! an earlier version, several rooms may have one name.

use std::cmp::Reverse;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::invitations::{Entry, Invitations};
use super::memberships::MembershipStore;
use super::names::Names;
use super::read_markers::ReadMarkerStore;
use super::rooms::{RoomMap, Rooms, WantedRoom};
use crate::chat::protocol::{ErrorMessage, JoinTarget, Record};
use crate::chat::{ErrorCode, Identity, OwnerId, RoomName, UserName};
use crate::json;
use crate::limits;
use crate::log::{LogName, ReadLimit};
use crate::server::clients::client::Client;
use crate::server::clients::delivery::Delivery;
use crate::server::room::Room;
use crate::server::room::broadcast::Broadcaster;

/// Finds and opens private rooms, and invites clients into them.
#[derive(Debug)]
pub(crate) struct PrivateRooms {
    /// Who owns a name now.
    pub(super) names: Arc<Names>,
    /// Where the rooms are.
    pub(super) rooms: Arc<Rooms>,
    /// For the `joined` of an invited client.
    pub(super) read_markers: Arc<ReadMarkerStore>,
    /// The rooms that each owner is a member of.
    pub(super) memberships: Arc<MembershipStore>,
    /// Finds an owner's connections, and sends to them.
    pub(super) delivery: Arc<Delivery>,
    /// Runs the rounds that invitations start.
    pub(super) broadcaster: Arc<Broadcaster>,
    /// Whether the owners of every room that was there at the start are known.
    pub(super) is_peeked: AtomicBool,
    /// The private rooms that each client is in.
    pub(crate) invitations: Invitations,
}

impl PrivateRooms {
    /// The private room that a client asks for, with the `log` that it has of it; opens it if necessary, for a
    /// client with this address.
    pub(crate) fn open(
        &self,
        target: &JoinTarget,
        log: Option<&str>,
        identity: &Identity,
        address: IpAddr,
    ) -> io::Result<Result<Arc<Room>, ErrorMessage>> {
        let opened = match target {
            JoinTarget::Room(name) => self.open_named(name, log, identity, address)?,
            JoinTarget::Peer(user) => self.open_with(user, identity, address)?,
        };
        if let Ok(room) = &opened {
            self.rooms.load(room)?;
        }
        Ok(opened)
    }

    /// The private room with the person who has this name now.
    fn open_with(
        &self,
        user: &UserName,
        identity: &Identity,
        address: IpAddr,
    ) -> io::Result<Result<Arc<Room>, ErrorMessage>> {
        let other = self.names.owner(&user.key());
        if user.is_same_claim(&identity.user) || other == Some(identity.owner) {
            let own = "you cannot send a direct message to yourself";
            return Ok(Err(ErrorMessage::new(ErrorCode::BadName, own)));
        }
        let Some(other) = other else {
            let old = RoomName::private_between(&identity.user, user);
            let room = old.map(|old| self.find_named(&old, None, identity.owner)).transpose()?;
            return Ok(room.flatten().ok_or_else(no_one_has_the_name));
        };
        let owners = [identity.owner, other];
        let digest = RoomName::of_owners(owners);
        if let Some(room) = self.find_named(&digest, None, identity.owner)? {
            return Ok(Ok(room));
        }
        self.peek_all();
        let of_both = |room: &Room| is_owned_by(room, owners[0]) && is_owned_by(room, owners[1]);
        let old: Vec<Arc<Room>> = {
            let map = self.rooms.lock();
            map.values().filter(|room| of_both(room)).cloned().collect()
        };
        if let Some(room) = old.into_iter().find(|room| !self.is_shadowed(room)) {
            return Ok(Ok(room));
        }
        let by_names = RoomName::private_between(&identity.user, user);
        let is_free = |name: &RoomName| of_name(&self.rooms.lock(), name).next().is_none();
        let name = by_names.filter(is_free).unwrap_or(digest);
        let find_it = |map: &RoomMap| of_name(map, &name).find(|room| of_both(room)).cloned();
        let wanted = WantedRoom { name: &name, owners: Some(owners), address };
        let opened = self.rooms.find_or_create(wanted, find_it, || self.is_abandoned())?;
        Ok(opened.map_err(|refusal| refusal.to_error(&name)))
    }

    /// The private room that a client calls by its name. By an old name, of which one is the client's own, it
    /// means the person who has the other name now: earlier clients know no other way to say so. A client that
    /// names the log means the room that it was in.
    fn open_named(
        &self,
        name: &RoomName,
        log: Option<&str>,
        identity: &Identity,
        address: IpAddr,
    ) -> io::Result<Result<Arc<Room>, ErrorMessage>> {
        if log.is_some()
            && let Some(room) = self.find_named(name, log, identity.owner)?
        {
            return Ok(Ok(room));
        }
        match name.other_key(&identity.user) {
            Some(other) => self.open_with(&UserName::from_trusted(other), identity, address),
            None => Ok(self.find_named(name, None, identity.owner)?.ok_or_else(|| {
                // The same for a room that does not exist.
                let forbidden = "only the two people of a private room may join it";
                ErrorMessage::new(ErrorCode::Forbidden, forbidden)
            })),
        }
    }

    /// The room of this name that `owner` has now; if `log` is given, only if it has that log.
    fn find_named(
        &self,
        name: &RoomName,
        log: Option<&str>,
        owner: OwnerId,
    ) -> io::Result<Option<Arc<Room>>> {
        let rooms: Vec<Arc<Room>> = {
            let map = self.rooms.lock();
            of_name(&map, name).cloned().collect()
        };
        rooms.iter().try_for_each(|room| room.log.peek())?;
        let fits = |room: &Arc<Room>| {
            let is_it = log.is_none_or(|log| *log == *room.log.id());
            is_it && is_owned_by(room, owner) && !self.is_shadowed(room)
        };
        Ok(rooms.into_iter().find(fits))
    }

    /// Whether an owner of this room is served another one of the same name, which is worth more: a client cannot
    /// tell them apart. First comes the room of the owners who hold the two names now, then the one with the newest
    /// record. Only rooms of an earlier version share a name.
    fn is_shadowed(&self, room: &Arc<Room>) -> bool {
        let (Some(keys), Some(_)) = (room.name.user_keys(), room.log.owners()) else {
            return false;
        };
        let all: Vec<Arc<Room>> = of_name(&self.rooms.lock(), &room.name).cloned().collect();
        if all.len() < 2 {
            return false;
        }
        all.iter().for_each(|room| drop(room.log.peek())); // one that cannot be read is served to no one
        let holders = keys.map(|key| self.names.owner(key));
        let rank = |(owners, room): &([OwnerId; 2], &Arc<Room>)| {
            let held =
                owners.iter().zip(holders).filter(|(owner, holder)| Some(**owner) == *holder);
            (held.count(), room.newest_at(), room.log.id())
        };
        let mut all: Vec<_> =
            all.iter().filter_map(|room| Some((room.log.owners()?, room))).collect();
        all.sort_by_cached_key(|one| Reverse(rank(one)));
        let mut served: Vec<OwnerId> = Vec::new();
        for (owners, other) in all {
            let is_served = owners.iter().all(|owner| !served.contains(owner));
            if Arc::ptr_eq(other, room) {
                return !is_served;
            }
            if is_served {
                served.extend(owners);
            }
        }
        false
    }

    /// Whether no owner of a private room holds their name any more.
    fn is_abandoned(&self) -> impl Fn(&Room) -> bool + use<> {
        let held = self.names.owners();
        move |room| {
            let owners = room.log.owners();
            owners.is_some_and(|owners| owners.iter().all(|owner| !held.contains(owner)))
        }
    }

    /// The private rooms of a person that have any records.
    pub(crate) fn of(&self, owner: OwnerId) -> Vec<Arc<Room>> {
        self.peek_all();
        let own: Vec<Arc<Room>> = {
            let map = self.rooms.lock();
            map.values().filter(|room| is_owned_by(room, owner)).cloned().collect()
        };
        let is_theirs = |room: &Arc<Room>| room.last_assigned() > 0 && !self.is_shadowed(room);
        own.into_iter().filter(is_theirs).collect()
    }

    /// Finds out who owns the rooms that were there at the start: two short reads for each, once, and without
    /// the rooms' lock. A room that is added later has known owners; one that cannot be read is left out.
    fn peek_all(&self) {
        if self.is_peeked.load(Ordering::Acquire) {
            return;
        }
        for room in self.rooms.each().filter(|room| room.name.is_private()) {
            if room.log.owners().is_none() {
                room.log.peek().ok();
            }
        }
        self.is_peeked.store(true, Ordering::Release);
    }

    /// Whether a private room still belongs to `client`, and is the one that its name means.
    pub(crate) fn is_current(&self, room: &Arc<Room>, client: &Client) -> bool {
        is_owned_by(room, client.identity().owner) && !self.is_shadowed(room)
    }

    /// The owner whom `identity` means by the old name of a private room.
    pub(crate) fn meant_by(&self, name: &RoomName, identity: &Identity) -> Option<OwnerId> {
        self.names.owner(name.other_key(&identity.user)?)
    }

    /// The name of the other person in a private room: the present one, or else the one of their newest record,
    /// or else the one in an old room's name. Where the log is not loaded, its records are not looked at.
    pub(crate) fn peer_name(&self, room: &Room, owner: OwnerId) -> Option<UserName> {
        let owners = room.log.owners()?;
        let at = owners.iter().position(|one| *one != owner)?;
        let other = *owners.get(at)?;
        self.names
            .name_of(other)
            .or_else(|| last_name(room, other))
            .or_else(|| room.name.user_keys()?.get(at).map(|key| UserName::from_trusted(key)))
    }

    /// Tells the other people of `owner`'s private rooms of a new name: those who are in a room that no client of
    /// `owner` is in. Where one is, the room itself tells.
    pub(crate) fn announce_rename(&self, owner: OwnerId, from: &UserName, to: &UserName) {
        for room in self.of(owner) {
            if room.connections(owner) == 0 {
                self.broadcaster.run_round(room.announce_rename(from, to));
            }
        }
    }

    /// Invites both owners of a private room into it, on every connection that is not in it yet. They
    /// receive the records after `after`.
    pub(crate) fn invite_both(&self, room: &Arc<Room>, after: u64) {
        for owner in room.log.owners().into_iter().flatten() {
            if self.names.connections(owner) > room.connections(owner) {
                for client in self.delivery.poll.of_owner(owner) {
                    self.invite(&client, room, after);
                }
            }
        }
    }

    fn invite(&self, client: &Arc<Client>, room: &Arc<Room>, after: u64) {
        if room.has_client(client.id) || !self.enter(client, room, Entry::Invited) {
            return;
        }
        room.log.load().ok(); // here, and not under the room's lock
        client.flag_changed();
        let identity = client.identity();
        let marked = self.read_markers.get(identity.owner, room);
        let away = self.names.away(identity.owner);
        let person = (identity.owner, &identity.label());
        let about = (marked, self.peer_name(room, identity.owner));
        let (sent, round) = room.invite(client, person, away.as_ref(), after, about);
        self.delivery.after_send(client, sent);
        self.broadcaster.run_round(round);
        self.names.update_member(identity.owner, room, &self.broadcaster);
        self.confirm_place(client, room, Entry::Invited);
    }

    /// Notes that a client is about to enter a private room. If it is in too many, it leaves the one that is
    /// worth least. False if its session has ended.
    ///
    /// A room with records in flight is not left: the client has to receive them, and their author has found it
    /// in the room and so does not invite it. If all are such, the client is in too many rooms for a moment.
    pub(crate) fn enter(&self, client: &Arc<Client>, room: &Arc<Room>, entry: Entry) -> bool {
        let (invitations, owner) = (&self.invitations, client.identity().owner);
        if !invitations.enter(client.id, room, entry) {
            return false;
        }
        let mut kept = vec![Arc::clone(room)];
        let own = self.memberships.private_of(owner);
        let is_own = |room: &Room| own.contains(&room.name) || room.has_posted(owner);
        while let Some((index, place)) = invitations.take_place(client.id, is_own, &kept) {
            let other = Arc::clone(&place.room);
            if let Some((sent, round)) = other.expel(client) {
                invitations.note_left(client.id, place);
                client.flag_changed();
                self.delivery.after_send(client, sent);
                self.broadcaster.run_round(round);
            } else if invitations.put_back(client.id, index, place) {
                kept.push(other);
            } else {
                self.broadcaster.run_round(other.leave(client.id, false)); // its session has ended
            }
        }
        true
    }

    /// Gives a client, once it is in a private room, its place again, if another room has taken it before the
    /// client was in.
    pub(crate) fn confirm_place(&self, client: &Arc<Client>, room: &Arc<Room>, entry: Entry) {
        if !self.invitations.has_place(client.id, room) && !self.enter(client, room, entry) {
            self.broadcaster.run_round(room.leave(client.id, false)); // its session has ended
        }
    }
}

mod memberships; // which of them a person is a member of

pub(crate) use memberships::Reason;

fn no_one_has_the_name() -> ErrorMessage {
    let unknown = "no one has this name now, so no one would get the message";
    ErrorMessage::new(ErrorCode::BadName, unknown)
}

/// Whether `owner` is one of the two of a private room, as far as is known.
fn is_owned_by(room: &Room, owner: OwnerId) -> bool {
    room.log.owners().is_some_and(|owners| owners.contains(&owner))
}

/// The name under which `owner` wrote the newest of the room's newest records.
fn last_name(room: &Room, owner: OwnerId) -> Option<UserName> {
    room.head_at_open()?; // not loaded
    let after = room.head().saturating_sub(limits::HISTORY_PAGE as u64);
    let limit = ReadLimit { records: limits::HISTORY_PAGE, bytes: limits::HISTORY_PAGE_BYTES };
    let entries = room.log.read(after, limit).ok()?;
    let newest = entries.iter().rev().find(|entry| entry.owner == owner)?;
    let record = Record::from_json(&json::parse(&newest.json).ok()?).ok()??;
    Some(record.user)
}

/// The private rooms of this name.
fn of_name<'m>(map: &'m RoomMap, name: &'m RoomName) -> impl Iterator<Item = &'m Arc<Room>> {
    let of_that_name = map.range(LogName::new(name.clone(), "")..);
    of_that_name.take_while(move |(log, _)| log.room == *name).map(|(_, room)| room)
}
