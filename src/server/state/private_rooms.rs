//! Private rooms: who may enter one, and invitations into it.
//!
//! A private room belongs to two owners, not to two names: once a name has passed to another owner, the
//! same room name means another room.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use super::invitations::{Entry, Invitations};
use super::names::Names;
use super::read_markers::ReadMarkerStore;
use super::rooms::{RoomMap, Rooms, WantedRoom};
use crate::chat::protocol::ErrorMessage;
use crate::chat::{ErrorCode, Identity, OwnerId, RoomName};
use crate::log::LogName;
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
    /// Finds an owner's connections, and sends to them.
    pub(super) delivery: Arc<Delivery>,
    /// Runs the rounds that invitations start.
    pub(super) broadcaster: Arc<Broadcaster>,
    /// The private rooms that each client is in.
    pub(crate) invitations: Invitations,
}

/// Decides whether a person may enter a private room: which of its two names is theirs, and who owns the
/// other name now.
#[derive(Debug, Clone, Copy)]
struct Access {
    /// The index of their own name, 0 or 1.
    at: usize,
    /// Their own owner id.
    own: OwnerId,
    /// The owner of the other name, if it has one.
    other: Option<OwnerId>,
}

impl Access {
    fn allows(self, owners: [OwnerId; 2]) -> bool {
        let [own, other] = if self.at == 0 { owners } else { [owners[1], owners[0]] };
        own == self.own && self.other.is_none_or(|owner| owner == other)
    }

    /// The two owners, if both names have one.
    fn owners(self) -> Option<[OwnerId; 2]> {
        let other = self.other?;
        Some(if self.at == 0 { [self.own, other] } else { [other, self.own] })
    }
}

impl PrivateRooms {
    /// The private room `name` that belongs to `identity` and the current owner of the other name; opens
    /// it if necessary, for a client with this address.
    pub(crate) fn open(
        &self,
        name: &RoomName,
        identity: &Identity,
        address: IpAddr,
    ) -> io::Result<Result<Arc<Room>, ErrorMessage>> {
        let Some(access) = self.access(name, identity) else {
            let forbidden = "only the two people in its name may join a private room";
            return Ok(Err(ErrorMessage::new(ErrorCode::Forbidden, forbidden)));
        };
        self.peek(name)?;
        let find_it = |map: &RoomMap| find(map, name, access);
        let found = find_it(&self.rooms.lock());
        if let Some(room) = found {
            self.rooms.load(&room)?;
            return Ok(Ok(room));
        }
        let Some(owners) = access.owners() else {
            let unknown = "no one has this name now, so no one would get the message";
            return Ok(Err(ErrorMessage::new(ErrorCode::BadName, unknown)));
        };
        let wanted = WantedRoom { name, owners: Some(owners), address };
        let opened = self.rooms.find_or_create(wanted, find_it, || self.is_abandoned())?;
        Ok(opened.map_err(|refusal| refusal.to_error(name)))
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
    pub(crate) fn of(&self, identity: &Identity) -> Vec<Arc<Room>> {
        let key = identity.user.key();
        let is_theirs =
            |log: &&LogName| log.room.user_keys().is_some_and(|owners| owners.contains(&&*key));
        let mut names: Vec<RoomName> =
            self.rooms.lock().keys().filter(is_theirs).map(|log| log.room.clone()).collect();
        names.dedup();
        let open = |name: RoomName| {
            let access = self.access(&name, identity)?; // takes the names' lock, so not under the rooms'
            self.peek(&name).ok(); // a room that cannot be read is left out
            find(&self.rooms.lock(), &name, access)
        };
        names.into_iter().filter_map(open).filter(|room| room.last_assigned() > 0).collect()
    }

    /// Finds out who owns the rooms of this name. That takes two short reads for each that was not looked at
    /// since the start, so it happens without the rooms' lock. A room that is added later has known owners.
    fn peek(&self, name: &RoomName) -> io::Result<()> {
        let rooms: Vec<Arc<Room>> = {
            let map = self.rooms.lock();
            of_name(&map, name).cloned().collect()
        };
        rooms.iter().try_for_each(|room| room.log.peek())
    }

    /// Whether a private room is still the one that its name means for `client`.
    pub(crate) fn is_current(&self, room: &Arc<Room>, client: &Client) -> bool {
        let Some(access) = self.access(&room.name, &client.identity()) else { return false };
        find(&self.rooms.lock(), &room.name, access).is_some_and(|found| Arc::ptr_eq(&found, room))
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
        let (sent, round) = room.invite(client, person, away.as_ref(), after, marked);
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
        while let Some((index, place)) = invitations.take_place(client.id, owner, &kept) {
            let other = Arc::clone(&place.room);
            if let Some((sent, round)) = other.expel(client) {
                invitations.note_left(client.id, place);
                client.flag_changed();
                self.delivery.after_send(client, sent);
                self.broadcaster.run_round(round);
            } else if invitations.put_back(client.id, index, place) {
                kept.push(other);
            } else {
                self.broadcaster.run_round(other.leave(client.id)); // its session has ended
            }
        }
        true
    }

    /// Gives a client, once it is in a private room, its place again, if another room has taken it before the
    /// client was in.
    pub(crate) fn confirm_place(&self, client: &Arc<Client>, room: &Arc<Room>, entry: Entry) {
        if !self.invitations.has_place(client.id, room) && !self.enter(client, room, entry) {
            self.broadcaster.run_round(room.leave(client.id)); // its session has ended
        }
    }

    fn access(&self, name: &RoomName, identity: &Identity) -> Option<Access> {
        let other = name.other_key(&identity.user)?;
        let at = usize::from(name.user_keys()?[0] == other);
        Some(Access { at, own: identity.owner, other: self.names.owner(other) })
    }
}

fn find(map: &RoomMap, name: &RoomName, access: Access) -> Option<Arc<Room>> {
    let fits = |room: &&Arc<Room>| room.log.owners().is_some_and(|owners| access.allows(owners));
    of_name(map, name).find(fits).cloned()
}

/// The private rooms of this name.
fn of_name<'m>(map: &'m RoomMap, name: &'m RoomName) -> impl Iterator<Item = &'m Arc<Room>> {
    let of_that_name = map.range(LogName::new(name.clone(), "")..);
    of_that_name.take_while(move |(log, _)| log.room == *name).map(|(_, room)| room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_room_is_of_two_owners_and_not_of_two_names() {
        let [alice, bob, eve]: [OwnerId; 3] =
            ["1", "2", "3"].map(|digit| digit.repeat(32).parse().unwrap());
        let access = |at, own, other| Access { at, own, other };
        assert!(access(0, alice, Some(bob)).allows([alice, bob]));
        assert!(access(1, bob, Some(alice)).allows([alice, bob]));
        assert!(access(0, alice, None).allows([alice, bob]), "bob's name has no owner now");
        assert!(
            !access(0, alice, Some(eve)).allows([alice, bob]),
            "it has passed to another owner"
        );
        assert!(!access(1, eve, Some(alice)).allows([alice, bob]), "eve is not one of its owners");
        assert!(
            !access(1, alice, Some(bob)).allows([alice, bob]),
            "the order of the owners counts"
        );
        assert_eq!(access(1, bob, Some(alice)).owners(), Some([alice, bob]));
        assert_eq!(access(1, bob, None).owners(), None);
    }
}
