//! Searching a room: one request after the other, from the newest messages back.

use talk::chat::RoomName;
use talk::chat::protocol::Record;
use talk::client::Client;
use talk::limits;

/// Records found after which a search stops.
const MAX_RESULTS: usize = 30;

/// Records kept of an answer: a server finds no more in the records of one request.
const RECORDS_KEPT: usize = limits::SEARCH_SPAN;

/// A search and what it has found so far.
#[derive(Debug)]
pub(super) struct RoomSearch {
    /// The room searched.
    pub(super) room: RoomName,
    /// The words searched for.
    pub(super) text: String,
    /// What was found, oldest first.
    pub(super) records: Vec<Record>,
}

/// Whether a search goes on after an answer.
#[derive(Debug)]
pub(super) enum SearchStep {
    /// The next request is sent.
    Continues,
    /// `is_complete`: nothing older is left to search.
    Finished { is_complete: bool },
}

impl RoomSearch {
    /// A search whose first request was sent.
    pub(super) fn new(room: RoomName, text: String) -> RoomSearch {
        RoomSearch { room, text, records: Vec::new() }
    }

    /// Takes one answer, and sends the next request if necessary. The records older than `before`
    /// are not searched yet; the room keeps them from `first` on.
    pub(super) fn take(
        &mut self,
        client: &Client,
        mut records: Vec<Record>,
        before: u64,
        first: u64,
    ) -> SearchStep {
        records.append(&mut self.records); // each answer is older than the last
        self.records = records;
        self.records.drain(..self.records.len().saturating_sub(RECORDS_KEPT));
        let is_complete = before <= first.max(1);
        let continues = !is_complete && self.records.len() < MAX_RESULTS;
        if continues && client.search(&self.room, &self.text, Some(before)) {
            SearchStep::Continues
        } else {
            SearchStep::Finished { is_complete }
        }
    }
}
