//! Retention by time: with the right time, without it, and with records whose dates are wrong.

use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::log::DroppedSegment;

const DAY: u64 = 24 * 60 * 60 * 1_000;
const TEN_YEARS: u64 = 3_650 * DAY;

const EIGHT_DAYS: LogConfig = LogConfig { retain: Some(Duration::from_millis(8 * DAY)), ..CONFIG };

/// The time of the files that this test writes.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

fn record_at(seq: u64, at: u64) -> LogEntry {
    let entry = record(seq, "hello");
    let json = entry.json.replace(&format!("\"at\":{}", 1_000_000 + seq), &format!("\"at\":{at}"));
    LogEntry { json: json.into(), ..entry }
}

fn set_modified(path: &Path, at: u64) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_millis(at)).unwrap();
}

#[test]
fn a_file_is_dropped_by_age_only_while_the_time_is_known_and_is_reported_once() {
    let (data, now) = (TempDataDir::new(), now());
    let config = LogConfig { file_bytes: 600, ..EIGHT_DAYS }; // two records
    let log = empty_log(&data, Arc::new(Disk), config);
    log.append(&[record_at(1, now - 9 * DAY), record_at(2, now - 8 * DAY - 1)]).unwrap();
    log.append(&[record_at(3, now - DAY)]).unwrap();
    log.maintain(0).unwrap();
    assert_eq!((log.first(), log.newest(), log.take_dropped()), (1, now - DAY, vec![]));
    let file = data.files()[0].clone();
    log.maintain(now).unwrap();
    assert_eq!(log.first(), 3);
    let (newest, why) = (now - 8 * DAY - 1, "older than --retain-days");
    assert_eq!(log.take_dropped(), [DroppedSegment { file, records: 2, newest, why }]);
    assert_eq!(log.take_dropped(), []);
}

#[test]
fn records_with_dates_in_the_future_are_dropped_by_the_age_of_their_file() {
    let (data, now) = (TempDataDir::new(), now());
    let log = empty_log(&data, Arc::new(Disk), EIGHT_DAYS);
    log.append(&[record_at(1, now), record_at(2, now + TEN_YEARS)]).unwrap();
    log.maintain(now).unwrap();
    log.maintain(now).unwrap();
    assert_eq!(data.files().len(), 2, "what comes next is in a file of its own");
    log.append(&[record_at(3, now + TEN_YEARS)]).unwrap();
    log.maintain(now + DAY - 1).unwrap();
    assert_eq!(data.files().len(), 2, "an eighth of the time shares a file");
    log.maintain(now + DAY).unwrap();
    let files = data.files();
    assert_eq!(files.len(), 3);
    set_modified(&files[1], now + DAY); // as if it had been written then
    for (days, first) in [(7, 1), (8, 3), (9, 4)] {
        log.maintain(now + days * DAY + DAY / 2).unwrap();
        assert_eq!(log.first(), first, "after {days} days");
    }
    log.append(&[record_at(4, now + TEN_YEARS)]).unwrap();
    assert_eq!(all(&data.open(EIGHT_DAYS).0), [record_at(4, now + TEN_YEARS)]);
}

#[test]
fn a_file_whose_time_is_in_the_future_too_counts_from_now_on_and_over_a_restart() {
    let (data, now) = (TempDataDir::new(), now());
    let log = empty_log(&data, Arc::new(Disk), EIGHT_DAYS);
    log.append(&[record_at(1, now + TEN_YEARS)]).unwrap();
    set_modified(&data.files()[0], now + TEN_YEARS);
    log.maintain(now).unwrap(); // begins another file
    log.maintain(now).unwrap(); // sees the time of the first
    let (log, _) = data.open(EIGHT_DAYS);
    log.maintain(now + 8 * DAY).unwrap();
    assert_eq!(log.first(), 1);
    log.maintain(now + 8 * DAY + 2_000).unwrap();
    assert_eq!(log.first(), 2);
}
