//! Stored records for clients: catch-up after a join, pages of history, search results.
//!
//! It reads the log a page at a time. It may wait for the client's socket, but never under a lock.

use std::io;
use std::sync::Arc;

use super::Room;
use super::membership::CatchUp;
use crate::chat::LogEntry;
use crate::chat::protocol::{HistoryRange, Join, Joined, RecordId, Since};
use crate::json::{self, Object, Value};
use crate::limits;
use crate::log::ReadLimit;
use crate::server::clients::client::Client;
use crate::server::clients::delivery::Delivery;
use crate::server::clients::disconnect::{self, Disconnect};
use crate::server::logger::Level;
use crate::server::quotas::QuestionQuota;
use crate::ws;

/// A client that catches up with a room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CatchUpStart {
    /// The records after this seq are sent.
    pub(crate) since: u64,
    /// From the join.
    pub(crate) changes: u64,
    /// Pages after which the client does not wait, even if its network is in debt.
    pub(crate) free_pages: usize,
}

/// The room's log cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// Sends `client` the records of `room` from `start` on, until it has all and is live: contiguous, in order,
/// none twice. Each page is a question of the client, and is charged to its network.
pub(crate) fn catch_up(
    (delivery, questions): (&Delivery, &QuestionQuota),
    client: &Arc<Client>,
    room: &Arc<Room>,
    start: CatchUpStart,
) -> Result<Result<(), Unreadable>, Disconnect> {
    let CatchUpStart { since, changes, mut free_pages } = start;
    let mut at = since;
    loop {
        if !client.send_queue.wait_below(limits::REPLAY_BYTES) {
            return Err(Disconnect::Lost);
        }
        client.mark_received(); // its session reads nothing now, but its socket takes what is sent
        match room.try_go_live(client.id, at, changes) {
            CatchUp::Left | CatchUp::Live(false) => return Ok(Ok(())),
            CatchUp::Live(true) => {
                // Joins and leaves meanwhile were sent to live clients only.
                delivery.send_message(client, &room.members_message());
                return Ok(Ok(()));
            }
            CatchUp::Behind(head) => {
                let question = questions.begin(client.address);
                let Ok((last, bytes)) = send_page(delivery, client, room, at, head)? else {
                    return Ok(Err(Unreadable));
                };
                at = last;
                let wait = question.end(bytes);
                if free_pages > 0 {
                    free_pages -= 1;
                } else if !client.pause(wait) {
                    return Err(Disconnect::Lost);
                }
            }
        }
    }
}

/// Sends one page after `at`, not beyond `head`, and returns the seq it ends with, and its bytes. Records in the log
/// beyond the committed head are being broadcast to the live clients.
fn send_page(
    delivery: &Delivery,
    client: &Arc<Client>,
    room: &Room,
    at: u64,
    head: u64,
) -> Result<Result<(u64, usize), Unreadable>, Disconnect> {
    let limit = ReadLimit { records: limits::HISTORY_PAGE_MAX, bytes: limits::REPLAY_BYTES };
    let mut entries = match room.log.read(at, limit) {
        Ok(entries) => entries,
        Err(error) => {
            let fields = [("room", room.name.as_str()), ("error", &error.to_string())];
            delivery.logger.log(Level::Warn, "read-failed", &fields);
            return Ok(Err(Unreadable));
        }
    };
    entries.retain(|entry| entry.seq <= head);
    match (entries.first(), entries.last()) {
        (Some(first), Some(last)) if first.seq == at + 1 => {
            let mut frames = Vec::new();
            for entry in &entries {
                ws::push_text_frame(&mut frames, entry.json.as_bytes());
            }
            let bytes = frames.len();
            delivery.send(client, &frames.into());
            delivery.metrics.messages.replayed.add(entries.len());
            Ok(Ok((last.seq, bytes)))
        }
        // Retention has deleted records that a slow client still needs: a new join reports what is gone.
        _ => Err(Disconnect::by_server(disconnect::TOO_FAR_BEHIND, "reconnect and resume")),
    }
}

