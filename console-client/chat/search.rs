//! Looking for words in a room: a question after the other, from the newest lines down.

use talk::chat::RoomName;
use talk::chat::protocol::Record;
use talk::limits;

use super::Chat;

/// Lines found that are enough at once.
const ENOUGH: usize = 30;

/// What is being looked for, and what was found of it so far.
#[derive(Debug)]
pub(super) struct RoomSearch {
    room: RoomName,
    text: String,
    records: Vec<Record>,
}

impl Chat {
    /// Begins to look for `text` in this room. Another search takes the place of one under direction.
    pub(super) fn search(&mut self, text: String) -> Result<(), String> {
        let room = self.room()?;
        if text.len() > limits::SEARCH_WORDS {
            return Err(format!("at most {} bytes are looked for", limits::SEARCH_WORDS));
        }
        self.asked(self.client.search(&room, &text, None))?;
        self.search = Some(RoomSearch { room, text, records: Vec::new() });
        Ok(())
    }

    /// One answer: asks on, or shows what was found.
    pub(super) fn found(
        &mut self,
        room: &RoomName,
        text: &str,
        mut records: Vec<Record>,
        before: u64,
        first: u64,
    ) {
        let wanted = self.search.take_if(|wanted| wanted.room == *room && wanted.text == text);
        let Some(mut wanted) = wanted else { return };
        records.append(&mut wanted.records); // each answer is about older lines than the last
        let is_whole = before <= first.max(1);
        let goes_on = !is_whole && records.len() < ENOUGH;
        if goes_on && self.client.search(room, text, Some(before)) {
            self.search = Some(RoomSearch { records, ..wanted });
        } else {
            self.view.display.list_found(room, text, &records, is_whole);
        }
    }

    /// The connection is gone, and with it whoever would have answered.
    pub(super) fn give_up_search(&mut self) {
        if let Some(RoomSearch { text, .. }) = self.search.take() {
            self.view.display.error(&format!("the search for {text:?} was interrupted, ask again"));
        }
    }
}
