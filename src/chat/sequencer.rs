//! What is being said in one room: numbers records, knows repeated cids, gathers the next batch.
//!
//! Room: values alone. It is the state behind a room's lock; who stores a batch and who receives it
//! is not known here.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::Arc;

use super::protocol::{Kind, Record};
use super::{Cid, Operation, OwnerId, RoomName, UserName};
use crate::json;
use crate::limits;

/// A connection, among all that this server has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// Who says something: a name, who holds it, and over which connection.
#[derive(Debug, Clone)]
pub struct Author {
    /// The connection.
    pub client: ClientId,
    /// Who holds the name.
    pub owner: OwnerId,
    /// The name.
    pub user: UserName,
}

/// One numbered record, as it is last_committed and as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// 1, 2, 3 … without holes.
    pub seq: u64,
    /// Who said it. It does not travel: the log keeps it beside the record.
    pub owner: OwnerId,
    /// The record's JSON: the same bytes for everyone.
    pub json: Arc<str>,
}

/// A record on its way into the log, and whom to tell if it does not get there.
#[derive(Debug, Clone)]
pub struct PendingRecord {
    /// The record.
    pub entry: LogEntry,
    /// Who said it, by which name.
    pub author: Author,
    /// The cid it was said under.
    pub cid: Cid,
}

/// One thing that a room tells its members.
#[derive(Debug, Clone)]
pub enum BatchItem {
    /// Something numbered, once it is last_committed.
    Record(PendingRecord),
    /// Something that is neither numbered nor last_committed, and not told to one client, its cause.
    Ephemeral {
        /// The message's JSON.
        json: String,
        /// Who is left out.
        except: Option<ClientId>,
        /// How many asides the room had before it.
        index: u64,
    },
}

/// What a room tells its members next, in order.
pub type Batch = Vec<BatchItem>;

/// What became of a line that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the batch, under a number.
    Accepted,
    /// It was said before and is last_committed under this seq.
    AlreadyStored(u64),
    /// It was said before and is on its way into the log.
    InFlight,
    /// Its cid was used for something else.
    CidConflict,
    /// It answers a record that there is not.
    NoSuchTarget,
}

/// The state of one room's conversation.
#[derive(Debug)]
pub struct Sequencer {
    room: RoomName,
    /// The newest last_committed seq.
    last_committed: u64,
    /// The newest seq last_assigned out.
    last_assigned: u64,
    /// The `at` of the record last_assigned out last.
    at: u64,
    batch: Batch,
    /// Asides that there have been.
    ephemeral_count: u64,
    known: Known,
}

impl Sequencer {
    /// A room whose log ends with `head`, at the time `at` (Unix time in ms).
    #[must_use]
    pub fn new(room: RoomName, head: u64, at: u64) -> Sequencer {
        Sequencer {
            room,
            last_committed: head,
            last_assigned: head,
            at,
            batch: Batch::new(),
            ephemeral_count: 0,
            known: Known::default(),
        }
    }

    /// Takes note of a last_committed record of an earlier run, the oldest first: a repeat of it is known
    /// again, and time does not go back behind it.
    pub fn restore(&mut self, entry: &LogEntry) {
        let value = json::parse(&entry.json).ok();
        let Some(record) = value.and_then(|value| Record::from_json(&value).ok().flatten()) else {
            return; // of a kind that a later version wrote: it has no cid that we would meet
        };
        self.at = self.at.max(record.at);
        let operation = match &record.kind {
            Kind::Operation(operation) => Some(operation),
            Kind::Erased { .. } => None,
        };
        self.known.add(entry.owner, record.cid, operation, entry.seq);
    }

    /// The newest last_committed seq.
    #[must_use]
    pub fn last_committed(&self) -> u64 {
        self.last_committed
    }

    /// The newest seq last_assigned out.
    #[must_use]
    pub fn last_assigned(&self) -> u64 {
        self.last_assigned
    }

    /// How many items wait to be told.
    #[must_use]
    pub fn pending_count(&self) -> usize {
        self.batch.len()
    }

    /// Whether nothing waits to be told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// What became of an operation that was done before under `cid`, if one was.
    #[must_use]
    pub fn find(&self, owner: OwnerId, cid: &Cid, operation: &Operation) -> Option<Outcome> {
        let (seq, same) = self.known.find(owner, cid, operation)?;
        Some(match (same, seq <= self.last_committed) {
            (false, _) => Outcome::CidConflict,
            (true, true) => Outcome::AlreadyStored(seq),
            (true, false) => Outcome::InFlight,
        })
    }

