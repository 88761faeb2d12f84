//! A log is loaded when it is needed, and unloaded when it is idle: what it says stays the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::failing_files::FailingFiles;
use super::*;
use crate::chat::OwnerId;
use crate::log::memory::MemoryLog;
use crate::log::read_state::{Health, LoadError};
use crate::log::{LogMetrics, NotLoaded, RecoveryFinding};
use crate::metrics::Gauge;

/// The log in the directory as a server has it after its start.
fn unseen(data: &TempDataDir, config: LogConfig) -> (DiskLog, Arc<Gauge>) {
    let (log, metrics) = unseen_on(data, Arc::new(Disk), config);
    (log, Arc::clone(&metrics.memory))
}

fn unseen_on(
    data: &TempDataDir,
    files: Arc<dyn Files>,
    config: LogConfig,
) -> (DiskLog, Arc<LogMetrics>) {
    let (room, id, metrics) = ("lobby".parse().unwrap(), String::from("new"), Arc::default());
    (DiskLog::unseen(room, data.dir(), config, files, &metrics, id), metrics)
}

/// A directory whose log has these records, in several files.
fn filled(count: u64) -> TempDataDir {
    let data = TempDataDir::new();
    let config = LogConfig { file_bytes: 2_000, ..CONFIG };
    let log = empty_log(&data, Arc::new(Disk), config);
    records(1..=count).chunks(3).for_each(|batch| log.append(batch).unwrap());
    data
}

#[test]
fn a_log_is_not_read_before_it_is_needed() {
    let data = filled(20);
    let (log, sum) = unseen(&data, CONFIG);
    assert_eq!((log.first(), log.head(), log.memory()), (1, 1, 0), "nothing is known");
    let hidden = data.root().join("hidden");
    fs::rename(data.dir(), &hidden).unwrap();
    log.maintain(u64::MAX).unwrap();
    fs::rename(&hidden, data.dir()).unwrap();
    assert_eq!(log.load().unwrap(), None);
    assert_eq!((&*log.id(), log.first(), log.head()), ("fresh", 1, 20));
    assert!(log.memory() > 0 && sum.get() == log.memory());
    assert_eq!(all(&log), records(1..=20));
    drop(log);
    assert_eq!(sum.get(), 0);
}

#[test]
fn an_unloaded_log_says_what_it_said_and_takes_no_memory() {
    let data = filled(20);
    let (log, sum) = unseen(&data, CONFIG);
    for _ in 0..3 {
        log.load().unwrap();
        assert!(log.unload());
        assert_eq!((log.memory(), sum.get()), (0, 0));
        assert_eq!((&*log.id(), log.first(), log.head()), ("fresh", 1, 20));
        assert!(!log.unload(), "it is not loaded");
    }
    assert_eq!(log.read(17, ALL).unwrap(), records(18..=20));
    assert!(log.unload());
    log.append(&records(21..=21)).unwrap();
    assert!(log.unload());
    assert_eq!(all(&log), records(1..=21));
    log.append(&records(22..=22)).unwrap();
    log.drop_newest();
    assert_eq!(all(&log), records(1..=22), "from the disk");
}

#[test]
fn who_posted_last_is_known_while_the_log_is_loaded() {
    let data = filled(20);
    let (log, _) = unseen(&data, CONFIG);
    let bob = "bob".parse().unwrap();
    for head in 20..23 {
        assert_eq!(log.last_owner(&bob), Err(NotLoaded));
        log.load().unwrap();
        let owner = |seq| records(seq..=seq)[0].owner;
        assert_eq!(log.last_owner(&bob), Ok(Some(owner(head))), "from the files");
        log.append(&records(head + 1..=head + 1)).unwrap();
        assert_eq!(log.last_owner(&bob), Ok(Some(owner(head + 1))));
        assert_eq!(log.last_owner(&"ann".parse().unwrap()), Ok(None));
        assert!(log.unload());
    }
}

#[test]
fn a_log_without_files_is_empty_once_it_was_looked_at() {
    let data = TempDataDir::new();
    fs::create_dir(data.dir()).unwrap();
    for peeks in [true, false] {
        let (log, _) = unseen(&data, CONFIG);
        if peeks {
            log.peek().unwrap();
        } else {
            log.load().unwrap();
        }
        assert_eq!((&*log.id(), log.first(), log.head()), ("new", 1, 0));
    }
}

// ---- At first sight ----------------------------------------------------------------------------

