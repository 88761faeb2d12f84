//! Who is here and who is not: what `/who` prints, and the names that Tab knows.

use talk::chat::NameRange;
use talk::chat::protocol::MemberState;
use talk::chat::protocol::MembersList;

use super::*;
use crate::view::Asker;

/// A page of the members of the lobby; `here` and `absent` count all.
fn page(
    (state, prefix): (MemberState, Option<&str>),
    names: &[&str],
    (here, absent): (u64, u64),
) -> Event {
    let range = NameRange { prefix: prefix.map(|text| text.parse().unwrap()), after: None };
    let listed = names.len() as u64;
    let total = if state == MemberState::Here { here } else { absent };
    let more = prefix.is_none() && listed < total || listed == 100;
    let away = match state {
        MemberState::Here => {
            vec![AwayMember { user: user("ann"), text: AwayMessage::parse("lunch").unwrap() }]
        }
        MemberState::Absent => Vec::new(),
    };
    let members = names.iter().map(|name| user(name)).collect();
    let list = Some(MembersList { state, range, here, absent, more });
    Event::Message(ServerMessage::Members { room: room("lobby"), members, away, list })
}

fn ask(view: &mut View, prefix: Option<&str>) {
    let prefix = prefix.map(|text| text.parse().unwrap());
    view.awaited.members.expect(room("lobby"), prefix, Asker::Who);
}

fn names(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("m{n:03}")).collect()
}

#[test]
fn who_lists_those_here_and_those_not_here_once_both_have_come() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(page((MemberState::Absent, None), &["eve"], (2, 1)), MIDNIGHT);
    assert!(printed(&mut view).is_empty(), "it was not asked for");
    ask(&mut view, None);
    view.apply(page((MemberState::Here, None), &["ann", "bob"], (2, 1)), MIDNIGHT);
    assert!(printed(&mut view).is_empty() && view.awaited.members.is_waiting());
    view.apply(page((MemberState::Absent, None), &["eve"], (2, 1)), MIDNIGHT);
    let wanted =
        ["-- people in #lobby --", "   Here (2): ann (away: lunch), bob", "   Not here (1): eve"];
    assert_eq!(printed(&mut view), wanted);
    assert!(!view.awaited.members.is_waiting());
    ask(&mut view, None);
    view.apply(page((MemberState::Here, None), &["bob"], (1, 0)), MIDNIGHT);
    view.apply(page((MemberState::Absent, None), &[], (1, 0)), MIDNIGHT);
    assert_eq!(printed(&mut view)[1..], ["   Here (1): bob", "   Not here (0)"]);
}

#[test]
fn who_lists_the_first_hundred_of_many_and_says_how_to_find_the_others() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    ask(&mut view, None);
    let many = names(0, 100);
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    view.apply(page((MemberState::Here, None), &["ann"], (1, 9_980)), MIDNIGHT);
    view.apply(page((MemberState::Absent, None), &many, (1, 9_980)), MIDNIGHT);
    let lines = printed(&mut view);
    assert_eq!(lines[1], "   Here (1): ann (away: lunch)");
    assert!(lines[2].starts_with("   Not here (9,980): m000, m001, "), "{}", lines[2]);
    assert_eq!(lines[3..], ["   and 9,880 more: /who PREFIX"]);

    ask(&mut view, Some("M00"));
    view.apply(page((MemberState::Here, Some("M00")), &[], (1, 9_980)), MIDNIGHT);
    view.apply(page((MemberState::Absent, Some("M00")), &many[..2], (1, 9_980)), MIDNIGHT);
    let wanted = [
        "-- people in #lobby whose names begin with M00 --",
        "   Here (0 of 1)",
        "   Not here (2 of 9,980): m000, m001",
    ];
    assert_eq!(printed(&mut view), wanted);
    ask(&mut view, Some("m"));
    view.apply(page((MemberState::Absent, Some("m")), &many, (1, 9_980)), MIDNIGHT);
    view.apply(page((MemberState::Here, Some("m")), &[], (1, 9_980)), MIDNIGHT);
    assert_eq!(printed(&mut view)[3..], ["   and more: /who with a longer PREFIX"]);
}

#[test]
fn an_earlier_server_tells_who_is_here_only() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    ask(&mut view, Some("B"));
    let members = vec![user("ann"), user("bob")];
    let whole = || {
        let (members, away) = (members.clone(), Vec::new());
        Event::Message(ServerMessage::Members { room: room("lobby"), members, away, list: None })
    };
    view.apply(whole(), MIDNIGHT);
    view.apply(whole(), MIDNIGHT); // it answers each of the two questions so
    assert_eq!(printed(&mut view), ["-- 1 person in #lobby whose names begin with B: bob --"]);
    ask(&mut view, Some("x"));
    view.apply(whole(), MIDNIGHT);
    assert_eq!(printed(&mut view), ["-- 0 people in #lobby whose names begin with x --"]);
    ask(&mut view, None);
    view.apply(whole(), MIDNIGHT);
    assert_eq!(printed(&mut view), ["-- 2 people in #lobby: ann, bob --"]);
}

