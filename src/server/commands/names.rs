//! Commands about a person: the name, the away message.

use std::time::Instant;

use super::Session;
use crate::chat::protocol::ErrorMessage;
use crate::chat::{AwayMessage, ErrorCode, OwnerId, Token, UserName};

impl Session {
    /// The limit of changes of the name and the away message: all members of its rooms get each.
    pub(super) fn check_profile(&mut self) -> Result<(), ErrorMessage> {
        self.profile.check(Instant::now()).map_err(|wait| {
            let message = "you change your name or away message too often, try again in a moment";
            ErrorMessage::new(ErrorCode::RateLimited, message).retry_after(wait)
        })
    }

    /// Gives the person of this client another name, on all their connections. With the token of the name's
    /// owner, this client alone becomes that owner's.
    pub(super) fn rename(
        &mut self,
        user: &UserName,
        token: Option<&Token>,
    ) -> Result<(), ErrorMessage> {
        let (shared, before) = (&self.shared, self.client.identity());
        let claimed = shared.names.rename(&before, user, token, self.client.address)?;
        let identity = claimed.identity;
        if identity.owner != before.owner {
            for room in self.rooms.private() {
                self.leave_room(&room); // it belongs to the former owner
            }
        }
        let (shared, owner, label) = (&self.shared, identity.owner, identity.label());
        let sent = self.client.set_identity(identity);
        shared.delivery.after_send(&self.client, sent);
        if owner != before.owner {
            for room in self.rooms.iter() {
                let stays_member = shared.memberships.contains(before.owner, &room.name);
                let round = room.change_owner(self.client.id, (owner, &label), stays_member);
                shared.broadcaster.run_round(round);
                shared.memberships.update(room);
                shared.names.update_member(owner, room, &shared.broadcaster);
            }
        }
        if let Some(former) = claimed.former {
            self.announce_name(owner, &former);
        }
        self.log_event("renamed");
        Ok(())
    }

    /// Tells a person's new name to all their connections, once to each room that they are in, and to the other
    /// people of their private rooms.
    pub(super) fn announce_name(&self, owner: OwnerId, former: &UserName) {
        let (delivery, names) = (&self.shared.delivery, &self.shared.names);
        let Some(label) = names.label(owner) else { return };
        // First the clients, then the rooms: a session that joins meanwhile compares the two afterwards.
        for client in delivery.poll.of_owner(owner) {
            if let Some(sent) = client.relabel(owner, &label) {
                delivery.after_send(&client, sent);
            }
        }
        for room in self.shared.rooms.all() {
            self.shared.broadcaster.run_round(room.rename(owner, &label));
        }
        self.shared.private_rooms.announce_rename(owner, former, &label.user);
    }

    /// Sets or clears the away message of the client's person, in every room that they are in.
    pub(super) fn set_away(&self, away: Option<AwayMessage>) {
        let (owner, shared) = (self.owner(), &self.shared);
        shared.names.set_away(owner, away);
        let rooms = shared.rooms.all();
        for room in rooms.iter().filter(|room| room.has_member(owner)) {
            shared.names.update_member(owner, room, &shared.broadcaster);
        }
    }
}