#[test]
fn a_peek_shows_id_owners_and_head_of_the_last_file() {
    let owners: Option<[OwnerId; 2]> = Some(["1", "2"].map(|n| n.repeat(32).parse().unwrap()));
    for length in [1, 3_000, 30_000] {
        let data = TempDataDir::new();
        let config = LogConfig { file_bytes: 50_000, ..CONFIG };
        let empty = Recovered::empty(String::from("fresh"), owners);
        let room = "lobby".parse().unwrap();
        let log = DiskLog::new(room, data.dir(), config, Arc::new(Disk), empty);
        for seq in 1..=5 {
            log.append(&[record(seq, &"x".repeat(length))]).unwrap();
        }
        let (log, sum) = unseen(&data, CONFIG);
        log.peek().unwrap();
        assert_eq!((&*log.id(), log.first(), log.head()), ("fresh", 1, 5), "{length} bytes");
        assert_eq!((log.owners(), sum.get()), (owners, 0));
        let last = data.files().pop().unwrap();
        let torn = [fs::read(&last).unwrap(), b"{\"type\":\"post\",\"seq\":6,".to_vec()].concat();
        fs::write(&last, torn).unwrap();
        let (log, _) = unseen(&data, CONFIG);
        log.peek().unwrap();
        assert_eq!(log.head(), 5, "the last line is not complete");
        assert!(matches!(log.load(), Ok(Some(RecoveryFinding::Torn(_)))));
        assert_eq!(log.load().unwrap(), None, "it is returned once");
        assert_eq!((log.head(), all(&log).len()), (5, 5));
    }
}

#[test]
fn a_peek_at_a_file_without_records_shows_the_seq_before_it() {
    let data = TempDataDir::new();
    let day = 24 * 60 * 60 * 1_000;
    let config = LogConfig { retain: Some(Duration::from_millis(day)), ..CONFIG };
    let log = empty_log(&data, Arc::new(Disk), config);
    log.append(&records(1..=9)).unwrap();
    log.maintain(2_000_000 + day).unwrap();
    let (log, _) = unseen(&data, CONFIG);
    log.peek().unwrap();
    assert_eq!((log.first(), log.head()), (10, 9));
}

#[test]
fn a_peek_never_fails_on_any_cut_or_altered_byte() {
    let data = filled(7);
    let last = data.files().pop().unwrap();
    let good = fs::read(&last).unwrap();
    for at in 0..good.len() {
        let mut altered = good.clone();
        altered[at] ^= 1;
        for bytes in [&good[..at], &altered] {
            fs::write(&last, bytes).unwrap();
            unseen(&data, CONFIG).0.peek().unwrap();
        }
    }
}

// ---- What must not be unloaded -----------------------------------------------------------------

#[test]
fn a_log_with_work_to_do_stays_loaded() {
    let data = TempDataDir::new();
    let failing = FailingFiles::new();
    let config = LogConfig { sync: SyncPolicy::Interval, ..CONFIG };
    let log = empty_log(&data, Arc::new(failing.clone()), config);
    assert!(!log.unload() && !log.needs_maintenance(), "it has no file yet");
    log.append(&records(1..=2)).unwrap();
    log.append(&records(3..=3)).unwrap();
    assert!(!log.unload() && log.needs_maintenance(), "an fsync is due");
    for _ in 0..3 {
        log.maintain(0).unwrap();
    }
    assert!(!log.needs_maintenance() && log.unload());
    failing.0.free_bytes.store(0, Ordering::Relaxed);
    log.append(&records(4..=4)).unwrap_err();
    assert!(!log.unload() && log.needs_maintenance(), "a retry is due");
    failing.0.free_bytes.store(u64::MAX, Ordering::Relaxed);
    for _ in 0..3 {
        log.maintain(0).unwrap();
    }
    assert!(!log.needs_maintenance() && log.unload());
    let deletes =
        r#"{"type":"delete","room":"lobby","seq":4,"at":1,"user":"bob","cid":"c4","target":2}"#;
    let delete = LogEntry { json: deletes.into(), ..record(4, "") };
    log.append(&[delete]).unwrap();
    assert!(!log.unload() && log.needs_maintenance(), "a text must be erased");
}

