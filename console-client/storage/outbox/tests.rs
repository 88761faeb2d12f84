//! What is kept, by whom, and what the next start makes of it. To drop an outbox is what the end of
//! its console does, a SIGKILL included; but that one leaves empty files behind.

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

fn line(cid: &str) -> Submission {
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

fn look(home: &TempDir, name: &str) -> Found {
    Found::look(Some(home.path().join("talk")), user(name), MIDNIGHT)
}

fn outbox(home: &TempDir, cids: &[&str]) -> Outbox {
    let mut outbox = look(home, "bob").outbox;
    cids.iter().for_each(|cid| outbox.hold(&line(cid), false).unwrap());
    outbox
}

/// What a start finds: each cid, with an exclamation mark where it failed.
fn found(found: &Found) -> Vec<String> {
    let mark =
        |kept: &talk::client::SavedSubmission| if kept.rejection.is_some() { "!" } else { "" };
    found.kept.iter().map(|kept| format!("{}{}", kept.submission.cid, mark(kept))).collect()
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
fn what_is_held_is_found_by_the_next_start_and_what_is_settled_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut first = outbox(&home, &["a", "b", "c"]);
    first.hold(&line("b"), true).unwrap(); // the client's own notice of it
    first.settle(&line("a").cid).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = path(&home, &files(&home)[0]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    drop(first);

    let second = look(&home, "BOB");
    assert_eq!(found(&second), ["b", "c"]);
    assert_eq!(second.kept[0].submission, line("b"));
    let mut second = second.outbox;
    second.hold(&line("d"), false).unwrap();
    drop(second);

    let mut third = look(&home, "bob");
    assert_eq!(found(&third), ["b", "c", "d"]);
    for cid in ["b", "c", "d", "never-held"] {
        third.outbox.settle(&cid.parse().unwrap()).unwrap();
    }
    drop(third);
    assert!(files(&home).is_empty(), "{:?}", files(&home));
}

#[test]
fn a_line_belongs_to_the_console_that_wrote_it_while_that_one_lives() {
    let home = tempfile::tempdir().unwrap();
    let one = outbox(&home, &["a"]);
    let two = look(&home, "bob");
    assert!(found(&two).is_empty());
    let mut two = two.outbox;
    two.hold(&line("b"), false).unwrap();
    drop(one);
    let three = look(&home, "bob");
    assert_eq!(found(&three), ["a"]);
    drop((two, three));
    assert_eq!(found(&look(&home, "bob")), ["a", "b"]);
}

#[test]
fn other_names_find_nothing() {
    let home = tempfile::tempdir().unwrap();
    drop(outbox(&home, &["a"]));
    for name in ["bo", "bob.", "bobby", "alice"] {
        assert!(found(&look(&home, name)).is_empty(), "{name}");
    }
    let nowhere = Found::look(None, user("bob"), MIDNIGHT);
    assert!(found(&nowhere).is_empty());
    let mut nowhere = nowhere.outbox;
    nowhere.hold(&line("b"), false).unwrap();
    assert!(!nowhere.holds(&line("b").cid));
}

#[test]
fn a_failed_line_is_found_with_its_reason_and_as_the_newest_once_sent_again() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a", "b"]);
    one.fail(&line("a").cid, full()).unwrap();
    drop(one);
    let mut two = look(&home, "bob");
    assert_eq!(found(&two), ["a!", "b"]);
    assert_eq!(two.kept[0].rejection, Some(full()));
    two.outbox.hold(&line("a"), false).unwrap();
    drop(two);
    let mut three = look(&home, "bob");
    assert_eq!(found(&three), ["b", "a"]);
    three.outbox.fail(&line("a").cid, full()).unwrap();
    three.outbox.settle(&line("a").cid).unwrap(); // dropped
    drop(three);
    assert_eq!(found(&look(&home, "bob")), ["b"]);
}

#[test]
fn one_line_that_nobody_settles_does_not_keep_all_that_was_said_after_it() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["stuck"]);
    one.fail(&line("stuck").cid, full()).unwrap();
    for count in 0..2_000 {
        let line = line(&format!("c{count}"));
        one.hold(&line, false).unwrap();
        one.settle(&line.cid).unwrap();
    }
    one.hold(&line("a"), false).unwrap();
    one.hold(&line("stuck"), false).unwrap(); // sent again: from file to file
    let size: u64 =
        files(&home).iter().map(|name| fs::metadata(path(&home, name)).unwrap().len()).sum();
    assert!(files(&home).len() <= 2 && size < 70_000, "{:?}, {size} bytes", files(&home));
    drop(one);
    assert_eq!(found(&look(&home, "bob")), ["a", "stuck"]);
}

#[test]
fn a_line_that_was_being_moved_from_file_to_file_is_found_once() {
    let home = tempfile::tempdir().unwrap();
    drop(outbox(&home, &["a", "b"]));
    let name = files(&home)[0].clone();
    fs::write(path(&home, "bob+9999999999999-1.lines"), Entry::Line(line("a")).write()).unwrap();
    let mut both = look(&home, "bob");
    assert_eq!(found(&both), ["b", "a"]);
    both.outbox.settle(&line("a").cid).unwrap();
    drop(both);
    assert_eq!((found(&look(&home, "bob")), files(&home)), (vec!["b".to_owned()], vec![name]));
}

