//! State derived from a log's records (a projection, in event sourcing): deleted texts, the edits
//! of each post, the topic, who posted last under each name.
//!
//! Seqs in memory, as many as there were edits and deletes. Each record is applied in a number of steps that
//! depends on no other record: a delete passes over the edits of its target once, and a repeated delete over
//! none. So E edits and D deletes of one post take E + D steps, never E × D.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use super::line::RecordStart;
use crate::chat::protocol::{Record, RecordKind};
use crate::chat::{Authors, LogEntry, Operation, OwnerId, UserName};
use crate::json;
use crate::limits;

/// The derived state of one log.
#[derive(Debug, Default)]
pub(super) struct Projection {
    /// The edits of each post that has some, and is not deleted.
    edits: BTreeMap<u64, Vec<u64>>,
    /// The delete of each post that is deleted: the first one, if there are more.
    deletes: BTreeMap<u64, u64>,
    /// The records whose text is not served: deleted posts and their edits.
    hidden: BTreeSet<u64>,
    /// The records whose text is no longer on disk.
    erased: BTreeSet<u64>,
    /// The hidden records that are not erased yet, each with the owner who deleted it.
    to_erase: BTreeMap<u64, OwnerId>,
    /// The newest [`limits::HISTORY_PAGE`] posts, the oldest first.
    newest_posts: VecDeque<u64>,
    /// The newest topic; empty where there is none.
    topic: String,
    /// Who posted last under each name.
    authors: Authors,
}

/// How the JSON of a post begins. A post does not change the state.
const POST: &[u8] = b"{\"type\":\"post\"";

/// Whether a record, as JSON, is a post and need not be parsed: nearly all are.
pub(super) fn is_post(json: &[u8]) -> bool {
    json.starts_with(POST)
}

impl Projection {
    /// Applies the next record; `erased`: its text is no longer on disk.
    pub(super) fn apply(&mut self, entry: &LogEntry, erased: bool) {
        let (seq, owner) = (entry.seq, entry.owner);
        if erased {
            self.erased.insert(seq);
            self.to_erase.remove(&seq);
        }
        let json = entry.json.as_bytes();
        if let Some(user) =
            RecordStart::parse(json).filter(|_| is_post(json)).and_then(|start| start.user())
        {
            self.add_post(seq, user, owner);
            return;
        }
        let Some(Record { user, kind, .. }) = record(&entry.json) else {
            if is_post(json) {
                self.count_post(seq); // of a later version
            }
            return;
        };
        match kind {
            RecordKind::Operation(Operation::Edit { target, .. })
            | RecordKind::Erased { edit_of: Some(target) } => {
                if self.hidden.contains(&target) {
                    self.hide(seq, owner); // an edit that was stored after the delete
                } else {
                    self.edits.entry(target).or_default().push(seq);
                }
            }
            RecordKind::Operation(Operation::Delete { target }) => {
                if self.hidden.contains(&target) {
                    return; // a repeated delete: everything is hidden
                }
                self.deletes.insert(target, seq);
                self.hide(target, owner);
                for edit in self.edits.remove(&target).unwrap_or_default() {
                    self.hide(edit, owner);
                }
            }
            RecordKind::Operation(Operation::Topic { text }) => self.topic = text.to_string(),
            RecordKind::Operation(Operation::Post { .. })
            | RecordKind::Erased { edit_of: None } => self.add_post(seq, user.as_str(), owner),
        }
    }

    /// Applies the next record, a post that is not erased: it is one of the newest, and the newest under
    /// its name.
    pub(super) fn add_post(&mut self, seq: u64, user: &str, owner: OwnerId) {
        self.authors.add(user, owner, seq);
        self.count_post(seq);
    }

    fn count_post(&mut self, seq: u64) {
        self.newest_posts.push_back(seq);
        if self.newest_posts.len() > limits::HISTORY_PAGE {
            self.newest_posts.pop_front();
        }
    }

    fn hide(&mut self, seq: u64, owner: OwnerId) {
        if self.hidden.insert(seq) && !self.erased.contains(&seq) {
            self.to_erase.insert(seq, owner);
        }
    }

