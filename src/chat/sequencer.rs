//! What is being said in one room: numbers records, knows repeated cids, gathers the next batch.
//!
//! Room: values alone. It is the state behind a room's lock; who stores a batch and who receives it
//! is not known here.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::Arc;

use super::protocol::{Kind, Record};
use super::{Act, Cid, Holder, RoomName, UserName};
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
    pub holder: Holder,
    /// The name.
    pub user: UserName,
}

/// One numbered record, as it is stored and as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1, 2, 3 … without holes.
    pub seq: u64,
    /// Who said it. It does not travel: the log keeps it beside the record.
    pub holder: Holder,
    /// The record's JSON: the same bytes for everyone.
    pub json: Arc<str>,
}

/// A record on its way into the log, and whom to tell if it does not get there.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The record.
    pub entry: Entry,
    /// Who said it, by which name.
    pub author: Author,
    /// The cid it was said under.
    pub cid: Cid,
}

/// One thing that a room tells its members.
#[derive(Debug, Clone)]
pub enum Item {
    /// Something numbered, once it is stored.
    Record(Offered),
    /// Something that is neither numbered nor stored, and not told to one client, its cause.
    Aside {
        /// The message's JSON.
        json: String,
        /// Who is left out.
        except: Option<ClientId>,
        /// How many asides the room had before it.
        nth: u64,
    },
}

/// What a room tells its members next, in order.
pub type Batch = Vec<Item>;

/// What became of a line that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is in the batch, under a number.
    New,
    /// It was said before and is stored under this seq.
    Stored(u64),
    /// It was said before and is on its way into the log.
    Underway,
    /// Its cid was used for something else.
    Conflict,
    /// It answers a record that there is not.
    Astray,
}

/// The state of one room's conversation.
#[derive(Debug)]
pub struct Ledger {
    room: RoomName,
    /// The newest stored seq.
    stored: u64,
    /// The newest seq given out.
    given: u64,
    /// The `at` of the record given out last.
    at: u64,
    batch: Batch,
    /// Asides that there have been.
    mentioned: u64,
    known: Known,
}

impl Ledger {
    /// A room whose log ends with `head`, at the time `at` (Unix time in ms).
    #[must_use]
    pub fn new(room: RoomName, head: u64, at: u64) -> Ledger {
        Ledger {
            room,
            stored: head,
            given: head,
            at,
            batch: Batch::new(),
            mentioned: 0,
            known: Known::default(),
        }
    }

    /// Takes note of a stored record of an earlier run, the oldest first: a repeat of it is known
    /// again, and time does not go back behind it.
    pub fn recall(&mut self, entry: &Entry) {
        let value = json::parse(&entry.json).ok();
        let Some(record) = value.and_then(|value| Record::from_json(&value).ok().flatten()) else {
            return; // of a kind that a later version wrote: it has no cid that we would meet
        };
        self.at = self.at.max(record.at);
        let act = match &record.kind {
            Kind::Act(act) => Some(act),
            Kind::Erased { .. } => None,
        };
        self.known.add(entry.holder, record.cid, act, entry.seq);
    }

