//! Whose deleted texts are erased next: how long a person waits does not depend on how much another deletes.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::failing_files::FailingFiles;
use super::*;
use crate::chat::protocol::{Record, RecordKind};
use crate::chat::{Operation, OwnerId, Text};
use crate::log::{ErasureBudget, ErasureQueue};

const SMALL: LogConfig = LogConfig { file_bytes: 1_200, ..CONFIG };

fn owner(user: &str) -> OwnerId {
    let digit = user.bytes().next().unwrap() % 16;
    format!("{digit:032x}").parse().unwrap()
}

fn append(log: &dyn Log, user: &str, operation: Operation) -> u64 {
    append_of(log, user, owner(user), operation)
}

fn append_of(log: &dyn Log, user: &str, owner: OwnerId, operation: Operation) -> u64 {
    let (seq, room, cid) = (log.head() + 1, "lobby".parse().unwrap(), "c".parse().unwrap());
    let kind = RecordKind::Operation(operation);
    let json =
        Record { room, seq, at: 5, user: user.parse().unwrap(), cid, kind, new_owner: false }
            .encode();
    log.append(&[LogEntry { seq, owner, json: json.into() }]).unwrap();
    seq
}

fn post(log: &dyn Log, user: &str, text: &str) -> u64 {
    let text = Text::parse(text, 100).unwrap();
    append(log, user, Operation::Post { text, me: false, reply: None })
}

fn delete(log: &dyn Log, user: &str, target: u64) {
    append(log, user, Operation::Delete { target });
}

/// A log whose files have 4 posts of eve each, and several of them.
fn log_of_eve(data: &TempDataDir, files: Arc<dyn Files>, posts: u64) -> Arc<dyn Log> {
    let log = Arc::new(empty_log(data, files, SMALL));
    (0..posts).for_each(|_| _ = post(&*log, "eve", "of eve"));
    log
}

fn is_on_disk(data: &TempDataDir, text: &str) -> bool {
    data.files().iter().any(|path| fs::read_to_string(path).unwrap().contains(text))
}

/// One turn of the eraser.
fn turn(queue: &mut ErasureQueue, logs: &[Arc<dyn Log>]) -> bool {
    queue.update(logs, Instant::now());
    let next = queue.take_next();
    if let Some((log, segment)) = &next
        && log.erase(*segment, &mut |_| ()).is_err()
    {
        queue.set_failed(log, *segment, Instant::now());
    }
    next.is_some()
}

#[test]
fn one_who_deletes_in_an_older_file_for_ever_delays_another_by_one_file() {
    let data = TempDataDir::new();
    let logs = [log_of_eve(&data, Arc::new(Disk), 60)];
    let log = &*logs[0];
    let secret = post(log, "alice", "secret");
    let mut queue = ErasureQueue::default();
    delete(log, "eve", 1);
    queue.update(&logs, Instant::now());
    let (_, segment) = queue.take_next().unwrap();
    // During this turn of eve: eve deletes in all files, and then alice in the newest.
    (2..=60).for_each(|seq| delete(log, "eve", seq));
    delete(log, "alice", secret);
    log.erase(segment, &mut |_| ()).unwrap();
    assert!(is_on_disk(&data, "secret"));
    turn(&mut queue, &logs);
    assert!(!is_on_disk(&data, "secret"), "alice came during eve's turn, and has the next");
    // And so on, for ever.
    for n in 0..3 {
        let secret = post(log, "alice", "secret");
        delete(log, "alice", secret);
        let again = post(log, "eve", "of eve");
        delete(log, "eve", again);
        let turns = (1..).find(|_| {
            turn(&mut queue, &logs);
            !is_on_disk(&data, "secret")
        });
        assert!(turns.unwrap() <= 2, "{n}: one of eve, one of alice");
    }
}

