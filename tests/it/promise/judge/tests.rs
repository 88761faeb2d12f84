//! Histories that are wrong: a judge that lets one of them pass proves nothing.

use serde_json::{Value, json};

use super::{Breach, Fate, History, Said, View, judge};

fn record(seq: u64, user: &str, cid: &str) -> String {
    let text = format!("{user} says {cid}");
    json!({"type": "post", "room": "lobby", "seq": seq, "at": 1_000 + seq, "user": user,
        "cid": cid, "text": text})
    .to_string()
}

fn said(user: &str, cid: &str, fate: Fate) -> Said {
    let text = format!("{user} says {cid}");
    Said { author: (user.to_owned(), (0, 0)), cid: cid.to_owned(), text, fate }
}

fn view(who: &str, after: u64, shown: &[String]) -> View {
    let (who, log, shown) = (who.to_owned(), String::from("L1"), shown.to_vec());
    View { who, log, after, shown, aside: Vec::new(), stayed: true }
}

/// What ann and bob said, and carol saw.
fn good() -> History {
    let log: Vec<String> = [("ann", "1"), ("bob", "1"), ("ann", "2"), ("bob", "2"), ("ann", "3")]
        .iter()
        .zip(1..)
        .map(|((user, cid), seq)| record(seq, user, cid))
        .collect();
    let said = vec![
        said("ann", "1", Fate::Stored(1)),
        said("ann", "2", Fate::Stored(3)),
        said("ann", "3", Fate::Unknown), // and it is stored
        said("ann", "4", Fate::Unknown), // and it is not
        said("ann", "5", Fate::Refused),
        said("bob", "1", Fate::Stored(2)),
        said("bob", "2", Fate::Stored(4)),
    ];
    let views = vec![view("ann", 0, &log), view("bob", 2, &log[2..]), view("carol", 0, &log)];
    History { log, said, views }
}

fn breaches(doctor: impl FnOnce(&mut History)) -> Vec<Breach> {
    let mut history = good();
    doctor(&mut history);
    judge(&history)
}

/// The log with its records in this order, numbered anew.
fn rewritten(history: &History, order: &[usize]) -> Vec<String> {
    let renumber = |(place, seq): (&usize, u64)| {
        let mut record: Value = serde_json::from_str(&history.log[*place]).unwrap();
        record["seq"] = json!(seq);
        record["at"] = json!(1_000 + seq);
        record.to_string()
    };
    order.iter().zip(1..).map(renumber).collect()
}

fn owned(user: &str, cid: &str) -> (String, String) {
    (user.to_owned(), cid.to_owned())
}

#[test]
fn what_is_right_is_let_pass() {
    assert_eq!(breaches(|_| {}), []);
    let gone_early = |history: &mut History| {
        history.views[1].shown.truncate(1);
        history.views[1].stayed = false;
    };
    assert_eq!(breaches(gone_early), []);
    let looked_back = |history: &mut History| {
        let record = serde_json::from_str(&history.log[0]).unwrap();
        history.views[1].aside.push(record);
    };
    assert_eq!(breaches(looked_back), []);
}

#[test]
fn a_lost_line_is_caught_at_the_end_and_in_the_middle() {
    let (user, cid) = owned("bob", "2");
    let lost = Breach::Lost { user, cid, seq: 4 };
    let at_the_end = breaches(|history| {
        history.log.truncate(3);
        history.said.remove(2);
        for view in &mut history.views {
            let seen = 3 - view.after as usize;
            view.shown.truncate(seen);
        }
    });
    assert_eq!(at_the_end, [lost], "though nobody has seen it");
    let in_the_middle = breaches(|history| {
        history.log = rewritten(history, &[0, 2, 3, 4]);
        let shown = history.log.clone();
        history.views = vec![view("carol", 0, &shown)];
    });
    let (user, cid) = owned("bob", "1");
    assert!(in_the_middle.contains(&Breach::Lost { user, cid, seq: 2 }), "{in_the_middle:?}");
}

#[test]
fn a_doubled_line_is_caught() {
    let found = breaches(|history| {
        history.log.push(record(6, "bob", "2"));
        for view in &mut history.views {
            view.shown.push(history.log[5].clone());
        }
    });
    let (user, cid) = owned("bob", "2");
    assert!(found.contains(&Breach::Doubled { user, cid, seqs: [4, 6] }), "{found:?}");
    let never_acknowledged = breaches(|history| {
        history.log.push(record(6, "ann", "3"));
        for view in &mut history.views {
            view.shown.push(history.log[5].clone());
        }
    });
    let (user, cid) = owned("ann", "3");
    let doubled = Breach::Doubled { user, cid, seqs: [5, 6] };
    assert!(never_acknowledged.contains(&doubled), "{never_acknowledged:?}");
}