    /// The newest stored seq.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// The newest seq given out.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.given
    }

    /// How many items wait to be told.
    #[must_use]
    pub fn gathered(&self) -> usize {
        self.batch.len()
    }

    /// Whether nothing waits to be told.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.batch.is_empty()
    }

    /// What became of an act that was done before under `cid`, if one was.
    #[must_use]
    pub fn find(&self, holder: Holder, cid: &Cid, act: &Act) -> Option<Told> {
        let (seq, same) = self.known.find(holder, cid, act)?;
        Some(match (same, seq <= self.stored) {
            (false, _) => Told::Conflict,
            (true, true) => Told::Stored(seq),
            (true, false) => Told::Underway,
        })
    }

    /// `author` does something under `cid`; `now` is Unix time in ms, and never goes back in a room.
    pub fn say(&mut self, author: &Author, cid: Cid, act: Act, now: u64) -> Told {
        if let Some(told) = self.find(author.holder, &cid, &act) {
            return told;
        }
        if let Act::Post { reply: Some(seq), .. } = act
            && !(1..=self.given).contains(&seq)
        {
            return Told::Astray;
        }
        self.given += 1;
        self.at = self.at.max(now);
        self.known.add(author.holder, cid.clone(), Some(&act), self.given);
        let record = Record {
            room: self.room.clone(),
            seq: self.given,
            at: self.at,
            user: author.user.clone(),
            cid: cid.clone(),
            kind: Kind::Act(act),
        };
        let entry = Entry { seq: record.seq, holder: author.holder, json: record.encode().into() };
        self.batch.push(Item::Record(Offered { entry, author: author.clone(), cid }));
        Told::New
    }

    /// Tells the members something that is not numbered, in order with everything else.
    pub fn mention(&mut self, json: String, except: Option<ClientId>) {
        self.batch.push(Item::Aside { json, except, nth: self.mentioned });
        self.mentioned += 1;
    }

    /// How many asides there have been: the number of the next.
    #[must_use]
    pub fn mentioned(&self) -> u64 {
        self.mentioned
    }

    /// Takes the batch that has gathered.
    pub fn take(&mut self) -> Batch {
        mem::take(&mut self.batch)
    }

    /// Everything up to `seq` is stored.
    pub fn commit(&mut self, seq: u64) {
        self.stored = self.stored.max(seq);
    }

    /// What was taken could not be stored: its numbers, and those given out since, come again.
    /// Returns what has gathered meanwhile and goes down with it; asides stay in the batch.
    pub fn roll_back(&mut self) -> Vec<Offered> {
        self.given = self.stored;
        self.known.forget_after(self.stored);
        let mut lost = Vec::new();
        for item in mem::take(&mut self.batch) {
            match item {
                Item::Record(offered) => lost.push(offered),
                aside @ Item::Aside { .. } => self.batch.push(aside),
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
    seqs: HashMap<(Holder, Cid), (u64, Digest)>,
    order: VecDeque<(Holder, Cid)>,
}

impl Known {
    /// The seq that `cid` has, and whether it stands for the same words.
    fn find(&self, holder: Holder, cid: &Cid, act: &Act) -> Option<(u64, bool)> {
        let (seq, digest) = self.seqs.get(&(holder, cid.clone()))?;
        Some((*seq, digest.is_none_or(|digest| digest == self.digests.hash_one(act))))
    }

    fn add(&mut self, holder: Holder, cid: Cid, act: Option<&Act>, seq: u64) {
        let key = (holder, cid);
        let digest = act.map(|act| self.digests.hash_one(act));
        self.seqs.insert(key.clone(), (seq, digest));
        self.order.push_back(key);
        if self.order.len() > limits::CID_WINDOW {
            self.order.pop_front().map(|oldest| self.seqs.remove(&oldest));
        }
    }

    fn forget_after(&mut self, stored: u64) {
        while let Some(newest) = self.order.back()
            && self.seqs.get(newest).is_none_or(|(seq, _)| *seq > stored)
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
    use crate::chat::{Names, Text};

    fn authors() -> [Author; 2] {
        let mut names = Names::new(Duration::ZERO);
        let mut author = |client, name: &str| {
            let (user, token) = (name.parse().unwrap(), "0".repeat(32).parse().unwrap());
            let held = names.claim(&user, None, token, Instant::now()).unwrap();
            Author { client: ClientId(client), holder: held.holder, user }
        };
        [author(1, "alice"), author(2, "bob")]
    }

    fn post(text: &str) -> Act {
        Act::Post { text: Text::parse(text, 100).unwrap(), me: false, reply: None }
    }

    fn cid(cid: &str) -> Cid {
        cid.parse().unwrap()
    }

    fn ledger() -> Ledger {
        Ledger::new("lobby".parse().unwrap(), 0, 0)
    }

    fn seqs(batch: &Batch) -> Vec<u64> {
        let seq = |item: &Item| match item {
            Item::Record(offered) => Some(offered.entry.seq),
            Item::Aside { .. } => None,
        };
        batch.iter().filter_map(seq).collect()
    }

    #[test]
    fn what_is_said_is_numbered_and_a_repeat_is_known() {
        let ([alice, bob], mut ledger) = (authors(), ledger());
        assert_eq!(ledger.say(&alice, cid("1"), post("a"), 5), Told::New);
        assert_eq!(ledger.say(&alice, cid("1"), post("a"), 5), Told::Underway);
        assert_eq!(ledger.say(&bob, cid("1"), post("b"), 5), Told::New, "another's cid is another");
        assert_eq!(seqs(&ledger.take()), [1, 2]);
        ledger.commit(2);
        assert_eq!(ledger.say(&alice, cid("1"), post("a"), 5), Told::Stored(1));
        assert_eq!(ledger.say(&alice, cid("1"), post("b"), 5), Told::Conflict);
        let me = Act::Post { text: Text::parse("a", 100).unwrap(), me: true, reply: None };
        assert_eq!(ledger.say(&alice, cid("1"), me, 5), Told::Conflict);
        assert!(ledger.is_quiet(), "repeats are not told again");
    }

    #[test]
    fn a_ledger_made_anew_knows_what_its_log_holds() {
        let ([alice, bob], mut before) = (authors(), ledger());
        before.say(&alice, cid("1"), post("a \"b\"\n"), 5_000);
        let me = Act::Post { text: Text::parse("waves", 100).unwrap(), me: true, reply: None };
        before.say(&bob, cid("1"), me.clone(), 6_000);
        let mut after = Ledger::new("lobby".parse().unwrap(), 2, 0);
        for item in before.take() {
            let Item::Record(offered) = item else { continue };
            after.recall(&offered.entry);
        }
        assert_eq!(after.say(&alice, cid("1"), post("a \"b\"\n"), 0), Told::Stored(1));
        assert_eq!(after.say(&bob, cid("1"), me, 0), Told::Stored(2));
        assert_eq!(after.say(&bob, cid("1"), post("waves"), 0), Told::Conflict);
        assert_eq!(after.say(&bob, cid("2"), post("b"), 0), Told::New);
        let batch = after.take();
        let Some(Item::Record(offered)) = batch.first() else { panic!("nothing was offered") };
        assert!(offered.entry.json.contains("\"seq\":3,\"at\":6000,"), "{offered:?}");
    }

    #[test]
    fn a_repeat_of_words_that_were_deleted_is_known_by_its_cid_alone() {
        let ([alice, _], mut ledger) = (authors(), ledger());
        let json = r#"{"type":"post","room":"lobby","seq":1,"at":5,"user":"alice","cid":"1","text":"","deleted":true}"#;
        ledger.recall(&Entry { seq: 1, holder: alice.holder, json: json.into() });
        ledger.commit(1);
        assert_eq!(ledger.say(&alice, cid("1"), post("whatever it was"), 9), Told::Stored(1));
    }

    #[test]
    fn a_line_answers_an_earlier_one_and_is_known_by_which() {
        let ([alice, bob], mut before) = (authors(), ledger());
        let answer = |seq| {
            let Act::Post { text, me, .. } = post("yes") else { unreachable!() };
            Act::Post { text, me, reply: Some(seq) }
        };
        assert_eq!(before.say(&alice, cid("1"), answer(1), 0), Told::Astray, "not itself");
        before.say(&alice, cid("2"), post("tea?"), 0);
        for seq in [0, 2, u64::MAX] {
            assert_eq!(before.say(&bob, cid("3"), answer(seq), 0), Told::Astray, "{seq}");
        }
        assert_eq!(before.given(), 1, "no number was used");
        assert_eq!(before.say(&bob, cid("3"), answer(1), 0), Told::New, "its cid is free");
        let batch = before.take();
        let mut after = Ledger::new("lobby".parse().unwrap(), 2, 0);
        for item in &batch {
            let Item::Record(offered) = item else { continue };
            after.recall(&offered.entry);
        }
        before.commit(2);
        for ledger in [&mut before, &mut after] {
            assert_eq!(ledger.say(&bob, cid("3"), answer(1), 0), Told::Stored(2));
            assert_eq!(ledger.say(&bob, cid("3"), answer(9), 0), Told::Conflict);
            assert_eq!(ledger.say(&bob, cid("3"), post("yes"), 0), Told::Conflict);
        }
    }

    #[test]
    fn what_is_done_under_one_cid_is_one_thing() {
        let ([alice, _], mut ledger) = (authors(), ledger());
        let edit = |target| Act::Edit { target, text: Text::parse("a", 10).unwrap() };
        assert_eq!(ledger.say(&alice, cid("1"), edit(7), 5), Told::New);
        assert_eq!(ledger.say(&alice, cid("1"), edit(7), 5), Told::Underway);
        assert_eq!(ledger.say(&alice, cid("1"), edit(8), 5), Told::Conflict);
        assert_eq!(ledger.say(&alice, cid("1"), Act::Delete { target: 7 }, 5), Told::Conflict);
        assert_eq!(ledger.say(&alice, cid("1"), post("a"), 5), Told::Conflict);
    }

    #[test]
    fn a_clock_that_jumps_changes_neither_the_order_nor_sets_time_back() {
        const NOW: u64 = 1_795_394_177_902;
        const HOUR: u64 = 60 * 60 * 1_000;
        const TEN_YEARS: u64 = 10 * 365 * 24 * HOUR;
        let ([alice, _], mut ledger) = (authors(), ledger());
        let before_1970 = 0; // what the server makes of such a clock
        let clock = [NOW, NOW - HOUR, before_1970, NOW + 1, NOW + TEN_YEARS, NOW + 2, NOW + HOUR];
        for (n, now) in clock.into_iter().enumerate() {
            assert_eq!(ledger.say(&alice, cid(&n.to_string()), post("a"), now), Told::New);
        }
        let batch = ledger.take();
        assert_eq!(seqs(&batch), [1, 2, 3, 4, 5, 6, 7]);
        let at = |item: &Item| match item {
            Item::Record(offered) => {
                let (_, rest) = offered.entry.json.split_once("\"at\":").unwrap();
                rest.split(',').next().unwrap().parse::<u64>().unwrap()
            }
            Item::Aside { .. } => 0,
        };
        let late = NOW + TEN_YEARS;
        let expected = [NOW, NOW, NOW, NOW + 1, late, late, late];
        assert_eq!(batch.iter().map(at).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_could_not_be_stored_never_was() {
        let ([alice, bob], mut ledger) = (authors(), ledger());
        ledger.say(&alice, cid("1"), post("a"), 0);
        ledger.take();
        ledger.commit(1);
        ledger.say(&alice, cid("2"), post("b"), 0);
        ledger.take(); // this batch will fail
        ledger.say(&bob, cid("3"), post("c"), 0);
        ledger.mention(String::from("aside"), None);
        let lost: Vec<u64> = ledger.roll_back().iter().map(|offered| offered.entry.seq).collect();
        assert_eq!(lost, [3], "what was given out since goes down with it");
        assert_eq!(ledger.take().len(), 1, "an aside needs no number");
        assert_eq!(ledger.say(&alice, cid("2"), post("b"), 0), Told::New, "it may be said again");
        assert_eq!(seqs(&ledger.take()), [2], "and its number was not used");
        assert_eq!(ledger.say(&alice, cid("1"), post("a"), 0), Told::Stored(1));
    }

    #[test]
    fn a_cid_is_known_for_as_long_as_the_window_says() {
        let ([alice, _], mut ledger) = (authors(), ledger());
        let window = limits::CID_WINDOW as u64;
        for n in 0..window {
            ledger.say(&alice, cid(&n.to_string()), post("a"), 0);
        }
        ledger.take();
        ledger.commit(window);
        assert_eq!(ledger.say(&alice, cid("0"), post("a"), 0), Told::Stored(1));
        ledger.say(&alice, cid("more"), post("a"), 0);
        assert_eq!(ledger.say(&alice, cid("0"), post("a"), 0), Told::New, "beyond the window");
        assert_eq!(ledger.known.seqs.len(), limits::CID_WINDOW);
    }
}
