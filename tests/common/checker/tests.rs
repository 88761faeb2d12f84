//! Histories that are wrong: a check that lets one of them pass proves nothing.

use serde_json::{Value, json};

use super::{Outcome, RoomHistory, Submission, View, Violation, check};

fn record(seq: u64, user: &str, cid: &str) -> String {
    let text = format!("{user} says {cid}");
    json!({"type": "post", "room": "lobby", "seq": seq, "at": 1_000 + seq, "user": user,
        "cid": cid, "text": text})
    .to_string()
}

fn sent(user: &str, cid: &str, outcome: Outcome) -> Submission {
    let text = format!("{user} says {cid}");
    Submission { author: (user.to_owned(), (0, 0)), cid: cid.to_owned(), text, outcome }
}

fn view(client: &str, after: u64, shown: &[String]) -> View {
    let (client, log, shown) = (client.to_owned(), String::from("L1"), shown.to_vec());
    View { client, log, after, shown, extra: Vec::new(), is_complete: true }
}

/// What ann and bob sent, and carol saw.
fn good() -> RoomHistory {
    let log: Vec<String> = [("ann", "1"), ("bob", "1"), ("ann", "2"), ("bob", "2"), ("ann", "3")]
        .iter()
        .zip(1..)
        .map(|((user, cid), seq)| record(seq, user, cid))
        .collect();
    let submissions = vec![
        sent("ann", "1", Outcome::Stored(1)),
        sent("ann", "2", Outcome::Stored(3)),
        sent("ann", "3", Outcome::Unknown), // and it is stored
        sent("ann", "4", Outcome::Unknown), // and it is not
        sent("ann", "5", Outcome::Refused),
        sent("bob", "1", Outcome::Stored(2)),
        sent("bob", "2", Outcome::Stored(4)),
    ];
    let views = vec![view("ann", 0, &log), view("bob", 2, &log[2..]), view("carol", 0, &log)];
    RoomHistory { log, submissions, views, users: None }
}

fn violations(doctor: impl FnOnce(&mut RoomHistory)) -> Vec<Violation> {
    let mut history = good();
    doctor(&mut history);
    check(&history)
}

