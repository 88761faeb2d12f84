//! Searching a room: one request after the other, from the newest messages back.

use talk::chat::RoomName;
use talk::chat::protocol::Record;
use talk::limits;

use super::Chat;
use super::commands::requested;

/// Matches that are enough for one search.
const ENOUGH: usize = 30;

/// A search and what it has found so far.
#[derive(Debug)]
pub(super) struct RoomSearch {
    room: RoomName,
    text: String,
    records: Vec<Record>,
}

impl Chat {
    /// Starts searching the current room for `text`; a search under way is given up.
    pub(super) fn search(&mut self, text: String) -> Result<(), String> {
        let room = self.current()?.name.clone();
        if text.len() > limits::SEARCH_WORDS {
            return Err(format!(
                "the text to search for is longer than {} bytes",
                limits::SEARCH_WORDS
            ));
        }
        requested(self.client.search(&room, &text, None))?;
        self.search = Some(RoomSearch { room, text, records: Vec::new() });
        Ok(())
    }

    /// Takes one answer: requests the next, or shows what was found.
    pub(super) fn on_found(
        &mut self,
        room: &RoomName,
        text: &str,
        mut records: Vec<Record>,
        before: u64,
        first: u64,
    ) {
        let search = self.search.take_if(|search| search.room == *room && search.text == text);
        let Some(mut search) = search else { return };
        records.append(&mut search.records); // each answer is older than the last
        let is_complete = before <= first.max(1);
        let continues = !is_complete && records.len() < ENOUGH;
        if continues && self.client.search(room, text, Some(before)) {
            self.search = Some(RoomSearch { records, ..search });
        } else {
            self.view.list_found(room, text, &records, is_complete);
        }
    }

    /// Gives up a search, because the connection is lost.
    pub(super) fn cancel_search(&mut self) {
        if let Some(RoomSearch { text, .. }) = self.search.take() {
            let text =
                format!("search for {text:?} stopped: connection lost (try again when live)");
            self.view.display.error(&text);
        }
    }
}
