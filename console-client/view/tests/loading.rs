//! What is loaded for whoever looks back, and what becomes of it in odd moments.

use super::scrolling::load;
use super::scrolling::lobby;
use super::scrolling::say;
use super::scrolling::seen;
use super::*;
use talk::chat::protocol::ErrorMessage;

/// Records as `lobby` has them, in answer to a question for older or newer ones.
fn page(seqs: std::ops::Range<u64>) -> Event {
    let records = seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())).collect();
    Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 })
}

/// Asks for what the view wants: which page.
fn ask(view: &mut View) -> Range {
    let (name, range) = view.wants(40, 4).unwrap();
    view.expect(name, Asked::Stretch(range));
    range
}

#[test]
fn a_page_that_was_asked_for_elsewhere_is_not_taken_for_one_of_this_place() {
    let mut view = lobby(3_000);
    view.look_at(1_000).unwrap();
    assert_eq!(ask(&mut view), Range::After(999));
    view.look_ahead();
    view.look_at(700).unwrap();
    assert_eq!(ask(&mut view), Range::After(699));
    view.hear(page(1_000..1_100), MIDNIGHT);
    assert_eq!(view.wants(40, 4), None, "it still waits for its own");
    view.hear(page(700..800), MIDNIGHT);
    assert_eq!(seen(&view, 3)[1..], ["700", "701"]);
    load(&mut view, 3_000, 4);
    assert_eq!(seen(&view, 2), ["700", "701"]);
}

#[test]
fn a_refused_page_leaves_the_answers_after_it_to_their_questions() {
    for code in [ErrorCode::NotJoined, ErrorCode::Storage] {
        let mut view = lobby(3_000);
        view.look_at(700).unwrap();
        ask(&mut view);
        view.expect(room("lobby"), Asked::List(2));
        let message = "it cannot be read".to_owned();
        view.hear(
            Event::Message(ServerMessage::Error(ErrorMessage {
                code,
                message: message.into(),
                room: Some(room("lobby")),
                cid: None,
                retry_ms: None,
            })),
            MIDNIGHT,
        );
        assert_eq!(view.wants(40, 4), None, "it is not asked for again and again");
        view.look_ahead();
        told(&mut view);
        view.hear(page(2_401..2_501), MIDNIGHT);
        assert_eq!(told(&mut view).len(), 5, "two lines of the list: a note, a day, and the end");
    }
}

#[test]
fn the_place_one_looks_at_stays_however_much_is_said_meanwhile() {
    for pages in [1, 20, 47, 49, 60] {
        let mut view = lobby(800);
        (0..pages).for_each(|_| {
            view.page(Way::Back, 40, 11);
            load(&mut view, 800, 11);
        });
        let before = seen(&view, 11);
        for from in (801..4_000).step_by(50) {
            say(&mut view, from..=from + 49);
            load(&mut view, from + 49, 11);
            assert_eq!(seen(&view, 11), before, "{pages} pages back, at {from}");
        }
        let kept = view.here().unwrap().lines.numbered().count();
        assert!(kept <= 1_500, "{kept} lines");
        view.look_ahead();
        assert_eq!(view.here().unwrap().lines.numbered().count(), 500);
        assert_eq!(told(&mut view).len(), 501, "how many there were, and the last of them");
    }
}

#[test]
fn what_cannot_be_loaded_yet_is_said_and_comes_with_the_connection() {
    let mut view = lobby(3_000);
    view.hear(Event::State(State::Offline { retry: Duration::from_secs(1) }), MIDNIGHT);
    view.look_at(700).unwrap();
    let note = "-- more lines can be loaded once there is a connection · PgDn --";
    assert_eq!(drawn(&[view.more_below()]), [note]);
    view.hear(Event::State(State::Live), MIDNIGHT);
    load(&mut view, 3_000, 4);
    assert_eq!(seen(&view, 2), ["700", "701"]);
}

