//! What is unread, where that begins, and what is told of it.

use super::*;

const UNREAD: &str = "- - - - - - - - unread - - - - - - - -";

fn marked(name: &str, marked: u64, since: u64, head: u64) -> Event {
    Event::Message(ServerMessage::Joined(Joined {
        marked: Some(marked),
        since,
        ..welcome_to(name, head)
    }))
}

fn said(name: &str, seqs: impl IntoIterator<Item = u64>) -> Vec<Record> {
    seqs.into_iter().map(|seq| record(name, seq, "ann", &seq.to_string())).collect()
}

#[test]
fn a_line_parts_what_was_read_from_what_somebody_else_said_since() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.hear(marked("lobby", 2, 0, 5), MIDNIGHT);
    hear(&mut view, said("lobby", [1, 2]));
    hear(&mut view, [record("lobby", 3, "bob", "from my phone")]);
    hear(&mut view, said("lobby", [4, 5, 6]));
    let expected = ["00:01 ann 1", "00:02 ann 2", "00:03 bob from my phone", UNREAD, "00:04 ann 4"];
    assert_eq!(told(&mut view)[1..6], expected);
    assert_eq!(view.unmarked(), [(room("lobby"), 6)]);
    view.marked(&room("lobby"), 6);
    assert!(view.unmarked().is_empty());

    // A cut, before the server had heard of that; what came meanwhile is unread.
    view.hear(marked("lobby", 2, 6, 7), MIDNIGHT);
    hear(&mut view, said("lobby", [7]));
    assert_eq!(told(&mut view), [UNREAD, "00:07 ann 7"]);
    let unread = drawn(&view.newest(20)).into_iter().filter(|row| row == UNREAD);
    assert_eq!(unread.count(), 1, "it is in one place");
}

#[test]
fn nothing_is_parted_where_nothing_was_read_or_nothing_is_new() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.hear(joined("lobby", 2), MIDNIGHT);
    hear(&mut view, said("lobby", [1, 2]));
    view.hear(marked("lobby", 2, 2, 2), MIDNIGHT);
    hear(&mut view, said("lobby", [3]));
    assert!(!told(&mut view).contains(&UNREAD.to_owned()));
    assert!(view.waiting_lines().is_empty());
}

#[test]
fn unread_lines_before_the_first_one_shown_are_counted() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.hear(marked("lobby", 3, 10, 12), MIDNIGHT);
    hear(&mut view, said("lobby", [11, 12]));
    let told_now = told(&mut view);
    assert_eq!(told_now[0], "-- 7 unread lines before these: Alt-U goes to them --");
    assert_eq!(told_now[2..4], [UNREAD, "00:11 ann 11"]);
    view.hear(marked("lobby", 3, 12, 12), MIDNIGHT); // told too late; we have seen them
    assert!(told(&mut view).is_empty());

    let first = 11; // the others are gone for good
    let late = Joined { first, marked: Some(3), since: 10, ..welcome_to("rust", 12) };
    view.hear(Event::Message(ServerMessage::Joined(late)), MIDNIGHT);
    view.turn_to_nth(1);
    assert_eq!(told(&mut view), ["-- now in #rust --"]);
}

#[test]
fn what_was_read_elsewhere_is_no_news_here() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.hear(marked("rust", 2, 0, 4), MIDNIGHT);
    hear(&mut view, said("rust", 1..=4));
    assert_eq!(view.rooms[1].lines.news(), 2);
    view.hear(Event::Message(ServerMessage::Marked { room: room("rust"), seq: 3 }), MIDNIGHT);
    assert_eq!(view.rooms[1].lines.news(), 1);
    assert!(status(&view).ends_with(" · Act: 2"), "{}", status(&view));
    view.hear(Event::Message(ServerMessage::Marked { room: room("rust"), seq: 4 }), MIDNIGHT);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people");
    assert!(view.unmarked().is_empty());
    view.turn_to_nth(1);
    assert!(told(&mut view).ends_with(&["00:03 ann 3".to_owned(), "00:04 ann 4".to_owned()]));
    assert!(view.unmarked().is_empty(), "the server knows");
}

#[test]
fn only_what_is_shown_to_a_person_counts_as_read_and_is_told_while_it_can_be() {
    let mut seen = view(Shows::Here, &["lobby", "rust"]);
    hear(&mut seen, said("rust", [1, 2]));
    assert!(seen.unmarked().is_empty(), "it waits unseen");
    seen.turn_to_nth(1);
    assert_eq!(seen.unmarked(), [(room("rust"), 2)]);
    seen.hear(Event::State(State::CatchingUp), MIDNIGHT);
    assert!(seen.unmarked().is_empty(), "the room may not be joined yet");
    for shows in [Shows::All, Shows::News] {
        let mut piped = view(shows, &["lobby"]);
        hear(&mut piped, said("lobby", [1]));
        assert!(piped.unmarked().is_empty(), "nobody may be looking");
    }
}

#[test]
fn a_log_that_begins_anew_is_read_anew() {
    let mut view = view(Shows::Here, &["lobby"]);
    hear(&mut view, said("lobby", 1..=9));
    view.hear(Event::Reset(room("lobby")), MIDNIGHT);
    assert!(view.unmarked().is_empty());
    view.hear(joined("lobby", 1), MIDNIGHT);
    hear(&mut view, said("lobby", [1]));
    assert_eq!(view.unmarked(), [(room("lobby"), 1)]);
}
