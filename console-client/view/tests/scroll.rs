//! Scrolling back.

use super::*;

/// A lobby where ann has posted `1` to `count`.
pub(super) fn lobby(count: u64) -> View {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    say(&mut view, 1..=count);
    printed(&mut view);
    view
}

pub(super) fn say(view: &mut View, seqs: std::ops::RangeInclusive<u64>) {
    apply(view, seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())));
}

/// A minute of the day that begins at [`MIDNIGHT`], in local seconds.
pub(super) fn minute(minute: i64) -> i64 {
    i64::try_from(MIDNIGHT / 1_000).unwrap() + minute * 60
}

/// What the pane's rows end with.
pub(super) fn seen(view: &View, height: usize) -> Vec<String> {
    let rows = pane(view, 40, height).into_iter();
    let text = |row: Row| row.into_iter().map(|(_, text)| text).collect::<String>();
    rows.map(|row| text(row).rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn pages_go_back_to_the_oldest_message_and_forward_to_the_newest() {
    let mut view = lobby(9); // and the day above them
    view.display.page(Direction::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["3", "4", "5", "6"][..].to_vec());
    view.display.page(Direction::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["--", "1", "2", "3"]);
    view.display.page(Direction::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["--", "1", "2", "3"]);
    assert!(status(&view).contains("start of the room"));
    view.display.page(Direction::Forward, 40, 4);
    assert_eq!(seen(&view, 4), ["3", "4", "5", "6"]);
    assert!(view.display.scroll.is_active());
    view.display.page(Direction::Forward, 40, 4);
    assert!(!view.display.scroll.is_active());
    assert!(printed(&mut view).is_empty());
}

#[test]
fn new_messages_move_nothing_are_not_read_and_are_shown_afterwards() {
    let mut view = lobby(9);
    view.display.page(Direction::Back, 40, 4);
    let before = seen(&view, 4);
    let unsent = view.unsent_read_positions();
    say(&mut view, 10..=12);
    apply(&mut view, [operation("lobby", 13, "ann", Operation::Delete { target: 11 })]);
    assert_eq!(seen(&view, 4), before);
    assert_eq!(drawn(&[more_below(&view)]), ["-- more below · 3 new · PgDn --"]);
    assert_eq!(view.unsent_read_positions(), unsent);
    assert!(printed(&mut view).is_empty());
    view.display.scroll_to_newest();
    let expected = ["00:10 ann 10", "00:11 ann (deleted)", "00:12 ann 12", "00:13 ann deleted #11"];
    assert_eq!(printed(&mut view), expected);
    assert_eq!(view.unsent_read_positions(), [(room("lobby"), 13)]);
    say(&mut view, 14..=14);
    assert_eq!(printed(&mut view), ["00:14 ann 14"]);
}

#[test]
fn rows_wrapped_again_keep_the_line_at_the_top() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    apply(&mut view, (1..=9).map(|seq| record("lobby", seq, "ann", &"word ".repeat(12))));
    view.display.page(Direction::Back, 40, 4);
    let before = pane(&view, 40, 4);
    let wide = pane(&view, 200, 9);
    assert_eq!(wide.len(), 9);
    let top: String = wide[0].iter().map(|(_, text)| text.as_str()).collect();
    assert!(top.ends_with(&"word ".repeat(12)), "{top}");
    assert_eq!(pane(&view, 40, 4), before);
}

#[test]
fn switching_rooms_while_scrolled_back_returns_to_the_newest() {
    let mut view = lobby(9);
    view.apply(joined("rust", 0), MIDNIGHT);
    view.display.page(Direction::Back, 40, 4);
    say(&mut view, 10..=10);
    view.display.switch_to(1);
    assert!(!view.display.scroll.is_active());
    assert_eq!(printed(&mut view), ["00:10 ann 10", "-- now in #rust --"]);
    view.apply(Event::Message(ServerMessage::Left { room: room("rust") }), MIDNIGHT);
    view.display.page(Direction::Back, 40, 4);
    view.apply(Event::Message(ServerMessage::Left { room: room("lobby") }), MIDNIGHT);
    assert!(!view.display.scroll.is_active());
}

#[test]
fn a_message_is_gone_to_by_its_number_or_time() {
    let mut view = lobby(1500);
    assert_eq!(view.display.go_to(1200), Ok(true));
    assert_eq!(seen(&view, 2), ["1200", "1201"]);
    assert_eq!(view.display.go_to(900), Ok(true));
    assert_eq!(
        wants(&mut view, 40, 2),
        Some((room("lobby"), HistoryRange::After(899))),
        "it is requested"
    );
    assert_eq!(
        view.display.go_to(1501),
        Err("there is no message #1501 yet: the newest is #1500".to_owned())
    );
    const DAY: i64 = 24 * 60;
    // The last, on the next day, at 01:00.
    view.display.go_to_time(minute(DAY + 30)).unwrap();
    assert_eq!(seen(&view, 1), ["1470"]);
    view.display.go_to_time(minute(23 * 60)).unwrap();
    assert_eq!(seen(&view, 1), ["1380"]);
    view.display.go_to_time(minute(DAY + 60)).unwrap();
    assert_eq!(seen(&view, 1), ["1500"]);
}

/// Answers each request of the view until it makes none: a lobby of `count` messages.
pub(super) fn load(view: &mut View, count: u64, height: usize) {
    for _ in 0..100 {
        let Some((name, range)) = wants(view, 40, height) else { return };
        let seqs = match range {
            HistoryRange::Before(seq) => seq.saturating_sub(100).max(1)..seq,
            HistoryRange::After(seq) => seq + 1..(seq + 101).min(count + 1),
            HistoryRange::At(at) => {
                let first = at.saturating_sub(MIDNIGHT).div_ceil(60_000).max(1);
                first..(first + 100).min(count + 1)
            }
        };
        view.display.scroll.history.expect(name.clone(), Purpose::Window(range));
        assert_eq!(wants(view, 40, height), None, "one request at a time");
        let records = seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())).collect();
        view.apply(
            Event::Message(ServerMessage::History { room: name, records, first: 1 }),
            MIDNIGHT,
        );
    }
    panic!("it requests more and more");
}

