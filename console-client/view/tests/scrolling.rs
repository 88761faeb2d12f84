//! What is seen by whoever looks back.

use super::*;

/// A lobby where ann has said `1` to `count`.
pub(super) fn lobby(count: u64) -> View {
    let mut view = view(Shows::Here, &["lobby"]);
    say(&mut view, 1..=count);
    told(&mut view);
    view
}

pub(super) fn say(view: &mut View, seqs: std::ops::RangeInclusive<u64>) {
    hear(view, seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())));
}

/// What the pane's rows end with.
pub(super) fn seen(view: &View, height: usize) -> Vec<String> {
    let rows = view.pane(40, height).into_iter();
    let text =
        |row: crate::text::line::Row| row.into_iter().map(|(_, text)| text).collect::<String>();
    rows.map(|row| text(row).rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn pages_go_back_to_the_oldest_line_and_on_to_the_newest() {
    let mut view = lobby(9); // and the day above them
    view.page(Way::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["3", "4", "5", "6"][..].to_vec());
    view.page(Way::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["--", "1", "2", "3"]);
    view.page(Way::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["--", "1", "2", "3"]);
    assert!(status(&view).contains("this is where the room begins"));
    view.page(Way::On, 40, 4);
    assert_eq!(seen(&view, 4), ["3", "4", "5", "6"]);
    assert!(view.is_looking_back());
    view.page(Way::On, 40, 4);
    assert!(!view.is_looking_back());
    assert!(told(&mut view).is_empty());
}

#[test]
fn what_comes_meanwhile_moves_nothing_is_not_read_and_is_shown_afterwards() {
    let mut view = lobby(9);
    view.page(Way::Back, 40, 4);
    let before = seen(&view, 4);
    let untold = view.unmarked();
    say(&mut view, 10..=12);
    hear(&mut view, [act("lobby", 13, "ann", Operation::Delete { target: 11 })]);
    assert_eq!(seen(&view, 4), before);
    assert_eq!(drawn(&[view.more_below()]), ["-- more below · 3 new · PgDn --"]);
    assert_eq!(view.unmarked(), untold);
    assert!(told(&mut view).is_empty());
    view.look_ahead();
    let expected = ["00:10 ann 10", "00:11 ann (deleted)", "00:12 ann 12", "00:13 ann deleted #11"];
    assert_eq!(told(&mut view), expected);
    assert_eq!(view.unmarked(), [(room("lobby"), 13)]);
    say(&mut view, 14..=14);
    assert_eq!(told(&mut view), ["00:14 ann 14"]);
}

#[test]
fn rows_broken_anew_keep_the_line_at_the_top() {
    let mut view = view(Shows::Here, &["lobby"]);
    hear(&mut view, (1..=9).map(|seq| record("lobby", seq, "ann", &"word ".repeat(12))));
    view.page(Way::Back, 40, 4);
    let before = view.pane(40, 4);
    let wide = view.pane(200, 9);
    assert_eq!(wide.len(), 9);
    let top: String = wide[0].iter().map(|(_, text)| text.as_str()).collect();
    assert!(top.ends_with(&"word ".repeat(12)), "{top}");
    assert_eq!(view.pane(40, 4), before);
}

#[test]
fn one_turns_to_another_room_from_where_one_looks_back() {
    let mut view = lobby(9);
    view.hear(joined("rust", 0), MIDNIGHT);
    view.page(Way::Back, 40, 4);
    say(&mut view, 10..=10);
    view.turn_to_nth(1);
    assert!(!view.is_looking_back());
    assert_eq!(told(&mut view), ["00:10 ann 10", "-- now in #rust --"]);
    view.hear(Event::Message(ServerMessage::Left { room: room("rust") }), MIDNIGHT);
    view.page(Way::Back, 40, 4);
    view.hear(Event::Message(ServerMessage::Left { room: room("lobby") }), MIDNIGHT);
    assert!(!view.is_looking_back());
}

#[test]
fn a_line_is_gone_to_by_its_number_or_the_clock() {
    let mut view = lobby(1500);
    assert_eq!(view.look_at(1200), Ok(true));
    assert_eq!(seen(&view, 2), ["1200", "1201"]);
    assert_eq!(view.look_at(900), Ok(true));
    assert_eq!(view.wants(40, 2), Some((room("lobby"), Range::After(899))), "it is asked for");
    assert_eq!(view.look_at(1501), Err("the newest line is #1500".to_owned()));
    // The last, on the next day, at 01:00.
    let now = MIDNIGHT + 1500 * 60_000;
    view.look_at_clock(30, now).unwrap();
    assert_eq!(seen(&view, 1), ["1470"]);
    view.look_at_clock(23 * 60, now).unwrap();
    assert_eq!(seen(&view, 1), ["1380"]);
    view.look_at_clock(60, now).unwrap();
    assert_eq!(seen(&view, 1), ["1500"]);
}

/// Answers what the view wants, as long as it wants something: a lobby of `count` lines.
pub(super) fn load(view: &mut View, count: u64, height: usize) {
    for _ in 0..100 {
        let Some((name, range)) = view.wants(40, height) else { return };
        let seqs = match range {
            Range::Before(seq) => seq.saturating_sub(100).max(1)..seq,
            Range::After(seq) => seq + 1..(seq + 101).min(count + 1),
        };
        view.expect(name.clone(), Asked::Stretch(range));
        assert_eq!(view.wants(40, height), None, "one question at a time");
        let records = seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())).collect();
        view.hear(
            Event::Message(ServerMessage::History { room: name, records, first: 1 }),
            MIDNIGHT,
        );
    }
    panic!("it wants more and more");
}

