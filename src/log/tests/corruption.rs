//! A log cut or altered at any byte: it never serves a wrong record, and never loses a good one
//! before it.

use std::hash::{BuildHasher, RandomState};

use super::failing_files::FailingFiles;
use super::*;
use crate::log::line::{Checksum, push_record, verify_line};

/// The one segment of a good log, the offset where each record's line begins, and the end.
fn good(count: u64) -> (Vec<u8>, Vec<usize>) {
    let data = TempDataDir::new();
    empty_log(&data, Arc::new(Disk), CONFIG).append(&records(1..=count)).unwrap();
    let bytes = fs::read(&data.files()[0]).unwrap();
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let starts = ends.map(|(at, _)| at + 1).collect();
    (bytes, starts)
}

/// What a start makes of these bytes.
fn started(bytes: &[u8]) -> (TempDataDir, DiskLog, Option<Torn>) {
    let data = TempDataDir::new();
    fs::create_dir(data.dir()).unwrap();
    fs::write(data.dir().join("0000000000000001.jsonl"), bytes).unwrap();
    let (log, torn) = data.open_on(Arc::new(FailingFiles::lazy()), CONFIG);
    (data, log, torn)
}

/// Two thousand random places below `end`.
fn places(end: usize) -> impl Iterator<Item = usize> {
    let random = RandomState::new();
    (0..2_000_u32).map(move |n| (random.hash_one(n) % end as u64) as usize)
}

#[test]
fn cut_at_any_byte_of_its_last_records_it_keeps_all_whole_ones() {
    let (bytes, starts) = good(6);
    for cut in starts[3]..bytes.len() {
        let whole = starts.iter().filter(|start| **start <= cut).count() as u64 - 1;
        let (data, log, torn) = started(&bytes[..cut]);
        assert_eq!(all(&log), records(1..=whole), "cut at byte {cut}");
        let at_end = starts.contains(&cut);
        assert_eq!(torn.is_none(), at_end, "cut at byte {cut}");
        if let Some(torn) = torn {
            let name = format!("0000000000000001.jsonl.torn-{}", torn.offset);
            assert_eq!(data.names()[1], name);
            let backup = fs::read(torn.backup.unwrap()).unwrap();
            assert_eq!(backup, &bytes[starts[whole as usize]..cut], "the backup");
        }
        log.append(&records(whole + 1..=whole + 1)).unwrap();
        assert_eq!(all(&data.open(CONFIG).0), records(1..=whole + 1));
    }
}

#[test]
fn a_tail_of_zeros_chance_or_old_bytes_is_cut_as_well() {
    let (bytes, starts) = good(6);
    let zeros = [1, 100, 4096].map(|count| vec![0; count]);
    let random: Vec<u8> =
        (0..5_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let old = bytes[starts[2]..starts[4]].to_vec();
    for tail in zeros.into_iter().chain([random, old]) {
        let (_place, log, torn) = started(&[&bytes[..], &tail].concat());
        assert_eq!(all(&log), records(1..=6));
        assert_eq!(torn.unwrap().bytes, tail.len() as u64);
        assert_eq!(log.write_error(), None);
    }
    // Half of the pages of the last record, which has more than one.
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG);
    log.append(&records(1..=2)).unwrap();
    log.append(&[record(3, &"x".repeat(9_000))]).unwrap();
    let mut bytes = fs::read(&data.files()[0]).unwrap();
    bytes[4096..8192].fill(0);
    let (_place, log, torn) = started(&bytes);
    assert_eq!((all(&log), torn.is_some(), log.write_error()), (records(1..=2), true, None));
}

/// Alters the middle: the room is readable up to there, and nothing is written or cut.
fn assert_corrupt(bytes: &[u8], about: &str) {
    let (data, log, torn) = started(bytes);
    let served = all(&log);
    assert!(records(1..=12).starts_with(&served), "{about}: a wrong record is served");
    assert_eq!(torn, None, "{about}");
    assert!(log.write_error().is_some(), "{about}");
    log.append(&records(log.head() + 1..=log.head() + 1)).unwrap_err();
    assert_eq!(fs::read(&data.files()[0]).unwrap(), bytes, "{about}: left as it is");
}

#[test]
fn corruption_in_the_middle_makes_a_room_read_only_up_to_it() {
    let (bytes, starts) = good(12);
    for bit in starts[5] * 8..starts[6] * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_corrupt(&altered, &format!("bit {bit}"));
        let (_place, log, _) = started(&altered);
        assert_eq!(log.head(), 5, "bit {bit}");
    }
    let line = |n: usize| &bytes[starts[n]..starts[n + 1]];
    let around =
        |middle: &[&[u8]]| [&bytes[..starts[5]], &middle.concat(), &bytes[starts[7]..]].concat();
    assert_corrupt(&around(&[line(5)]), "one line is gone");
    assert_corrupt(&around(&[line(6), line(5)]), "two lines are swapped");
    assert_corrupt(&around(&[line(5), line(5), line(6)]), "one line is there twice");
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_corrupt(text.replace('\n', "\r\n").as_bytes(), "an editor changed it");
    let huge = text.replace("\"seq\":6,", "\"seq\":99999999999999999999999,");
    assert_corrupt(huge.as_bytes(), "a seq that is too large");
}