#[test]
fn a_deleted_text_is_not_served_after_the_log_was_unloaded() {
    let data = filled(5);
    let (log, _) = unseen(&data, CONFIG);
    let deletes =
        r#"{"type":"delete","room":"lobby","seq":6,"at":1,"user":"bob","cid":"c6","target":2}"#;
    log.append(&[LogEntry { json: deletes.into(), ..record(6, "") }]).unwrap();
    let deleted = all(&log);
    assert!(deleted[1].json.contains("\"deleted\":true"), "{:?}", deleted[1]);
    let (again, _) = unseen(&data, CONFIG);
    assert_eq!(all(&again), deleted);
    assert!(!again.unload(), "an erasure is due");
    for pending in again.pending_erasures() {
        again.erase(pending.segment, &mut |_| ()).unwrap();
    }
    while again.needs_maintenance() {
        again.maintain(0).unwrap();
    }
    assert!(again.unload());
    assert_eq!(all(&again), deleted);
}

#[test]
fn files_that_another_process_has_changed_are_refused() {
    type Change = fn(&TempDataDir);
    let changes: [(&str, Change); 4] = [
        ("removed", |data| fs::remove_file(data.files().pop().unwrap()).unwrap()),
        ("cut", |data| {
            let last = data.files().pop().unwrap();
            let bytes = fs::read(&last).unwrap();
            fs::write(&last, &bytes[..bytes.len() - 1]).unwrap();
        }),
        ("altered", |data| {
            let first = &data.files()[0];
            fs::write(first, fs::read_to_string(first).unwrap().replace("hello", "hallo")).unwrap();
        }),
        ("replaced", |data| {
            for file in data.files() {
                fs::remove_file(file).unwrap();
            }
            empty_log(data, Arc::new(Disk), CONFIG).append(&records(1..=20)).unwrap(); // in one file
        }),
    ];
    for (how, change) in changes {
        let data = filled(20);
        let (log, _) = unseen(&data, CONFIG);
        log.load().unwrap();
        assert!(log.unload());
        change(&data);
        let before: Vec<Vec<u8>> =
            data.files().iter().map(|file| fs::read(file).unwrap()).collect();
        assert!(log.read(0, ALL).is_err(), "{how}");
        assert!(log.append(&records(21..=21)).is_err(), "{how}");
        assert!(log.write_error().is_some() && log.head() == 20, "{how}");
        let after: Vec<Vec<u8>> = data.files().iter().map(|file| fs::read(file).unwrap()).collect();
        assert!(before == after, "{how}: nothing is written or cut");
    }
}

#[test]
fn a_load_that_failed_is_reported_and_tried_again() {
    let data = filled(5);
    let good = fs::read(&data.files()[0]).unwrap();
    fs::remove_file(&data.files()[0]).unwrap();
    fs::create_dir(data.dir().join("0000000000000001.jsonl")).unwrap(); // cannot be read
    let (log, _) = unseen(&data, CONFIG);
    let since = Instant::now();
    assert!(log.load().is_err() && log.append(&records(6..=6)).is_err());
    assert!(log.write_error().unwrap().contains("cannot load the log"));
    fs::remove_dir(data.dir().join("0000000000000001.jsonl")).unwrap();
    fs::write(data.dir().join("0000000000000001.jsonl"), good).unwrap();
    while let Err(error) = log.load() {
        assert!(since.elapsed() < 20 * limits::LOAD_RETRY, "{error}");
    }
    assert!(since.elapsed() >= limits::LOAD_RETRY, "the files are not read again at once");
    assert_eq!((log.write_error(), log.head()), (None, 5));
}

/// Loads until it works; the load before has failed.
fn load_again(log: &DiskLog) {
    let since = Instant::now();
    while let Err(error) = log.load() {
        assert!(since.elapsed() < 20 * limits::LOAD_RETRY, "{error}");
        thread::sleep(limits::LOAD_RETRY / 20);
    }
}

#[test]
fn files_that_are_away_for_a_moment_make_a_released_log_fail_until_they_are_back() {
    type Pick = fn(&TempDataDir) -> PathBuf;
    let picks: [(&str, Pick); 4] = [
        ("the oldest", |data| data.files()[0].clone()),
        ("one in the middle", |data| data.files()[1].clone()),
        ("the newest", |data| data.files().pop().unwrap()),
        ("the directory", |data| data.dir()),
    ];
    for (what, pick) in picks {
        let data = filled(20);
        assert!(data.files().len() > 2);
        let (log, metrics) = unseen_on(&data, Arc::new(Disk), CONFIG);
        log.load().unwrap();
        assert!(log.unload());
        let (there, away) = (pick(&data), data.root().join("away"));
        fs::rename(&there, &away).unwrap();
        assert!(log.read(0, ALL).is_err(), "{what}: nothing is served from what is left");
        assert!(log.append(&records(21..=21)).is_err(), "{what}");
        assert_eq!((log.head(), log.first(), log.memory()), (20, 1, 0), "{what}");
        assert!(log.load_error().is_some() && log.write_error() == log.load_error(), "{what}");
        assert!(metrics.load_changed.swap(false, Ordering::Relaxed), "{what}: it is to be logged");
        fs::rename(&away, &there).unwrap();
        load_again(&log);
        assert_eq!((log.load_error(), log.write_error()), (None, None), "{what}");
        assert!(metrics.load_changed.swap(false, Ordering::Relaxed), "{what}: so is the recovery");
        log.append(&records(21..=21)).unwrap();
        assert_eq!(all(&log), records(1..=21), "{what}");
        assert_eq!(all(&data.open(CONFIG).0), records(1..=21), "{what}");
    }
}

