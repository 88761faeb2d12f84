//! Loading older messages while scrolled back, also in unusual moments.

use super::scroll::load;
use super::scroll::lobby;
use super::scroll::minute;
use super::scroll::say;
use super::scroll::seen;
use super::*;
use talk::chat::protocol::ErrorMessage;

/// A page of the history of `lobby`.
fn page(seqs: std::ops::Range<u64>) -> Event {
    let records = seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())).collect();
    Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 })
}

/// Requests the page that the view wants next.
fn ask(view: &mut View) -> HistoryRange {
    let (name, range) = wants(view, 40, 4).unwrap();
    view.display.scroll.history.expect(name, Purpose::Window(range));
    range
}

#[test]
fn a_page_requested_elsewhere_is_not_taken_for_one_of_this_position() {
    let mut view = lobby(3_000);
    view.display.go_to(1_000).unwrap();
    assert_eq!(ask(&mut view), HistoryRange::After(999));
    view.display.scroll_to_newest();
    view.display.go_to(700).unwrap();
    assert_eq!(ask(&mut view), HistoryRange::After(699));
    view.apply(page(1_000..1_100), MIDNIGHT);
    assert_eq!(wants(&mut view, 40, 4), None, "it still waits for its own");
    view.apply(page(700..800), MIDNIGHT);
    assert_eq!(seen(&view, 3)[1..], ["700", "701"]);
    load(&mut view, 3_000, 4);
    assert_eq!(seen(&view, 2), ["700", "701"]);
}

#[test]
fn a_refused_page_leaves_later_answers_to_their_requests() {
    for code in [ErrorCode::NotJoined, ErrorCode::Storage] {
        let mut view = lobby(3_000);
        view.display.go_to(700).unwrap();
        ask(&mut view);
        view.display.scroll.history.expect(room("lobby"), Purpose::List(2));
        let message = "it cannot be read".to_owned();
        view.apply(
            Event::Message(ServerMessage::Error(ErrorMessage {
                code,
                message: message.into(),
                room: Some(room("lobby")),
                cid: None,
                peer: None,
                retry_ms: None,
            })),
            MIDNIGHT,
        );
        assert_eq!(wants(&mut view, 40, 4), None, "it is not requested again and again");
        view.display.scroll_to_newest();
        printed(&mut view);
        view.apply(page(2_401..2_501), MIDNIGHT);
        assert_eq!(
            printed(&mut view).len(),
            5,
            "two lines of the list: a note, a day, and the end"
        );
    }
}

#[test]
fn the_scroll_position_stays_however_many_messages_come() {
    for pages in [1, 20, 47, 49, 60] {
        let mut view = lobby(800);
        (0..pages).for_each(|_| {
            view.display.page(Direction::Back, 40, 11);
            load(&mut view, 800, 11);
        });
        let before = seen(&view, 11);
        for from in (801..4_000).step_by(50) {
            say(&mut view, from..=from + 49);
            load(&mut view, from + 49, 11);
            assert_eq!(seen(&view, 11), before, "{pages} pages back, at {from}");
        }
        let kept = view.display.rooms.current().unwrap().scrollback.numbered().count();
        assert!(kept <= 1_500, "{kept} lines");
        view.display.scroll_to_newest();
        assert_eq!(view.display.rooms.current().unwrap().scrollback.numbered().count(), 500);
        assert_eq!(printed(&mut view).len(), 501, "how many there were, and the last of them");
    }
}

#[test]
fn what_cannot_be_loaded_offline_is_loaded_when_connected() {
    let mut view = lobby(3_000);
    view.apply(Event::State(ConnectionState::Offline { retry: Duration::from_secs(1) }), MIDNIGHT);
    view.display.go_to(700).unwrap();
    let note = "-- offline: more messages can be loaded when connected · PgDn --";
    assert_eq!(drawn(&[more_below(&view)]), [note]);
    view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    load(&mut view, 3_000, 4);
    assert_eq!(seen(&view, 2), ["700", "701"]);
}

#[test]
fn a_time_is_found_with_one_request_however_long_ago_it_was() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let second = |seq: u64| Record {
        at: MIDNIGHT + seq * 100,
        ..record("lobby", seq, "ann", &seq.to_string())
    };
    apply(&mut view, (99_501..=100_000).map(second)); // till 02:46:40
    assert_eq!(view.display.go_to_time(minute(60)), Ok(true));
    assert_eq!(ask(&mut view), HistoryRange::At(MIDNIGHT + 60 * 60_000));
    assert_eq!(drawn(&[more_below(&view)]), ["-- searching · PgDn --"]);
    assert_eq!(wants(&mut view, 40, 4), None, "it is on its way");
    let records = (36_000..36_100).map(second).collect();
    let page = ServerMessage::History { room: room("lobby"), records, first: 1 };
    view.apply(Event::Message(page), MIDNIGHT);
    assert_eq!(seen(&view, 3)[1..], ["36000", "36001"], "under the line of their day");
    assert_eq!(wants(&mut view, 40, 4).map(|(_, range)| range), Some(HistoryRange::Before(36_000)));
}

