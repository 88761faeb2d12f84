//! The commands: verify, export, repair.

use super::*;
use crate::log::{CorruptionKind, Store, export, repair, verify};

fn room() -> super::super::LogName {
    "lobby".parse().unwrap()
}

/// A log of 20 records in several files, with the record `seq` altered.
fn damaged(seq: u64) -> TempDataDir {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), LogConfig { file_bytes: 1_500, ..CONFIG });
    (1..=20).for_each(|seq| log.append(&records(seq..=seq)).unwrap());
    let path = data.files().into_iter().rfind(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        name.parse::<u64>().unwrap() <= seq
    });
    let path = path.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let cid = format!("\"cid\":\"c{seq}\"");
    assert!(text.contains(&cid));
    fs::write(&path, text.replace(&cid, "\"cid\":\"other\"")).unwrap();
    data
}

#[test]
fn verify_names_the_first_bad_record() {
    for seq in [1, 7, 12, 19] {
        let data = damaged(seq);
        let verified = verify(data.root(), &room()).unwrap();
        let corruption = verified.corruption.unwrap();
        assert_eq!(
            (corruption.seq, corruption.kind, verified.torn),
            (seq, CorruptionKind::Altered, false)
        );
        assert_eq!((verified.first, verified.head), (1, seq - 1));
    }
    let data = TempDataDir::new();
    assert!(verify(data.root(), &room()).is_err(), "no such room");
}

#[test]
fn export_writes_every_record_as_it_was_sent_up_to_the_first_bad_one() {
    let data = damaged(12);
    let mut out = Vec::new();
    let done = export(data.root(), &room(), 3, |json| format!("{json}\n"), &mut out).unwrap();
    assert_eq!(done.corruption.unwrap().seq, 12);
    let expected: String =
        records(4..=11).iter().map(|entry| format!("{}\n", entry.json)).collect();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn export_writes_nothing_of_a_file_with_a_wrong_name() {
    let data = TempDataDir::new();
    empty_log(&data, Arc::new(Disk), CONFIG).append(&records(1..=3)).unwrap();
    let renamed = data.dir().join("0000000000000005.jsonl");
    fs::rename(&data.files()[0], &renamed).unwrap();
    let mut out = Vec::new();
    let done = export(data.root(), &room(), 0, str::to_owned, &mut out).unwrap();
    assert_eq!((done.head, done.corruption.unwrap().kind), (4, CorruptionKind::BrokenChain));
    assert_eq!(String::from_utf8(out).unwrap(), "");
}

#[test]
fn a_file_named_after_record_0_is_not_part_of_the_log() {
    let data = TempDataDir::new();
    empty_log(&data, Arc::new(Disk), CONFIG).append(&records(1..=3)).unwrap();
    fs::write(data.dir().join("0000000000000000.jsonl"), "{").unwrap();
    assert_eq!(verify(data.root(), &room()).unwrap().corruption, None);
    assert_eq!(all(&data.open(CONFIG).0), records(1..=3));
}

#[test]
fn repair_cuts_back_to_the_last_good_record_and_loses_no_byte() {
    for seq in [1, 2, 7, 12, 19, 20] {
        let data = damaged(seq);
        let before: Vec<Vec<u8>> =
            data.files().iter().map(|path| fs::read(path).unwrap()).collect();
        let done = repair(data.root(), &room(), String::from("other")).unwrap();
        let done = done.unwrap();
        assert_eq!((done.corruption.seq, done.head), (seq, seq - 1));
        for kept in &done.backups {
            assert!(before.contains(&fs::read(kept).unwrap()), "an old file, unchanged");
        }
        let valid = verify(data.root(), &room()).unwrap();
        assert_eq!((valid.corruption, valid.head), (None, seq - 1), "record {seq}");
        let (log, _) = data.open(CONFIG);
        assert_eq!(&*log.id(), "other", "a client that has seen more must notice");
        assert_eq!(all(&log), records(1..=seq - 1));
        log.append(&records(seq..=seq)).unwrap();
        assert_eq!(all(&data.open(CONFIG).0), records(1..=seq));
        assert_eq!(repair(data.root(), &room(), String::from("third")).unwrap(), None);
    }
}

#[test]
fn repair_needs_the_directory_for_itself() {
    let data = damaged(7);
    let store = Store::open(data.root()).unwrap();
    let refused = repair(data.root(), &room(), String::new()).unwrap_err().to_string();
    assert!(refused.contains(&format!("pid {}", std::process::id())), "{refused}");
    drop(store);
    assert!(repair(data.root(), &room(), String::new()).unwrap().is_some());
}