#[test]
fn swapped_order_is_caught_in_the_log_and_in_a_view() {
    let in_the_log = breaches(|history| {
        history.log = rewritten(history, &[0, 1, 4, 3, 2]);
        let shown = history.log.clone();
        history.views = vec![view("carol", 0, &shown)];
        history.said[1].fate = Fate::Unknown;
    });
    let (user, cid) = owned("ann", "3");
    assert_eq!(in_the_log, [Breach::OutOfOrder { user, cid, seq: 3 }]);
    let in_a_view = breaches(|history| history.views[2].shown.swap(1, 2));
    let hole = Breach::Hole { who: String::from("carol"), expected: 2, seq: 3 };
    assert!(in_a_view.contains(&hole), "{in_a_view:?}");
    let renumbered =
        breaches(|history| history.views[2].shown = rewritten(history, &[0, 2, 1, 3, 4]));
    assert_eq!(renumbered.len(), 2, "two orders are one too many: {renumbered:?}");
    assert!(renumbered.iter().all(|breach| matches!(breach, Breach::Ghost { .. })));
}

#[test]
fn a_line_that_was_seen_and_is_not_in_the_log_is_caught() {
    let beyond = breaches(|history| history.views[0].shown.push(record(6, "bob", "3")));
    let ghost = Breach::Ghost { who: String::from("ann"), record: record(6, "bob", "3") };
    assert!(beyond.contains(&ghost), "{beyond:?}");
    let gone_since = breaches(|history| {
        history.views[2].stayed = false; // an aborted read: nobody else has seen it
        history.views[2].shown.push(record(6, "ann", "4"));
    });
    let ghost = Breach::Ghost { who: String::from("carol"), record: record(6, "ann", "4") };
    assert_eq!(gone_since, [ghost]);
    let altered = breaches(|history| {
        let other = history.views[2].shown[1].replace("says", "said");
        history.views[2].shown[1] = other;
    });
    assert!(matches!(altered[..], [Breach::Ghost { .. }]), "{altered:?}");
    let aside = |history: &mut History| {
        history.views[0].aside.push(serde_json::from_str(&record(2, "bob", "7")).unwrap());
    };
    assert!(matches!(breaches(aside)[..], [Breach::Ghost { .. }]));
}

#[test]
fn a_hole_is_caught_in_the_log_and_in_a_view() {
    let in_the_log = breaches(|history| {
        history.log.remove(2);
    });
    assert!(in_the_log.contains(&Breach::NotDense { place: 3, seq: 4 }), "{in_the_log:?}");
    let in_a_view = breaches(|history| {
        history.views[1].shown.remove(1);
    });
    let who = String::from("bob");
    assert_eq!(in_a_view, [Breach::Hole { who, expected: 4, seq: 5 }]);
    let at_its_beginning = breaches(|history| {
        history.views[1].shown.remove(0);
    });
    let who = String::from("bob");
    assert_eq!(at_its_beginning, [Breach::Hole { who, expected: 3, seq: 4 }]);
    let twice = breaches(|history| {
        let again = history.views[1].shown[0].clone();
        history.views[1].shown.insert(1, again);
    });
    let who = String::from("bob");
    assert!(twice.contains(&Breach::Hole { who, expected: 4, seq: 3 }), "{twice:?}");
}

#[test]
fn whoever_stays_is_shown_the_end() {
    let found = breaches(|history| {
        history.views[2].shown.pop();
    });
    assert_eq!(found, [Breach::LeftBehind { who: String::from("carol"), at: 4, head: 5 }]);
}

#[test]
fn a_line_that_nobody_said_is_caught() {
    let found = breaches(|history| {
        let (removed, kept) = history.said.clone().into_iter().partition(|said| said.cid == "3");
        let _: Vec<Said> = removed;
        history.said = kept;
    });
    assert_eq!(found, [Breach::Unsaid { seq: 5 }]);
    let other_words = breaches(|history| history.said[0].text.push('!'));
    assert_eq!(other_words, [Breach::Unsaid { seq: 1 }]);
}

#[test]
fn a_wrong_acknowledgement_is_caught() {
    let moved = breaches(|history| history.said[1].fate = Fate::Stored(5));
    let (user, cid) = owned("ann", "2");
    assert_eq!(moved, [Breach::Moved { user, cid, told: 5, stored: 3 }]);
    let refused = breaches(|history| history.said[1].fate = Fate::Refused);
    let (user, cid) = owned("ann", "2");
    assert_eq!(refused, [Breach::NotRefused { user, cid, seq: 3 }]);
}

#[test]
fn a_log_that_begins_anew_or_goes_back_in_time_is_caught() {
    let anew = breaches(|history| history.views[2].log = String::from("L2"));
    assert!(matches!(anew[..], [Breach::OtherLog { .. }]), "{anew:?}");
    let back = breaches(|history| {
        let older = history.log[3].replace("\"at\":1004", "\"at\":1");
        for view in &mut history.views {
            let place = 3 - view.after as usize;
            view.shown[place] = older.clone();
        }
        history.log[3] = older;
    });
    assert_eq!(back, [Breach::ClockBack { seq: 4 }]);
    let unreadable = breaches(|history| history.log[4] = String::from("{"));
    assert!(unreadable.contains(&Breach::Unreadable { place: 5 }), "{unreadable:?}");
}
