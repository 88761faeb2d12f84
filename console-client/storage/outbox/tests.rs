//! Which console holds which submissions, and what the next start finds. Dropping a store does what
//! the end of its console does, also by SIGKILL; but that leaves empty files behind.

use std::fs;
use std::path::Path;

use talk::chat::ErrorCode;
use talk::chat::Operation;
use talk::chat::Rejection;
use talk::chat::Text;
use tempfile::TempDir;

use super::*;

/// 2026-11-23 00:00 UTC.
const MIDNIGHT: u64 = 1_795_392_000_000;

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

fn submission(cid: &str) -> Submission {
    let text = Text::parse(&format!("says {cid}"), 100).unwrap();
    Submission {
        room: "lobby".parse().unwrap(),
        cid: cid.parse().unwrap(),
        operation: Operation::Post { text, me: false, reply: None },
    }
}

fn full() -> Rejection {
    Rejection::new(ErrorCode::Storage, "disk full")
}

fn load(home: &TempDir, name: &str) -> Adopted {
    Adopted::load(Some(home.path().join("talk")), user(name), MIDNIGHT)
}

fn outbox(home: &TempDir, cids: &[&str]) -> OutboxStore {
    let mut outbox = load(home, "bob").outbox;
    cids.iter().for_each(|cid| outbox.save(&submission(cid), false).unwrap());
    outbox
}

/// What a start finds: each cid, with `!` if it failed.
fn found(found: &Adopted) -> Vec<String> {
    let mark =
        |kept: &talk::client::SavedSubmission| if kept.rejection.is_some() { "!" } else { "" };
    found.saved.iter().map(|kept| format!("{}{}", kept.submission.cid, mark(kept))).collect()
}

fn files(home: &TempDir) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
    let directory = fs::read_dir(home.path().join("talk"));
    let mut names: Vec<String> =
        directory.map_or(Vec::new(), |d| d.map(|entry| name(entry).unwrap()).collect());
    names.sort();
    names
}

fn path(home: &TempDir, name: &str) -> PathBuf {
    home.path().join("talk").join(name)
}

#[test]
fn what_is_saved_is_found_by_the_next_start_and_what_is_removed_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut first = outbox(&home, &["a", "b", "c"]);
    first.save(&submission("b"), true).unwrap(); // the client's own event
    first.remove(&submission("a").cid).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = path(&home, &files(&home)[0]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    drop(first);

    let second = load(&home, "BOB");
    assert_eq!(found(&second), ["b", "c"]);
    assert_eq!(second.saved[0].submission, submission("b"));
    let mut second = second.outbox;
    second.save(&submission("d"), false).unwrap();
    drop(second);

    let mut third = load(&home, "bob");
    assert_eq!(found(&third), ["b", "c", "d"]);
    for cid in ["b", "c", "d", "never-held"] {
        third.outbox.remove(&cid.parse().unwrap()).unwrap();
    }
    drop(third);
    assert!(files(&home).is_empty(), "{:?}", files(&home));
}

#[test]
fn a_submission_belongs_to_the_console_that_wrote_it_while_that_one_lives() {
    let home = tempfile::tempdir().unwrap();
    let one = outbox(&home, &["a"]);
    let two = load(&home, "bob");
    assert!(found(&two).is_empty());
    let mut two = two.outbox;
    two.save(&submission("b"), false).unwrap();
    drop(one);
    let three = load(&home, "bob");
    assert_eq!(found(&three), ["a"]);
    drop((two, three));
    assert_eq!(found(&load(&home, "bob")), ["a", "b"]);
}

#[test]
fn other_names_find_nothing() {
    let home = tempfile::tempdir().unwrap();
    drop(outbox(&home, &["a"]));
    for name in ["bo", "bob.", "bobby", "alice"] {
        assert!(found(&load(&home, name)).is_empty(), "{name}");
    }
    let nowhere = Adopted::load(None, user("bob"), MIDNIGHT);
    assert!(found(&nowhere).is_empty());
    let mut nowhere = nowhere.outbox;
    nowhere.save(&submission("b"), false).unwrap();
    assert!(!nowhere.contains(&submission("b").cid));
}

