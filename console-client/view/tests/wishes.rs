//! What a person wants to hear, and how.

use super::*;
use crate::storage::preferences::Bell;
use crate::storage::preferences::Stamp;

fn change(who: &str, change: Change) -> Event {
    let change = Some((user(who), change));
    Event::Message(ServerMessage::Presence { room: room("lobby"), change, away: None, count: 2 })
}

#[test]
fn comings_and_goings_fold_into_one_line_until_something_is_said() {
    let mut view = view(Shows::Here, &["lobby"]);
    for (who, change_) in [
        ("eve", Change::Joined),
        ("zoe", Change::Joined),
        ("ann", Change::Left),
        ("Eve", Change::Left),
        ("kim", Change::Joined),
        ("ann", Change::Joined),
        ("lee", Change::Left),
    ] {
        view.hear(change(who, change_), MIDNIGHT);
    }
    let line = "00:00 --> zoe, kim joined · <-- lee left · --> ann left and came back · \
                <-- eve came and left";
    assert_eq!(drawn(&view.waiting_lines()), [line]);
    assert!(told(&mut view).is_empty());
    hear(&mut view, [record("lobby", 1, "ann", "hi")]);
    assert_eq!(told(&mut view), [line, "-- Mon, 23 Nov 2026 --", "00:01 ann hi"]);
    assert!(view.waiting_lines().is_empty());
    view.hear(change("kim", Change::Left), MIDNIGHT);
    view.remark(format::note("a remark"));
    assert_eq!(told(&mut view), ["00:00 <-- kim left", "-- a remark --"]);
}

#[test]
fn a_crowd_that_comes_is_a_few_names_and_a_number() {
    let mut view = view(Shows::Here, &["lobby"]);
    (0..300).for_each(|n| view.hear(change(&format!("n{n}"), Change::Joined), MIDNIGHT));
    let line = "00:00 --> n0, n1, n2, n3, n4, n5 and 194 more joined · 100 more came or went";
    assert_eq!(drawn(&view.waiting_lines()), [line]);
}

#[test]
fn comings_stand_in_their_room_and_not_where_one_turns_meanwhile() {
    let mut view = view(Shows::Here, &["lobby", "rust"]);
    view.hear(change("eve", Change::Joined), MIDNIGHT);
    view.turn_to_nth(1);
    assert_eq!(told(&mut view), ["00:00 --> eve joined", "-- now in #rust --"]);
    view.hear(change("eve", Change::Left), MIDNIGHT);
    assert!(view.waiting_lines().is_empty());
}

#[test]
fn who_wants_it_quiet_is_told_nothing_of_comings_and_still_how_many_are_there() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.wish(Wished::Quiet(true));
    view.hear(change("eve", Change::Joined), MIDNIGHT);
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.hear(renamed, MIDNIGHT);
    assert!(view.waiting_lines().is_empty() && told(&mut view).is_empty());
    assert!(status(&view).contains("2 people"));
    view.wish(Wished::Quiet(false));
    view.hear(change("eva", Change::Left), MIDNIGHT);
    assert_eq!(view.waiting_lines().len(), 1);
}

#[test]
fn the_bell_rings_for_what_it_is_set_to_and_never_for_the_past() {
    let rings = |bell: Bell, name: &str, who: &str, said: &str| {
        let mut view = view(Shows::Here, &["lobby", "@ann+bob"]);
        view.wish(Wished::Bell(bell));
        hear(&mut view, [record(name, 1, who, said)]);
        view.take_bell(MIDNIGHT)
    };
    for (bell, expected) in [
        (Bell::Off, [false, false, false, false]),
        (Bell::Mention, [false, true, true, false]),
        (Bell::All, [true, true, true, false]),
    ] {
        let said = [("lobby", "ann", "hi"), ("lobby", "ann", "Bob?"), ("@ann+bob", "ann", "x")];
        let heard = said.map(|(name, who, said)| rings(bell, name, who, said));
        assert_eq!(heard, expected[..3], "{bell:?}");
        assert_eq!(rings(bell, "lobby", "bob", "bob"), expected[3], "our own words, {bell:?}");
    }
    let mut view = view(Shows::Here, &["lobby"]);
    view.hear(Event::State(State::CatchingUp), MIDNIGHT);
    hear(&mut view, [record("lobby", 1, "ann", "bob?")]);
    assert!(!view.take_bell(MIDNIGHT), "it was said while we were away");
    view.hear(Event::State(State::Live), MIDNIGHT);
    hear(&mut view, [record("lobby", 2, "ann", "bob?"), record("lobby", 3, "ann", "bob?")]);
    assert!(view.take_bell(MIDNIGHT) && !view.take_bell(MIDNIGHT));
    hear(&mut view, [record("lobby", 4, "ann", "bob?")]);
    assert!(!view.take_bell(MIDNIGHT + 1_000), "not again at once");
    hear(&mut view, [record("lobby", 5, "ann", "bob?")]);
    assert!(view.take_bell(MIDNIGHT + 2_000));
}

