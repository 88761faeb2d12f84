//! Who is away.

use super::*;

fn lunch() -> Option<AwayMessage> {
    Some(AwayMessage::parse("lunch").unwrap())
}

fn away(name: &str, who: &str, away: Option<AwayMessage>) -> Event {
    Event::Message(ServerMessage::Away { room: room(name), user: user(who), away })
}

/// The line of joins, leaves and the like, which can still change.
fn noted(view: &View) -> Vec<String> {
    drawn(&view.pending_lines())
}

#[test]
fn others_away_are_shown_in_the_room_and_we_in_the_status_line() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "dev"]);
    view.apply(away("lobby", "ann", lunch()), MIDNIGHT);
    view.apply(away("dev", "ann", lunch()), MIDNIGHT);
    view.apply(away("lobby", "bob", lunch()), MIDNIGHT);
    assert_eq!(noted(&view), ["00:00 --- ann is away: lunch"], "once, where one is");
    assert_eq!(status(&view), "[lobby] bob (away) · live · 2 people");
    view.apply(away("lobby", "ann", None), MIDNIGHT);
    view.apply(away("lobby", "bob", None), MIDNIGHT);
    assert_eq!(noted(&view), ["00:00 --- ann is back"], "one line, whatever came before");
    assert_eq!(status(&view), "[lobby] bob · live · 2 people");
    view.display.preferences.set(PreferenceChange::Quiet(true));
    view.apply(away("lobby", "ann", lunch()), MIDNIGHT);
    assert_eq!(noted(&view), ["00:00 --- ann is back"], "/quiet is quiet about this too");
}

#[test]
fn who_lists_those_away_and_a_private_room_names_them() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let absent = vec![AwayMember { user: user("ann"), text: lunch().unwrap() }];
    let members = vec![user("ann"), user("bob")];
    let event = Event::Message(ServerMessage::Members {
        room: room("lobby"),
        members,
        away: absent,
        list: None,
    });
    view.awaited.members.expect(room("lobby"), None, Asker::Who);
    view.apply(event, MIDNIGHT);
    assert_eq!(printed(&mut view), ["-- 2 people in #lobby: ann (away: lunch), bob --"]);
    let absent = vec![AwayMember { user: user("ann"), text: lunch().unwrap() }];
    let private = Joined { away: absent, ..welcome_to("@ann+bob", 0) };
    view.apply(Event::Message(ServerMessage::Joined(private)), MIDNIGHT);
    view.display.switch_to(1);
    assert!(status(&view).ends_with(" · ann is away: lunch"), "{}", status(&view));
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("ann"), to: user("anna"), token: None });
    view.apply(renamed, MIDNIGHT);
    assert!(status(&view).ends_with(" · anna is away: lunch"), "{}", status(&view));
}
