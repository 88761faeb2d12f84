//! Deleted texts: not served from the delete on, erased from the disk soon, and the chain of
//! checksums holds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::crashing_files::{Crash, CrashingFiles};
use super::failing_files::FailingFiles;
use super::*;
use crate::chat::protocol::{Record, RecordKind};
use crate::chat::{Operation, Text};
use crate::log::files::append_all;
use crate::log::line::{push_erased, push_record};
use crate::log::projection::redact;
use crate::log::{CorruptionKind, export, verify};

const SMALL: LogConfig = LogConfig { file_bytes: 1_200, ..CONFIG };

fn entry(seq: u64, operation: Operation) -> LogEntry {
    let (room, cid) = ("lobby".parse().unwrap(), format!("c{seq}").parse().unwrap());
    let (user, kind) = ("bob".parse().unwrap(), RecordKind::Operation(operation));
    let json = Record { room, seq, at: 5, user, cid, kind, new_owner: false }.encode();
    LogEntry { seq, owner: format!("{seq:032x}").parse().unwrap(), json: json.into() }
}

fn post(seq: u64, text: &str) -> LogEntry {
    entry(seq, Operation::Post { text: Text::parse(text, 100).unwrap(), me: false, reply: None })
}

/// 20 posts, of which 2 and 19, and an edit of 2, are secret; then 2 and 19 are deleted. In several
/// segments.
fn fill(log: &dyn Log) -> Vec<LogEntry> {
    let text = |seq| if [2, 19].contains(&seq) { "secret" } else { "hello" };
    let edit = Operation::Edit { target: 2, text: Text::parse("secret too", 100).unwrap() };
    let mut entries: Vec<LogEntry> = (1..=20).map(|seq| post(seq, text(seq))).collect();
    entries.push(entry(21, edit));
    entries.push(entry(22, Operation::Delete { target: 2 }));
    entries.push(entry(23, Operation::Delete { target: 19 }));
    entries.iter().for_each(|entry| log.append(std::slice::from_ref(entry)).unwrap());
    for seq in [2, 19, 21] {
        redact(&mut entries[seq - 1]);
    }
    entries
}

fn on_disk(data: &TempDataDir) -> String {
    data.files().iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Erases what is left in the first segment that has something.
fn erase_one(log: &dyn Log) -> std::io::Result<()> {
    let pending = log.pending_erasures();
    pending.first().map_or(Ok(()), |first| log.erase(first.segment, &mut |_| ()))
}

/// Opens the log, and erases all that is left.
fn erase_all(data: &TempDataDir, config: LogConfig) {
    let log = data.open(config).0;
    while log.is_erasure_pending() {
        erase_one(&log).unwrap();
    }
}

#[test]
fn a_deleted_text_is_not_served_from_the_moment_of_its_delete() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), SMALL);
    let left = fill(&log);
    assert!(data.files().len() > 2);
    assert_eq!(all(&log), left, "from memory and from disk");
    assert_eq!(all(&data.open(SMALL).0), left, "after a restart");
    let mut out = Vec::new();
    let name = "lobby".parse().unwrap();
    export(data.root(), &name, 0, |json| format!("{json}\n"), &mut out).unwrap();
    assert!(!String::from_utf8(out).unwrap().contains("secret"));
    assert!(on_disk(&data).contains("secret"), "nothing was erased yet");
}

#[test]
fn a_deleted_text_is_erased_from_the_disk_and_the_chain_is_intact() {
    for sync in [SyncPolicy::Always, SyncPolicy::Interval] {
        let (data, config) = (TempDataDir::new(), LogConfig { sync, ..SMALL });
        let left = fill(&empty_log(&data, Arc::new(Disk), config));
        erase_all(&data, config);
        let text = on_disk(&data);
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(text.matches("\"deleted\":true").count(), 3);
        let verified = verify(data.root(), &"lobby".parse().unwrap()).unwrap();
        assert_eq!((verified.corruption, verified.head), (None, 23));
        let log = data.open(config).0;
        assert_eq!(all(&log), left);
        log.append(&[post(24, "goes on")]).unwrap();
        assert_eq!(all(&data.open(config).0).len(), 24);
        assert!(data.names().iter().all(|name| name.ends_with(".jsonl")), "{:?}", data.names());
    }
}