    /// How many edits a post has that is not deleted.
    pub(super) fn edit_count(&self, target: u64) -> usize {
        self.edits.get(&target).map_or(0, Vec::len)
    }

    /// The newest edit of a post that is not deleted.
    pub(super) fn newest_edit(&self, target: u64) -> Option<u64> {
        self.edits.get(&target)?.last().copied()
    }

    /// The record that deleted the post `target`.
    pub(super) fn delete_of(&self, target: u64) -> Option<u64> {
        self.deletes.get(&target).copied()
    }

    /// The oldest of the newest [`limits::HISTORY_PAGE`] posts; `None` where there are fewer.
    pub(super) fn page_start(&self) -> Option<u64> {
        let is_full = self.newest_posts.len() >= limits::HISTORY_PAGE;
        self.newest_posts.front().copied().filter(|_| is_full)
    }

    /// Redacts those of `entries` whose text is deleted.
    pub(super) fn redact(&self, entries: &mut [LogEntry]) {
        if self.hidden.is_empty() {
            return;
        }
        for entry in entries.iter_mut().filter(|entry| self.hidden.contains(&entry.seq)) {
            redact(entry);
        }
    }

    /// The owner of the newest post under a name.
    pub(super) fn last_owner(&self, user: &UserName) -> Option<OwnerId> {
        self.authors.last_owner(user)
    }

    /// The topic of the room.
    pub(super) fn topic(&self) -> Option<&str> {
        Some(&*self.topic).filter(|topic| !topic.is_empty())
    }

    /// The records from `first` to before `next` whose text must be erased from the disk, each with the owner
    /// who deleted it.
    pub(super) fn to_erase(&self, first: u64, next: u64) -> impl Iterator<Item = (u64, OwnerId)> {
        self.to_erase.range(first..next).map(|(seq, owner)| (*seq, *owner))
    }

    /// Notes that the texts of these records were erased from the disk.
    pub(super) fn set_erased(&mut self, seqs: &BTreeSet<u64>) {
        for seq in seqs {
            self.to_erase.remove(seq);
        }
        self.erased.extend(seqs);
    }

    /// Whether texts must be erased from the disk.
    pub(super) fn is_erasure_due(&self) -> bool {
        !self.to_erase.is_empty()
    }

    /// About how many bytes it takes. Measured with 3,000,000 ascending seqs: 21 bytes for each in a set, 37 in a map
    /// to a seq, 50 in a map to an owner; an edited post is taken for 80.
    pub(super) fn memory(&self) -> usize {
        let edits: usize = self.edits.values().map(Vec::capacity).sum();
        self.edits.len() * 80
            + edits * size_of::<u64>()
            + self.deletes.len() * 37
            + (self.hidden.len() + self.erased.len()) * 21
            + self.to_erase.len() * 50
            + self.topic.capacity()
            + self.authors.memory()
    }

    /// A record whose text was erased though no record deletes it.
    pub(super) fn unexplained_erasure(&self) -> Option<u64> {
        self.erased.difference(&self.hidden).next().copied()
    }

    /// Forgets the records before `first`, which retention has dropped.
    pub(super) fn forget_before(&mut self, first: u64) {
        self.edits = self.edits.split_off(&first);
        self.deletes = self.deletes.split_off(&first);
        self.to_erase = self.to_erase.split_off(&first);
        for seqs in [&mut self.hidden, &mut self.erased] {
            let kept = seqs.split_off(&first);
            drop(mem::replace(seqs, kept));
        }
        self.newest_posts.retain(|seq| *seq >= first);
        self.authors.forget_before(first);
    }
}

fn record(json: &str) -> Option<Record> {
    Record::from_json(&json::parse(json).ok()?).ok().flatten()
}

