//! Preferences: the bell, ignored users, muted rooms, joins and leaves, time stamps.

use super::*;
use crate::storage::preferences::BellMode;
use crate::storage::preferences::TimestampStyle;

fn change(who: &str, change: PresenceChange) -> Event {
    let change = Some((user(who), change));
    Event::Message(ServerMessage::Presence {
        room: room("lobby"),
        change,
        away: None,
        member: false,
        count: 2,
    })
}

#[test]
fn joins_and_leaves_fold_into_one_line_until_a_message_comes() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    for (who, change_) in [
        ("eve", PresenceChange::Joined),
        ("zoe", PresenceChange::Joined),
        ("ann", PresenceChange::Left),
        ("Eve", PresenceChange::Left),
        ("kim", PresenceChange::Joined),
        ("ann", PresenceChange::Joined),
        ("lee", PresenceChange::Left),
    ] {
        view.apply(change(who, change_), MIDNIGHT);
    }
    let line = "00:00 --> zoe, kim joined · <-- lee left · --> ann left and joined again · \
                <-- eve joined and left";
    assert_eq!(drawn(&view.pending_lines()), [line]);
    assert!(printed(&mut view).is_empty());
    apply(&mut view, [record("lobby", 1, "ann", "hi")]);
    assert_eq!(printed(&mut view), [line, "-- Mon, 23 Nov 2026 --", "00:01 ann hi"]);
    assert!(view.pending_lines().is_empty());
    view.apply(change("kim", PresenceChange::Left), MIDNIGHT);
    view.display.print(format::notice("a remark"));
    assert_eq!(printed(&mut view), ["00:00 <-- kim left", "-- a remark --"]);
}

#[test]
fn many_joins_are_a_few_names_and_a_number() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    (0..300).for_each(|n| view.apply(change(&format!("n{n}"), PresenceChange::Joined), MIDNIGHT));
    let line = "00:00 --> n0, n1, n2, n3, n4, n5 and 194 more joined · 100 more changes";
    assert_eq!(drawn(&view.pending_lines()), [line]);
}

#[test]
fn joins_are_shown_in_their_room_and_not_in_the_one_switched_to() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "rust"]);
    view.apply(change("eve", PresenceChange::Joined), MIDNIGHT);
    view.display.switch_to(1);
    assert_eq!(printed(&mut view), ["00:00 --> eve joined", "-- now in #rust --"]);
    view.apply(change("eve", PresenceChange::Left), MIDNIGHT);
    assert!(view.pending_lines().is_empty());
}

#[test]
fn quiet_hides_joins_and_still_counts_members() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.display.preferences.set(PreferenceChange::Quiet(true));
    view.apply(change("eve", PresenceChange::Joined), MIDNIGHT);
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.apply(renamed, MIDNIGHT);
    assert!(view.pending_lines().is_empty() && printed(&mut view).is_empty());
    assert!(status(&view).contains("2 people"));
    view.display.preferences.set(PreferenceChange::Quiet(false));
    view.apply(change("eva", PresenceChange::Left), MIDNIGHT);
    assert_eq!(view.pending_lines().len(), 1);
}

#[test]
fn the_bell_rings_as_set_and_never_for_the_past() {
    let rings = |bell: BellMode, name: &str, who: &str, said: &str| {
        let mut view = view(OutputMode::OneRoom, &["lobby", "@ann+bob"]);
        view.display.preferences.set(PreferenceChange::Bell(bell));
        apply(&mut view, [record(name, 1, who, said)]);
        view.bell.take(MIDNIGHT)
    };
    for (bell, expected) in [
        (BellMode::Off, [false, false, false, false]),
        (BellMode::Mention, [false, true, true, false]),
        (BellMode::All, [true, true, true, false]),
    ] {
        let said = [("lobby", "ann", "hi"), ("lobby", "ann", "Bob?"), ("@ann+bob", "ann", "x")];
        let rung = said.map(|(name, who, said)| rings(bell, name, who, said));
        assert_eq!(rung, expected[..3], "{bell:?}");
        assert_eq!(rings(bell, "lobby", "bob", "bob"), expected[3], "our own words, {bell:?}");
    }
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(Event::State(ConnectionState::CatchingUp), MIDNIGHT);
    apply(&mut view, [record("lobby", 1, "ann", "bob?")]);
    assert!(!view.bell.take(MIDNIGHT), "it was sent while we were offline");
    view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    apply(&mut view, [record("lobby", 2, "ann", "bob?"), record("lobby", 3, "ann", "bob?")]);
    assert!(view.bell.take(MIDNIGHT) && !view.bell.take(MIDNIGHT));
    apply(&mut view, [record("lobby", 4, "ann", "bob?")]);
    assert!(!view.bell.take(MIDNIGHT + 1_000), "not again at once");
    apply(&mut view, [record("lobby", 5, "ann", "bob?")]);
    assert!(view.bell.take(MIDNIGHT + 2_000));
}

