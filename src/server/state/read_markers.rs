//! How far everybody has read: told by one device, known to the others.
//!
//! Room: the shared's markers and their file.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::shared::Shared;
use crate::chat::OwnerId;
use crate::chat::protocol::ServerMessage;
use crate::server::clients::client::Client;
use crate::server::room::Room;

impl Shared {
    /// How far `owner` has read a room.
    pub(crate) fn marked(&self, owner: OwnerId, room: &Room) -> Option<u64> {
        let marked = self.marks().get(owner, room.log.id())?;
        Some(marked.min(room.head()))
    }

    /// A client has read a room up to `seq`; the other devices of its name are told.
    pub(crate) fn mark(&self, client: &Client, room: &Room, seq: u64) {
        let (held, seq) = (client.identity(), seq.min(room.head()));
        let is_new = self.marks().advance(held.owner, room.log.id(), seq);
        if !is_new || self.names().uses(&held.user.key()) < 2 {
            return;
        }
        let marked = ServerMessage::Marked { room: room.name.clone(), seq };
        for other in self.devices(held.owner).iter().filter(|other| other.id != client.id) {
            self.tell(other, &marked);
        }
    }

    /// Every connection of one owner.
    pub(crate) fn devices(&self, owner: OwnerId) -> Vec<Arc<Client>> {
        let mut all = self.poll.all();
        all.retain(|client| client.identity().owner == owner);
        all
    }

    /// What is done about read markers by the clock.
    pub(crate) fn tend_marks(&self) -> io::Result<()> {
        let changed = self.marks().take_changed();
        let mut file = self.marks_file();
        if !changed.is_empty()
            && let Err(error) = file.append(&changed)
        {
            self.marks().put_back(&changed);
            return Err(error);
        }
        if file.is_stale() {
            let owners = self.names().owners(Instant::now());
            let rooms = self.all_rooms();
            let logs: HashSet<&str> = rooms.iter().map(|room| room.log.id()).collect();
            let is_alive = |owner, log: &str| owners.contains(&owner) && logs.contains(log);
            let all = self.marks().prune(is_alive);
            return file.compact(&all);
        }
        let unsynced = file.take_unsynced();
        unsynced.map_or(Ok(()), |unsynced| unsynced.sync_data())
    }
}