#[test]
fn the_clock_takes_few_questions_however_long_ago_it_was() {
    let mut view = view(Shows::Here, &["lobby"]);
    let second = |seq: u64| Record {
        at: MIDNIGHT + seq * 100,
        ..record("lobby", seq, "ann", &seq.to_string())
    };
    hear(&mut view, (99_501..=100_000).map(second)); // till 02:46:40
    view.look_at_clock(60, MIDNIGHT + 3 * 60 * 60_000).unwrap();
    let mut questions = 0;
    while let Some((name, range)) = view.wants(40, 4) {
        let seqs = match range {
            Range::Before(seq) => seq.saturating_sub(100).max(1)..seq,
            Range::After(seq) => seq + 1..seq + 101,
        };
        view.expect(name.clone(), Asked::Stretch(range));
        let records = seqs.map(second).collect();
        view.hear(
            Event::Message(ServerMessage::History { room: name, records, first: 1 }),
            MIDNIGHT,
        );
        questions += 1;
        assert!(questions < 20, "more than a server bears in a second");
    }
    assert_eq!(seen(&view, 2), ["36000", "36001"]);
}

#[test]
fn whoever_pages_on_no_longer_waits_for_the_clock() {
    let mut view = lobby(1_430); // a line a minute
    view.look_at_clock(10, MIDNIGHT + 1_435 * 60_000).unwrap();
    ask(&mut view);
    view.page(Way::On, 40, 4);
    assert_eq!(drawn(&[view.more_below()]), ["-- more below · PgDn --"]);
    assert_eq!(seen(&view, 2)[1], "935");
}

#[test]
fn what_was_loaded_of_a_room_goes_with_it() {
    let mut view = lobby(900);
    view.hear(joined("rust", 0), MIDNIGHT);
    hear(&mut view, (1..=9).map(|seq| record("rust", seq, "ann", &seq.to_string())));
    view.look_at(300).unwrap();
    load(&mut view, 900, 4);
    view.hear(Event::Message(ServerMessage::Left { room: room("lobby") }), MIDNIGHT);
    (0..9).for_each(|_| view.page(Way::Back, 40, 4));
    assert_eq!(seen(&view, 4), ["--", "1", "2", "3"]);
}

#[test]
fn the_first_unread_line_is_gone_to_also_where_it_was_not_shown() {
    let mut view = view(Shows::Here, &["lobby"]);
    let marked = |since, head| {
        Event::Message(ServerMessage::Joined(Joined {
            marked: Some(150),
            since,
            head,
            ..welcome_to("lobby", head)
        }))
    };
    view.hear(marked(200, 300), MIDNIGHT);
    say(&mut view, 201..=300);
    view.look_at_unread();
    load(&mut view, 300, 4);
    assert_eq!(seen(&view, 2), ["151", "152"]);
    view.look_ahead();
    view.hear(marked(300, 300), MIDNIGHT); // a cut, and nothing was said
    view.look_at_unread();
    load(&mut view, 300, 4);
    assert_eq!(seen(&view, 2), ["151", "152"]);
    view.look_ahead();
    view.hear(marked(300, 310), MIDNIGHT);
    say(&mut view, 301..=310);
    view.look_at_unread();
    assert_eq!(seen(&view, 3), ["-", "301", "302"]);
}

#[test]
fn a_time_since_which_nothing_was_said_is_told_and_moves_nothing() {
    let mut view = lobby(1_430); // till 23:50
    let refused = view.look_at_clock(1_435, MIDNIGHT + 1_437 * 60_000);
    assert_eq!(refused, Err("nothing was said here since then".to_owned()));
    assert!(!view.is_looking_back());
}

#[test]
fn a_thousand_lines_come_in_before_anything_has_to_be_loaded_again() {
    for pages in [1, 20].into_iter().chain(42..50) {
        let mut view = lobby(800);
        (0..pages).for_each(|_| {
            view.page(Way::Back, 40, 12);
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
