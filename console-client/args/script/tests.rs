//! What the flags of a script mean together.

use std::ffi::OsString;

use super::Task;
use super::TextSource;
use crate::args;
use crate::args::Mode;
use talk::chat::protocol::Since;

fn task(line: &str) -> Result<Option<Task>, String> {
    let mode = args::parse(line.split_whitespace().map(OsString::from), |_| None);
    match mode.map_err(|error| error.0)? {
        Mode::Script(_, script) => Ok(Some(script.task)),
        Mode::Chat(_) | Mode::Check(_) | Mode::Help(_) | Mode::Version => Ok(None),
    }
}

#[test]
fn reading_starts_now_or_at_since_and_ends_unless_it_follows() {
    let read = |since, follows| Ok(Some(Task::Read { since, follows }));
    assert_eq!(task("--follow"), read(Since::Now, true));
    assert_eq!(task("--since all"), read(Since::After(0), false));
    assert_eq!(task("--since 42 --follow --json"), read(Since::After(42), true));
    assert_eq!(task("--since now"), read(Since::Now, false));
    assert_eq!(task("--user bob"), Ok(None));
}

#[test]
fn one_message_is_sent_to_one_room() {
    let send = |words| Ok(Some(Task::Send(words)));
    assert_eq!(task("--send hi --room a"), send(TextSource::Given("hi".to_owned())));
    assert_eq!(task("--send -"), send(TextSource::Stdin));
    assert_eq!(task("--send=--hi"), send(TextSource::Given("--hi".to_owned())));
}

#[test]
fn flags_that_exclude_each_other_are_refused() {
    let refusal = |line| task(line).unwrap_err();
    assert_eq!(refusal("--send hi --room a,b"), "--send sends to one room: give one --room");
    assert_eq!(refusal("--send hi --follow"), "--send sends, --follow reads: choose one");
    assert_eq!(refusal("--send hi --since 1"), "--send sends, --since reads: choose one");
    assert_eq!(refusal("--json"), "--json needs --follow, --since or --send");
    assert_eq!(refusal("--since x"), "--since: \"x\" is not a number, now or all");
    assert_eq!(
        refusal("--timeout 5 --follow"),
        "--timeout: \"5\" is not a time like 10s, 5m, 2h or 7d"
    );
}