#[test]
fn one_who_deletes_in_many_files_and_rooms_delays_another_by_one_file() {
    let places: Vec<TempDataDir> = (0..25).map(|_| TempDataDir::new()).collect();
    let logs: Vec<Arc<dyn Log>> =
        places.iter().map(|data| log_of_eve(data, Arc::new(Disk), 20)).collect();
    let mut queue = ErasureQueue::default();
    for log in &logs {
        (1..=20).for_each(|seq| delete(&**log, "eve", seq));
    }
    turn(&mut queue, &logs);
    assert!(queue.len() > 50);
    // Two people who come later, the second in two rooms.
    let mut secrets = Vec::new();
    for (room, user) in [(20, "alice"), (3, "bob"), (4, "bob")] {
        secrets.push((room, format!("secret of {user}")));
        let seq = post(&*logs[room], user, &format!("secret of {user}"));
        delete(&*logs[room], user, seq);
    }
    let gone = |count: usize| {
        let (room, text) = &secrets[count - 1];
        !is_on_disk(&places[*room], text)
    };
    (0..3).for_each(|_| _ = turn(&mut queue, &logs)); // one of each, in the order of arrival
    assert!(gone(1) && gone(2) && !gone(3));
    (0..2).for_each(|_| _ = turn(&mut queue, &logs)); // one of eve, one of bob
    assert!(gone(3));
    while turn(&mut queue, &logs) {}
    assert!(places.iter().all(|data| !is_on_disk(data, "of eve")), "nothing is forgotten");
}

#[test]
fn one_with_many_names_delays_another_by_files_and_not_by_names() {
    const NAMES: u64 = 30;
    let data = TempDataDir::new();
    let config = LogConfig { file_bytes: 20_000, ..CONFIG };
    let logs: [Arc<dyn Log>; 1] = [Arc::new(empty_log(&data, Arc::new(Disk), config))];
    let log = &*logs[0];
    let by_name = |n: u64, operation| {
        let owner = format!("{:032x}", 1_000 + n).parse().unwrap();
        append_of(log, "eve", owner, operation)
    };
    let text = Text::parse("of eve", 100).unwrap();
    for n in (0..NAMES).cycle().take(NAMES as usize * 14) {
        by_name(n, Operation::Post { text: text.clone(), me: false, reply: None });
    }
    // Each name always waits for two files, so that it keeps its place in line when one of them is written.
    let delete_round = |round: u64| {
        for (n, half) in (0..NAMES).flat_map(|n| [(n, 0), (n, 7)]) {
            by_name(n, Operation::Delete { target: (half + round) * NAMES + n + 1 });
        }
    };
    let mut queue = ErasureQueue::default();
    delete_round(0);
    queue.update(&logs, Instant::now());
    let secret = post(log, "alice", "secret");
    delete(log, "alice", secret);
    queue.update(&logs, Instant::now());
    let files = queue.len();
    assert!((3..=4).contains(&files), "{files} files of {NAMES} names");
    let turns = (1..=6).find(|round| {
        delete_round(*round);
        turn(&mut queue, &logs);
        !is_on_disk(&data, "secret")
    });
    assert!(turns.is_some_and(|turns| turns <= files as u64), "{turns:?} turns, {files} files");
    while turn(&mut queue, &logs) {}
    assert!(!is_on_disk(&data, "of eve") || log.pending_erasures().is_empty());
}

#[test]
fn a_file_that_cannot_be_erased_holds_up_no_other() {
    let (bad, good) = (TempDataDir::new(), TempDataDir::new());
    let failing_files = FailingFiles::new();
    let logs = [
        log_of_eve(&bad, Arc::new(failing_files.clone()), 30),
        log_of_eve(&good, Arc::new(Disk), 30),
    ];
    for log in &logs {
        (1..=30).for_each(|seq| delete(&**log, "eve", seq));
    }
    failing_files.0.create.store(true, Ordering::Relaxed);
    let mut queue = ErasureQueue::default();
    let turns = (0..100).take_while(|_| turn(&mut queue, &logs)).count();
    assert!(turns < 100, "a file that failed is not tried again at once");
    assert!(is_on_disk(&bad, "of eve") && !is_on_disk(&good, "of eve"));
    failing_files.0.create.store(false, Ordering::Relaxed);
    queue.update(&logs, Instant::now() + limits::ERASE_RETRY + Duration::from_secs(1));
    while let Some((log, segment)) = queue.take_next() {
        log.erase(segment, &mut |_| ()).unwrap();
        queue.update(&logs, Instant::now());
    }
    assert!(!is_on_disk(&bad, "of eve"), "but later");
}

#[test]
fn a_whole_file_takes_as_long_as_the_documents_say() {
    let (mut now, mut budget) = (Instant::now(), ErasureBudget::default());
    let start = now;
    // Two files at once, then one in 8 seconds.
    for _ in 0..5 * limits::LOG_FILE as usize / limits::ERASE_CHUNK {
        now += budget.take(limits::ERASE_CHUNK, now);
    }
    assert_eq!(now - start, Duration::from_secs(24));
}