/// The log with its records in this order, numbered again.
fn rewritten(history: &RoomHistory, order: &[usize]) -> Vec<String> {
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
fn a_correct_history_has_no_violation() {
    assert_eq!(violations(|_| {}), []);
    let gone_early = |history: &mut RoomHistory| {
        history.views[1].shown.truncate(1);
        history.views[1].is_complete = false;
    };
    assert_eq!(violations(gone_early), []);
    let looked_back = |history: &mut RoomHistory| {
        let record = serde_json::from_str(&history.log[0]).unwrap();
        history.views[1].extra.push(record);
    };
    assert_eq!(violations(looked_back), []);
}

#[test]
fn a_lost_message_is_caught_at_the_end_and_in_the_middle() {
    let (user, cid) = owned("bob", "2");
    let lost = Violation::Lost { user, cid, seq: 4 };
    let at_the_end = violations(|history| {
        history.log.truncate(3);
        history.submissions.remove(2);
        for view in &mut history.views {
            let seen = 3 - view.after as usize;
            view.shown.truncate(seen);
        }
    });
    assert_eq!(at_the_end, [lost], "though no client has seen it");
    let in_the_middle = violations(|history| {
        history.log = rewritten(history, &[0, 2, 3, 4]);
        let shown = history.log.clone();
        history.views = vec![view("carol", 0, &shown)];
    });
    let (user, cid) = owned("bob", "1");
    assert!(in_the_middle.contains(&Violation::Lost { user, cid, seq: 2 }), "{in_the_middle:?}");
}

#[test]
fn a_duplicate_message_is_caught() {
    let found = violations(|history| {
        history.log.push(record(6, "bob", "2"));
        for view in &mut history.views {
            view.shown.push(history.log[5].clone());
        }
    });
    let (user, cid) = owned("bob", "2");
    assert!(found.contains(&Violation::Duplicate { user, cid, seqs: [4, 6] }), "{found:?}");
    let never_acknowledged = violations(|history| {
        history.log.push(record(6, "ann", "3"));
        for view in &mut history.views {
            view.shown.push(history.log[5].clone());
        }
    });
    let (user, cid) = owned("ann", "3");
    let doubled = Violation::Duplicate { user, cid, seqs: [5, 6] };
    assert!(never_acknowledged.contains(&doubled), "{never_acknowledged:?}");
}

#[test]
fn swapped_order_is_caught_in_the_log_and_in_a_view() {
    let in_the_log = violations(|history| {
        history.log = rewritten(history, &[0, 1, 4, 3, 2]);
        let shown = history.log.clone();
        history.views = vec![view("carol", 0, &shown)];
        history.submissions[1].outcome = Outcome::Unknown;
    });
    let (user, cid) = owned("ann", "3");
    assert_eq!(in_the_log, [Violation::OutOfOrder { user, cid, seq: 3 }]);
    let in_a_view = violations(|history| history.views[2].shown.swap(1, 2));
    let missing = Violation::MissingRecords { client: String::from("carol"), expected: 2, seq: 3 };
    assert!(in_a_view.contains(&missing), "{in_a_view:?}");
    let renumbered =
        violations(|history| history.views[2].shown = rewritten(history, &[0, 2, 1, 3, 4]));
    assert_eq!(renumbered.len(), 2, "two orders are one too many: {renumbered:?}");
    assert!(renumbered.iter().all(|violation| matches!(violation, Violation::Phantom { .. })));
}

#[test]
fn a_record_that_was_seen_and_is_not_in_the_log_is_caught() {
    let beyond = violations(|history| history.views[0].shown.push(record(6, "bob", "3")));
    let phantom = Violation::Phantom { client: String::from("ann"), record: record(6, "bob", "3") };
    assert!(beyond.contains(&phantom), "{beyond:?}");
    let gone_since = violations(|history| {
        history.views[2].is_complete = false; // an aborted read: no other client has seen it
        history.views[2].shown.push(record(6, "ann", "4"));
    });
    let phantom =
        Violation::Phantom { client: String::from("carol"), record: record(6, "ann", "4") };
    assert_eq!(gone_since, [phantom]);
    let altered = violations(|history| {
        let other = history.views[2].shown[1].replace("says", "said");
        history.views[2].shown[1] = other;
    });
    assert!(matches!(altered[..], [Violation::Phantom { .. }]), "{altered:?}");
    let extra = |history: &mut RoomHistory| {
        history.views[0].extra.push(serde_json::from_str(&record(2, "bob", "7")).unwrap());
    };
    assert!(matches!(violations(extra)[..], [Violation::Phantom { .. }]));
}

#[test]
fn a_missing_record_is_caught_in_the_log_and_in_a_view() {
    let in_the_log = violations(|history| {
        history.log.remove(2);
    });
    assert!(in_the_log.contains(&Violation::WrongSeq { place: 3, seq: 4 }), "{in_the_log:?}");
    let in_a_view = violations(|history| {
        history.views[1].shown.remove(1);
    });
    let client = String::from("bob");
    assert_eq!(in_a_view, [Violation::MissingRecords { client, expected: 4, seq: 5 }]);
    let at_its_beginning = violations(|history| {
        history.views[1].shown.remove(0);
    });
    let client = String::from("bob");
    assert_eq!(at_its_beginning, [Violation::MissingRecords { client, expected: 3, seq: 4 }]);
    let twice = violations(|history| {
        let again = history.views[1].shown[0].clone();
        history.views[1].shown.insert(1, again);
    });
    let client = String::from("bob");
    assert!(
        twice.contains(&Violation::MissingRecords { client, expected: 4, seq: 3 }),
        "{twice:?}"
    );
}

#[test]
fn records_of_other_users_pass_where_there_are_some() {
    let mixed = |user: &str| {
        violations(|history| {
            history.users = Some(["ann", "bob"].map(String::from).into());
            history.log.push(record(6, user, "9"));
            history.views.iter_mut().for_each(|view| view.shown.push(history.log[5].clone()));
        })
    };
    assert_eq!(mixed("eve"), []);
    assert_eq!(mixed("ann"), [Violation::NeverSent { seq: 6 }]);
}

#[test]
fn a_client_that_stays_must_see_the_end() {
    let found = violations(|history| {
        history.views[2].shown.pop();
    });
    assert_eq!(found, [Violation::Incomplete { client: String::from("carol"), at: 4, head: 5 }]);
}

#[test]
fn a_record_that_no_client_sent_is_caught() {
    let found = violations(|history| {
        let (removed, kept) =
            history.submissions.clone().into_iter().partition(|sent| sent.cid == "3");
        let _: Vec<Submission> = removed;
        history.submissions = kept;
    });
    assert_eq!(found, [Violation::NeverSent { seq: 5 }]);
    let other_words = violations(|history| history.submissions[0].text.push('!'));
    assert_eq!(other_words, [Violation::NeverSent { seq: 1 }]);
}

#[test]
fn a_wrong_acknowledgement_is_caught() {
    let moved = violations(|history| history.submissions[1].outcome = Outcome::Stored(5));
    let (user, cid) = owned("ann", "2");
    assert_eq!(moved, [Violation::SeqChanged { user, cid, acknowledged: 5, stored: 3 }]);
    let refused = violations(|history| history.submissions[1].outcome = Outcome::Refused);
    let (user, cid) = owned("ann", "2");
    assert_eq!(refused, [Violation::RefusedButStored { user, cid, seq: 3 }]);
}

#[test]
fn a_log_that_restarts_or_goes_back_in_time_is_caught() {
    let restarted = violations(|history| history.views[2].log = String::from("L2"));
    assert!(matches!(restarted[..], [Violation::LogIdChanged { .. }]), "{restarted:?}");
    let back = violations(|history| {
        let older = history.log[3].replace("\"at\":1004", "\"at\":1");
        for view in &mut history.views {
            let place = 3 - view.after as usize;
            view.shown[place] = older.clone();
        }
        history.log[3] = older;
    });
    assert_eq!(back, [Violation::TimeWentBack { seq: 4 }]);
    let unreadable = violations(|history| history.log[4] = String::from("{"));
    assert!(unreadable.contains(&Violation::Unreadable { place: 5 }), "{unreadable:?}");
}