#[test]
fn a_failed_submission_is_found_with_its_reason_and_as_the_newest_once_sent_again() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a", "b"]);
    one.set_failed(&submission("a").cid, full()).unwrap();
    drop(one);
    let mut two = load(&home, "bob");
    assert_eq!(found(&two), ["a!", "b"]);
    assert_eq!(two.saved[0].rejection, Some(full()));
    two.outbox.save(&submission("a"), false).unwrap();
    drop(two);
    let mut three = load(&home, "bob");
    assert_eq!(found(&three), ["b", "a"]);
    three.outbox.set_failed(&submission("a").cid, full()).unwrap();
    three.outbox.remove(&submission("a").cid).unwrap(); // dropped
    drop(three);
    assert_eq!(found(&load(&home, "bob")), ["b"]);
}

#[test]
fn one_submission_that_stays_does_not_keep_all_that_were_saved_after_it() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["stuck"]);
    one.set_failed(&submission("stuck").cid, full()).unwrap();
    for count in 0..2_000 {
        let submission = submission(&format!("c{count}"));
        one.save(&submission, false).unwrap();
        one.remove(&submission.cid).unwrap();
    }
    one.save(&submission("a"), false).unwrap();
    one.save(&submission("stuck"), false).unwrap(); // sent again: from file to file
    let size: u64 =
        files(&home).iter().map(|name| fs::metadata(path(&home, name)).unwrap().len()).sum();
    assert!(files(&home).len() <= 2 && size < 70_000, "{:?}, {size} bytes", files(&home));
    drop(one);
    assert_eq!(found(&load(&home, "bob")), ["a", "stuck"]);
}

#[test]
fn a_submission_that_was_being_moved_from_file_to_file_is_found_once() {
    let home = tempfile::tempdir().unwrap();
    drop(outbox(&home, &["a", "b"]));
    let name = files(&home)[0].clone();
    fs::write(
        path(&home, "bob+9999999999999-1.lines"),
        OutboxEntry::Pending(submission("a")).write(),
    )
    .unwrap();
    let mut both = load(&home, "bob");
    assert_eq!(found(&both), ["b", "a"]);
    both.outbox.remove(&submission("a").cid).unwrap();
    drop(both);
    assert_eq!((found(&load(&home, "bob")), files(&home)), (vec!["b".to_owned()], vec![name]));
}

#[test]
fn a_submission_that_may_be_stored_under_another_name_waits_for_the_person() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a"]);
    one.request_name(&user("rob")).unwrap();
    one.save(&submission("b"), false).unwrap();
    drop(one); // killed before it learned whether it is rob
    let mut two = load(&home, "bob");
    assert_eq!(found(&two), ["a!", "b!"]);
    let why = &two.saved[0].rejection.as_ref().unwrap().message;
    assert_eq!(why, "it may have been stored already, under the name rob");
    two.outbox.save(&submission("c"), false).unwrap(); // sent as bob beyond doubt
    two.outbox.save(&submission("a"), false).unwrap(); // sent again by the person
    drop(two);
    assert_eq!(found(&load(&home, "bob")), ["b!", "c", "a"]);
}

#[test]
fn submissions_follow_a_rename_and_stay_when_it_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a"]);
    one.request_name(&user("eve")).unwrap();
    one.cancel_name().unwrap();
    one.request_name(&user("rob")).unwrap();
    one.set_name(&user("bob")).unwrap(); // connected again, and not renamed yet
    one.set_name(&user("rob")).unwrap();
    one.save(&submission("b"), false).unwrap();
    drop(one);
    assert!(found(&load(&home, "bob")).is_empty());
    let mut two = load(&home, "rob");
    assert_eq!(found(&two), ["a", "b"]);
    two.outbox.request_name(&user("eve")).unwrap();
    two.outbox.cancel_name().unwrap();
    drop(two);
    assert_eq!(found(&load(&home, "rob")), ["a", "b"]);
}

