//! Who is away: ourselves, as the status line says, and the others, as the rooms know.

use talk::chat::AwayMessage;
use talk::chat::RoomName;
use talk::chat::UserName;

use super::View;
use super::format;
use crate::room::Room;

impl View {
    /// We are away from now on, or back, as far as we have said so or heard.
    pub(crate) fn set_away(&mut self, away: Option<AwayMessage>) {
        self.away = away;
    }

    /// Somebody is away, or back.
    pub(super) fn went_away(
        &mut self,
        name: &RoomName,
        user: &UserName,
        away: Option<AwayMessage>,
    ) {
        let line = format::went_away(user, away.as_ref(), &self.clock(self.local(self.now)));
        let Some(room) = self.room_mut(name) else { return };
        room.set_away(user, away.clone());
        if user.is_same_claim(&self.me) {
            self.set_away(away); // said here, and told then; or on another device of ours
        } else if !self.wishes.is_quiet && !self.is_ignored(user) {
            self.show_aside(name, line);
        }
    }

    /// `ann is away: lunch`, for whoever writes to ann from another room.
    pub(crate) fn away_there(&self, name: &RoomName) -> Option<String> {
        let is_here = self.here().is_some_and(|room| room.name == *name);
        let other = name.other(&self.me).filter(|_| !is_here)?;
        let mut absent = self.rooms.iter().flat_map(Room::absent);
        let absent = absent.find(|absent| absent.user.key() == other)?;
        Some(format!("{} is {}", absent.user, absent.text))
    }

    /// `ann is away: lunch`, in the private room with ann.
    pub(super) fn away_here(&self) -> Option<String> {
        let absent = self.here().filter(|room| room.name.is_private()).map(Room::absent)?;
        let other = absent.iter().find(|absent| !absent.user.is_same_claim(&self.me))?;
        Some(format!("{} is {}", other.user, other.text))
    }
}
