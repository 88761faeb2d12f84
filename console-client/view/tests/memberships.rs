//! The rooms of the person, which the server lists.

use talk::chat::protocol::Limits;
use talk::chat::protocol::ListedRoom;
use talk::chat::protocol::Welcome;
use talk::limits;

use super::*;

fn welcome(rooms: &[(&str, bool)]) -> Event {
    welcome_listing(rooms.iter().map(|(name, is_muted)| listed(name, None, *is_muted)).collect())
}

fn listed(name: &str, peer: Option<&str>, is_muted: bool) -> ListedRoom {
    ListedRoom { room: room(name), peer: peer.map(user), is_muted }
}

fn welcome_listing(rooms: Vec<ListedRoom>) -> Event {
    Event::Message(ServerMessage::Welcome(Welcome {
        former: Vec::new(),
        user: user("bob"),
        token: "00112233445566778899aabbccddeeff".parse().unwrap(),
        server: "talk/1".to_owned(),
        limits: Limits { text: 4096, rate: 5, burst: 20, page: 100 },
        motd: None,
        away: None,
        rooms: Some(rooms),
    }))
}

fn membership(name: &str, change: PresenceChange, muted: bool) -> Event {
    Event::Message(ServerMessage::Membership { room: room(name), peer: None, change, muted })
}

fn names(view: &View) -> Vec<&str> {
    view.display.rooms.iter().map(|room| room.name.as_str()).collect()
}

fn current(view: &View) -> &str {
    view.display.rooms.current().map_or("", |room| room.name.as_str())
}

#[test]
fn the_rooms_are_in_the_order_of_the_server_and_the_current_one_stays() {
    let mut view = view(OutputMode::OneRoom, &["ops", "new"]);
    view.apply(welcome(&[("dev", false), ("ops", true), ("attic", false)]), MIDNIGHT);
    assert_eq!(names(&view), ["dev", "ops", "attic", "new"]);
    assert_eq!(current(&view), "ops");
    assert!(view.display.is_muted(&room("ops")) && !view.display.is_muted(&room("dev")));
    view.apply(
        welcome(&[("attic", true), ("ops", false), ("dev", false), ("new", false)]),
        MIDNIGHT,
    );
    assert_eq!((names(&view), current(&view)), (vec!["attic", "ops", "dev", "new"], "ops"));
    assert!(!view.display.is_muted(&room("ops")) && view.display.is_muted(&room("attic")));
}

#[test]
fn a_private_room_has_the_name_of_the_other_person_before_it_is_joined() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let digest = "@-+00112233445566778899aabbccddeeff";
    let rooms = vec![
        listed("@alice+bob", Some("Kim"), true),
        listed("lobby", None, false),
        listed(digest, Some("Ann"), false),
    ];
    view.apply(welcome_listing(rooms), MIDNIGHT);
    assert_eq!(names(&view), ["@alice+bob", "lobby", digest]);
    let labels: Vec<String> =
        view.display.rooms.iter().map(|one| view.display.label(&one.name)).collect();
    assert_eq!(labels, ["@Kim", "#lobby", "@Ann"]);
    assert!(view.display.is_muted(&room("@alice+bob")));
    assert_eq!(view.display.rooms.with(&user("ann"), &user("bob")).unwrap().name, room(digest));
    let told = ServerMessage::Membership {
        room: room("@bob+x"),
        peer: Some(user("Xenia")),
        change: PresenceChange::Joined,
        muted: true,
    };
    view.apply(Event::Message(told), MIDNIGHT);
    assert_eq!(view.display.label(&room("@bob+x")), "@Xenia");
    assert!(view.display.is_muted(&room("@bob+x")));
    view.apply(membership("@alice+bob", PresenceChange::Joined, false), MIDNIGHT);
    assert_eq!(view.display.label(&room("@alice+bob")), "@Kim", "it did not say");
}

#[test]
fn the_lobby_that_nobody_named_makes_place_for_the_rooms_of_the_person() {
    for (listed, shown) in [
        (&[("dev", false), ("ops", false)][..], &["dev", "ops"][..]),
        (&[("dev", false), ("lobby", false)], &["dev", "lobby"]),
        (&[], &["lobby"]),
    ] {
        let rooms = [room("lobby")];
        let (zone, mode) = (TimeZone::default(), OutputMode::OneRoom);
        let mut view = View::new(user("bob"), "server:1".to_owned(), &rooms, zone, mode);
        view.display.rooms.set_only_default();
        view.apply(welcome(listed), MIDNIGHT);
        assert_eq!(names(&view), shown);
        assert_eq!(current(&view), shown[0]);
    }
}

#[test]
fn a_server_that_lists_rooms_without_end_fills_no_memory() {
    let one = |n: u32| listed(&format!("room{n}"), None, false);
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(welcome_listing((0..20_000).map(one).collect()), MIDNIGHT);
    for n in 0..20_000 {
        view.apply(membership(&format!("more{n}"), PresenceChange::Joined, true), MIDNIGHT);
        view.apply(membership(&format!("more{n}"), PresenceChange::Left, true), MIDNIGHT);
    }
    assert!(names(&view).len() <= limits::CLIENT_MEMBERSHIPS + 1);
}