/// Whether what the client of this join has is of another log than the room's, or of another history of it: a
/// restored backup or a power cut has ended that one, and other records may have its seqs since. True also if
/// the client is ahead of the log: what it has is committed before it is sent, so no record that arrives now can
/// be it.
///
/// A record that retention has dropped, or that cannot be read now, cannot be compared, and counts as the
/// client's. `joined` reports a gap, and the catch-up that follows a read error.
pub(crate) fn is_other_log(room: &Room, join: &Join) -> bool {
    let Since::After(seq) = join.since else { return false };
    if seq > room.head() || join.log.as_deref().is_some_and(|log| *log != *room.log.id()) {
        return true;
    }
    let stored = || read_record(room, seq)?.record_id();
    join.record.as_ref().is_some_and(|record| stored().is_some_and(|stored| stored != *record))
}

/// The id of the record at the `since` of the answer to a join, if no stored record follows and the client does
/// not have it: only so does it know what to say when it comes back. If records follow, it knows by the first.
pub(crate) fn record_at_since(room: &Room, join: &Join, joined: &Joined) -> Option<RecordId> {
    let knows = join.record.is_some() && join.since == Since::After(joined.since) && !joined.reset;
    if knows || joined.since < joined.head {
        return None;
    }
    read_record(room, joined.since)?.record_id()
}

/// The stored record of `seq`, if retention has not deleted it.
pub(crate) fn read_record(room: &Room, seq: u64) -> Option<LogEntry> {
    let entries = room.log.read(seq.checked_sub(1)?, ReadLimit { records: 1, bytes: 1 }).ok()?;
    entries.into_iter().find(|entry| entry.seq == seq && seq <= room.head())
}

/// The `history` message for a request of `limit` records. Its bytes are bounded too; then it holds the
/// records nearest to the requested seq or time. `edits`: with the edits of its posts that come after it.
pub(crate) fn read_page(
    room: &Room,
    range: HistoryRange,
    limit: usize,
    edits: bool,
) -> io::Result<String> {
    let limit = limit.min(limits::HISTORY_PAGE_MAX);
    let (after, end, bytes) = match range {
        HistoryRange::After(seq) => (seq, u64::MAX, limits::HISTORY_PAGE_BYTES),
        HistoryRange::Before(seq) => (seq.saturating_sub(limit as u64 + 1), seq, usize::MAX),
        HistoryRange::At(at) => (last_before(room, at)?, u64::MAX, limits::HISTORY_PAGE_BYTES),
    };
    let head = room.head();
    let mut entries = room.log.read(after, ReadLimit { records: limit, bytes })?;
    entries.retain(|entry| entry.seq < end && entry.seq <= head);
    let is_backward = matches!(range, HistoryRange::Before(_));
    let mut entries = if is_backward { nearest(entries) } else { entries };
    let edits = if edits { Some(later_edits(room, &mut entries, is_backward)?) } else { None };
    let mut page = Object::new();
    page.string("type", "history").string("room", room.name.as_str());
    page.array("records", entries.iter().map(|entry| &*entry.json));
    if let Some(edits) = edits {
        page.array("edits", edits.iter().map(|edit| &*edit.json));
    }
    Ok(page.number("first", room.log.first()).end())
}

/// The seq of the last record before the time `at`, in Unix time in ms: a binary search, because no record is
/// older than the one before it. It reads one record of 20 in a room of a million.
fn last_before(room: &Room, at: u64) -> io::Result<u64> {
    let (mut first, mut end) = (room.log.first().max(1), room.head() + 1);
    while first < end {
        let middle = first + (end - first) / 2;
        let entries = room.log.read(middle - 1, ReadLimit { records: 1, bytes: 1 })?;
        // If retention has just dropped `middle`, the oldest record kept stands for it.
        match entries.first() {
            Some(entry) if entry.record_id().is_some_and(|id| id.at < at) => first = entry.seq + 1,
            Some(_) | None => end = middle,
        }
    }
    Ok(first - 1)
}