#[test]
fn a_system_that_refuses_to_open_files_makes_a_released_log_fail_until_it_opens_them() {
    let data = filled(20);
    let failing = FailingFiles::new();
    let (log, _) = unseen_on(&data, Arc::new(failing.clone()), CONFIG);
    log.load().unwrap();
    assert!(log.unload());
    failing.0.open.store(true, Ordering::Relaxed); // EIO, EMFILE, EACCES
    assert!(log.read(0, ALL).is_err() && log.append(&records(21..=21)).is_err());
    failing.0.open.store(false, Ordering::Relaxed);
    load_again(&log);
    log.append(&records(21..=21)).unwrap();
    assert_eq!(all(&log), records(1..=21));
}

#[test]
fn a_file_that_comes_back_altered_is_corrupt_for_good() {
    for (what, good, bad) in [("altered", "hello", "hallo"), ("other records", "lobby", "lobbi")] {
        let data = filled(20);
        let (log, _) = unseen(&data, CONFIG);
        log.load().unwrap();
        assert!(log.unload());
        let (there, away) = (data.files()[1].clone(), data.root().join("away"));
        fs::rename(&there, &away).unwrap();
        assert!(log.load().is_err());
        let bytes = fs::read_to_string(&away).unwrap();
        fs::write(&there, bytes.replacen(good, bad, 1)).unwrap();
        let is_corrupt = || matches!(log.read_state().health, Health::Corrupt(_));
        let since = Instant::now();
        while !is_corrupt() {
            assert!(log.load().is_err(), "{what}");
            assert!(since.elapsed() < 20 * limits::LOAD_RETRY, "{what}: {:?}", log.load_error());
            thread::sleep(limits::LOAD_RETRY / 20);
        }
        fs::write(&there, bytes).unwrap();
        load_again(&log);
        assert!(log.append(&records(21..=21)).is_err(), "{what}: an operator looks at it first");
    }
}

#[test]
fn the_pause_between_loads_that_fail_grows_up_to_a_limit() {
    let mut pauses = vec![limits::LOAD_RETRY];
    while pauses.len() < 10 {
        pauses.push(LoadError::next_pause(pauses.last().copied()));
    }
    assert_eq!(LoadError::next_pause(None), limits::LOAD_RETRY);
    assert!(pauses.windows(2).all(|two| two[1] == (two[0] * 2).min(limits::LOAD_RETRY_MAX)));
    assert_eq!(pauses.last(), Some(&limits::LOAD_RETRY_MAX));
}

// ---- Retention, owners -------------------------------------------------------------------------

#[test]
fn retention_reaches_an_unloaded_log() {
    let day = 24 * 60 * 60 * 1_000;
    let by_age = LogConfig { retain: Some(Duration::from_millis(day)), ..CONFIG };
    let by_count = LogConfig { retain_records: Some(5), ..CONFIG };
    for (config, now) in [(by_age, 2_000_000 + day), (by_count, 0)] {
        let data = filled(20);
        let (log, _) = unseen(&data, config);
        log.load().unwrap();
        assert!(log.unload());
        log.maintain(now).unwrap();
        assert!(log.first() > 9, "{}", log.first());
        assert!(log.unload());
        let names = data.names();
        log.maintain(now).unwrap();
        assert_eq!((log.memory(), data.names()), (0, names), "nothing more to drop");
    }
}

