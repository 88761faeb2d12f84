//! The checker: compares a room's log with what was sent and what was seen, and names every violation.
//!
//! It knows nothing of servers and connections; its own tests give it histories that are wrong.

#[cfg(test)]
mod tests; // histories that are wrong

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde_json::Value;

/// All that is known of one room.
#[derive(Clone, Default)]
pub(crate) struct RoomHistory {
    /// The log, record by record, as it was exported.
    pub(crate) log: Vec<String>,
    /// What was sent; one author's messages in the order they were sent.
    pub(crate) submissions: Vec<Submission>,
    /// What was seen.
    pub(crate) views: Vec<View>,
    /// The users whose messages are all in `submissions`; `None` if all users are.
    pub(crate) users: Option<BTreeSet<String>>,
}

impl RoomHistory {
    /// Whether all messages of this user are known.
    fn is_known(&self, user: &str) -> bool {
        self.users.as_ref().is_none_or(|users| users.contains(user))
    }
}

/// Whose order counts: a name, its device, and how often that device forgot what was unsettled.
pub(crate) type Author = (String, (usize, usize));

/// A message that a client sent.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) author: Author,
    pub(crate) cid: String,
    pub(crate) text: String,
    pub(crate) outcome: Outcome,
}

/// What its author knows of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// Nothing: it may be stored or not.
    Unknown,
    /// The server acknowledged it with this seq.
    Stored(u64),
    /// The server refused it.
    Refused,
}

/// What one client was shown of the room, from one point of the log on.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) client: String,
    /// The id of the log.
    pub(crate) log: String,
    /// What is shown begins after this seq.
    pub(crate) after: u64,
    /// One record after the other, byte for byte.
    pub(crate) shown: Vec<String>,
    /// Other records that came: answers to repeats, pages of history.
    pub(crate) extra: Vec<Value>,
    /// Whether the client stayed until the end, and so must have seen the end.
    pub(crate) is_complete: bool,
}

/// What was violated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A line of the log is not a record.
    Unreadable { place: usize },
    /// The record at this place has another seq.
    WrongSeq { place: u64, seq: u64 },
    /// A record is older than the one before it.
    TimeWentBack { seq: u64 },
    /// One message is stored twice.
    Duplicate { user: String, cid: String, seqs: [u64; 2] },
    /// No client sent this, or not with this text.
    NeverSent { seq: u64 },
    /// A message was acknowledged and is not in the log.
    Lost { user: String, cid: String, seq: u64 },
    /// A message was acknowledged with another seq than it has.
    SeqChanged { user: String, cid: String, acknowledged: u64, stored: u64 },
    /// A message was refused and is in the log.
    RefusedButStored { user: String, cid: String, seq: u64 },
    /// A message is stored before one that its author sent earlier.
    OutOfOrder { user: String, cid: String, seq: u64 },
    /// A client was shown `seq` where `expected` comes next.
    MissingRecords { client: String, expected: u64, seq: u64 },
    /// A client was shown a record that is not in the log, or differs from it.
    Phantom { client: String, record: String },
    /// A client stayed to the end and was not shown all.
    Incomplete { client: String, at: u64, head: u64 },
    /// The log's id changed after clients had seen some of it.
    LogIdChanged { ids: BTreeSet<String> },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A record of the log, read.
struct LogRecord<'h> {
    seq: u64,
    user: &'h str,
    cid: &'h str,
}

/// Every violation in a room's history.
pub(crate) fn check(history: &RoomHistory) -> Vec<Violation> {
    let mut violations = Vec::new();
    let records: Vec<Value> =
        history.log.iter().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    let entries = read(&records, &mut violations);
    let places = index(history, &entries, &mut violations);
    check_submissions(history, &records, &places, &mut violations);
    for view in &history.views {
        check_view(view, &history.log, &records, &mut violations);
    }
    let seen = history.views.iter().filter(|view| !view.shown.is_empty());
    let ids: BTreeSet<String> = seen.map(|view| view.log.clone()).collect();
    if ids.len() > 1 {
        violations.push(Violation::LogIdChanged { ids });
    }
    violations
}