#[test]
fn a_cid_belongs_to_its_name_so_what_may_have_gone_out_under_another_waits_for_a_word() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a"]);
    one.want(&user("rob")).unwrap();
    one.hold(&line("b"), false).unwrap();
    drop(one); // killed before it heard whether it is rob
    let mut two = look(&home, "bob");
    assert_eq!(found(&two), ["a!", "b!"]);
    let why = &two.kept[0].rejection.as_ref().unwrap().message;
    assert_eq!(why, "it may have been stored already, under the name rob");
    two.outbox.hold(&line("c"), false).unwrap(); // said as bob beyond doubt
    two.outbox.hold(&line("a"), false).unwrap(); // sent again, on the person's own word
    drop(two);
    assert_eq!(found(&look(&home, "bob")), ["b!", "c", "a"]);
}

#[test]
fn what_is_held_goes_with_the_person_to_the_new_name_or_stays_when_it_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a"]);
    one.want(&user("eve")).unwrap();
    one.want_no_more().unwrap();
    one.want(&user("rob")).unwrap();
    one.belong_to(&user("bob")).unwrap(); // connected again, and not renamed yet
    one.belong_to(&user("rob")).unwrap();
    one.hold(&line("b"), false).unwrap();
    drop(one);
    assert!(found(&look(&home, "bob")).is_empty());
    let mut two = look(&home, "rob");
    assert_eq!(found(&two), ["a", "b"]);
    two.outbox.want(&user("eve")).unwrap();
    two.outbox.want_no_more().unwrap();
    drop(two);
    assert_eq!(found(&look(&home, "rob")), ["a", "b"]);
}

#[test]
fn a_name_wanted_when_nothing_was_held_still_puts_what_is_said_then_in_doubt() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &[]);
    one.want(&user("rob")).unwrap();
    one.hold(&line("a"), false).unwrap();
    one.settle(&line("a").cid).unwrap();
    one.hold(&line("b"), false).unwrap();
    drop(one);
    assert_eq!(found(&look(&home, "bob")), ["b!"]);
}

#[test]
fn an_entry_that_was_being_written_is_cut_off_and_the_file_goes_on() {
    let home = tempfile::tempdir().unwrap();
    drop(outbox(&home, &["a"]));
    let file = path(&home, &files(&home)[0]);
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend(b"{\"line\":\"b\",\"ro");
    fs::write(&file, bytes).unwrap();
    let mut two = look(&home, "bob");
    assert_eq!((found(&two), two.troubles.len()), (vec!["a".to_owned()], 0));
    two.outbox.hold(&line("c"), false).unwrap();
    drop(two);
    assert_eq!(found(&look(&home, "bob")), ["a", "c"]);
}

#[test]
fn a_damaged_file_is_told_once_and_kept_aside_and_its_readable_lines_are_found() {
    let home = tempfile::tempdir().unwrap();
    let mut one = outbox(&home, &["a", "b"]);
    one.fail(&line("a").cid, full()).unwrap();
    drop(one);
    let name = files(&home)[0].clone();
    let mut bytes = fs::read(path(&home, &name)).unwrap();
    bytes.extend(b"\xff\x00 no entry\n");
    bytes.extend(Entry::Line(line("c")).write().into_bytes());
    fs::write(path(&home, &name), &bytes).unwrap();
    let two = look(&home, "bob");
    assert_eq!(found(&two), ["a!", "b", "c"]);
    assert_eq!(two.troubles.len(), 1);
    assert!(two.troubles[0].ends_with("(unsent lines read from it: 3)"), "{}", two.troubles[0]);
    assert_eq!(fs::read(path(&home, &format!("{name}.damaged"))).unwrap(), bytes);
    drop(two);
    let three = look(&home, "bob");
    assert_eq!((found(&three).len(), three.troubles.len()), (3, 0));
}

#[test]
fn files_that_are_not_ours_are_kept_aside_and_nothing_else_is_touched() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("talk")).unwrap();
    fs::write(path(&home, "bob+x.lines"), "dear diary\n").unwrap();
    fs::write(path(&home, "bob+1-2.lines"), vec![b'x'; 2 * 1024 * 1024]).unwrap();
    fs::create_dir(path(&home, "bob+3-4.lines")).unwrap();
    for name in ["bob", "bob+note", "bob+1.lines.bak", "alice+1-2.lines"] {
        fs::write(path(&home, name), "dear diary\n").unwrap();
    }
    let found = look(&home, "bob");
    assert_eq!((found.kept.len(), found.troubles.len()), (0, 3), "{:?}", found.troubles);
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
fn where_nothing_can_be_written_it_says_so_and_holds_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut one = look(&home, "bob").outbox;
    fs::write(home.path().join("talk"), "a file where the directory should be").unwrap();
    let trouble = one.hold(&line("a"), true).unwrap_err();
    assert!(trouble.starts_with("cannot keep unsent lines in "), "{trouble}");
    assert!(!one.holds(&line("a").cid));
    drop(one);
    assert_eq!(look(&home, "bob").troubles.len(), 1);
}
