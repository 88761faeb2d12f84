//! Numbering, repeats, roll-back: the sequencer of one room, without a log.

use std::time::{Duration, Instant};

use super::*;
use crate::chat::{NameRegistry, Text};
use crate::limits;

fn authors() -> [Author; 2] {
    let mut names = NameRegistry::new(Duration::ZERO);
    let mut author = |client, name: &str| {
        let (user, token) = (name.parse().unwrap(), format!("{client:032x}").parse().unwrap());
        let identity = names.claim(&user, None, token, Instant::now()).unwrap().identity;
        Author { client: ClientId(client), owner: identity.owner, user }
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

/// The cids of a batch, as they are read from the log.
fn cids_of(batch: &Batch) -> RecentCids {
    let mut cids = RecentCids::default();
    for item in batch {
        let BatchItem::Record(pending) = item else { continue };
        cids.restore(pending.entry.seq, pending.entry.owner, &pending.entry.json);
    }
    cids
}

fn seqs(batch: &Batch) -> Vec<u64> {
    let seq = |item: &BatchItem| match item {
        BatchItem::Record(pending) => Some(pending.entry.seq),
        BatchItem::Ephemeral { .. } => None,
    };
    batch.iter().filter_map(seq).collect()
}

#[test]
fn submissions_are_numbered_and_repeats_are_recognized() {
    let ([alice, bob], mut sequencer) = (authors(), sequencer());
    assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5, None), Outcome::Accepted);
    assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5, None), Outcome::InFlight);
    assert_eq!(
        sequencer.submit(&bob, cid("1"), post("b"), 5, None),
        Outcome::Accepted,
        "the cid of another owner is another cid"
    );
    assert_eq!(seqs(&sequencer.take_batch()), [1, 2]);
    sequencer.commit(2);
    assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5, None), Outcome::AlreadyStored(1));
    assert_eq!(sequencer.submit(&alice, cid("1"), post("b"), 5, None), Outcome::CidConflict);
    let me = Operation::Post { text: Text::parse("a", 100).unwrap(), me: true, reply: None };
    assert_eq!(sequencer.submit(&alice, cid("1"), me, 5, None), Outcome::CidConflict);
    assert!(sequencer.is_empty(), "a repeat is not broadcast again");
}

#[test]
fn a_new_sequencer_recognizes_the_records_of_its_log() {
    let ([alice, bob], mut before) = (authors(), sequencer());
    before.submit(&alice, cid("1"), post("a \"b\"\n"), 5_000, None);
    let me = Operation::Post { text: Text::parse("waves", 100).unwrap(), me: true, reply: None };
    before.submit(&bob, cid("1"), me.clone(), 6_000, None);
    let mut after = Sequencer::new("lobby".parse().unwrap(), 2, 0);
    after.set_cids(cids_of(&before.take_batch()));
    assert_eq!(
        after.submit(&alice, cid("1"), post("a \"b\"\n"), 0, None),
        Outcome::AlreadyStored(1)
    );
    assert_eq!(after.submit(&bob, cid("1"), me, 0, None), Outcome::AlreadyStored(2));
    assert_eq!(after.submit(&bob, cid("1"), post("waves"), 0, None), Outcome::CidConflict);
    assert_eq!(after.submit(&bob, cid("2"), post("b"), 0, None), Outcome::Accepted);
    let batch = after.take_batch();
    let Some(BatchItem::Record(pending)) = batch.first() else { panic!("the batch has no record") };
    assert!(pending.entry.json.contains("\"seq\":3,\"at\":6000,"), "{pending:?}");
}

#[test]
fn a_repeat_of_a_deleted_post_is_recognized_by_its_cid_alone() {
    let ([alice, _], mut cids) = (authors(), RecentCids::default());
    let json = r#"{"type":"post","room":"lobby","seq":1,"at":5,"user":"alice","cid":"1","text":"","deleted":true}"#;
    cids.restore(1, alice.owner, json);
    let mut sequencer = Sequencer::new("lobby".parse().unwrap(), 1, 0);
    sequencer.set_cids(cids);
    assert_eq!(
        sequencer.submit(&alice, cid("1"), post("whatever it was"), 9, None),
        Outcome::AlreadyStored(1)
    );
}