#[test]
fn a_muted_room_neither_rings_nor_counts_as_unread() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "rust"]);
    view.display.preferences.set(PreferenceChange::Muted(room("rust"), true));
    apply(&mut view, [record("rust", 1, "ann", "bob?")]);
    assert!(!status(&view).contains("new in") && !view.bell.take(MIDNIGHT));
    switch_to_unread(&mut view);
    assert!(status(&view).starts_with("[rust]"), "it is still next to the other");
    view.display.preferences.set(PreferenceChange::Muted(room("rust"), false));
    view.display.switch_to(0);
    apply(&mut view, [record("rust", 2, "ann", "bob?")]);
    assert!(status(&view).ends_with("new in #rust!") && view.bell.take(MIDNIGHT));
}

#[test]
fn an_ignored_user_is_not_shown_and_leaves_nothing_unread() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "rust"]);
    view.display.preferences.set(PreferenceChange::Ignored(user("Eve"), true));
    view.display.preferences.take_unsaved();
    apply(&mut view, [record("lobby", 1, "eve", "bob!"), record("rust", 1, "eve", "bob!")]);
    apply(&mut view, [operation("lobby", 2, "eve", Operation::Delete { target: 1 })]);
    view.apply(change("eve", PresenceChange::Left), MIDNIGHT);
    view.apply(
        Event::Message(ServerMessage::Typing { room: room("lobby"), user: user("eve") }),
        MIDNIGHT,
    );
    assert!(printed(&mut view).is_empty() && view.pending_lines().is_empty());
    assert!(!view.bell.take(MIDNIGHT));
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · #2");
    assert_eq!(view.unsent_read_positions(), [(room("lobby"), 2)]);
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.apply(renamed, MIDNIGHT);
    assert_eq!(
        view.display.preferences.take_unsaved(),
        [PreferenceChange::Ignored(user("eva"), true)],
        "to be saved as well"
    );
    apply(&mut view, [record("lobby", 3, "eva", "it is me")]);
    let records = vec![record("lobby", 1, "ann", "old"), record("lobby", 2, "eva", "old")];
    view.apply(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    assert!(!printed(&mut view).concat().contains("eva"));
    view.display.preferences.set(PreferenceChange::Ignored(user("EVA"), false));
    apply(&mut view, [record("lobby", 4, "eva", "back")]);
    assert!(printed(&mut view).concat().contains("eva back"));
}

#[test]
fn new_messages_have_the_preferred_time_stamp() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    apply(&mut view, [record("lobby", 1, "ann", "a")]);
    view.display.preferences.set(PreferenceChange::Timestamp(TimestampStyle::DateTime));
    apply(&mut view, [record("lobby", 2, "ann", "b")]);
    view.display.preferences.set(PreferenceChange::Timestamp(TimestampStyle::Off));
    apply(&mut view, [record("lobby", 3, "ann", "c")]);
    assert_eq!(printed(&mut view)[1..], ["00:01 ann a", "2026-11-23 00:02 ann b", "ann c"]);
}

#[test]
fn a_narrow_status_line_keeps_what_matters_most() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "rust"]);
    apply(&mut view, [record("lobby", 1042, "ann", "x"), record("rust", 1, "ann", "x")]);
    view.apply(
        Event::Message(ServerMessage::Typing { room: room("lobby"), user: user("ann") }),
        MIDNIGHT,
    );
    let at = |columns| drawn(&[StatusLine::new(&view, MIDNIGHT).line(columns)]).concat();
    let whole = "[lobby] bob · live · 2 people · #1042 · new in #rust · ann is typing";
    for (columns, expected) in [
        (68, whole),
        (67, "[lobby] bob · live · 2 people · #1042 · new in #rust"),
        (51, "[lobby] bob · live · #1042 · new in #rust"),
        (40, "[lobby] bob · live · new in #rust"),
        (32, "[lobby] live · new in #rust"),
        (8, "[lobby] live · new in #rust"),
    ] {
        assert_eq!(at(columns), expected, "{columns}");
    }
}