#[test]
fn a_muted_room_neither_rings_nor_counts_as_active() {
    let mut view = view(Shows::Here, &["lobby", "rust"]);
    view.wish(Wished::Muted(room("rust"), true));
    hear(&mut view, [record("rust", 1, "ann", "bob?")]);
    assert!(!status(&view).contains("Act") && !view.take_bell(MIDNIGHT));
    view.turn_to_active();
    assert!(status(&view).starts_with("[rust]"), "it is still beside the other");
    view.wish(Wished::Muted(room("rust"), false));
    view.turn_to_nth(0);
    hear(&mut view, [record("rust", 2, "ann", "bob?")]);
    assert!(status(&view).ends_with("Act: 2!") && view.take_bell(MIDNIGHT));
}

#[test]
fn who_is_ignored_is_not_shown_and_leaves_nothing_unread() {
    let mut view = view(Shows::Here, &["lobby", "rust"]);
    view.wish(Wished::Ignored(user("Eve"), true));
    view.take_unkept();
    hear(&mut view, [record("lobby", 1, "eve", "bob!"), record("rust", 1, "eve", "bob!")]);
    hear(&mut view, [act("lobby", 2, "eve", Operation::Delete { target: 1 })]);
    view.hear(change("eve", Change::Left), MIDNIGHT);
    view.hear(
        Event::Message(ServerMessage::Typing { room: room("lobby"), user: user("eve") }),
        MIDNIGHT,
    );
    assert!(told(&mut view).is_empty() && view.waiting_lines().is_empty());
    assert!(!view.take_bell(MIDNIGHT));
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · #2");
    assert_eq!(view.unmarked(), [(room("lobby"), 2)]);
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.hear(renamed, MIDNIGHT);
    assert_eq!(view.take_unkept(), [Wished::Ignored(user("eva"), true)], "to be kept as well");
    hear(&mut view, [record("lobby", 3, "eva", "it is me")]);
    let records = vec![record("lobby", 1, "ann", "old"), record("lobby", 2, "eva", "old")];
    view.hear(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    assert!(!told(&mut view).concat().contains("eva"));
    view.wish(Wished::Ignored(user("EVA"), false));
    hear(&mut view, [record("lobby", 4, "eva", "back")]);
    assert!(told(&mut view).concat().contains("eva back"));
}

#[test]
fn new_lines_are_stamped_as_one_likes() {
    let mut view = view(Shows::Here, &["lobby"]);
    hear(&mut view, [record("lobby", 1, "ann", "a")]);
    view.wish(Wished::Stamp(Stamp::DateTime));
    hear(&mut view, [record("lobby", 2, "ann", "b")]);
    view.wish(Wished::Stamp(Stamp::Off));
    hear(&mut view, [record("lobby", 3, "ann", "c")]);
    assert_eq!(told(&mut view)[1..], ["00:01 ann a", "2026-11-23 00:02 ann b", "ann c"]);
}

#[test]
fn a_narrow_status_line_keeps_what_matters_most() {
    let mut view = view(Shows::Here, &["lobby", "rust"]);
    hear(&mut view, [record("lobby", 1042, "ann", "x"), record("rust", 1, "ann", "x")]);
    view.hear(
        Event::Message(ServerMessage::Typing { room: room("lobby"), user: user("ann") }),
        MIDNIGHT,
    );
    let at = |columns| drawn(&[view.status(MIDNIGHT, columns)]).concat();
    let whole = "[lobby] bob · live · 2 people · #1042 · Act: 2 · ann is typing";
    for (columns, expected) in [
        (62, whole),
        (61, "[lobby] bob · live · 2 people · #1042 · Act: 2"),
        (45, "[lobby] bob · live · #1042 · Act: 2"),
        (34, "[lobby] bob · live · Act: 2"),
        (26, "[lobby] live · Act: 2"),
        (8, "[lobby] live · Act: 2"),
    ] {
        assert_eq!(at(columns), expected, "{columns}");
    }
}