    /// `author` does something under `cid`; `now` is Unix time in ms, and never goes back in a room.
    pub fn submit(&mut self, author: &Author, cid: Cid, operation: Operation, now: u64) -> Outcome {
        if let Some(told) = self.find(author.owner, &cid, &operation) {
            return told;
        }
        if let Operation::Post { reply: Some(seq), .. } = operation
            && !(1..=self.last_assigned).contains(&seq)
        {
            return Outcome::NoSuchTarget;
        }
        self.last_assigned += 1;
        self.at = self.at.max(now);
        self.known.add(author.owner, cid.clone(), Some(&operation), self.last_assigned);
        let record = Record {
            room: self.room.clone(),
            seq: self.last_assigned,
            at: self.at,
            user: author.user.clone(),
            cid: cid.clone(),
            kind: Kind::Operation(operation),
        };
        let entry = LogEntry { seq: record.seq, owner: author.owner, json: record.encode().into() };
        self.batch.push(BatchItem::Record(PendingRecord { entry, author: author.clone(), cid }));
        Outcome::Accepted
    }

    /// Tells the members something that is not numbered, in order with everything else.
    pub fn push_ephemeral(&mut self, json: String, except: Option<ClientId>) {
        self.batch.push(BatchItem::Ephemeral { json, except, index: self.ephemeral_count });
        self.ephemeral_count += 1;
    }

    /// How many asides there have been: the number of the next.
    #[must_use]
    pub fn ephemeral_count(&self) -> u64 {
        self.ephemeral_count
    }

    /// Takes the batch that has gathered.
    pub fn take(&mut self) -> Batch {
        mem::take(&mut self.batch)
    }

    /// Everything up to `seq` is last_committed.
    pub fn commit(&mut self, seq: u64) {
        self.last_committed = self.last_committed.max(seq);
    }

    /// What was taken could not be last_committed: its numbers, and those last_assigned out since, come again.
    /// Returns what has gathered meanwhile and goes down with it; asides stay in the batch.
    pub fn roll_back(&mut self) -> Vec<PendingRecord> {
        self.last_assigned = self.last_committed;
        self.known.forget_after(self.last_committed);
        let mut lost = Vec::new();
        for item in mem::take(&mut self.batch) {
            match item {
                BatchItem::Record(offered) => lost.push(offered),
                aside @ BatchItem::Ephemeral { .. } => self.batch.push(aside),
            }
        }
        lost
    }
}

/// What was done, in short; nothing for words that were deleted and that nobody knows any more.
type Digest = Option<u64>;

/// The cids of the newest records, by who used them, and a digest of what was said.
#[derive(Debug, Default)]
struct Known {
    digests: RandomState,
    seqs: HashMap<(OwnerId, Cid), (u64, Digest)>,
    order: VecDeque<(OwnerId, Cid)>,
}

impl Known {
    /// The seq that `cid` has, and whether it stands for the same words.
    fn find(&self, owner: OwnerId, cid: &Cid, operation: &Operation) -> Option<(u64, bool)> {
        let (seq, digest) = self.seqs.get(&(owner, cid.clone()))?;
        Some((*seq, digest.is_none_or(|digest| digest == self.digests.hash_one(operation))))
    }

    fn add(&mut self, owner: OwnerId, cid: Cid, operation: Option<&Operation>, seq: u64) {
        let key = (owner, cid);
        let digest = operation.map(|operation| self.digests.hash_one(operation));
        self.seqs.insert(key.clone(), (seq, digest));
        self.order.push_back(key);
        if self.order.len() > limits::CID_WINDOW {
            self.order.pop_front().map(|oldest| self.seqs.remove(&oldest));
        }
    }