#[test]
fn reads_and_writes_continue_after_an_erasure() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG); // one segment: the last
    let mut left = fill(&log);
    erase_one(&log).unwrap();
    assert!(!on_disk(&data).contains("secret"));
    for seq in 24..=300 {
        log.append(&[post(seq, "hello")]).unwrap();
        left.push(post(seq, "hello"));
    }
    assert_eq!(all(&log), left);
    assert_eq!(all(&data.open(CONFIG).0), left);
}

#[test]
fn a_reader_sees_every_record_while_a_segment_is_replaced() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), SMALL);
    let left = fill(&log);
    let log = data.open(SMALL).0; // nothing in memory: every read goes to the files
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) || reads < 10 {
                assert_eq!(all(&log), left);
                reads += 1;
            }
        });
        erase_one(&log).unwrap();
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn a_disk_that_fails_at_any_step_leaves_the_old_file_or_the_new_one_whole() {
    for room in (0..1_600).step_by(97) {
        let data = TempDataDir::new();
        let left = fill(&empty_log(&data, Arc::new(Disk), SMALL));
        let failing_files = FailingFiles::new();
        let log = data.open_on(Arc::new(failing_files.clone()), SMALL).0;
        failing_files.0.free_bytes.store(room, Ordering::Relaxed);
        drop(erase_one(&log)); // it may fail, or have enough room
        failing_files.0.free_bytes.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(all(&log), left, "{room} bytes of room");
        drop(log);
        erase_all(&data, SMALL);
        assert!(!on_disk(&data).contains("secret"), "{room} bytes of room");
        assert_eq!(all(&data.open(SMALL).0), left);
    }
    let data = TempDataDir::new();
    let left = fill(&empty_log(&data, Arc::new(Disk), SMALL));
    let failing_files = FailingFiles::new();
    let log = data.open_on(Arc::new(failing_files.clone()), SMALL).0;
    failing_files.0.sync.store(true, Ordering::Relaxed);
    erase_one(&log).unwrap_err();
    assert_eq!(all(&log), left);
    assert!(on_disk(&data).contains("secret"));
}

#[test]
fn a_crash_at_any_step_leaves_a_segment_whole_and_the_rest_is_erased_later() {
    for crash in [Crash::Killed, Crash::PowerCut, Crash::NamesOnly] {
        for step in 1.. {
            let about = format!("{crash:?} at step {step}");
            let data = TempDataDir::new();
            let left = fill(&empty_log(&data, Arc::new(Disk), SMALL));
            let machine = CrashingFiles::new(&data, step);
            erase_one(&data.open_on(Arc::new(machine.clone()), SMALL).0).ok();
            let is_done = !machine.has_crashed();
            let data = machine.remains(data, crash);
            assert_eq!(all(&data.open(SMALL).0), left, "{about}");
            erase_all(&data, SMALL);
            assert!(!on_disk(&data).contains("secret"), "{about}");
            let verified = verify(data.root(), &"lobby".parse().unwrap()).unwrap();
            assert_eq!((verified.corruption, verified.head), (None, 23), "{about}");
            if is_done {
                assert!(step > 4, "it took fewer steps than there are");
                break;
            }
        }
    }
}

#[test]
fn a_text_erased_without_a_delete_is_reported() {
    let data = TempDataDir::new();
    fs::create_dir(data.dir()).unwrap();
    let mut bytes = Vec::new();
    let head = push_old_header(&mut bytes);
    let before = push_record(&mut bytes, &post(1, "hello"), "", head);
    let offset = bytes.len() as u64;
    let (mut whole, mut erased) = (Vec::new(), post(2, "secret"));
    let original = push_record(&mut whole, &erased, "", before);
    redact(&mut erased);
    push_erased(&mut bytes, &erased, before, original);
    push_record(&mut bytes, &post(3, "hello"), "", original);
    append_all(&*Disk.create(&data.dir().join("0000000000000001.jsonl")).unwrap(), &bytes).unwrap();
    let corruption = verify(data.root(), &"lobby".parse().unwrap()).unwrap().corruption.unwrap();
    assert_eq!(
        (corruption.seq, corruption.offset, corruption.kind),
        (2, offset, CorruptionKind::UnexplainedErasure)
    );
    assert_eq!(all(&data.open(CONFIG).0).len(), 3, "the others are served");
}

