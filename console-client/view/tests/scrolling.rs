//! What is seen by whoever looks back.

use super::*;

/// A lobby where ann has said `1` to `count`.
fn lobby(count: u64) -> View {
    let mut view = view(Shows::Here, &["lobby"]);
    say(&mut view, 1..=count);
    told(&mut view);
    view
}

fn say(view: &mut View, seqs: std::ops::RangeInclusive<u64>) {
    hear(view, seqs.map(|seq| record("lobby", seq, "ann", &seq.to_string())));
}

/// What the pane's rows end with.
fn seen(view: &View, height: usize) -> Vec<String> {
    let rows = view.pane(40, height).into_iter();
    let text = |row: crate::line::Row| row.into_iter().map(|(_, text)| text).collect::<String>();
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
    assert!(status(&view).contains("nothing older is kept here"));
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
    hear(&mut view, [act("lobby", 13, "ann", Act::Delete { target: 11 })]);
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
    view.hear(Notice::Left(room("rust")), MIDNIGHT);
    view.page(Way::Back, 40, 4);
    view.hear(Notice::Left(room("lobby")), MIDNIGHT);
    assert!(!view.is_looking_back());
}

#[test]
fn a_line_is_gone_to_by_its_number_or_the_clock() {
    let mut view = lobby(1500);
    assert_eq!(view.look_at(1200), Ok(true));
    assert_eq!(seen(&view, 2), ["1200", "1201"]);
    assert_eq!(view.look_at(900), Ok(false), "it is asked for");
    assert_eq!(view.ask_around(900), Some((room("lobby"), 910)));
    assert_eq!(view.look_at(1501), Err("the newest line is #1500".to_owned()));
    // The last, on the next day, at 01:00.
    let now = MIDNIGHT + 1500 * 60_000;
    view.look_at_clock(30, now).unwrap();
    assert_eq!(seen(&view, 1), ["1470"]);
    view.look_at_clock(23 * 60, now).unwrap();
    assert_eq!(seen(&view, 1), ["1380"]);
    assert!(view.look_at_clock(61, now).is_err(), "that was yesterday");
    assert!(view.look_at_clock(60, now).is_ok());
}

#[test]
fn lines_gone_to_far_back_leave_the_hole_to_history() {
    let mut view = view(Shows::Here, &["lobby"]);
    say(&mut view, 900..=910);
    assert_eq!(view.ask_around(100), Some((room("lobby"), 110)));
    let records = (60..110).map(|seq| record("lobby", seq, "ann", "old")).collect();
    view.hear(Notice::History { room: room("lobby"), records, first: 1 }, MIDNIGHT);
    let shown = told(&mut view).concat();
    assert!(shown.contains("#90 ann") && shown.contains("#109 ann") && !shown.contains("#89 ann"));
    assert_eq!(view.ask_history(5), Some((room("lobby"), 900)));
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
