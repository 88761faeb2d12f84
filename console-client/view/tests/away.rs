//! Who is away.

use super::*;

fn lunch() -> Option<AwayMessage> {
    Some(AwayMessage::parse("lunch").unwrap())
}

fn away(name: &str, who: &str, away: Option<AwayMessage>) -> Notice {
    Notice::Away { room: room(name), user: user(who), away }
}

#[test]
fn others_are_told_in_the_room_and_we_in_the_status_line() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "dev"]);
    view.apply(away("lobby", "ann", lunch()), MIDNIGHT);
    view.apply(away("dev", "ann", lunch()), MIDNIGHT);
    view.apply(away("lobby", "bob", lunch()), MIDNIGHT);
    assert_eq!(told(&mut view), ["00:00 --- ann is away: lunch"], "once, where one is");
    assert_eq!(status(&view), "[lobby] bob (away) · live · 2 people");
    view.apply(away("lobby", "ann", None), MIDNIGHT);
    view.apply(away("lobby", "bob", None), MIDNIGHT);
    assert_eq!(told(&mut view), ["00:00 --- ann is back"]);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people");
    view.display.preferences.set(PreferenceChange::Quiet(true));
    view.apply(away("lobby", "ann", lunch()), MIDNIGHT);
    assert!(told(&mut view).is_empty(), "/quiet is quiet about this too");
}

#[test]
fn who_lists_them_and_a_private_room_names_them() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let absent = vec![AwayMember { user: user("ann"), text: lunch().unwrap() }];
    let members = vec![user("ann"), user("bob")];
    let notice = Notice::Members { room: room("lobby"), members, away: absent };
    view.apply(notice, MIDNIGHT);
    assert_eq!(told(&mut view), ["-- 2 people in #lobby: ann (away: lunch), bob --"]);
    let absent = vec![AwayMember { user: user("ann"), text: lunch().unwrap() }];
    let private = Joined { away: absent, ..welcome_to("@ann+bob", 0) };
    view.apply(Notice::Joined(private), MIDNIGHT);
    view.display.switch_to(1);
    assert!(status(&view).ends_with(" · ann is away: lunch"), "{}", status(&view));
    let renamed = Notice::Renamed { user: user("ann"), to: user("anna"), token: None };
    view.apply(renamed, MIDNIGHT);
    assert!(status(&view).ends_with(" · anna is away: lunch"), "{}", status(&view));
}
