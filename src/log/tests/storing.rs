//! What is stored is read back: the same bytes, in order, also after a restart.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;
use crate::log::line::Checksum;
use crate::log::memory::MemoryLog;

#[test]
fn nothing_is_on_disk_before_the_first_record() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG);
    assert_eq!((log.first(), log.head(), all(&log).len()), (1, 0, 0));
    log.append(&[]).unwrap();
    assert!(!data.dir().exists());
    log.append(&records(1..=1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.dir()), 0o700);
    assert_eq!(data.names(), ["0000000000000001.jsonl"]);
    assert_eq!(mode(&data.files()[0]), 0o600);
}

#[test]
fn every_line_is_json_with_the_sent_fields_and_those_of_the_log() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG);
    log.append(&records(1..=2)).unwrap();
    let text = fs::read_to_string(&data.files()[0]).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["type"], "log");
    assert_eq!((&lines[0]["log"], &lines[0]["first"]), (&"fresh".into(), &1.into()));
    assert_eq!((&lines[2]["seq"], &lines[2]["text"]), (&2.into(), &"hello".into()));
    assert_eq!(lines[2]["holder"], format!("{:032x}", 2));
}

#[test]
fn a_log_reads_the_same_after_a_restart_and_continues() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG);
    log.append(&records(1..=3)).unwrap();
    log.append(&records(4..=5)).unwrap();
    let (again, torn) = data.open(CONFIG);
    assert_eq!((&*again.id(), again.first(), again.head(), torn), ("fresh", 1, 5, None));
    assert_eq!(all(&again), records(1..=5));
    again.append(&records(6..=6)).unwrap();
    assert_eq!(all(&data.open(CONFIG).0), records(1..=6));
}

#[test]
fn it_reads_what_the_log_in_memory_reads() {
    let data = TempDataDir::new();
    let config = LogConfig { file_bytes: 60_000, ..CONFIG };
    let log = empty_log(&data, Arc::new(Disk), config);
    let model = MemoryLog::new(String::from("fresh"), usize::MAX);
    let mut seq = 1;
    let mut random = 7_u64;
    while seq < 3_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let batch: Vec<LogEntry> = (seq..seq + 1 + (random >> 60))
            .map(|seq| record(seq, &"x".repeat((random >> 50) as usize % 400)))
            .collect();
        seq += batch.len() as u64;
        log.append(&batch).unwrap();
        model.append(&batch).unwrap();
    }
    assert!(data.files().len() > 5, "several files");
    let (again, _) = data.open(config);
    for log in [&log, &again] {
        for after in (0..seq + 2).step_by(7) {
            for limit in [
                ReadLimit { records: 1, bytes: 1 },
                ReadLimit { records: 200, bytes: usize::MAX },
                ReadLimit { records: usize::MAX, bytes: 5_000 },
            ] {
                assert_eq!(log.read(after, limit).unwrap(), model.read(after, limit).unwrap());
            }
        }
    }
}

#[test]
fn the_index_has_an_entry_for_every_few_pages_only() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG);
    let batch: Vec<LogEntry> = (1..=2_000).map(|seq| record(seq, &"x".repeat(500))).collect();
    batch.chunks(10).for_each(|batch| log.append(batch).unwrap());
    let index = |log: &DiskLog| log.read_state().segments[0].index.clone();
    let bytes = fs::metadata(&data.files()[0]).unwrap().len();
    assert!(index(&log).len() as u64 <= bytes / limits::LOG_INDEX_EVERY + 1);
    assert!(index(&log).len() as u64 >= bytes / limits::LOG_INDEX_EVERY / 2);
    assert_eq!(index(&log), index(&data.open(CONFIG).0), "made on the way or at a start");
}

#[test]
fn retention_drops_whole_files_and_first_advances() {
    let data = TempDataDir::new();
    let config = LogConfig { file_bytes: 2_000, retain_records: Some(20), ..CONFIG };
    let log = empty_log(&data, Arc::new(Disk), config);
    for seq in 1..=100 {
        log.append(&records(seq..=seq)).unwrap();
        log.maintain(0).unwrap();
        assert!(log.head() - log.first() + 1 >= seq.min(20), "too few are left at {seq}");
    }
    assert!(log.first() > 60, "{}", log.first());
    assert_eq!(log.read(0, ALL).unwrap()[0].seq, log.first());
    let (again, torn) = data.open(config);
    assert_eq!((again.first(), again.head(), torn), (log.first(), 100, None));
    assert_eq!(all(&again), records(log.first()..=100));
}

#[test]
fn records_that_are_too_old_are_dropped_even_if_they_are_the_newest() {
    let data = TempDataDir::new();
    let day = 24 * 60 * 60 * 1_000;
    let config = LogConfig { retain: Some(Duration::from_millis(day)), ..CONFIG };
    let log = empty_log(&data, Arc::new(Disk), config);
    log.append(&records(1..=9)).unwrap();
    log.maintain(1_000_009 + day).unwrap();
    assert_eq!((log.first(), log.head()), (1, 9), "just young enough");
    log.maintain(1_000_010 + day).unwrap();
    assert_eq!((log.first(), log.head(), all(&log).len()), (10, 9, 0));
    let (again, _) = data.open(config);
    assert_eq!((&*again.id(), again.first(), again.head()), ("fresh", 10, 9));
    again.append(&records(10..=10)).unwrap();
    assert_eq!(all(&again), records(10..=10));
    assert_eq!(all(&data.open(config).0), records(10..=10));
}

#[test]
fn a_format_of_a_later_version_is_refused_and_an_empty_file_ignored() {
    let data = TempDataDir::new();
    empty_log(&data, Arc::new(Disk), CONFIG).append(&records(1..=2)).unwrap();
    let path = &data.files()[0];
    let text = fs::read_to_string(path).unwrap();
    let newer = text.lines().next().unwrap().replace("\"version\":2", "\"version\":3");
    let body = newer.split(",\"check\"").next().unwrap().as_bytes();
    let mut line = body.to_vec();
    Checksum::START.chain(body).push_closing(&mut line);
    fs::write(path, line).unwrap();
    let refused = recover(&Disk, &"lobby".parse().unwrap(), &data.dir(), String::new());
    assert!(refused.unwrap_err().to_string().contains("format 3"));
    fs::write(path, "").unwrap();
    let (log, torn) = data.open(CONFIG);
    assert_eq!((log.head(), torn.unwrap().bytes, data.files().len()), (0, 0, 0));
    log.append(&records(1..=1)).unwrap();
}