#[test]
fn pages_go_back_to_the_start_of_the_room_and_forward_without_a_gap() {
    let mut view = lobby(3_000);
    let mut lines = Vec::new();
    while !status(&view).contains("start of the room") {
        view.display.page(Direction::Back, 40, 11);
        load(&mut view, 3_000, 11);
        lines.push(seen(&view, 11));
    }
    assert_eq!(lines.last().unwrap()[..2], ["--", "1"]);
    let mut shown: Vec<u64> = lines.concat().iter().filter_map(|line| line.parse().ok()).collect();
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown, (1..=shown.len() as u64).collect::<Vec<u64>>());
    assert!(shown.len() > 2_980, "all but the last screen: {}", shown.len());

    let mut on = Vec::new();
    while view.display.scroll.is_active() {
        view.display.page(Direction::Forward, 40, 11);
        load(&mut view, 3_000, 11);
        on.push(seen(&view, 11));
    }
    let mut shown: Vec<u64> = on.concat().iter().filter_map(|line| line.parse().ok()).collect();
    shown.dedup();
    let is_next = |two: &&[u64]| two[1] > two[0] + 1;
    assert_eq!(shown.windows(2).find(is_next), None, "nothing is passed over");
    assert!(printed(&mut view).is_empty(), "nothing is shown twice");
}

#[test]
fn a_page_back_waits_for_its_messages_and_is_a_whole_page() {
    let mut view = lobby(2_500);
    view.display.page(Direction::Back, 40, 21);
    let mut top = 2_460;
    assert_eq!(seen(&view, 1), ["2460"]);
    while top > 1_460 {
        // the day is above it
        let wanted = wants(&mut view, 40, 21);
        if let Some((name, range)) = &wanted {
            view.display.scroll.history.expect(name.clone(), Purpose::Window(*range));
        }
        view.display.page(Direction::Back, 40, 21); // before they are there
        if let Some((name, HistoryRange::Before(seq))) = wanted {
            let seqs = seq.saturating_sub(100).max(1)..seq;
            let records = seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())).collect();
            view.apply(
                Event::Message(ServerMessage::History { room: name, records, first: 1 }),
                MIDNIGHT,
            );
        }
        top -= 20;
        let numbers = seen(&view, 2).into_iter().find(|line| line != "--");
        assert_eq!(numbers, Some(top.to_string()));
    }
}