/// The log by itself: numbered from 1 without a missing number, and time never goes back.
fn read<'h>(records: &'h [Value], violations: &mut Vec<Violation>) -> Vec<LogRecord<'h>> {
    let (mut entries, mut newest) = (Vec::new(), 0);
    for (record, place) in records.iter().zip(1..) {
        let number = |key: &str| record[key].as_u64();
        let (Some(seq), Some(at), Some(user), Some(cid)) =
            (number("seq"), number("at"), record["user"].as_str(), record["cid"].as_str())
        else {
            violations.push(Violation::Unreadable { place });
            continue;
        };
        if seq != place as u64 {
            violations.push(Violation::WrongSeq { place: place as u64, seq });
        }
        if at < newest {
            violations.push(Violation::TimeWentBack { seq });
        }
        newest = at;
        entries.push(LogRecord { seq, user, cid });
    }
    entries
}

/// The seq of each message; a message has one.
fn index<'h>(
    history: &RoomHistory,
    entries: &[LogRecord<'h>],
    violations: &mut Vec<Violation>,
) -> HashMap<(&'h str, &'h str), u64> {
    let mut places = HashMap::new();
    for LogRecord { seq, user, cid } in entries {
        if let Some(first) = places.insert((*user, *cid), *seq)
            && history.is_known(user)
        {
            let (user, cid) = ((*user).to_owned(), (*cid).to_owned());
            violations.push(Violation::Duplicate { user, cid, seqs: [first, *seq] });
        }
    }
    places
}

/// What was sent against what is stored.
fn check_submissions(
    history: &RoomHistory,
    records: &[Value],
    places: &HashMap<(&str, &str), u64>,
    violations: &mut Vec<Violation>,
) {
    let mut last: BTreeMap<&Author, u64> = BTreeMap::new();
    let mut known: BTreeSet<u64> = BTreeSet::new();
    for sent in &history.submissions {
        let (user, cid) = (sent.author.0.clone(), sent.cid.clone());
        let stored = places.get(&(&*user, &*cid)).copied();
        match (sent.outcome, stored) {
            (Outcome::Stored(seq), None) => violations.push(Violation::Lost { user, cid, seq }),
            (Outcome::Stored(acknowledged), Some(stored)) if acknowledged != stored => {
                violations.push(Violation::SeqChanged { user, cid, acknowledged, stored });
            }
            (Outcome::Refused, Some(seq)) => {
                violations.push(Violation::RefusedButStored { user, cid, seq });
            }
            (Outcome::Stored(_), Some(_)) | (Outcome::Refused, None) | (Outcome::Unknown, _) => {}
        }
        let Some(seq) = stored else { continue };
        if records.get(seq as usize - 1).is_some_and(|record| record["text"] == *sent.text) {
            known.insert(seq);
        }
        let before = last.insert(&sent.author, seq).unwrap_or(0);
        if before > seq {
            let (user, cid) = (sent.author.0.clone(), sent.cid.clone());
            violations.push(Violation::OutOfOrder { user, cid, seq });
        }
    }
    for (record, seq) in records.iter().zip(1..) {
        let is_known = history.is_known(record["user"].as_str().unwrap_or_default());
        if is_known && !known.contains(&seq) {
            violations.push(Violation::NeverSent { seq });
        }
    }
}

/// What a client saw against what is stored.
fn check_view(view: &View, log: &[String], records: &[Value], violations: &mut Vec<Violation>) {
    let stored = |seq: u64| usize::try_from(seq).ok()?.checked_sub(1);
    let phantom = |record: String| Violation::Phantom { client: view.client.clone(), record };
    let mut at = view.after;
    for record in &view.shown {
        let seq = serde_json::from_str::<Value>(record).unwrap_or_default()["seq"].as_u64();
        let Some(seq) = seq else {
            violations.push(phantom(record.clone()));
            continue;
        };
        if seq != at + 1 {
            violations.push(Violation::MissingRecords {
                client: view.client.clone(),
                expected: at + 1,
                seq,
            });
        }
        at = seq;
        if stored(seq).and_then(|place| log.get(place)) != Some(record) {
            violations.push(phantom(record.clone()));
        }
    }
    for record in &view.extra {
        let place = record["seq"].as_u64().and_then(stored);
        if place.and_then(|place| records.get(place)) != Some(record) {
            violations.push(phantom(record.to_string()));
        }
    }
    let head = log.len() as u64;
    if view.is_complete && at != head {
        violations.push(Violation::Incomplete { client: view.client.clone(), at, head });
    }
}
