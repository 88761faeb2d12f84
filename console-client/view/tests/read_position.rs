//! What is unread, where that begins, and which read positions are sent.

use super::*;

const UNREAD: &str = "- - - - - - - - unread - - - - - - - -";

fn marked(name: &str, marked: u64, since: u64, head: u64) -> Event {
    Event::Message(ServerMessage::Joined(Joined {
        marked: Some(marked),
        since,
        ..welcome_to(name, head)
    }))
}

fn posts(name: &str, seqs: impl IntoIterator<Item = u64>) -> Vec<Record> {
    seqs.into_iter().map(|seq| record(name, seq, "ann", &seq.to_string())).collect()
}

#[test]
fn a_mark_separates_read_messages_from_unread_ones_of_others() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(marked("lobby", 2, 0, 5), MIDNIGHT);
    apply(&mut view, posts("lobby", [1, 2]));
    apply(&mut view, [record("lobby", 3, "bob", "from my phone")]);
    apply(&mut view, posts("lobby", [4, 5, 6]));
    let expected = ["00:01 ann 1", "00:02 ann 2", "00:03 bob from my phone", UNREAD, "00:04 ann 4"];
    assert_eq!(printed(&mut view)[1..6], expected);
    assert_eq!(view.unsent_read_positions(), [(room("lobby"), 6)]);
    view.display.rooms.mark_read(&room("lobby"), 6);
    assert!(view.unsent_read_positions().is_empty());

    // The connection breaks before the marker arrives; what came meanwhile is unread.
    view.apply(marked("lobby", 2, 6, 7), MIDNIGHT);
    apply(&mut view, posts("lobby", [7]));
    assert_eq!(printed(&mut view), [UNREAD, "00:07 ann 7"]);
    let unread = drawn(&newest(&view, 20)).into_iter().filter(|row| row == UNREAD);
    assert_eq!(unread.count(), 1, "it is in one place");
}

#[test]
fn there_is_no_mark_if_nothing_was_read_or_nothing_is_unread() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(joined("lobby", 2), MIDNIGHT);
    apply(&mut view, posts("lobby", [1, 2]));
    view.apply(marked("lobby", 2, 2, 2), MIDNIGHT);
    apply(&mut view, posts("lobby", [3]));
    assert!(!printed(&mut view).contains(&UNREAD.to_owned()));
    assert!(view.pending_lines().is_empty());
}

#[test]
fn unread_messages_before_the_first_one_shown_are_counted() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(marked("lobby", 3, 10, 12), MIDNIGHT);
    apply(&mut view, posts("lobby", [11, 12]));
    let printed_now = printed(&mut view);
    assert_eq!(printed_now[0], "-- 7 unread messages above: Alt-U shows the first --");
    assert_eq!(printed_now[2..4], [UNREAD, "00:11 ann 11"]);
    view.apply(marked("lobby", 3, 12, 12), MIDNIGHT); // reported late, after we saw them
    assert!(printed(&mut view).is_empty());

    let first = 11; // the others are gone for good
    let late = Joined { first, marked: Some(3), since: 10, ..welcome_to("rust", 12) };
    view.apply(Event::Message(ServerMessage::Joined(late)), MIDNIGHT);
    view.display.switch_to(1);
    assert_eq!(printed(&mut view), ["-- now in #rust --"]);
}

#[test]
fn what_was_read_on_another_device_is_not_unread_here() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(marked("rust", 2, 0, 4), MIDNIGHT);
    apply(&mut view, posts("rust", 1..=4));
    assert_eq!(unread(&view), 2);
    view.apply(Event::Message(ServerMessage::Marked { room: room("rust"), seq: 3 }), MIDNIGHT);
    assert_eq!(unread(&view), 1);
    assert!(status(&view).ends_with(" · new in #rust"), "{}", status(&view));
    view.apply(Event::Message(ServerMessage::Marked { room: room("rust"), seq: 4 }), MIDNIGHT);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people");
    assert!(view.unsent_read_positions().is_empty());
    view.display.switch_to(1);
    assert!(printed(&mut view).ends_with(&["00:03 ann 3".to_owned(), "00:04 ann 4".to_owned()]));
    assert!(view.unsent_read_positions().is_empty(), "the server knows");
}

#[test]
fn only_what_a_person_sees_counts_as_read_and_is_sent_when_live() {
    let mut seen = view(OutputMode::OneRoom, &["lobby", "rust"]);
    apply(&mut seen, posts("rust", [1, 2]));
    assert!(seen.unsent_read_positions().is_empty(), "it waits unseen");
    seen.display.switch_to(1);
    assert_eq!(seen.unsent_read_positions(), [(room("rust"), 2)]);
    seen.apply(Event::State(ConnectionState::CatchingUp), MIDNIGHT);
    assert!(seen.unsent_read_positions().is_empty(), "the room may not be joined yet");
    for mode in [OutputMode::AllRooms, OutputMode::NewOnly] {
        let mut piped = view(mode, &["lobby"]);
        apply(&mut piped, posts("lobby", [1]));
        assert!(piped.unsent_read_positions().is_empty(), "there may be no reader");
    }
}

#[test]
fn a_reset_room_is_read_from_its_start() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    apply(&mut view, posts("lobby", 1..=9));
    view.apply(Event::Reset(room("lobby")), MIDNIGHT);
    assert!(view.unsent_read_positions().is_empty());
    view.apply(joined("lobby", 1), MIDNIGHT);
    apply(&mut view, posts("lobby", [1]));
    assert_eq!(view.unsent_read_positions(), [(room("lobby"), 1)]);
}

fn unread(view: &View) -> usize {
    view.display.rooms.get(&room("rust")).unwrap().scrollback.unread_count()
}