#[test]
fn a_reply_needs_an_earlier_record_and_its_repeat_the_same_one() {
    let ([alice, bob], mut before) = (authors(), sequencer());
    let answer = |seq| {
        let Operation::Post { text, me, .. } = post("yes") else { unreachable!() };
        Operation::Post { text, me, reply: Some(seq) }
    };
    assert_eq!(
        before.submit(&alice, cid("1"), answer(1), 0, None),
        Outcome::NoSuchTarget,
        "a record cannot reply to itself"
    );
    before.submit(&alice, cid("2"), post("tea?"), 0, None);
    for seq in [0, 2, u64::MAX] {
        assert_eq!(
            before.submit(&bob, cid("3"), answer(seq), 0, None),
            Outcome::NoSuchTarget,
            "{seq}"
        );
    }
    assert_eq!(before.last_assigned(), 1, "no seq was used");
    assert_eq!(
        before.submit(&bob, cid("3"), answer(1), 0, None),
        Outcome::Accepted,
        "the rejected cid can be used again"
    );
    let batch = before.take_batch();
    let mut after = Sequencer::new("lobby".parse().unwrap(), 2, 0);
    after.set_cids(cids_of(&batch));
    before.commit(2);
    for sequencer in [&mut before, &mut after] {
        assert_eq!(sequencer.submit(&bob, cid("3"), answer(1), 0, None), Outcome::AlreadyStored(2));
        assert_eq!(sequencer.submit(&bob, cid("3"), answer(9), 0, None), Outcome::CidConflict);
        assert_eq!(sequencer.submit(&bob, cid("3"), post("yes"), 0, None), Outcome::CidConflict);
    }
}

#[test]
fn a_cid_used_for_another_operation_is_a_conflict() {
    let ([alice, _], mut sequencer) = (authors(), sequencer());
    let edit = |target| Operation::Edit { target, text: Text::parse("a", 10).unwrap() };
    assert_eq!(sequencer.submit(&alice, cid("1"), edit(7), 5, None), Outcome::Accepted);
    assert_eq!(sequencer.submit(&alice, cid("1"), edit(7), 5, None), Outcome::InFlight);
    assert_eq!(sequencer.submit(&alice, cid("1"), edit(8), 5, None), Outcome::CidConflict);
    assert_eq!(
        sequencer.submit(&alice, cid("1"), Operation::Delete { target: 7 }, 5, None),
        Outcome::CidConflict
    );
    assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 5, None), Outcome::CidConflict);
}

#[test]
fn a_clock_that_jumps_never_makes_a_record_older_than_the_one_before() {
    const NOW: u64 = 1_795_394_177_902;
    const HOUR: u64 = 60 * 60 * 1_000;
    const TEN_YEARS: u64 = 10 * 365 * 24 * HOUR;
    let ([alice, _], mut sequencer) = (authors(), sequencer());
    let before_1970 = 0; // what the server makes of such a clock
    let clock = [NOW, NOW - HOUR, before_1970, NOW + 1, NOW + TEN_YEARS, NOW + 2, NOW + HOUR];
    for (n, now) in clock.into_iter().enumerate() {
        assert_eq!(
            sequencer.submit(&alice, cid(&n.to_string()), post("a"), now, None),
            Outcome::Accepted
        );
    }
    let batch = sequencer.take_batch();
    assert_eq!(seqs(&batch), [1, 2, 3, 4, 5, 6, 7]);
    let at = |item: &BatchItem| match item {
        BatchItem::Record(pending) => {
            let (_, rest) = pending.entry.json.split_once("\"at\":").unwrap();
            rest.split(',').next().unwrap().parse::<u64>().unwrap()
        }
        BatchItem::Ephemeral { .. } => 0,
    };
    let late = NOW + TEN_YEARS;
    let expected = [NOW, NOW, NOW, NOW + 1, late, late, late];
    assert_eq!(batch.iter().map(at).collect::<Vec<_>>(), expected);
}

#[test]
fn a_batch_that_was_not_stored_leaves_no_trace() {
    let ([alice, bob], mut sequencer) = (authors(), sequencer());
    sequencer.submit(&alice, cid("1"), post("a"), 0, None);
    sequencer.take_batch();
    sequencer.commit(1);
    sequencer.submit(&alice, cid("2"), post("b"), 0, None);
    sequencer.take_batch(); // this batch will fail
    sequencer.submit(&bob, cid("3"), post("c"), 0, None);
    sequencer.push_ephemeral(String::from("typing"), None);
    let lost: Vec<u64> = sequencer.roll_back().iter().map(|pending| pending.entry.seq).collect();
    assert_eq!(lost, [3], "the records since are lost too");
    assert_eq!(sequencer.take_batch().len(), 1, "an ephemeral event stays");
    assert_eq!(
        sequencer.submit(&alice, cid("2"), post("b"), 0, None),
        Outcome::Accepted,
        "it may be submitted again"
    );
    assert_eq!(seqs(&sequencer.take_batch()), [2], "and its seq was not used");
    assert_eq!(sequencer.submit(&alice, cid("1"), post("a"), 0, None), Outcome::AlreadyStored(1));
}

#[test]
fn a_cid_is_recognized_within_the_window() {
    let ([alice, _], mut sequencer) = (authors(), sequencer());
    let window = limits::CID_WINDOW as u64;
    for n in 0..window {
        sequencer.submit(&alice, cid(&n.to_string()), post("a"), 0, None);
    }
    sequencer.take_batch();
    sequencer.commit(window);
    assert_eq!(sequencer.submit(&alice, cid("0"), post("a"), 0, None), Outcome::AlreadyStored(1));
    sequencer.submit(&alice, cid("more"), post("a"), 0, None);
    assert_eq!(
        sequencer.submit(&alice, cid("0"), post("a"), 0, None),
        Outcome::Accepted,
        "beyond the window"
    );
}