#[test]
fn it_knows_which_owner_of_a_private_room_has_written() {
    let owners: [OwnerId; 3] = ["1", "2", "3"].map(|n| n.repeat(32).parse().unwrap());
    let data = TempDataDir::new();
    let empty = Recovered::empty(String::from("fresh"), Some([owners[0], owners[1]]));
    let room = "lobby".parse().unwrap();
    let log = DiskLog::new(room, data.dir(), CONFIG, Arc::new(Disk), empty);
    let have_posted = |log: &DiskLog| owners.map(|owner| log.has_posted(owner).unwrap());
    assert_eq!(have_posted(&log), [false; 3]);
    log.append(&[LogEntry { owner: owners[1], ..record(1, "hi") }]).unwrap();
    assert_eq!(have_posted(&log), [false, true, false]);
    let (log, _) = unseen(&data, CONFIG);
    assert_eq!(have_posted(&log), [false, true, false], "also after a start");
    assert!(log.unload());
    log.append(&[LogEntry { owner: owners[0], ..record(2, "hi") }]).unwrap();
    assert!(log.unload());
    assert_eq!(have_posted(&log), [true, true, false]);
    assert_eq!(log.memory(), 0, "it need not be loaded for that");
}

#[test]
fn it_knows_the_owners_of_records_that_were_written_together() {
    let owners: [OwnerId; 2] = ["1", "2"].map(|n| n.repeat(32).parse().unwrap());
    let (data, room) = (TempDataDir::new(), "lobby".parse().unwrap());
    let empty = Recovered::empty(String::from("fresh"), Some(owners));
    let log = DiskLog::new(room, data.dir(), CONFIG, Arc::new(Disk), empty);
    let by = |seq, owner| LogEntry { owner, ..record(seq, "hi") };
    log.append(&[by(1, owners[0])]).unwrap();
    log.append(&[by(2, owners[0]), by(3, owners[1])]).unwrap();
    let (log, _) = unseen(&data, CONFIG);
    assert_eq!(owners.map(|owner| log.has_posted(owner).unwrap()), [true, true]);
}

// ---- Any order of operations -------------------------------------------------------------------

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Read(u64, usize),
    Unload,
    DropNewest,
    Maintain,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..6_usize).prop_map(Step::Append),
        (0..60_u64, 1..20_usize).prop_map(|(after, records)| Step::Read(after, records)),
        Just(Step::Unload),
        Just(Step::DropNewest),
        Just(Step::Maintain),
        Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn in_any_order_it_reads_what_the_log_in_memory_reads(
        steps in proptest::collection::vec(step(), 1..60),
        is_interval: bool,
    ) {
        let data = TempDataDir::new();
        fs::create_dir(data.dir()).unwrap();
        let sync = if is_interval { SyncPolicy::Interval } else { SyncPolicy::Always };
        let config = LogConfig { sync, file_bytes: 1_500, ..CONFIG };
        let model = MemoryLog::new(String::from("new"), usize::MAX);
        let (mut log, mut sum) = unseen(&data, config);
        for step in steps {
            match step {
                Step::Append(count) => {
                    let next = model.head() + 1;
                    let batch = records(next..=next + count as u64 - 1);
                    log.append(&batch).unwrap();
                    model.append(&batch).unwrap();
                }
                Step::Read(after, records) => {
                    let limit = ReadLimit { records, bytes: 2_000 };
                    prop_assert_eq!(log.read(after, limit).unwrap(), model.read(after, limit).unwrap());
                }
                Step::Unload => {
                    log.unload();
                }
                Step::DropNewest => log.drop_newest(),
                Step::Maintain => log.maintain(0).unwrap(),
                Step::Restart => (log, sum) = unseen(&data, config),
            }
            prop_assert_eq!(log.memory(), sum.get());
        }
        log.load().unwrap();
        prop_assert_eq!((log.first(), log.head()), (model.first(), model.head()));
        prop_assert_eq!(all(&log), all(&model));
    }
}

#[test]
fn threads_that_write_read_and_unload_at_once_see_one_log() {
    let data = filled(20);
    let (log, _) =
        unseen(&data, LogConfig { sync: SyncPolicy::Interval, file_bytes: 5_000, ..CONFIG });
    log.load().unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for seq in 21..=400 {
                log.append(&records(seq..=seq)).unwrap();
            }
            is_done.store(true, Ordering::Relaxed);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    let head = log.head();
                    let read = log.read(head.saturating_sub(30), ALL).unwrap();
                    let first = head.saturating_sub(30) + 1;
                    assert_eq!(read[..30.min(head as usize)], records(first..=head));
                }
            });
        }
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                log.maintain(0).unwrap();
                log.unload();
                log.drop_newest();
            }
        });
    });
    assert_eq!(all(&log), records(1..=400));
    assert_eq!(all(&data.open(CONFIG).0), records(1..=400));
}