#[test]
fn renames_and_away_messages_of_one_name_fold_into_one_line() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let rename = |view: &mut View, from: &str, to: &str| {
        let (user, to) = (user(from), user(to));
        view.apply(Event::Message(ServerMessage::Renamed { user, to, token: None }), MIDNIGHT);
    };
    let away = |view: &mut View, who: &str, text: Option<&str>| {
        let away = text.map(|text| AwayMessage::parse(text).unwrap());
        let (room, user) = (room("lobby"), user(who));
        view.apply(Event::Message(ServerMessage::Away { room, user, away }), MIDNIGHT);
    };
    view.apply(change("eve", PresenceChange::Joined), MIDNIGHT);
    view.apply(change("kim", PresenceChange::Joined), MIDNIGHT);
    let mut eve = "eve".to_owned();
    for turn in 0..3_000 {
        let next = format!("eve{turn}");
        rename(&mut view, &eve, &next);
        away(&mut view, &next, Some(&format!("turn {turn}")));
        away(&mut view, &next, (turn % 2 == 0).then_some("x"));
        eve = next;
    }
    let joined = "00:00 --> eve2999, kim joined · --- eve is now known as eve2999";
    assert_eq!(drawn(&view.pending_lines()), [format!("{joined} · --- eve2999 is back")]);
    rename(&mut view, "ann", "anna");
    rename(&mut view, &eve, "eve");
    away(&mut view, "eve", Some("tea"));
    assert_eq!(
        drawn(&view.pending_lines()),
        ["00:00 --> eve, kim joined · --- ann is now known as anna · --- eve is away: tea"]
    );
    away(&mut view, "kim", Some("tea"));
    assert!(drawn(&view.pending_lines()).concat().ends_with("--- eve, kim are away"));
    assert!(printed(&mut view).is_empty(), "nothing was pushed out of the scrollback");
}

#[test]
fn everything_of_an_ignored_user_is_hidden_under_each_of_their_names() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let post = Operation::Post { text: text("quoted"), me: false, reply: Some(1) };
    apply(&mut view, [record("lobby", 1, "eve", "evil")]);
    view.display.ignore(&user("EVE"));
    printed(&mut view);
    for (from, to) in [("eve", "eve2"), ("eve2", "Eve3"), ("Eve3", "eve"), ("eve", "last")] {
        let (user, to) = (user(from), user(to));
        view.apply(Event::Message(ServerMessage::Renamed { user, to, token: None }), MIDNIGHT);
    }
    let away = Some(AwayMessage::parse("evil").unwrap());
    let (name, who) = (room("lobby"), user("last"));
    view.apply(
        Event::Message(ServerMessage::Away { room: name, user: who.clone(), away }),
        MIDNIGHT,
    );
    view.apply(change("last", PresenceChange::Left), MIDNIGHT);
    view.apply(Event::Message(ServerMessage::Typing { room: room("lobby"), user: who }), MIDNIGHT);
    let edit = Operation::Edit { target: 1, text: text("evil") };
    apply(&mut view, [record("lobby", 2, "last", "evil"), operation("lobby", 3, "last", edit)]);
    assert!(printed(&mut view).is_empty() && view.pending_lines().is_empty());
    assert!(!status(&view).contains("typing"));
    apply(&mut view, [operation("lobby", 4, "ann", post)]);
    assert_eq!(printed(&mut view), ["↳ #1", "00:04 ann quoted"], "nor does a reply quote them");
    let ignored = view.display.preferences.current().ignored();
    let names: Vec<&str> = ignored.iter().map(UserName::as_str).collect();
    assert_eq!(names, ["EVE", "eve2", "Eve3", "last"]);
}

#[test]
fn very_many_renames_of_an_ignored_user_fill_no_list() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.display.ignore(&user("n0"));
    for turn in 0..1_500 {
        let (user, to) = (user(&format!("n{turn}")), user(&format!("n{}", turn + 1)));
        view.apply(Event::Message(ServerMessage::Renamed { user, to, token: None }), MIDNIGHT);
        view.display.preferences.take_unsaved();
    }
    let preferences = view.display.preferences.current();
    assert_eq!(preferences.ignored().len(), 1_000);
    assert!(preferences.is_ignored(&user("n0")) && preferences.is_ignored(&user("n1500")));
}

#[test]
fn the_status_line_names_two_rooms_with_new_messages_those_with_a_mention_first() {
    let rooms = ["lobby", "builds", "ops", "rust", "tea"];
    let mut view = view(OutputMode::OneRoom, &rooms);
    apply(&mut view, [record("builds", 1, "ann", "x"), record("ops", 1, "ann", "x")]);
    let shown =
        |view: &View, columns| drawn(&[StatusLine::new(view, MIDNIGHT).line(columns)]).concat();
    assert!(shown(&view, 200).ends_with(" · new in #builds, #ops"));
    apply(&mut view, [record("rust", 1, "ann", "x"), record("tea", 1, "ann", "bob?")]);
    assert!(shown(&view, 200).ends_with(" · new in #tea!, #builds (+2)"));
    assert_eq!(shown(&view, 48), "[lobby] bob · live · new in #tea!, #builds (+2)");
    assert_eq!(shown(&view, 46), "[lobby] bob · live · new in #tea! (+3)");
    assert_eq!(shown(&view, 37), "[lobby] bob · live · new in 4 rooms");
}
