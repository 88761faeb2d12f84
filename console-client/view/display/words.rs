//! What Tab can complete: names and rooms that are known here.

use std::collections::HashSet;

use talk::chat::UserName;

use super::Display;
use crate::editor::completion::Words;
use crate::view::format;

impl Display {
    /// The names and rooms that can be completed now.
    pub(crate) fn words(&self) -> Words {
        let joined =
            self.rooms.iter().map(|room| format::title(&room.name, room.peer.as_ref(), &self.me));
        let others = self.known_rooms.iter().filter(|name| !self.rooms.contains(name));
        Words {
            names: self.names(),
            joined: joined.collect(),
            others: others.map(ToString::to_string).collect(),
        }
    }

    /// The people of the current room, then those of the private rooms, each once.
    fn names(&self) -> Vec<String> {
        let people = || self.rooms.current().into_iter().flat_map(|room| room.members.people());
        let keys: HashSet<String> = people().map(UserName::key).collect();
        let peers = self.rooms.iter().filter_map(|room| {
            let key = match &room.peer {
                Some(peer) => peer.key(),
                None => room.name.other_key(&self.me)?.to_owned(),
            };
            if keys.contains(&key) {
                return None;
            }
            // Not the server's word but the person's own spelling, once they were there.
            let spelled = room.members.people().find(|user| user.key() == key);
            let peer = || room.peer.as_ref().map_or(key.clone(), ToString::to_string);
            Some(spelled.map_or_else(peer, ToString::to_string))
        });
        people().map(ToString::to_string).chain(peers).collect()
    }
}