#[test]
fn a_message_gone_to_is_at_the_top_with_others_above_and_below() {
    let mut view = lobby(3_000);
    view.display.go_to(700).unwrap();
    assert_eq!(drawn(&[more_below(&view)]), ["-- loading more messages · PgDn --"]);
    load(&mut view, 3_000, 4);
    assert_eq!(seen(&view, 2), ["700", "701"]);
    view.display.page(Direction::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["697", "698", "699", "700"]);
    say(&mut view, 3_001..=3_010);
    apply(&mut view, [operation("lobby", 3_011, "ann", Operation::Delete { target: 698 })]);
    assert_eq!(seen(&view, 4), ["697", "(deleted)", "699", "700"]);
    assert!(view.display.go_to_first().is_ok());
    load(&mut view, 3_010, 4);
    assert_eq!(seen(&view, 2), ["--", "1"]);
    view.display.scroll_to_newest();
    assert_eq!(printed(&mut view).len(), 11, "the new messages");
}

#[test]
fn a_time_is_searched_as_far_back_as_necessary() {
    let mut view = lobby(1_430); // a line a minute
    view.display.go_to_time(minute(10)).unwrap();
    assert_eq!(drawn(&[more_below(&view)]), ["-- searching · PgDn --"]);
    load(&mut view, 1_430, 4);
    assert_eq!(seen(&view, 2), ["10", "11"]);
    view.display.go_to_time(minute(-1)).unwrap(); // yesterday: before all
    load(&mut view, 1_430, 4);
    assert_eq!(seen(&view, 2), ["--", "1"]);
}

#[test]
fn without_a_connection_nothing_is_requested_and_the_status_line_says_so() {
    let mut view = lobby(600);
    view.apply(Event::State(ConnectionState::Offline { retry: Duration::from_secs(1) }), MIDNIGHT);
    (0..60).for_each(|_| view.display.page(Direction::Back, 40, 11));
    assert_eq!(wants(&mut view, 40, 11), None);
    assert!(status(&view).contains("when connected"), "{}", status(&view));
    let top = seen(&view, 2);
    view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    load(&mut view, 600, 11);
    assert_eq!(seen(&view, 2), top, "what is loaded moves nothing");
    view.display.page(Direction::Back, 40, 11);
    assert_ne!(seen(&view, 2), top);
}

#[test]
fn messages_listed_far_back_leave_the_gap_to_history() {
    let mut view = view(OutputMode::AllRooms, &["lobby"]);
    say(&mut view, 900..=910);
    printed(&mut view);
    let current = view.display.rooms.current().unwrap();
    let name = current.name.clone();
    let (range, count) = current.page_around(100).unwrap();
    assert_eq!((range, count), (HistoryRange::Before(110), 20));
    view.display.scroll.history.expect(name.clone(), Purpose::List(count));
    let records = (60..110).map(|seq| record("lobby", seq, "ann", "old")).collect();
    view.apply(Event::Message(ServerMessage::History { room: name, records, first: 1 }), MIDNIGHT);
    let shown = printed(&mut view).concat();
    assert!(shown.contains("#90 ann") && shown.contains("#109 ann") && !shown.contains("#89 ann"));
    assert_eq!(page_before(&view), Some((room("lobby"), HistoryRange::Before(900))));
}

#[test]
fn alt_u_goes_to_the_first_unread_message() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.display.go_to_unread();
    assert!(status(&view).ends_with("no unread messages here"));
    let marked = Joined { marked: Some(4), head: 30, ..welcome_to("lobby", 30) };
    view.apply(Event::Message(ServerMessage::Joined(marked)), MIDNIGHT);
    say(&mut view, 1..=30);
    view.display.go_to_unread();
    assert_eq!(seen(&view, 3), ["-", "5", "6"]);
}

#[test]
fn without_a_screen_the_messages_gone_to_are_printed_again() {
    let mut view = view(OutputMode::AllRooms, &["lobby"]);
    say(&mut view, 1..=30);
    printed(&mut view);
    assert_eq!(view.display.go_to(5), Ok(true));
    let again = printed(&mut view);
    assert_eq!((again.len(), again[1].as_str()), (22, "00:05 ann 5"));
    say(&mut view, 31..=31);
    assert_eq!(printed(&mut view), ["00:31 ann 31"]);
    assert!(!view.display.scroll.is_active());
}