    fn forget_after(&mut self, last_committed: u64) {
        while let Some(newest) = self.order.back()
            && self.seqs.get(newest).is_none_or(|(seq, _)| *seq > last_committed)
        {
            self.seqs.remove(newest);
            self.order.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::chat::{NameRegistry, Text};

    fn authors() -> [Author; 2] {
        let mut names = NameRegistry::new(Duration::ZERO);
        let mut author = |client, name: &str| {
            let (user, token) = (name.parse().unwrap(), "0".repeat(32).parse().unwrap());
            let held = names.claim(&user, None, token, Instant::now()).unwrap();
            Author { client: ClientId(client), owner: held.owner, user }
        };
        [author(1, "alice"), author(2, "bob")]
    }

    fn post(text: &str) -> Operation {
        Operation::Post { text: Text::parse(text, 100).unwrap(), me: false, reply: None }
    }

    fn cid(cid: &str) -> Cid {
        cid.parse().unwrap()
    }

    fn sequencer() -> Sequencer {
        Sequencer::new("lobby".parse().unwrap(), 0, 0)
    }

    fn seqs(batch: &Batch) -> Vec<u64> {
        let seq = |item: &BatchItem| match item {
            BatchItem::Record(offered) => Some(offered.entry.seq),
            BatchItem::Ephemeral { .. } => None,
        };
        batch.iter().filter_map(seq).collect()
    }

    #[test]
    fn what_is_said_is_numbered_and_a_repeat_is_known() {
        let ([alice, bob], mut sequencer) = (authors(), sequencer());
        assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5), Outcome::Accepted);
        assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5), Outcome::InFlight);
        assert_eq!(
            sequencer.submit(&bob, cid("1"), post("b"), 5),
            Outcome::Accepted,
            "another's cid is another"
        );
        assert_eq!(seqs(&sequencer.take()), [1, 2]);
        sequencer.commit(2);
        assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5), Outcome::AlreadyStored(1));
        assert_eq!(sequencer.submit(&alice, cid("1"), post("b"), 5), Outcome::CidConflict);
        let me = Operation::Post { text: Text::parse("a", 100).unwrap(), me: true, reply: None };
        assert_eq!(sequencer.submit(&alice, cid("1"), me, 5), Outcome::CidConflict);
        assert!(sequencer.is_empty(), "repeats are not told again");
    }

    #[test]
    fn a_ledger_made_anew_knows_what_its_log_holds() {
        let ([alice, bob], mut before) = (authors(), sequencer());
        before.submit(&alice, cid("1"), post("a \"b\"\n"), 5_000);
        let me =
            Operation::Post { text: Text::parse("waves", 100).unwrap(), me: true, reply: None };
        before.submit(&bob, cid("1"), me.clone(), 6_000);
        let mut after = Sequencer::new("lobby".parse().unwrap(), 2, 0);
        for item in before.take() {
            let BatchItem::Record(offered) = item else { continue };
            after.restore(&offered.entry);
        }
        assert_eq!(after.submit(&alice, cid("1"), post("a \"b\"\n"), 0), Outcome::AlreadyStored(1));
        assert_eq!(after.submit(&bob, cid("1"), me, 0), Outcome::AlreadyStored(2));
        assert_eq!(after.submit(&bob, cid("1"), post("waves"), 0), Outcome::CidConflict);
        assert_eq!(after.submit(&bob, cid("2"), post("b"), 0), Outcome::Accepted);
        let batch = after.take();
        let Some(BatchItem::Record(offered)) = batch.first() else { panic!("nothing was offered") };
        assert!(offered.entry.json.contains("\"seq\":3,\"at\":6000,"), "{offered:?}");
    }

    #[test]
    fn a_repeat_of_words_that_were_deleted_is_known_by_its_cid_alone() {
        let ([alice, _], mut sequencer) = (authors(), sequencer());
        let json = r#"{"type":"post","room":"lobby","seq":1,"at":5,"user":"alice","cid":"1","text":"","deleted":true}"#;
        sequencer.restore(&LogEntry { seq: 1, owner: alice.owner, json: json.into() });
        sequencer.commit(1);
        assert_eq!(
            sequencer.submit(&alice, cid("1"), post("whatever it was"), 9),
            Outcome::AlreadyStored(1)
        );
    }

    #[test]
    fn a_line_answers_an_earlier_one_and_is_known_by_which() {
        let ([alice, bob], mut before) = (authors(), sequencer());
        let answer = |seq| {
            let Operation::Post { text, me, .. } = post("yes") else { unreachable!() };
            Operation::Post { text, me, reply: Some(seq) }
        };
        assert_eq!(
            before.submit(&alice, cid("1"), answer(1), 0),
            Outcome::NoSuchTarget,
            "not itself"
        );
        before.submit(&alice, cid("2"), post("tea?"), 0);
        for seq in [0, 2, u64::MAX] {
            assert_eq!(
                before.submit(&bob, cid("3"), answer(seq), 0),
                Outcome::NoSuchTarget,
                "{seq}"
            );
        }
        assert_eq!(before.last_assigned(), 1, "no number was used");
        assert_eq!(
            before.submit(&bob, cid("3"), answer(1), 0),
            Outcome::Accepted,
            "its cid is free"
        );
        let batch = before.take();
        let mut after = Sequencer::new("lobby".parse().unwrap(), 2, 0);
        for item in &batch {
            let BatchItem::Record(offered) = item else { continue };
            after.restore(&offered.entry);
        }
        before.commit(2);
        for sequencer in [&mut before, &mut after] {
            assert_eq!(sequencer.submit(&bob, cid("3"), answer(1), 0), Outcome::AlreadyStored(2));
            assert_eq!(sequencer.submit(&bob, cid("3"), answer(9), 0), Outcome::CidConflict);
            assert_eq!(sequencer.submit(&bob, cid("3"), post("yes"), 0), Outcome::CidConflict);
        }
    }

    #[test]
    fn what_is_done_under_one_cid_is_one_thing() {
        let ([alice, _], mut sequencer) = (authors(), sequencer());
        let edit = |target| Operation::Edit { target, text: Text::parse("a", 10).unwrap() };
        assert_eq!(sequencer.submit(&alice, cid("1"), edit(7), 5), Outcome::Accepted);
        assert_eq!(sequencer.submit(&alice, cid("1"), edit(7), 5), Outcome::InFlight);
        assert_eq!(sequencer.submit(&alice, cid("1"), edit(8), 5), Outcome::CidConflict);
        assert_eq!(
            sequencer.submit(&alice, cid("1"), Operation::Delete { target: 7 }, 5),
            Outcome::CidConflict
        );
        assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5), Outcome::CidConflict);
    }

    #[test]
    fn a_clock_that_jumps_changes_neither_the_order_nor_sets_time_back() {
        const NOW: u64 = 1_795_394_177_902;
        const HOUR: u64 = 60 * 60 * 1_000;
        const TEN_YEARS: u64 = 10 * 365 * 24 * HOUR;
        let ([alice, _], mut sequencer) = (authors(), sequencer());
        let before_1970 = 0; // what the server makes of such a clock
        let clock = [NOW, NOW - HOUR, before_1970, NOW + 1, NOW + TEN_YEARS, NOW + 2, NOW + HOUR];
        for (n, now) in clock.into_iter().enumerate() {
            assert_eq!(
                sequencer.submit(&alice, cid(&n.to_string()), post("a"), now),
                Outcome::Accepted
            );
        }
        let batch = sequencer.take();
        assert_eq!(seqs(&batch), [1, 2, 3, 4, 5, 6, 7]);
        let at = |item: &BatchItem| match item {
            BatchItem::Record(offered) => {
                let (_, rest) = offered.entry.json.split_once("\"at\":").unwrap();
                rest.split(',').next().unwrap().parse::<u64>().unwrap()
            }
            BatchItem::Ephemeral { .. } => 0,
        };
        let late = NOW + TEN_YEARS;
        let expected = [NOW, NOW, NOW, NOW + 1, late, late, late];
        assert_eq!(batch.iter().map(at).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_could_not_be_stored_never_was() {
        let ([alice, bob], mut sequencer) = (authors(), sequencer());
        sequencer.submit(&alice, cid("1"), post("a"), 0);
        sequencer.take();
        sequencer.commit(1);
        sequencer.submit(&alice, cid("2"), post("b"), 0);
        sequencer.take(); // this batch will fail
        sequencer.submit(&bob, cid("3"), post("c"), 0);
        sequencer.push_ephemeral(String::from("aside"), None);
        let lost: Vec<u64> =
            sequencer.roll_back().iter().map(|offered| offered.entry.seq).collect();
        assert_eq!(lost, [3], "what was given out since goes down with it");
        assert_eq!(sequencer.take().len(), 1, "an aside needs no number");
        assert_eq!(
            sequencer.submit(&alice, cid("2"), post("b"), 0),
            Outcome::Accepted,
            "it may be said again"
        );
        assert_eq!(seqs(&sequencer.take()), [2], "and its number was not used");
        assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 0), Outcome::AlreadyStored(1));
    }

    #[test]
    fn a_cid_is_known_for_as_long_as_the_window_says() {
        let ([alice, _], mut sequencer) = (authors(), sequencer());
        let window = limits::CID_WINDOW as u64;
        for n in 0..window {
            sequencer.submit(&alice, cid(&n.to_string()), post("a"), 0);
        }
        sequencer.take();
        sequencer.commit(window);
        assert_eq!(sequencer.submit(&alice, cid("0"), post("a"), 0), Outcome::AlreadyStored(1));
        sequencer.submit(&alice, cid("more"), post("a"), 0);
        assert_eq!(
            sequencer.submit(&alice, cid("0"), post("a"), 0),
            Outcome::Accepted,
            "beyond the window"
        );
        assert_eq!(sequencer.known.seqs.len(), limits::CID_WINDOW);
    }
}