/// The newest edit of each of `entries`, a page, that comes after the page: a client that has not all records from
/// there on does not know it. Their bytes are bounded as those of a page; then the records are dropped
/// that are farthest from the requested seq, which are the oldest if `is_backward`.
fn later_edits(
    room: &Room,
    entries: &mut Vec<LogEntry>,
    is_backward: bool,
) -> io::Result<Vec<LogEntry>> {
    let (mut edits, mut bytes, mut kept) = (Vec::new(), 0, 0);
    let count = entries.len();
    for index in 0..count {
        let index = if is_backward { count - 1 - index } else { index };
        let edit = match entries.get(index).and_then(|entry| room.log.newest_edit(entry.seq)) {
            Some(seq) => room.log.read(seq - 1, ReadLimit { records: 1, bytes: 1 })?.pop(),
            None => None,
        };
        bytes += edit.as_ref().map_or(0, |edit| edit.json.len());
        if bytes > limits::HISTORY_PAGE_BYTES && kept > 0 {
            break;
        }
        edits.extend(edit);
        kept += 1;
    }
    let dropped = if is_backward { 0..count - kept } else { kept..count };
    entries.drain(dropped);
    let last = entries.last().map_or(0, |last| last.seq);
    let head = room.head(); // a later one is being broadcast
    edits.retain(|edit| edit.seq > last && edit.seq <= head);
    edits.sort_by_key(|edit| edit.seq);
    Ok(edits)
}

/// The `found` message for a search for `text`, in upper or lower case, among the
/// [`SEARCH_SPAN`](limits::SEARCH_SPAN) records before `before`, or the newest. Posts and edits are each
/// found by their own text; a deleted record has none. A page's limit of bytes holds here too.
pub(crate) fn search(room: &Room, text: &str, before: Option<u64>) -> io::Result<String> {
    let end = before.unwrap_or(u64::MAX).min(room.head() + 1);
    let after = end.saturating_sub(limits::SEARCH_SPAN as u64 + 1);
    let mut entries =
        room.log.read(after, ReadLimit { records: limits::SEARCH_SPAN, bytes: usize::MAX })?;
    let words = text.to_lowercase();
    entries.retain(|entry| entry.seq < end && contains(entry, &words));
    let count = entries.len();
    let entries = nearest(entries);
    let before = match entries.first() {
        Some(oldest) if entries.len() < count => oldest.seq,
        _ => after + 1,
    };
    let mut found = Object::new();
    found.string("type", "found").string("room", room.name.as_str()).string("text", text);
    found.array("records", entries.iter().map(|entry| &*entry.json));
    Ok(found.number("before", before).number("first", room.log.first()).end())
}

/// Whether a post or an edit contains `words`, which are in lower case.
fn contains(entry: &LogEntry, words: &str) -> bool {
    if !may_contain(&entry.json, words) {
        return false;
    }
    let Ok(record) = json::parse(&entry.json) else { return false };
    let has_text = matches!(record.get("type").and_then(Value::as_str), Some("post" | "edit"));
    let text = record.get("text").and_then(Value::as_str).unwrap_or_default();
    has_text && text.to_lowercase().contains(words)
}

/// False if a record's JSON shows without being parsed that its text does not contain `words`. That is
/// so if both are ASCII and no character of the words is one that JSON escapes.
fn may_contain(json: &str, words: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
    !words.bytes().all(is_plain) || !json.is_ascii() || json.to_ascii_lowercase().contains(words)
}

/// The newest of `entries` that fit a page, at least one.
fn nearest(mut entries: Vec<LogEntry>) -> Vec<LogEntry> {
    let mut bytes = 0;
    let fit = entries.iter().rev().take_while(|entry| {
        let first = bytes == 0;
        bytes += entry.json.len();
        first || bytes <= limits::HISTORY_PAGE_BYTES
    });
    let kept = fit.count();
    entries.split_off(entries.len() - kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> LogEntry {
        let mut object = Object::new();
        object.string("type", "post").number("seq", 1).string("text", text);
        LogEntry { seq: 1, owner: "0".repeat(32).parse().unwrap(), json: object.end().into() }
    }

    #[test]
    fn the_look_at_raw_json_misses_no_match() {
        let texts = [
            "Tea at four",
            "a\nb\tc",
            "say \"tea\"",
            "back\\slash",
            "\u{212a}elvin", // its lower case is an ASCII k
            "ΟΔΟΣ",
            "\u{130}stanbul",
            "",
        ];
        let words =
            ["tea", "tea at", "at f", "b", "\nb", "\"tea\"", "\\", "kelvin", "οδος", "i", ""];
        for text in texts {
            for words in words {
                let expected = text.to_lowercase().contains(words);
                assert_eq!(contains(&entry(text), words), expected, "{words:?} in {text:?}");
            }
        }
        assert!(!may_contain(&entry("coffee").json, "tea"), "it is not parsed");
    }
}