#[test]
fn two_thousand_bits_flipped_anywhere_never_serve_a_wrong_record() {
    let (bytes, starts) = good(40);
    for bit in places(bytes.len() * 8) {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let (data, log, torn) = started(&altered);
        let before = starts.iter().filter(|start| **start <= bit / 8).count() as u64;
        let served = all(&log);
        let about = format!("bit {bit}");
        assert_eq!(served, records(1..=before.saturating_sub(1)), "{about}");
        assert!(torn.is_some() || log.write_error().is_some(), "{about}: nothing was reported");
        let kept: u64 = fs::read_dir(data.dir())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert_eq!(kept, bytes.len() as u64, "{about}: bytes are gone");
    }
}

#[test]
fn two_thousand_cuts_anywhere_lose_no_good_record() {
    let (bytes, starts) = good(40);
    for cut in places(bytes.len()) {
        let whole = starts.iter().filter(|start| **start <= cut).count() as u64;
        let (_place, log, _) = started(&bytes[..cut]);
        assert_eq!(all(&log), records(1..=whole.saturating_sub(1)), "cut at byte {cut}");
        assert_eq!(log.write_error(), None, "cut at byte {cut}");
    }
}

#[test]
fn the_last_of_several_files_is_cut_anywhere_and_the_others_stay_whole() {
    let config = LogConfig { file_bytes: 1_000, ..CONFIG };
    let whole = TempDataDir::new();
    let log = empty_log(&whole, Arc::new(Disk), config);
    (1..=12).for_each(|seq| log.append(&records(seq..=seq)).unwrap());
    let last = whole.files().pop().unwrap();
    let before = log.read_state().segments.last().unwrap().first - 1;
    let bytes = fs::read(&last).unwrap();
    assert!(before > 3 && before < 12, "several files, and records in the last");
    for cut in 0..bytes.len() {
        let data = TempDataDir::new();
        fs::create_dir(data.dir()).unwrap();
        for path in whole.files() {
            fs::copy(&path, data.dir().join(path.file_name().unwrap())).unwrap();
        }
        fs::write(data.dir().join(last.file_name().unwrap()), &bytes[..cut]).unwrap();
        let (log, _) = data.open_on(Arc::new(FailingFiles::lazy()), config);
        let lines = bytes[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        let kept = before + lines.saturating_sub(1); // the first line is the header
        assert_eq!((all(&log), log.write_error()), (records(1..=kept), None), "cut at byte {cut}");
        assert_eq!(&*log.id(), "fresh", "cut at byte {cut}");
        log.append(&records(kept + 1..=kept + 1)).unwrap();
        assert_eq!(all(&data.open(config).0), records(1..=kept + 1), "cut at byte {cut}");
    }
}

#[test]
fn a_valid_line_with_the_seq_of_another_is_corruption() {
    let (bytes, _) = good(3);
    let mut last = Checksum::START;
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        last = verify_line(line, last).unwrap().checksum;
    }
    for seq in ["5", "9007199254740993", "18446744073709551615", "18446744073709551616", "-4"] {
        let entry = record(4, "hello");
        let json = entry.json.replace("\"seq\":4,", &format!("\"seq\":{seq},"));
        let mut altered = bytes.clone();
        let next = push_record(&mut altered, &LogEntry { json: json.into(), ..entry }, last);
        push_record(&mut altered, &record(5, "hello"), next);
        assert_corrupt(&altered, &format!("seq {seq}"));
    }
}

#[test]
fn a_missing_segment_in_the_middle_is_corruption() {
    let data = TempDataDir::new();
    let config = LogConfig { file_bytes: 1_000, ..CONFIG };
    let log = empty_log(&data, Arc::new(Disk), config);
    (1..=20).for_each(|seq| log.append(&records(seq..=seq)).unwrap());
    let second = data.files()[1].clone();
    fs::remove_file(&second).unwrap();
    let (log, torn) = data.open(config);
    assert!(torn.is_none() && log.write_error().is_some());
    let served = all(&log);
    assert!(!served.is_empty() && records(1..=20).starts_with(&served));
}

#[test]
fn a_line_without_end_is_neither_held_in_memory_nor_cut() {
    let (bytes, _) = good(3);
    let data = TempDataDir::new();
    fs::create_dir(data.dir()).unwrap();
    let path = data.dir().join("0000000000000001.jsonl");
    fs::write(&path, bytes).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1 << 30).unwrap(); // sparse: a GiB of zeros without a newline
    let (log, torn) = data.open(CONFIG);
    assert!(torn.is_none() && log.write_error().is_some());
    assert_eq!(all(&log), records(1..=3));
}

#[test]
fn a_recovery_that_was_killed_is_repeated_with_the_same_result() {
    let (bytes, starts) = good(5);
    let (data, _, torn) = started(&bytes[..starts[4] + 9]);
    let torn = torn.unwrap();
    // Killed between the backup and the cut, and also half-way through the backup.
    for backup in [&bytes[starts[4]..starts[4] + 9], &bytes[starts[4]..starts[4] + 4]] {
        fs::write(&torn.file, &bytes[..starts[4] + 9]).unwrap();
        fs::write(torn.backup.as_ref().unwrap(), backup).unwrap();
        let (log, again) = data.open(CONFIG);
        assert_eq!((all(&log), again.as_ref()), (records(1..=4), Some(&torn)));
        assert_eq!(data.names().len(), 2, "one segment and one backup");
    }
}
