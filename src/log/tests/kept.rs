//! What is stored is read again: the same bytes, in order, also after a restart.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;
use crate::log::line::Checksum;
use crate::log::memory::Memory;

#[test]
fn nothing_is_on_disk_before_the_first_record() {
    let place = Place::new();
    let log = nothing(&place, Arc::new(Disk), RULES);
    assert_eq!((log.first(), log.head(), all(&log).len()), (1, 0, 0));
    log.append(&[]).unwrap();
    assert!(!place.dir().exists());
    log.append(&records(1..=1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.dir()), 0o700);
    assert_eq!(place.names(), ["0000000000000001.jsonl"]);
    assert_eq!(mode(&place.files()[0]), 0o600);
}

#[test]
fn every_line_is_json_with_what_travels_and_what_the_log_adds() {
    let place = Place::new();
    let log = nothing(&place, Arc::new(Disk), RULES);
    log.append(&records(1..=2)).unwrap();
    let text = fs::read_to_string(&place.files()[0]).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["type"], "log");
    assert_eq!((&lines[0]["log"], &lines[0]["first"]), (&"fresh".into(), &1.into()));
    assert_eq!((&lines[2]["seq"], &lines[2]["text"]), (&2.into(), &"hello".into()));
    assert_eq!(lines[2]["holder"], format!("{:032x}", 2));
}

#[test]
fn a_log_says_the_same_after_a_restart_and_goes_on() {
    let place = Place::new();
    let log = nothing(&place, Arc::new(Disk), RULES);
    log.append(&records(1..=3)).unwrap();
    log.append(&records(4..=5)).unwrap();
    let (again, torn) = place.open(RULES);
    assert_eq!((again.id(), again.first(), again.head(), torn), ("fresh", 1, 5, None));
    assert_eq!(all(&again), records(1..=5));
    again.append(&records(6..=6)).unwrap();
    assert_eq!(all(&place.open(RULES).0), records(1..=6));
}

#[test]
fn what_it_reads_is_what_the_simplest_log_reads() {
    let place = Place::new();
    let rules = LogConfig { file_bytes: 60_000, ..RULES };
    let log = nothing(&place, Arc::new(Disk), rules);
    let model = Memory::new(String::from("fresh"), usize::MAX);
    let mut seq = 1;
    let mut chance = 7_u64;
    while seq < 3_000 {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let batch: Vec<LogEntry> = (seq..seq + 1 + (chance >> 60))
            .map(|seq| record(seq, &"x".repeat((chance >> 50) as usize % 400)))
            .collect();
        seq += batch.len() as u64;
        log.append(&batch).unwrap();
        model.append(&batch).unwrap();
    }
    assert!(place.files().len() > 5, "several files");
    let (again, _) = place.open(rules);
    for log in [&log, &again] {
        for after in (0..seq + 2).step_by(7) {
            for most in [
                ReadLimit { records: 1, bytes: 1 },
                ReadLimit { records: 200, bytes: usize::MAX },
                ReadLimit { records: usize::MAX, bytes: 5_000 },
            ] {
                assert_eq!(log.read(after, most).unwrap(), model.read(after, most).unwrap());
            }
        }
    }
}

#[test]
fn the_index_has_a_mark_for_every_few_pages_only() {
    let place = Place::new();
    let log = nothing(&place, Arc::new(Disk), RULES);
    let batch: Vec<LogEntry> = (1..=2_000).map(|seq| record(seq, &"x".repeat(500))).collect();
    batch.chunks(10).for_each(|batch| log.append(batch).unwrap());
    let marks = |log: &DiskLog| log.read_state().segments[0].marks.clone();
    let bytes = fs::metadata(&place.files()[0]).unwrap().len();
    assert!(marks(&log).len() as u64 <= bytes / limits::LOG_INDEX_EVERY + 1);
    assert!(marks(&log).len() as u64 >= bytes / limits::LOG_INDEX_EVERY / 2);
    assert_eq!(marks(&log), marks(&place.open(RULES).0), "made on the way or at a start");
}

#[test]
fn old_files_go_as_wholes_and_first_moves() {
    let place = Place::new();
    let rules = LogConfig { file_bytes: 2_000, retain_records: Some(20), ..RULES };
    let log = nothing(&place, Arc::new(Disk), rules);
    for seq in 1..=100 {
        log.append(&records(seq..=seq)).unwrap();
        log.maintain(0).unwrap();
        assert!(log.head() - log.first() + 1 >= seq.min(20), "too few are left at {seq}");
    }
    assert!(log.first() > 60, "{}", log.first());
    assert_eq!(log.read(0, ALL).unwrap()[0].seq, log.first());
    let (again, torn) = place.open(rules);
    assert_eq!((again.first(), again.head(), torn), (log.first(), 100, None));
    assert_eq!(all(&again), records(log.first()..=100));
}

#[test]
fn records_that_are_too_old_go_even_if_they_are_the_newest() {
    let place = Place::new();
    let day = 24 * 60 * 60 * 1_000;
    let rules = LogConfig { retain: Some(Duration::from_millis(day)), ..RULES };
    let log = nothing(&place, Arc::new(Disk), rules);
    log.append(&records(1..=9)).unwrap();
    log.maintain(1_000_009 + day).unwrap();
    assert_eq!((log.first(), log.head()), (1, 9), "just young enough");
    log.maintain(1_000_010 + day).unwrap();
    assert_eq!((log.first(), log.head(), all(&log).len()), (10, 9, 0));
    let (again, _) = place.open(rules);
    assert_eq!((again.id(), again.first(), again.head()), ("fresh", 10, 9));
    again.append(&records(10..=10)).unwrap();
    assert_eq!(all(&again), records(10..=10));
    assert_eq!(all(&place.open(rules).0), records(10..=10));
}

#[test]
fn a_format_of_a_later_version_is_refused_and_an_empty_file_is_nothing() {
    let place = Place::new();
    nothing(&place, Arc::new(Disk), RULES).append(&records(1..=2)).unwrap();
    let path = &place.files()[0];
    let text = fs::read_to_string(path).unwrap();
    let newer = text.lines().next().unwrap().replace("\"version\":1", "\"version\":2");
    let body = newer.split(",\"check\"").next().unwrap().as_bytes();
    let mut line = body.to_vec();
    Checksum::START.of(body).push_end(&mut line);
    fs::write(path, line).unwrap();
    let refused = recover(&Disk, &"lobby".parse().unwrap(), &place.dir(), String::new());
    assert!(refused.unwrap_err().to_string().contains("format 2"));
    fs::write(path, "").unwrap();
    let (log, torn) = place.open(RULES);
    assert_eq!((log.head(), torn.unwrap().bytes, place.files().len()), (0, 0, 0));
    log.append(&records(1..=1)).unwrap();
}
