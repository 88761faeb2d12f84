//! The judge: from what the log holds, what was said and what was seen, to what was broken.
//!
//! It knows nothing of servers and lines; its own tests feed it histories that are wrong.

mod tests; // histories that are wrong

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde_json::Value;

/// All that is known of one room.
#[derive(Clone, Default)]
pub(super) struct History {
    /// The log, record by record, as it was exported.
    pub(super) log: Vec<String>,
    /// What was said; one author's lines in the order they were said.
    pub(super) said: Vec<Said>,
    /// What was seen.
    pub(super) views: Vec<View>,
}

/// Whose order counts: a name, which of its devices, and how often that began anew.
pub(super) type Author = (String, (usize, usize));

/// A line that somebody said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) author: Author,
    pub(super) cid: String,
    pub(super) text: String,
    pub(super) fate: Fate,
}

/// What its author knows of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Nothing: it may be stored or not.
    Unknown,
    /// It is stored under this seq: the server said so.
    Stored(u64),
    /// It is not stored: the server said so.
    Refused,
}

/// What one person was shown in one sitting.
#[derive(Clone, Default)]
pub(super) struct View {
    pub(super) who: String,
    /// The id of the log.
    pub(super) log: String,
    /// What is shown begins after this seq.
    pub(super) after: u64,
    /// One record after the other, byte for byte.
    pub(super) shown: Vec<String>,
    /// Records that came beside: answers to repeats, pages of history.
    pub(super) aside: Vec<Value>,
    /// Whether the person stayed until the end, and so has to know the end.
    pub(super) stayed: bool,
}

/// What was broken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Breach {
    /// A line of the log is no record.
    Unreadable { place: usize },
    /// The record at this place has another seq.
    NotDense { place: u64, seq: u64 },
    /// A record is older than the one before it.
    ClockBack { seq: u64 },
    /// One line is stored twice.
    Doubled { user: String, cid: String, seqs: [u64; 2] },
    /// Nobody said this, or not in these words.
    Unsaid { seq: u64 },
    /// A line was acknowledged and is not in the log.
    Lost { user: String, cid: String, seq: u64 },
    /// A line was acknowledged under another seq than it has.
    Moved { user: String, cid: String, told: u64, stored: u64 },
    /// A line was refused and is in the log.
    NotRefused { user: String, cid: String, seq: u64 },
    /// An author's line is stored before one that was said before it.
    OutOfOrder { user: String, cid: String, seq: u64 },
    /// Somebody was shown `seq` where `expected` comes next.
    Hole { who: String, expected: u64, seq: u64 },
    /// Somebody was shown what is not in the log, or not so.
    Ghost { who: String, record: String },
    /// Somebody stayed to the end and was not shown it.
    LeftBehind { who: String, at: u64, head: u64 },
    /// The log's id changed under those who had seen some of it.
    OtherLog { ids: BTreeSet<String> },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A record of the log, read.
struct Entry<'h> {
    seq: u64,
    user: &'h str,
    cid: &'h str,
}

/// Holds a room's history against the promise.
pub(super) fn judge(history: &History) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let records: Vec<Value> =
        history.log.iter().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    let entries = read(&records, &mut breaches);
    let places = place(&entries, &mut breaches);
    weigh_said(&history.said, &records, &places, &mut breaches);
    for view in &history.views {
        weigh_view(view, &history.log, &records, &mut breaches);
    }
    let seen = history.views.iter().filter(|view| !view.shown.is_empty());
    let ids: BTreeSet<String> = seen.map(|view| view.log.clone()).collect();
    if ids.len() > 1 {
        breaches.push(Breach::OtherLog { ids });
    }
    breaches
}