#[test]
fn a_server_that_knows_no_times_is_named_as_the_reason() {
    let mut view = lobby(1_430);
    view.display.go_to_time(minute(10)).unwrap();
    ask(&mut view);
    let refusal = ErrorMessage::new(ErrorCode::BadMessage, "`before` must be a whole number");
    let refusal = refusal.about_room(room("lobby"));
    view.apply(Event::Message(ServerMessage::Error(refusal)), MIDNIGHT);
    assert!(!view.display.scroll.is_active(), "it does not wait for what will not come");
    let said = printed(&mut view).concat();
    assert!(said.contains("too old to go to a day or a time"), "{said}");
    view.display.go_to(500).unwrap();
    load(&mut view, 1_430, 4);
    assert_eq!(seen(&view, 2), ["500", "501"], "numbers work");
}

#[test]
fn a_time_after_which_nothing_is_left_says_so() {
    let mut view = lobby(1_430);
    view.display.go_to_time(minute(10)).unwrap();
    ask(&mut view);
    view.apply(page(0..0), MIDNIGHT);
    assert!(!view.display.scroll.is_active());
    assert_eq!(printed(&mut view), ["!! no messages here since then"]);
}

#[test]
fn the_day_of_the_row_at_the_top_is_known_wherever_the_person_is() {
    let mut view = lobby(6_000); // a line a minute: four days
    let day = |view: &View| {
        let day = view.display.scroll.day_at_top(view.display.rooms.current(), 40, 4);
        day.map(|day| day - time::day(minute(0)))
    };
    for (seq, expected) in [(5_990, 4), (5_760, 4), (5_759, 3), (2_000, 1), (1, 0)] {
        view.display.go_to(seq).unwrap();
        load(&mut view, 6_000, 4);
        assert_eq!(day(&view), Some(expected), "#{seq}");
    }
}

#[test]
fn a_page_key_cancels_the_search_for_a_time() {
    let mut view = lobby(1_430); // a line a minute
    view.display.go_to_time(minute(10)).unwrap();
    ask(&mut view);
    view.display.page(Direction::Forward, 40, 4);
    assert_eq!(drawn(&[more_below(&view)]), ["-- more below · PgDn --"]);
    assert_eq!(seen(&view, 2)[1], "935");
}

#[test]
fn loaded_history_goes_with_its_room() {
    let mut view = lobby(900);
    view.apply(joined("rust", 0), MIDNIGHT);
    apply(&mut view, (1..=9).map(|seq| record("rust", seq, "ann", &seq.to_string())));
    view.display.go_to(300).unwrap();
    load(&mut view, 900, 4);
    view.apply(Event::Message(ServerMessage::Left { room: room("lobby") }), MIDNIGHT);
    (0..9).for_each(|_| view.display.page(Direction::Back, 40, 4));
    assert_eq!(seen(&view, 4), ["--", "1", "2", "3"]);
}

#[test]
fn the_first_unread_message_is_gone_to_also_if_it_was_not_shown() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let marked = |since, head| {
        Event::Message(ServerMessage::Joined(Joined {
            marked: Some(150),
            since,
            head,
            ..welcome_to("lobby", head)
        }))
    };
    view.apply(marked(200, 300), MIDNIGHT);
    say(&mut view, 201..=300);
    view.display.go_to_unread();
    load(&mut view, 300, 4);
    assert_eq!(seen(&view, 2), ["151", "152"]);
    view.display.scroll_to_newest();
    view.apply(marked(300, 300), MIDNIGHT); // a cut, and nothing was said
    view.display.go_to_unread();
    load(&mut view, 300, 4);
    assert_eq!(seen(&view, 2), ["151", "152"]);
    view.display.scroll_to_newest();
    view.apply(marked(300, 310), MIDNIGHT);
    say(&mut view, 301..=310);
    view.display.go_to_unread();
    assert_eq!(seen(&view, 3), ["-", "301", "302"]);
}

#[test]
fn a_time_without_messages_since_is_an_error_and_moves_nothing() {
    let mut view = lobby(1_430); // till 23:50
    let refused = view.display.go_to_time(minute(1_435));
    assert_eq!(refused, Err("no messages here since then".to_owned()));
    assert!(!view.display.scroll.is_active());
}

#[test]
fn a_thousand_messages_come_before_anything_is_loaded_again() {
    for pages in [1, 20].into_iter().chain(42..50) {
        let mut view = lobby(800);
        (0..pages).for_each(|_| {
            view.display.page(Direction::Back, 40, 12);
            load(&mut view, 800, 12);
        });
        let before = seen(&view, 12);
        say(&mut view, 801..=1_700);
        assert_eq!(seen(&view, 12), before, "{pages} pages back");
        say(&mut view, 1_701..=2_000);
        let there = seen(&view, 12);
        assert_eq!(there, before[..there.len()], "{pages} pages back; the others are loaded next");
        load(&mut view, 2_000, 12);
        assert_eq!(seen(&view, 12), before, "{pages} pages back, loaded again");
    }
}