/// Removes the text of a post, or of an edit; its place in the log stays.
pub(super) fn redact(entry: &mut LogEntry) {
    let Some(mut found) = record(&entry.json) else { return };
    let edit_of = match found.kind {
        RecordKind::Operation(Operation::Post { .. }) => None,
        RecordKind::Operation(Operation::Edit { target, .. }) => Some(target),
        RecordKind::Operation(Operation::Delete { .. } | Operation::Topic { .. })
        | RecordKind::Erased { .. } => return,
    };
    found.kind = RecordKind::Erased { edit_of };
    entry.json = found.encode().into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Text, Topic};

    fn entry(seq: u64, operation: Operation) -> LogEntry {
        let (room, cid) = ("lobby".parse().unwrap(), format!("c{seq}").parse().unwrap());
        let (user, kind) = ("bob".parse().unwrap(), RecordKind::Operation(operation));
        let json = Record { room, seq, at: 5, user, cid, kind, new_owner: false }.encode();
        LogEntry { seq, owner: "0".repeat(32).parse().unwrap(), json: json.into() }
    }

    fn text(text: &str) -> Text {
        Text::parse(text, 100).unwrap()
    }

    fn to_erase(projection: &Projection) -> BTreeSet<u64> {
        projection.to_erase(0, 99).map(|(seq, _)| seq).collect()
    }

    fn log() -> Vec<LogEntry> {
        vec![
            entry(1, Operation::Post { text: text("secret"), me: true, reply: Some(1) }),
            entry(2, Operation::Post { text: text("harmless"), me: false, reply: None }),
            entry(3, Operation::Edit { target: 1, text: text("secret again") }),
            entry(4, Operation::Delete { target: 1 }),
            entry(5, Operation::Edit { target: 1, text: text("secret, once more") }),
            entry(6, Operation::Topic { text: Topic::parse("tea").unwrap() }),
        ]
    }

    #[test]
    fn a_deleted_text_is_served_by_no_record() {
        let (mut log, mut projection) = (log(), Projection::default());
        log.iter().for_each(|entry| projection.apply(entry, false));
        projection.redact(&mut log);
        let all: String = log.iter().map(|entry| &*entry.json).collect();
        assert!(!all.contains("secret") && all.contains("harmless"), "{all}");
        assert!(log[0].json.ends_with(r#""cid":"c1","text":"","deleted":true}"#), "{:?}", log[0]);
        assert!(log[2].json.ends_with(r#""target":1,"text":"","deleted":true}"#), "{:?}", log[2]);
        assert_eq!(to_erase(&projection), BTreeSet::from([1, 3, 5]));
        let again = log.clone();
        projection.redact(&mut log);
        assert_eq!(log, again, "an erased record is not redacted again");
    }

    #[test]
    fn the_last_topic_counts_and_an_empty_one_is_none() {
        let mut projection = Projection::default();
        assert_eq!(projection.topic(), None);
        log().iter().for_each(|entry| projection.apply(entry, false));
        assert_eq!(projection.topic(), Some("tea"));
        projection.apply(&entry(7, Operation::Topic { text: Topic::parse("").unwrap() }), false);
        assert_eq!(projection.topic(), None);
    }

    #[test]
    fn an_erased_record_is_not_erased_again_and_needs_a_delete() {
        let (mut log, mut projection) = (log(), Projection::default());
        redact(&mut log[0]);
        redact(&mut log[2]);
        log.iter().for_each(|entry| projection.apply(entry, [1, 3].contains(&entry.seq)));
        assert_eq!(
            (to_erase(&projection), projection.unexplained_erasure()),
            (BTreeSet::from([5]), None)
        );
        redact(&mut log[1]);
        projection.apply(&log[1], true);
        assert_eq!(projection.unexplained_erasure(), Some(2), "no record deletes it");
        projection.forget_before(3);
        assert_eq!(
            (to_erase(&projection), projection.unexplained_erasure()),
            (BTreeSet::from([5]), None)
        );
    }

    #[test]
    fn who_posted_last_is_read_from_a_record_in_whatever_form() {
        let owner = |digit: &str| -> OwnerId { digit.repeat(32).parse().unwrap() };
        let mut projection = Projection::default();
        let last = |projection: &Projection, user: &str| {
            projection.last_owner(&UserName::from_trusted(user))
        };
        let usual =
            r#"{"type":"post","room":"lobby","seq":1,"at":5,"user":"bob","cid":"c","text":"hi"}"#;
        let forms = [
            usual.to_owned(),
            usual.replace("bob", r"b\u006fb"),
            usual.replace("bob", "BOB"),
            r#"{"seq":1,"user":"bob","at":5,"cid":"c","type":"post","room":"lobby","text":"hi"}"#.into(),
            r#"{"type":"post","text":",\"seq\":1,\"at\":5,\"user\":\"eve\"","room":"lobby","seq":1,"at":5,"cid":"c","user":"bob"}"#.into(),
            usual.replace(r#""hi""#, r#""","deleted":true"#),
            usual.replace("}", r#","new_owner":true}"#),
        ];
        for (n, json) in forms.into_iter().enumerate() {
            let owner = owner(&(n + 1).to_string());
            let erased = json.contains("deleted");
            projection.apply(&LogEntry { seq: 1, owner, json: json.as_str().into() }, erased);
            assert_eq!(last(&projection, "bob"), Some(owner), "{json}");
        }
        assert_eq!(last(&projection, "eve"), None);
        projection.apply(&entry(2, Operation::Topic { text: Topic::parse("tea").unwrap() }), false);
        projection.apply(&entry(3, Operation::Delete { target: 1 }), false);
        assert_eq!(last(&projection, "bob"), Some(owner("7")), "only posts count");
        projection.forget_before(2);
        assert_eq!(last(&projection, "bob"), None);
    }

    #[test]
    fn deletes_are_measured_at_about_what_they_cost() {
        const DELETES: u64 = 10_000;
        let mut projection = Projection::default();
        let text = text("secret");
        for target in 1..=DELETES {
            let post = Operation::Post { text: text.clone(), me: false, reply: None };
            projection.apply(&entry(target, post), false);
        }
        let cost = |projection: &Projection, before: usize| {
            (projection.memory() - before) as f64 / DELETES as f64
        };
        let before = projection.memory();
        for target in 1..=DELETES {
            projection.apply(&entry(DELETES + target, Operation::Delete { target }), false);
        }
        // The resident memory of a process with 3,000,000 of them grew by 108 bytes for each.
        let pending = cost(&projection, before);
        assert!((95.0..120.0).contains(&pending), "{pending}");
        projection.set_erased(&(1..=DELETES).collect());
        let erased = cost(&projection, before); // and by 79 without `to_erase`, with `erased`
        assert!((70.0..90.0).contains(&erased), "{erased}");
        projection.forget_before(u64::MAX);
        assert_eq!(projection.memory(), 0);
    }

    #[test]
    fn texts_are_redacted_as_the_vectors_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/edits.json");
        let table = std::fs::read(path).unwrap();
        let table: serde_json::Value = serde_json::from_slice(&table).unwrap();
        for case in table["cases"].as_array().unwrap() {
            let mut records: Vec<&serde_json::Value> = Vec::new();
            for each in case["records"].as_array().unwrap() {
                records.extend(each.as_array().map_or(vec![each], |page| page.iter().collect()));
            }
            if records.iter().any(|record| record.get("deleted").is_some()) {
                continue; // as a client gets it, not as it is stored
            }
            records.sort_by_key(|record| record["seq"].as_u64());
            let mut projection = Projection::default();
            for record in records {
                let seq = record["seq"].as_u64().unwrap();
                let target = || record["target"].as_u64().unwrap();
                let said = record["text"].as_str().unwrap_or("line");
                let operation = match record["type"].as_str() {
                    Some("edit") => Operation::Edit { target: target(), text: text(said) },
                    Some("delete") => Operation::Delete { target: target() },
                    Some("topic") => Operation::Topic { text: Topic::parse(said).unwrap() },
                    _ => Operation::Post { text: text(said), me: false, reply: None },
                };
                projection.apply(&entry(seq, operation), false);
            }
            let expected = case.get("redacted").and_then(serde_json::Value::as_array);
            let expected = expected.into_iter().flatten().filter_map(serde_json::Value::as_u64);
            assert_eq!(to_erase(&projection), expected.collect(), "{}", case["about"]);
        }
    }
}