/// The log by itself: numbered from 1 without a hole, and time never goes back.
fn read<'h>(records: &'h [Value], breaches: &mut Vec<Breach>) -> Vec<Entry<'h>> {
    let (mut entries, mut newest) = (Vec::new(), 0);
    for (record, place) in records.iter().zip(1..) {
        let number = |key: &str| record[key].as_u64();
        let (Some(seq), Some(at), Some(user), Some(cid)) =
            (number("seq"), number("at"), record["user"].as_str(), record["cid"].as_str())
        else {
            breaches.push(Breach::Unreadable { place });
            continue;
        };
        if seq != place as u64 {
            breaches.push(Breach::NotDense { place: place as u64, seq });
        }
        if at < newest {
            breaches.push(Breach::ClockBack { seq });
        }
        newest = at;
        entries.push(Entry { seq, user, cid });
    }
    entries
}

/// Where each line stands; each stands in one place.
fn place<'h>(
    entries: &[Entry<'h>],
    breaches: &mut Vec<Breach>,
) -> HashMap<(&'h str, &'h str), u64> {
    let mut places = HashMap::new();
    for Entry { seq, user, cid } in entries {
        if let Some(first) = places.insert((*user, *cid), *seq) {
            let (user, cid) = ((*user).to_owned(), (*cid).to_owned());
            breaches.push(Breach::Doubled { user, cid, seqs: [first, *seq] });
        }
    }
    places
}

/// What was said against what is stored.
fn weigh_said(
    said: &[Said],
    records: &[Value],
    places: &HashMap<(&str, &str), u64>,
    breaches: &mut Vec<Breach>,
) {
    let mut last: BTreeMap<&Author, u64> = BTreeMap::new();
    let mut known: BTreeSet<u64> = BTreeSet::new();
    for line in said {
        let (user, cid) = (line.author.0.clone(), line.cid.clone());
        let stored = places.get(&(&*user, &*cid)).copied();
        match (line.fate, stored) {
            (Fate::Stored(seq), None) => breaches.push(Breach::Lost { user, cid, seq }),
            (Fate::Stored(told), Some(stored)) if told != stored => {
                breaches.push(Breach::Moved { user, cid, told, stored });
            }
            (Fate::Refused, Some(seq)) => breaches.push(Breach::NotRefused { user, cid, seq }),
            (Fate::Stored(_), Some(_)) | (Fate::Refused, None) | (Fate::Unknown, _) => {}
        }
        let Some(seq) = stored else { continue };
        if records.get(seq as usize - 1).is_some_and(|record| record["text"] == *line.text) {
            known.insert(seq);
        }
        let before = last.insert(&line.author, seq).unwrap_or(0);
        if before > seq {
            let (user, cid) = (line.author.0.clone(), line.cid.clone());
            breaches.push(Breach::OutOfOrder { user, cid, seq });
        }
    }
    let unsaid = (1..=records.len() as u64).filter(|seq| !known.contains(seq));
    breaches.extend(unsaid.map(|seq| Breach::Unsaid { seq }));
}

/// What somebody saw against what is stored.
fn weigh_view(view: &View, log: &[String], records: &[Value], breaches: &mut Vec<Breach>) {
    let stored = |seq: u64| usize::try_from(seq).ok()?.checked_sub(1);
    let ghost = |record: String| Breach::Ghost { who: view.who.clone(), record };
    let mut at = view.after;
    for record in &view.shown {
        let seq = serde_json::from_str::<Value>(record).unwrap_or_default()["seq"].as_u64();
        let Some(seq) = seq else {
            breaches.push(ghost(record.clone()));
            continue;
        };
        if seq != at + 1 {
            breaches.push(Breach::Hole { who: view.who.clone(), expected: at + 1, seq });
        }
        at = seq;
        if stored(seq).and_then(|place| log.get(place)) != Some(record) {
            breaches.push(ghost(record.clone()));
        }
    }
    for record in &view.aside {
        let place = record["seq"].as_u64().and_then(stored);
        if place.and_then(|place| records.get(place)) != Some(record) {
            breaches.push(ghost(record.to_string()));
        }
    }
    let head = log.len() as u64;
    if view.stayed && at != head {
        breaches.push(Breach::LeftBehind { who: view.who.clone(), at, head });
    }
}