#[test]
fn nothing_is_accepted_before_the_cids_of_the_log_are_known() {
    let ([alice, _], mut before) = (authors(), sequencer());
    assert_eq!(
        before.submit(&alice, cid("1"), post("a"), 0, None),
        Outcome::Accepted,
        "an empty log"
    );
    assert!(!before.forget_cids(), "its record is not stored yet");
    let batch = before.take_batch();
    before.commit(1);
    assert!(before.forget_cids() && !before.has_cids());
    for cids in ["1", "2"] {
        assert_eq!(before.submit(&alice, cid(cids), post("a"), 0, None), Outcome::CidsUnknown);
    }
    assert!(before.is_empty() && before.last_assigned() == 1);
    before.set_cids(cids_of(&batch));
    assert_eq!(before.submit(&alice, cid("1"), post("a"), 0, None), Outcome::AlreadyStored(1));
    assert_eq!(before.submit(&alice, cid("2"), post("a"), 0, None), Outcome::Accepted);
    before.set_cids(RecentCids::default());
    assert_eq!(
        before.submit(&alice, cid("2"), post("a"), 0, None),
        Outcome::InFlight,
        "still known"
    );
}

/// Which records of a batch say that the name has a new owner.
fn marks(batch: &Batch) -> Vec<bool> {
    let is_marked = |item: &BatchItem| match item {
        BatchItem::Record(pending) => Some(pending.entry.json.ends_with(",\"new_owner\":true}")),
        BatchItem::Ephemeral { .. } => None,
    };
    batch.iter().filter_map(is_marked).collect()
}

#[test]
fn the_first_post_of_another_owner_of_a_name_says_so() {
    let ([ann, bob], mut sequencer) = (authors(), sequencer());
    let as_ann = |spelling: &str| Author { user: spelling.parse().unwrap(), ..bob.clone() };
    let (new, me) = (
        as_ann("Alice"),
        Operation::Post { text: Text::parse("waves", 100).unwrap(), me: true, reply: None },
    );
    sequencer.submit(&ann, cid("1"), post("a"), 0, None);
    sequencer.submit(&ann, cid("2"), post("b"), 0, None);
    sequencer.submit(&new, cid("3"), me, 0, None);
    sequencer.submit(&new, cid("4"), post("c"), 0, None);
    sequencer.submit(&as_ann("ALICE"), cid("5"), post("c"), 0, None);
    sequencer.submit(&ann, cid("6"), post("given back"), 0, None);
    sequencer.submit(&bob, cid("7"), post("under a name of his own"), 0, None);
    let expected = [false, false, true, false, false, true, false];
    assert_eq!(marks(&sequencer.take_batch()), expected, "in one batch");
    sequencer.commit(7);
    sequencer.submit(&new, cid("8"), post("d"), 0, Some(ann.owner));
    sequencer.submit(&new, cid("9"), post("e"), 0, Some(ann.owner));
    assert_eq!(marks(&sequencer.take_batch()), [true, false], "the log knows the one before");
    sequencer.commit(9);
    sequencer.submit(&new, cid("10"), post("f"), 0, Some(bob.owner));
    sequencer.submit(&bob, cid("11"), post("g"), 0, Some(bob.owner));
    assert_eq!(marks(&sequencer.take_batch()), [false, false]);
}

#[test]
fn only_a_post_says_that_its_name_has_a_new_owner() {
    let ([ann, bob], mut sequencer) = (authors(), sequencer());
    let new = Author { user: ann.user.clone(), ..bob };
    sequencer.submit(&ann, cid("1"), post("a"), 0, None);
    sequencer.take_batch();
    sequencer.commit(1);
    let topic = Operation::Topic { text: crate::chat::Topic::parse("tea").unwrap() };
    sequencer.submit(&new, cid("2"), topic, 0, None);
    sequencer.submit(&new, cid("3"), post("b"), 0, Some(ann.owner));
    assert_eq!(marks(&sequencer.take_batch()), [false, true], "a topic takes no mark away");
}

#[test]
fn a_post_that_was_not_stored_has_its_mark_when_it_is_sent_again() {
    let ([ann, bob], mut sequencer) = (authors(), sequencer());
    let new = Author { user: ann.user.clone(), ..bob };
    for cids in [["1", "2"], ["1", "2"], ["2", "1"]] {
        sequencer.submit(&new, cid(cids[0]), post("a"), 0, Some(ann.owner));
        assert_eq!(marks(&sequencer.take_batch()), [true], "this batch will fail");
        sequencer.submit(&new, cid(cids[1]), post("a"), 0, Some(ann.owner));
        sequencer.roll_back();
    }
    sequencer.submit(&new, cid("2"), post("a"), 0, Some(ann.owner));
    let batch = sequencer.take_batch();
    assert_eq!((marks(&batch), seqs(&batch)), (vec![true], vec![1]));
}
