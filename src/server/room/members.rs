//! Questions about who is in a room.

use super::Room;
use crate::chat::protocol::{MembersQuery, ServerMessage};
use crate::chat::{ClientId, MembersPage, OwnerId};

impl Room {
    /// The `members` message.
    pub(crate) fn members_message(&self) -> ServerMessage {
        let members = &self.state().members;
        ServerMessage::Members {
            room: self.name.clone(),
            members: members.list(),
            away: members.away_members(),
            list: None,
        }
    }

    /// A page of the list of those who are here, and how many these are in all.
    pub(crate) fn members_page(&self, query: &MembersQuery) -> (MembersPage, u64) {
        let members = &self.state().members;
        (members.page(&query.range, query.limit), members.count())
    }

    /// The persons who have come or gone since the last call, and whether they are here now.
    pub(crate) fn take_moves(&self) -> Vec<(OwnerId, bool)> {
        self.state().members.take_moves()
    }

    /// How many members are in the room.
    pub(crate) fn member_count(&self) -> u64 {
        self.state().members.count()
    }

    /// Whether a client is in the room.
    pub(crate) fn has_client(&self, client: ClientId) -> bool {
        self.state().clients.iter().any(|entry| entry.client.id == client)
    }

    /// Whether a person is a member.
    pub(crate) fn has_member(&self, owner: OwnerId) -> bool {
        self.state().members.has(owner)
    }

    /// How many connections a person has in the room, also those without presence.
    pub(crate) fn connections(&self, owner: OwnerId) -> usize {
        self.state().clients.iter().filter(|entry| entry.owner == owner).count()
    }
}