#[test]
fn a_name_requested_before_a_submission_puts_it_in_doubt_too() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &[]);
    one.request_name(&user("rob")).unwrap();
    one.save(&submission("a"), false).unwrap();
    one.remove(&submission("a").cid).unwrap();
    one.save(&submission("b"), false).unwrap();
    drop(one);
    assert_eq!(found(&load(&home, "bob")), ["b!"]);
}

#[test]
fn an_entry_that_was_being_written_is_cut_off_and_the_file_goes_on() {
    let home = tempfile::tempdir().unwrap();
    drop(outbox(&home, &["a"]));
    let file = path(&home, &files(&home)[0]);
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend(b"{\"line\":\"b\",\"ro");
    fs::write(&file, bytes).unwrap();
    let mut two = load(&home, "bob");
    assert_eq!((found(&two), two.problems.len()), (vec!["a".to_owned()], 0));
    two.outbox.save(&submission("c"), false).unwrap();
    drop(two);
    assert_eq!(found(&load(&home, "bob")), ["a", "c"]);
}

#[test]
fn a_damaged_file_is_reported_once_and_set_aside_and_its_readable_entries_are_found() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a", "b"]);
    one.set_failed(&submission("a").cid, full()).unwrap();
    drop(one);
    let name = files(&home)[0].clone();
    let mut bytes = fs::read(path(&home, &name)).unwrap();
    bytes.extend(b"\xff\x00 no entry\n");
    bytes.extend(OutboxEntry::Pending(submission("c")).write().into_bytes());
    fs::write(path(&home, &name), &bytes).unwrap();
    let two = load(&home, "bob");
    assert_eq!(found(&two), ["a!", "b", "c"]);
    assert_eq!(two.problems.len(), 1);
    assert!(
        two.problems[0].ends_with("3 unsent messages were read from it"),
        "{}",
        two.problems[0]
    );
    assert_eq!(fs::read(path(&home, &format!("{name}.damaged"))).unwrap(), bytes);
    drop(two);
    let three = load(&home, "bob");
    assert_eq!((found(&three).len(), three.problems.len()), (3, 0));
}

#[test]
fn files_that_are_not_ours_are_set_aside_and_nothing_else_is_touched() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("talk")).unwrap();
    fs::write(path(&home, "bob+x.lines"), "dear diary\n").unwrap();
    fs::write(path(&home, "bob+1-2.lines"), vec![b'x'; 2 * 1024 * 1024]).unwrap();
    fs::create_dir(path(&home, "bob+3-4.lines")).unwrap();
    for name in ["bob", "bob+note", "bob+1.lines.bak", "alice+1-2.lines"] {
        fs::write(path(&home, name), "dear diary\n").unwrap();
    }
    let found = load(&home, "bob");
    assert_eq!((found.saved.len(), found.problems.len()), (0, 3), "{:?}", found.problems);
    let expected = [
        "alice+1-2.lines",
        "bob",
        "bob+1-2.lines.damaged",
        "bob+1.lines.bak",
        "bob+3-4.lines",
        "bob+note",
        "bob+x.lines.damaged",
    ];
    assert_eq!(files(&home), expected);
}

#[test]
fn where_nothing_can_be_written_it_says_so_and_saves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut one = load(&home, "bob").outbox;
    fs::write(home.path().join("talk"), "a file where the directory should be").unwrap();
    let problem = one.save(&submission("a"), true).unwrap_err();
    assert!(problem.starts_with("cannot save unsent messages in "), "{problem}");
    assert!(!one.contains(&submission("a").cid));
    drop(one);
    assert_eq!(load(&home, "bob").problems.len(), 1);
}