#[test]
fn appends_and_fsyncs_go_on_while_a_file_is_written_anew() {
    let config = LogConfig { sync: SyncPolicy::Interval, ..CONFIG };
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), config); // one segment: the last
    let mut left = fill(&log);
    let secret = post(24, "secret number four");
    let mut erased = secret.clone();
    redact(&mut erased);
    let mut meanwhile = vec![secret, entry(25, Operation::Delete { target: 24 })];
    meanwhile.extend((26..=900).map(|seq| post(seq, "meanwhile")));
    let mut pieces = 0;
    let mut append = |_| {
        pieces += 1;
        if pieces == 1 {
            // This would wait for ever if the erasure held the writer's lock.
            meanwhile.chunks(5).for_each(|batch| log.append(batch).unwrap());
            log.maintain(0).unwrap();
        }
    };
    log.erase(1, &mut append).unwrap();
    left.append(&mut meanwhile);
    left[23] = erased;
    assert!(on_disk(&data).contains("secret number four"), "it was deleted too late for this turn");
    assert_eq!(log.pending_erasures().len(), 1, "and has the next one");
    log.erase(1, &mut |_| ()).unwrap();
    assert!(!on_disk(&data).contains("secret"));
    log.append(&[post(901, "goes on")]).unwrap();
    left.push(post(901, "goes on"));
    let read =
        |log: &DiskLog, after| log.read(after, ReadLimit { records: 7, bytes: 9_999 }).unwrap();
    for after in (0..900).step_by(50) {
        let until = (after + 7).min(left.len());
        assert_eq!(read(&log, after as u64), left[after..until], "the index fits the new file");
    }
    assert_eq!(all(&data.open(config).0), left);
    assert_eq!(verify(data.root(), &"lobby".parse().unwrap()).unwrap().corruption, None);
}

#[test]
fn a_crash_while_records_are_appended_to_a_file_being_erased_loses_none() {
    for crash in [Crash::Killed, Crash::PowerCut, Crash::NamesOnly] {
        for step in 1.. {
            let about = format!("{crash:?} at step {step}");
            let data = TempDataDir::new();
            let mut left = fill(&empty_log(&data, Arc::new(Disk), CONFIG));
            let machine = CrashingFiles::new(&data, step);
            let log = data.open_on(Arc::new(machine.clone()), CONFIG).0;
            let append = |log: &DiskLog, seq| log.append(&[post(seq, "meanwhile")]).is_ok();
            let mut during = false;
            log.erase(1, &mut |_| during = append(&log, 24)).ok();
            let after = append(&log, if during { 25 } else { 24 });
            let stored = 23 + u64::from(during) + u64::from(after);
            let is_done = !machine.has_crashed();
            let data = machine.remains(data, crash);
            left.extend((24..=25).map(|seq| post(seq, "meanwhile")));
            let found = all(&data.open(CONFIG).0);
            assert!(found.len() as u64 >= stored, "{about}: {} of {stored}", found.len());
            assert_eq!(found, left[..found.len()], "{about}");
            erase_all(&data, CONFIG);
            assert!(!on_disk(&data).contains("secret"), "{about}");
            if is_done {
                assert!(step > 6, "it took fewer steps than there are");
                break;
            }
        }
    }
}

#[test]
fn a_file_that_retention_drops_while_it_is_erased_stays_away() {
    let config = LogConfig { retain_records: Some(5), ..SMALL };
    let data = TempDataDir::new();
    fill(&empty_log(&data, Arc::new(Disk), SMALL));
    let log = data.open(config).0;
    log.erase(1, &mut |_| log.maintain(0).unwrap()).unwrap();
    assert!(log.first() > 1);
    assert!(data.names().iter().all(|name| name.ends_with(".jsonl")), "{:?}", data.names());
    assert_eq!(all(&log), all(&data.open(config).0));
}
