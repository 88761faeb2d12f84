//! The disk refuses or fails: nothing refused is used, and nothing stored is lost.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use super::failing_files::FailingFiles;
use super::*;

/// A log of three records on files that can be made to fail.
fn three(data: &TempDataDir, sync: SyncPolicy) -> (DiskLog, FailingFiles) {
    let failing_files = FailingFiles::new();
    let log = empty_log(data, Arc::new(failing_files.clone()), LogConfig { sync, ..CONFIG });
    log.append(&records(1..=3)).unwrap();
    (log, failing_files)
}

#[test]
fn a_full_disk_refuses_a_whole_batch_and_accepts_it_once_there_is_space() {
    let data = TempDataDir::new();
    let (log, failing_files) = three(&data, SyncPolicy::Always);
    let before = fs::read(&data.files()[0]).unwrap();
    for room in [0, 1, 100, 250, 450] {
        failing_files.0.free_bytes.store(room, Relaxed);
        log.append(&records(4..=6)).unwrap_err();
        assert_eq!((log.head(), all(&log)), (3, records(1..=3)), "{room} bytes of room");
        assert_eq!(fs::read(&data.files()[0]).unwrap(), before, "rolled back");
        assert!(log.write_error().is_some());
        log.maintain(0).unwrap();
        assert!(log.write_error().is_some(), "still full");
    }
    failing_files.0.free_bytes.store(u64::MAX, Relaxed);
    log.append(&records(4..=6)).unwrap();
    assert_eq!((log.write_error(), all(&log)), (None, records(1..=6)));
    assert_eq!(all(&data.open(CONFIG).0), records(1..=6));
}

#[test]
fn an_idle_log_detects_by_itself_that_there_is_space_again() {
    let data = TempDataDir::new();
    let (log, failing_files) = three(&data, SyncPolicy::Always);
    failing_files.0.free_bytes.store(9, Relaxed);
    log.append(&records(4..=4)).unwrap_err();
    failing_files.0.free_bytes.store(u64::MAX, Relaxed);
    log.maintain(0).unwrap();
    assert_eq!(log.write_error(), None);
    assert_eq!(data.names().len(), 1, "its probe is gone");
    assert_eq!(fs::read_dir(data.root().join("rooms")).unwrap().count(), 1);
}

#[test]
fn a_first_record_that_is_refused_leaves_nothing() {
    let data = TempDataDir::new();
    let failing_files = FailingFiles::new();
    let log = empty_log(&data, Arc::new(failing_files.clone()), CONFIG);
    failing_files.0.free_bytes.store(200, Relaxed);
    log.append(&records(1..=1)).unwrap_err();
    assert!(data.files().is_empty());
    failing_files.0.free_bytes.store(u64::MAX, Relaxed);
    log.append(&records(1..=1)).unwrap();
    assert_eq!(all(&data.open(CONFIG).0), records(1..=1));
}

#[test]
fn a_failed_fsync_is_not_repaired_by_a_later_one() {
    let data = TempDataDir::new();
    let (log, failing_files) = three(&data, SyncPolicy::Always);
    failing_files.0.sync.store(true, Relaxed);
    log.append(&records(4..=4)).unwrap_err();
    assert_eq!((log.head(), all(&log)), (3, records(1..=3)), "it is not visible");
    failing_files.0.sync.store(false, Relaxed);
    log.append(&records(4..=4)).unwrap_err();
    assert!(log.write_error().is_some());
    assert_eq!(all(&log), records(1..=3), "it is read as before");
}

#[test]
fn an_uncertain_log_is_written_again_once_it_was_verified_and_copied() {
    for sync in [SyncPolicy::Always, SyncPolicy::Interval] {
        let data = TempDataDir::new();
        let (log, failing_files) = three(&data, sync);
        failing_files.0.sync.store(true, Relaxed);
        let stored = log.append(&records(4..=4)).is_ok();
        assert_eq!(stored, sync == SyncPolicy::Interval);
        assert_eq!(
            log.maintain(0).is_ok(),
            sync == SyncPolicy::Always,
            "a failed fsync is returned"
        );
        assert!(log.write_error().is_some(), "a copy cannot be synced either");
        failing_files.0.sync.store(false, Relaxed);
        failing_files.0.done.lock().unwrap().clear();
        log.writer().verified = None; // as if some seconds had passed
        log.maintain(0).unwrap();
        assert_eq!(log.write_error(), None);
        let name = "0000000000000001";
        let made = [
            format!("create {name}.anew"),
            String::from("sync a file"),
            format!("rename to {name}.jsonl"),
            String::from("sync lobby"),
        ];
        assert_eq!(
            *failing_files.0.done.lock().unwrap(),
            made,
            "the copy is durable before it replaces the old file"
        );
        let next = log.head() + 1;
        log.append(&records(next..=5)).unwrap();
        assert_eq!(all(&data.open(CONFIG).0), records(1..=5));
    }
}

#[test]
fn a_roll_back_that_fails_stops_the_log_and_a_start_cuts_what_it_left() {
    let data = TempDataDir::new();
    let (log, failing_files) = three(&data, SyncPolicy::Always);
    failing_files.0.set_len.store(true, Relaxed);
    failing_files.0.free_bytes.store(100, Relaxed);
    log.append(&records(4..=4)).unwrap_err();
    failing_files.0.free_bytes.store(u64::MAX, Relaxed);
    log.append(&records(4..=4)).unwrap_err();
    log.maintain(0).unwrap();
    assert!(log.write_error().is_some(), "the file still cannot be cut");
    assert_eq!(all(&log), records(1..=3));
    let (again, torn) = data.open(CONFIG);
    let torn = torn.unwrap();
    assert_eq!((torn.bytes, fs::metadata(torn.backup.unwrap()).unwrap().len()), (100, 100));
    again.append(&records(4..=4)).unwrap();
    assert_eq!(all(&again), records(1..=4));
}

