//! A log cut or altered at any byte: it never serves a wrong record, and never loses a good one
//! before it.

use std::hash::{BuildHasher, RandomState};

use super::failing_files::FailingFiles;
use super::*;
use crate::log::line::{push_record, verify_line};

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
        let next = push_record(&mut altered, &LogEntry { json: json.into(), ..entry }, "", last);
        push_record(&mut altered, &record(5, "hello"), "", next);
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

/// Sizes of records such that their lines begin and end anywhere in pages; each batch has several
/// pages. The bytes of the file, and where each batch begins.
fn batches(data: &TempDataDir, config: LogConfig, sync_after: &[usize]) -> (Vec<u8>, Vec<usize>) {
    let log = empty_log(data, Arc::new(Disk), config);
    let text = |seq: u64| "x".repeat(1 + seq as usize * 1_237 % 5_000);
    let mut starts = Vec::new();
    for batch in 0..4_u64 {
        starts.push(data.files().first().map_or(0, |path| fs::metadata(path).unwrap().len()) as usize);
        let seqs = batch * 9 + 1..=batch * 9 + 9;
        log.append(&seqs.map(|seq| record(seq, &text(seq))).collect::<Vec<_>>()).unwrap();
        if sync_after.contains(&(batch as usize)) {
            log.maintain(0).unwrap();
        }
    }
    (fs::read(&data.files()[0]).unwrap(), starts)
}

/// What a start makes of a file with zeros in it: how many records it serves, and whether the room
/// can be written.
fn with_hole(bytes: &[u8], hole: std::ops::Range<usize>, end: usize) -> (u64, bool) {
    let mut bytes = bytes[..end].to_vec();
    bytes[hole.start..hole.end.min(end)].fill(0);
    let (data, log, torn) = started(&bytes);
    let head = log.head();
    if let Some(torn) = torn {
        let kept: usize = fs::read(torn.backup.unwrap()).unwrap().len();
        assert_eq!(kept as u64 + torn.offset, bytes.len() as u64, "what is cut is kept");
        assert_eq!(log.write_error(), None);
        log.append(&[record(head + 1, "goes on")]).unwrap();
        assert_eq!(data.open(CONFIG).0.head(), head + 1);
        return (head, true);
    }
    (head, log.write_error().is_none())
}

const PAGE: usize = 4_096;

/// Holes of one page, of two, and of a sector, that begin in the bytes.
fn holes(bytes: std::ops::Range<usize>) -> impl Iterator<Item = std::ops::Range<usize>> {
    let at = move |size: usize, step: usize| {
        let first = bytes.start.next_multiple_of(512.max(size.min(PAGE)));
        (first..bytes.end).step_by(step).map(move |at| at..at + size)
    };
    at(PAGE, PAGE).chain(at(2 * PAGE, PAGE)).chain(at(512, 5 * 512))
}

#[test]
fn a_hole_anywhere_in_the_last_batch_is_a_torn_tail() {
    let data = TempDataDir::new();
    let (bytes, starts) = batches(&data, CONFIG, &[]);
    let mut count = 0;
    // The page in which the last batch begins was on the disk before: what a hole takes of it is the batch's.
    let last = starts[3]..bytes.len();
    let rest_of_page = last.start..last.start.next_multiple_of(PAGE);
    for hole in holes(last).chain(std::iter::once(rest_of_page)) {
        for end in [bytes.len(), bytes.len() - 700, bytes.len() / PAGE * PAGE] {
            if hole.start < end {
                let (head, writable) = with_hole(&bytes, hole.clone(), end);
                assert!(writable, "{hole:?} of {end} bytes, {head} records");
                assert!((27..36).contains(&head), "{hole:?}: {head}");
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
    // The very first batch, with the header of its file.
    let first = &bytes[..starts[1]];
    for hole in holes(0..first.len()) {
        let (head, writable) = with_hole(first, hole.clone(), first.len());
        assert!(writable && head < 9, "{hole:?}: {head}");
    }
}

#[test]
fn a_hole_in_a_batch_that_others_came_after_is_corruption() {
    let data = TempDataDir::new();
    let (bytes, starts) = batches(&data, CONFIG, &[]);
    for hole in holes(starts[1]..starts[3] - 2 * PAGE) {
        for end in [bytes.len(), bytes.len() - 700, starts[3] + 3_000] {
            let (head, writable) = with_hole(&bytes, hole.clone(), end);
            assert!(!writable, "{hole:?} of {end} bytes: {head} records are left");
        }
    }
    // Bits flip in the last batch, which was shown.
    let last_line = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    for at in (starts[3]..last_line).step_by(411) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let (_place, log, torn) = started(&flipped);
        assert!(torn.is_none() && log.write_error().is_some(), "byte {at}");
    }
}

#[test]
fn with_interval_a_hole_in_what_was_never_synced_is_torn_and_an_older_one_is_corruption() {
    let config = LogConfig { sync: SyncPolicy::Interval, ..CONFIG };
    let data = TempDataDir::new();
    // The first batch begins the file, which is fsynced; so is the second; the others are not.
    let (bytes, starts) = batches(&data, config, &[1]);
    for hole in holes(starts[2]..bytes.len()) {
        let (head, writable) = with_hole(&bytes, hole.clone(), bytes.len());
        assert!(writable && (18..36).contains(&head), "{hole:?}: {head}");
    }
    for hole in holes(starts[0]..starts[2] - 2 * PAGE) {
        let (head, writable) = with_hole(&bytes, hole.clone(), bytes.len());
        assert!(!writable, "{hole:?}: {head}");
    }
}

#[test]
fn a_file_of_the_first_version_goes_on_without_marks() {
    let data = TempDataDir::new();
    fs::create_dir(data.dir()).unwrap();
    let mut bytes = Vec::new();
    let head = push_old_header(&mut bytes);
    push_record(&mut bytes, &record(1, "hello"), "", head);
    fs::write(data.dir().join("0000000000000001.jsonl"), &bytes).unwrap();
    let config = LogConfig { file_bytes: 4_000, ..CONFIG };
    let log = data.open(config).0;
    log.append(&records(2..=5)).unwrap();
    let text = fs::read_to_string(&data.files()[0]).unwrap();
    assert!(!text.contains("\"batch\""), "an older program reads it: {text}");
    log.append(&records(6..=30)).unwrap();
    let second = fs::read_to_string(&data.files()[1]).unwrap();
    assert!(second.contains("\"version\":2") && second.contains("\"batch\":[5,30]"), "{second}");
    assert_eq!(all(&data.open(config).0), records(1..=30), "a record comes out without its mark");
    assert_eq!(all(&log), records(1..=30));
}

#[test]
fn a_batch_of_one_has_no_mark() {
    let data = TempDataDir::new();
    let log = empty_log(&data, Arc::new(Disk), CONFIG);
    (1..=9).for_each(|seq| log.append(&records(seq..=seq)).unwrap());
    assert!(!fs::read_to_string(&data.files()[0]).unwrap().contains("\"batch\""));
    log.append(&records(10..=11)).unwrap();
    let text = fs::read_to_string(&data.files()[0]).unwrap();
    assert_eq!(text.matches("\"batch\":[9,11]").count(), 2, "{text}");
}
