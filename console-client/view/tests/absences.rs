//! Who is away.

use super::*;

fn lunch() -> Option<AwayMessage> {
    Some(AwayMessage::parse("lunch").unwrap())
}

fn away(name: &str, who: &str, away: Option<AwayMessage>) -> Event {
    Event::Message(ServerMessage::Away { room: room(name), user: user(who), away })
}

#[test]
fn others_are_told_in_the_room_and_we_in_the_status_line() {
    let mut view = view(Shows::Here, &["lobby", "dev"]);
    view.hear(away("lobby", "ann", lunch()), MIDNIGHT);
    view.hear(away("dev", "ann", lunch()), MIDNIGHT);
    view.hear(away("lobby", "bob", lunch()), MIDNIGHT);
    assert_eq!(told(&mut view), ["00:00 --- ann is away: lunch"], "once, where one is");
    assert_eq!(status(&view), "[lobby] bob (away) · live · 2 people");
    view.hear(away("lobby", "ann", None), MIDNIGHT);
    view.hear(away("lobby", "bob", None), MIDNIGHT);
    assert_eq!(told(&mut view), ["00:00 --- ann is back"]);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people");
    view.wish(Wished::Quiet(true));
    view.hear(away("lobby", "ann", lunch()), MIDNIGHT);
    assert!(told(&mut view).is_empty(), "/quiet is quiet about this too");
}

#[test]
fn who_lists_them_and_a_private_room_names_them() {
    let mut view = view(Shows::Here, &["lobby"]);
    let absent = vec![AwayMember { user: user("ann"), text: lunch().unwrap() }];
    let members = vec![user("ann"), user("bob")];
    let event =
        Event::Message(ServerMessage::Members { room: room("lobby"), members, away: absent });
    view.hear(event, MIDNIGHT);
    assert_eq!(told(&mut view), ["-- 2 people in #lobby: ann (away: lunch), bob --"]);
    let absent = vec![AwayMember { user: user("ann"), text: lunch().unwrap() }];
    let private = Joined { away: absent, ..welcome_to("@ann+bob", 0) };
    view.hear(Event::Message(ServerMessage::Joined(private)), MIDNIGHT);
    view.turn_to(&room("@ann+bob"));
    assert!(status(&view).ends_with(" · ann is away: lunch"), "{}", status(&view));
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("ann"), to: user("anna"), token: None });
    view.hear(renamed, MIDNIGHT);
    assert!(status(&view).ends_with(" · anna is away: lunch"), "{}", status(&view));
}