#[test]
fn a_change_by_another_process_is_noticed_at_the_next_append() {
    let changes: [fn(&Path); 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::rename(path, path.with_extension("elsewhere")).unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| {
            let text = fs::read_to_string(path).unwrap();
            fs::write(path, text + "more\n").unwrap();
        },
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let data = TempDataDir::new();
        let (log, _) = three(&data, SyncPolicy::Interval);
        change(&data.files()[0]);
        log.append(&records(4..=4)).unwrap_err();
        log.maintain(0).unwrap();
        log.append(&records(4..=4)).unwrap_err();
        let why = log.write_error().unwrap();
        assert!(why.contains("rooms/lobby/0000000000000001.jsonl"), "change {n}: {why}");
        assert_eq!(log.head(), 3);
    }
}

#[test]
fn a_batch_that_does_not_follow_is_refused() {
    let data = TempDataDir::new();
    let (log, _) = three(&data, SyncPolicy::Always);
    for batch in [records(5..=5), records(3..=4), [records(4..=4), records(6..=6)].concat()] {
        log.append(&batch).unwrap_err();
    }
    assert_eq!((log.write_error(), all(&log)), (None, records(1..=3)));
}

#[test]
fn a_batch_is_fsynced_as_its_policy_demands() {
    let data = TempDataDir::new();
    let (log, failing_files) = three(&data, SyncPolicy::Interval);
    let done =
        |failing_files: &FailingFiles| std::mem::take(&mut *failing_files.0.done.lock().unwrap());
    let name = "create 0000000000000001.jsonl";
    assert_eq!(done(&failing_files), ["sync rooms", name, "sync a file", "sync lobby"]);
    log.append(&records(4..=4)).unwrap();
    assert!(done(&failing_files).is_empty(), "handed to the system only");
    log.maintain(0).unwrap();
    assert_eq!(done(&failing_files), ["sync a file"]);
    log.maintain(0).unwrap();
    assert!(done(&failing_files).is_empty(), "once");
    let other = TempDataDir::new();
    let (log, failing_files) = three(&other, SyncPolicy::Always);
    done(&failing_files);
    log.append(&records(4..=900)).unwrap();
    assert_eq!(done(&failing_files), ["sync a file"], "one sync for a batch");
}

#[test]
fn a_record_that_the_disk_has_altered_is_not_served() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG);
    log.append(&records(1..=1_000)).unwrap();
    let path = &data.files()[0];
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
    let before = log.read(0, ALL).unwrap();
    assert!(before.len() < 1_000 && records(1..=1_000).starts_with(&before));
    assert!(log.read(before.len() as u64, ALL).is_err());
}

// ---- A slow disk -------------------------------------------------------------------------------

/// Runs `slow` on its own thread up to an fsync, and `meanwhile` before that fsync goes on.
fn at_a_slow_sync(
    failing_files: &FailingFiles,
    slow: impl FnOnce() + Send,
    meanwhile: impl FnOnce(),
) {
    let held = failing_files.0.gate.lock().unwrap();
    failing_files.0.at_gate.store(false, Relaxed);
    thread::scope(|scope| {
        let slow = scope.spawn(slow);
        while !failing_files.0.at_gate.load(Relaxed) {
            thread::yield_now();
        }
        meanwhile();
        assert!(!slow.is_finished());
        drop(held);
    });
}

#[test]
fn reads_go_on_while_an_append_fsyncs() {
    let data = TempDataDir::new();
    let (log, failing_files) = three(&data, SyncPolicy::Always);
    at_a_slow_sync(
        &failing_files,
        || log.append(&records(4..=4)).unwrap(),
        || {
            assert_eq!((log.first(), log.head(), log.write_error()), (1, 3, None));
            assert_eq!(all(&log), records(1..=3), "what is not stored is not visible");
        },
    );
    assert_eq!(all(&log), records(1..=4));
}

#[test]
fn appends_go_on_while_maintenance_fsyncs() {
    let data = TempDataDir::new();
    let (log, failing_files) = three(&data, SyncPolicy::Interval);
    log.append(&records(4..=4)).unwrap();
    at_a_slow_sync(
        &failing_files,
        || log.maintain(0).unwrap(),
        || {
            log.append(&records(5..=5)).unwrap();
            assert_eq!(all(&log), records(1..=5));
        },
    );
}

#[test]
fn a_panic_in_the_middle_of_a_write_costs_that_write_alone() {
    for sync in [SyncPolicy::Always, SyncPolicy::Interval] {
        let data = TempDataDir::new();
        let (log, _) = three(&data, sync);
        let path = &data.files()[0];
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _writing = log.writer();
            let line = fs::read(path).unwrap();
            fs::write(
                path,
                [&line[..], b"{\"type\":\"post\",\"room\":\"lobby\",\"seq\":4,"].concat(),
            )
            .unwrap();
            panic!("in the middle of a write");
        }));
        assert!(panicked.is_err());
        assert!(log.append(&records(4..=4)).is_err(), "not before the file was verified");
        assert!(log.needs_maintenance());
        log.maintain(0).unwrap();
        assert_eq!(log.write_error(), None);
        log.append(&records(4..=4)).unwrap();
        assert_eq!(all(&log), records(1..=4));
    }
}