#[test]
fn pages_go_back_to_where_the_room_begins_and_on_again_without_a_hole() {
    let mut view = lobby(3_000);
    let mut lines = Vec::new();
    while !status(&view).contains("this is where the room begins") {
        view.page(Way::Back, 40, 11);
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
    while view.is_looking_back() {
        view.page(Way::On, 40, 11);
        load(&mut view, 3_000, 11);
        on.push(seen(&view, 11));
    }
    let mut shown: Vec<u64> = on.concat().iter().filter_map(|line| line.parse().ok()).collect();
    shown.dedup();
    let is_next = |two: &&[u64]| two[1] > two[0] + 1;
    assert_eq!(shown.windows(2).find(is_next), None, "nothing is passed over");
    assert!(told(&mut view).is_empty(), "nothing is told twice");
}

#[test]
fn a_page_back_waits_for_its_lines_and_is_a_whole_page() {
    let mut view = lobby(2_500);
    view.page(Way::Back, 40, 21);
    let mut top = 2_460;
    assert_eq!(seen(&view, 1), ["2460"]);
    while top > 1_460 {
        // above it is another day
        let wanted = view.wants(40, 21);
        if let Some((name, range)) = &wanted {
            view.expect(name.clone(), Asked::Stretch(*range));
        }
        view.page(Way::Back, 40, 21); // before they are there
        if let Some((name, Range::Before(seq))) = wanted {
            let seqs = seq.saturating_sub(100).max(1)..seq;
            let records = seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())).collect();
            view.hear(
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
fn a_line_gone_to_is_at_the_top_with_others_before_and_behind() {
    let mut view = lobby(3_000);
    view.look_at(700).unwrap();
    assert_eq!(drawn(&[view.more_below()]), ["-- loading more lines · PgDn --"]);
    load(&mut view, 3_000, 4);
    assert_eq!(seen(&view, 2), ["700", "701"]);
    view.page(Way::Back, 40, 4);
    assert_eq!(seen(&view, 4), ["697", "698", "699", "700"]);
    say(&mut view, 3_001..=3_010);
    hear(&mut view, [act("lobby", 3_011, "ann", Operation::Delete { target: 698 })]);
    assert_eq!(seen(&view, 4), ["697", "(deleted)", "699", "700"]);
    assert!(view.look_at_first().is_ok());
    load(&mut view, 3_010, 4);
    assert_eq!(seen(&view, 2), ["--", "1"]);
    view.look_ahead();
    assert_eq!(told(&mut view).len(), 11, "what came meanwhile");
}

#[test]
fn the_clock_is_looked_for_as_far_back_as_it_takes() {
    let mut view = lobby(1_430); // a line a minute
    view.look_at_clock(10, MIDNIGHT + 1_435 * 60_000).unwrap();
    assert_eq!(drawn(&[view.more_below()]), ["-- looking for it · PgDn --"]);
    load(&mut view, 1_430, 4);
    assert_eq!(seen(&view, 2), ["10", "11"]);
    view.look_at_clock(1_439, MIDNIGHT + 1_435 * 60_000).unwrap(); // yesterday: before all
    load(&mut view, 1_430, 4);
    assert_eq!(seen(&view, 2), ["--", "1"]);
}

#[test]
fn without_a_connection_nothing_is_asked_and_that_is_said() {
    let mut view = lobby(600);
    view.hear(Event::State(State::Offline { retry: Duration::from_secs(1) }), MIDNIGHT);
    (0..60).for_each(|_| view.page(Way::Back, 40, 11));
    assert_eq!(view.wants(40, 11), None);
    assert!(status(&view).contains("once there is a connection"), "{}", status(&view));
    let top = seen(&view, 2);
    view.hear(Event::State(State::Live), MIDNIGHT);
    load(&mut view, 600, 11);
    assert_eq!(seen(&view, 2), top, "what is loaded moves nothing");
    view.page(Way::Back, 40, 11);
    assert_ne!(seen(&view, 2), top);
}

#[test]
fn lines_listed_far_back_leave_the_hole_to_history() {
    let mut view = view(Shows::All, &["lobby"]);
    say(&mut view, 900..=910);
    told(&mut view);
    let (name, range, count) = view.around(100).unwrap();
    assert_eq!((range, count), (Range::Before(110), 20));
    view.expect(name.clone(), Asked::List(count));
    let records = (60..110).map(|seq| record("lobby", seq, "ann", "old")).collect();
    view.hear(Event::Message(ServerMessage::History { room: name, records, first: 1 }), MIDNIGHT);
    let shown = told(&mut view).concat();
    assert!(shown.contains("#90 ann") && shown.contains("#109 ann") && !shown.contains("#89 ann"));
    assert_eq!(view.before_shown(), Some((room("lobby"), Range::Before(900))));
}

#[test]
fn the_unread_lines_are_gone_to_where_they_begin() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.look_at_unread();
    assert!(status(&view).ends_with("nothing is unread here"));
    let marked = Joined { marked: Some(4), head: 30, ..welcome_to("lobby", 30) };
    view.hear(Event::Message(ServerMessage::Joined(marked)), MIDNIGHT);
    say(&mut view, 1..=30);
    view.look_at_unread();
    assert_eq!(seen(&view, 3), ["-", "5", "6"]);
}

#[test]
fn without_a_screen_the_lines_gone_to_are_told_once_more() {
    let mut view = view(Shows::All, &["lobby"]);
    say(&mut view, 1..=30);
    told(&mut view);
    assert_eq!(view.look_at(5), Ok(true));
    let again = told(&mut view);
    assert_eq!((again.len(), again[1].as_str()), (22, "00:05 ann 5"));
    say(&mut view, 31..=31);
    assert_eq!(told(&mut view), ["00:31 ann 31"]);
    assert!(!view.is_looking_back());
}