#[test]
fn a_whole_list_that_comes_after_a_replay_is_no_answer() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let joined = Joined {
        absent: Some(1),
        absent_members: Some(vec![user("eve")]),
        ..welcome_to("lobby", 0)
    };
    view.apply(Event::Message(ServerMessage::Joined(joined)), MIDNIGHT);
    ask(&mut view, None);
    let (members, away) = (vec![user("bob"), user("eve")], Vec::new());
    let whole = ServerMessage::Members { room: room("lobby"), members, away, list: None };
    view.apply(Event::Message(whole), MIDNIGHT);
    assert!(printed(&mut view).is_empty() && view.awaited.members.is_waiting());
    assert_eq!(view.display.words().names, ["bob", "eve"], "but those here are known by it");
}

#[test]
fn in_a_private_room_who_says_who_is_here() {
    let mut view = view(OutputMode::OneRoom, &["@ann+bob"]);
    view.awaited.members.expect(room("@ann+bob"), None, Asker::Who);
    for (state, names) in [(MemberState::Here, vec![user("bob")]), (MemberState::Absent, vec![])] {
        let (range, here) = (NameRange::default(), 1);
        let list = Some(MembersList { state, range, here, absent: 0, more: false });
        let (room, away) = (room("@ann+bob"), Vec::new());
        let page = ServerMessage::Members { room, members: names, away, list };
        view.apply(Event::Message(page), MIDNIGHT);
    }
    assert_eq!(printed(&mut view), ["-- people in @ann --", "   Here (1): bob"]);
}

#[test]
fn a_refused_or_lost_question_is_given_up() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    ask(&mut view, None);
    let refused = ErrorMessage::new(ErrorCode::BadMessage, "no").about_room(room("lobby"));
    view.apply(Event::Message(ServerMessage::Error(refused)), MIDNIGHT);
    assert!(!view.awaited.members.is_waiting());
    ask(&mut view, None);
    let retry = Duration::from_secs(1);
    view.apply(Event::State(ConnectionState::Offline { retry }), MIDNIGHT);
    assert!(!view.awaited.members.is_waiting());
}

#[test]
fn tab_knows_members_who_are_not_here_and_those_that_the_server_found() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let joined = Joined {
        members: Some(vec![user("ann"), user("bob")]),
        absent: Some(1),
        absent_members: Some(vec![user("kim")]),
        ..welcome_to("lobby", 0)
    };
    view.apply(Event::Message(ServerMessage::Joined(joined)), MIDNIGHT);
    assert_eq!(view.display.words().names, ["ann", "bob", "kim"]);
    let left = ServerMessage::Presence {
        room: room("lobby"),
        change: Some((user("ann"), PresenceChange::Left)),
        away: None,
        member: true,
        count: 1,
    };
    view.apply(Event::Message(left), MIDNIGHT);
    assert_eq!(view.display.words().names, ["bob", "kim", "ann"]);
    let large = Joined {
        members: None,
        count: 200,
        absent: Some(300),
        absent_members: None,
        ..welcome_to("lobby", 0)
    };
    view.apply(Event::Message(ServerMessage::Joined(large)), MIDNIGHT);
    assert!(view.display.words().names.is_empty());
    let expect = |view: &mut View, prefix: &str| {
        view.awaited.members.expect(room("lobby"), Some(prefix.parse().unwrap()), Asker::Tab);
    };
    expect(&mut view, "k");
    expect(&mut view, "ki");
    for state in [MemberState::Here, MemberState::Absent] {
        view.apply(page((state, Some("k")), &["kay"], (200, 300)), MIDNIGHT);
    }
    assert!(!view.awaited.members.take_found(), "of an earlier Tab");
    view.apply(page((MemberState::Here, Some("ki")), &["kim"], (200, 300)), MIDNIGHT);
    assert!(!view.awaited.members.take_found());
    view.apply(page((MemberState::Absent, Some("ki")), &["Kira"], (200, 300)), MIDNIGHT);
    assert!(view.awaited.members.take_found() && !view.awaited.members.take_found());
    assert_eq!(view.display.words().names, ["kim", "Kira"]);
    assert!(printed(&mut view).is_empty());
}
