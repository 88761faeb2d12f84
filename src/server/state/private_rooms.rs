//! Private rooms: which one owners people share, and who is brought into it.
//!
//! Room: the shared's names and rooms. A private room belongs to owners owners, not to owners spellings:
//! once a name has passed to somebody else, the same name of a room stands for another one.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::shared::{Rooms, Shared, TooManyRooms};
use crate::chat::{ErrorCode, Identity, OwnerId, Rejection, RoomName};
use crate::log::LogName;
use crate::server::clients::client::Client;
use crate::server::room::Room;

/// Whether a person may be in a private room: as which of its owners, and who the other is now, if
/// anybody holds that name.
#[derive(Debug, Clone, Copy)]
struct Key {
    at: usize,
    mine: OwnerId,
    other: Option<OwnerId>,
}

impl Key {
    fn opens(self, owners: [OwnerId; 2]) -> bool {
        let [mine, other] = if self.at == 0 { owners } else { [owners[1], owners[0]] };
        mine == self.mine && self.other.is_none_or(|owner| owner == other)
    }

    /// The owners owners, if both are known.
    fn owners(self) -> Option<[OwnerId; 2]> {
        let other = self.other?;
        Some(if self.at == 0 { [self.mine, other] } else { [other, self.mine] })
    }
}

impl Shared {
    /// The private room `name` as `held` may enter it, opened if need be.
    pub(crate) fn private_room(
        &self,
        name: &RoomName,
        held: &Identity,
    ) -> io::Result<Result<Arc<Room>, Rejection>> {
        let forbidden = "a private room is open to the two it is named after";
        let Some(key) = self.key(name, held) else {
            return Ok(Err(Rejection::new(ErrorCode::Forbidden, forbidden)));
        };
        let mut rooms = self.rooms();
        if let Some(room) = find(&rooms, name, key) {
            return Ok(Ok(room));
        }
        let Some(owners) = key.owners() else {
            let nobody = "nobody has that name now, so there is nobody to write to";
            return Ok(Err(Rejection::new(ErrorCode::BadName, nobody)));
        };
        let added = self.add_room(&mut rooms, name, Some(owners))?;
        let full = "this server has as many private rooms as it may";
        Ok(added.map_err(|TooManyRooms| Rejection::new(ErrorCode::TooManyRooms, full)))
    }

    /// The private rooms of a person in which anything was ever said.
    pub(crate) fn private_rooms(&self, held: &Identity) -> Vec<Arc<Room>> {
        let key = held.user.key();
        let is_theirs =
            |log: &&LogName| log.room.owners().is_some_and(|owners| owners.contains(&&*key));
        let mut names: Vec<RoomName> =
            self.rooms().keys().filter(is_theirs).map(|log| log.room.clone()).collect();
        names.dedup();
        let open = |name: RoomName| find(&self.rooms(), &name, self.key(&name, held)?);
        names.into_iter().filter_map(open).filter(|room| room.last_assigned() > 0).collect()
    }

    /// Whether the room is still the one its name stands for, to `client`: a public one always is.
    pub(crate) fn is_current(&self, room: &Arc<Room>, client: &Client) -> bool {
        if !room.name.is_private() {
            return true;
        }
        let Some(key) = self.key(&room.name, &client.identity()) else { return false };
        find(&self.rooms(), &room.name, key).is_some_and(|found| Arc::ptr_eq(&found, room))
    }

    /// Brings the owners people of a private room into it, on every device that is not in it yet, so that
    /// they hear what was said there after the record `after`.
    pub(crate) fn gather(&self, room: &Arc<Room>, after: u64) {
        let (Some(keys), Some(owners)) = (room.name.owners(), room.log.owners()) else { return };
        for (key, owner) in keys.into_iter().zip(owners) {
            let uses = self.names().uses(key);
            if uses > room.connections(key) {
                for client in self.devices(owner) {
                    self.bring(&client, room, after);
                }
            }
        }
    }

    fn bring(&self, client: &Arc<Client>, room: &Arc<Room>, after: u64) {
        if room.has(client.id) || !self.invitations.note(client.id, room) {
            return;
        }
        client.flag_invited();
        let held = client.identity();
        let marked = self.marked(held.owner, room);
        let away = self.away(&held.user);
        let (sent, load) = room.bring(client, &held.user, away.as_ref(), after, marked);
        self.see_to(client, sent);
        self.carry(load);
        self.tell_away(&held.user, room);
        if !self.invitations.has(client.id) {
            self.carry(room.exit(client.id)); // its session ended without knowing of this
        }
    }

    fn key(&self, name: &RoomName, held: &Identity) -> Option<Key> {
        let other = name.other(&held.user)?;
        let at = usize::from(name.owners()?[0] == other);
        let other = self.names().owner(other, Instant::now());
        Some(Key { at, mine: held.owner, other })
    }
}

fn find(rooms: &Rooms, name: &RoomName, key: Key) -> Option<Arc<Room>> {
    let of_that_name = rooms.range(LogName::new(name.clone(), "")..);
    let mut of_that_name = of_that_name.take_while(|(log, _)| log.room == *name);
    let fits = |room: &Arc<Room>| room.log.owners().is_some_and(|owners| key.opens(owners));
    of_that_name.find(|(_, room)| fits(room)).map(|(_, room)| Arc::clone(room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_room_is_of_two_holders_and_not_of_two_names() {
        let [alice, bob, other]: [OwnerId; 3] =
            ["1", "2", "3"].map(|digit| digit.repeat(32).parse().unwrap());
        let key = |at, mine, other| Key { at, mine, other };
        assert!(key(0, alice, Some(bob)).opens([alice, bob]));
        assert!(key(1, bob, Some(alice)).opens([alice, bob]));
        assert!(key(0, alice, None).opens([alice, bob]), "bob's name is nobody's now");
        assert!(!key(0, alice, Some(other)).opens([alice, bob]), "it has passed to somebody else");
        assert!(!key(1, other, Some(alice)).opens([alice, bob]), "who reads nothing of it");
        assert!(!key(1, alice, Some(bob)).opens([alice, bob]), "each in their place");
        assert_eq!(key(1, bob, Some(alice)).owners(), Some([alice, bob]));
        assert_eq!(key(1, bob, None).owners(), None);
    }
}
