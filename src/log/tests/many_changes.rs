//! Logs in which nearly every record changes an older one.

use std::io::Write;
use std::time::{Duration, Instant};

use super::*;
use crate::chat::protocol::{Record, RecordKind};
use crate::chat::{Operation, Text};
use crate::log::line::push_record;
use crate::log::verify;

fn entry(seq: u64, operation: Operation) -> LogEntry {
    let (room, cid) = ("lobby".parse().unwrap(), format!("c{seq}").parse().unwrap());
    let (user, kind) = ("eve".parse().unwrap(), RecordKind::Operation(operation));
    let json = Record { room, seq, at: 5, user, cid, kind, new_owner: false }.encode();
    LogEntry { seq, owner: "e".repeat(32).parse().unwrap(), json: json.into() }
}

fn text() -> Text {
    Text::parse("hello", 100).unwrap()
}

fn post() -> Operation {
    Operation::Post { text: text(), me: false, reply: None }
}

fn edit(target: u64) -> Operation {
    Operation::Edit { target, text: text() }
}

/// Writes a log with these operations, in one file.
fn write_log(operations: impl IntoIterator<Item = Operation>) -> TempDataDir {
    let (data, mut bytes) = (TempDataDir::new(), Vec::new());
    let mut before = push_old_header(&mut bytes);
    for (seq, operation) in (1..).zip(operations) {
        before = push_record(&mut bytes, &entry(seq, operation), "", before);
    }
    fs::create_dir(data.dir()).unwrap();
    let mut file = fs::File::create(data.dir().join("0000000000000001.jsonl")).unwrap();
    file.write_all(&bytes).unwrap();
    data
}

#[test]
fn edits_and_deletes_of_one_post_load_in_linear_time() {
    let edits = (0..40_000).map(|_| edit(1));
    let deletes = (0..40_000).map(|_| Operation::Delete { target: 1 });
    let data = write_log([post()].into_iter().chain(edits).chain(deletes));
    let start = Instant::now();
    let log = data.open(CONFIG).0;
    assert_eq!((log.head(), log.delete_of(1)), (80_001, Some(40_002)));
    let verified = verify(data.root(), &"lobby".parse().unwrap()).unwrap();
    assert_eq!((verified.head, verified.corruption), (80_001, None));
    // And live: both are answered in a moment.
    let operations = [Operation::Delete { target: 1 }, edit(1), Operation::Delete { target: 1 }];
    for (seq, operation) in (80_002..).zip(operations) {
        log.append(&[entry(seq, operation)]).unwrap();
    }
    // Some seconds in a debug build on a busy machine. With a product of the two it was 57 s in release.
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
}

#[test]
fn a_newest_page_has_posts_however_many_edits_there_are() {
    // Each post is followed by its edits, or all edits come last.
    let mixed =
        (0..200).flat_map(|n| [post()].into_iter().chain((0..100).map(move |_| edit(n * 101 + 1))));
    let apart = (0..200).map(|_| post()).chain((0..20_000).map(|n| edit(n % 200 + 1)));
    for (data, start) in [(write_log(mixed), 10_100), (write_log(apart), 100)] {
        let log = data.open(CONFIG).0;
        assert_eq!((log.head(), log.newest_page()), (20_200, start));
        let page = log.read(start, ALL).unwrap();
        assert_eq!(page.iter().filter(|entry| entry.json.contains("\"post\"")).count(), 100);
        log.append(&[entry(20_201, post())]).unwrap();
        assert!(log.newest_page() > start, "it moves on with each post");
    }
    let few = write_log([post(), edit(1), post()]).open(CONFIG).0;
    assert_eq!(few.newest_page(), 0, "all of a short log");
    let many = write_log((0..150).map(|_| post())).open(CONFIG).0;
    assert_eq!(many.newest_page(), 50);
    let edits = write_log([post()].into_iter().chain((0..25_000).map(|_| edit(1)))).open(CONFIG).0;
    assert_eq!(
        edits.newest_page(),
        25_001 - limits::NEWEST_SPAN,
        "it does not reach back for ever"
    );
}

#[test]
fn a_newest_page_has_no_more_bytes_than_a_newcomer_can_wait_for() {
    let long =
        || Operation::Edit { target: 1, text: Text::parse(&"\"".repeat(4_000), 5_000).unwrap() };
    let data = write_log((0..100).map(|_| post()).chain((0..1_500).map(|_| long())));
    let log = data.open(CONFIG).0;
    let page = log.read(log.newest_page(), ALL).unwrap();
    let bytes: u64 = page.iter().map(|entry| entry.json.len() as u64).sum();
    assert!(bytes <= limits::NEWEST_BYTES && bytes > limits::NEWEST_BYTES * 9 / 10, "{bytes}");
    assert_eq!(page.last().map(|entry| entry.seq), Some(1_600));
}
