//! The server's greeting and the topics, where they are read: under the history.

use talk::chat::protocol::Limits;
use talk::chat::protocol::Welcome;

use super::*;

fn welcome(motd: &str) -> Event {
    Event::Message(ServerMessage::Welcome(Welcome {
        former: Vec::new(),
        rooms: None,
        user: user("bob"),
        token: "00112233445566778899aabbccddeeff".parse().unwrap(),
        server: "talk/test".to_owned(),
        limits: Limits { text: 4096, rate: 5, burst: 20, page: 100 },
        motd: Some(motd.to_owned()),
        away: None,
    }))
}

fn joined_with_topic(name: &str, head: u64, topic: &str) -> Event {
    let topic = Some(topic.to_owned());
    Event::Message(ServerMessage::Joined(Joined { topic, ..welcome_to(name, head) }))
}

/// A view of bob's that has not connected yet.
fn new_view() -> View {
    let (server, rooms) = ("server:1".to_owned(), [room("lobby")]);
    View::new(user("bob"), server, &rooms, TimeZone::default(), OutputMode::OneRoom)
}

#[test]
fn the_topic_and_the_greeting_come_after_the_history() {
    let mut view = new_view();
    view.apply(welcome("Be kind.\nBackups run at four."), MIDNIGHT);
    view.apply(joined_with_topic("lobby", 2, "release on Friday"), MIDNIGHT);
    view.apply(Event::State(ConnectionState::CatchingUp), MIDNIGHT);
    apply(&mut view, [record("lobby", 1, "ann", "hi"), record("lobby", 2, "ann", "there")]);
    view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    let expected = [
        "-- server:1 · you are bob · /help --",
        "-- Mon, 23 Nov 2026 --",
        "00:01 ann hi",
        "00:02 ann there",
        "-- #lobby: release on Friday --",
        "-- Be kind. --",
        "-- Backups run at four. --",
    ];
    assert_eq!(printed(&mut view), expected);
}

#[test]
fn a_reconnect_greets_nobody_again() {
    let mut view = new_view();
    for _ in 0..2 {
        view.apply(welcome("Be kind."), MIDNIGHT);
        view.apply(joined_with_topic("lobby", 0, "tea"), MIDNIGHT);
        view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    }
    let shown = printed(&mut view);
    assert_eq!(shown.iter().filter(|line| line.contains("Be kind.")).count(), 1, "{shown:?}");
    assert_eq!(shown.iter().filter(|line| line.contains("tea")).count(), 1, "{shown:?}");
}

#[test]
fn a_room_joined_later_shows_its_topic_after_its_history() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.display.rooms.add(room("rust"));
    view.display.switch_to(1);
    printed(&mut view);
    view.apply(Event::State(ConnectionState::CatchingUp), MIDNIGHT);
    view.apply(joined_with_topic("rust", 1, "no unsafe"), MIDNIGHT);
    apply(&mut view, [record("rust", 1, "ann", "hi")]);
    view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    let shown = printed(&mut view);
    let at = |text: &str| shown.iter().position(|line| line.contains(text)).unwrap();
    assert!(at("ann hi") < at("#rust: no unsafe"), "{shown:?}");
}

#[test]
fn an_empty_private_room_that_the_server_adds_shows_its_topic_at_once() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    printed(&mut view);
    view.apply(joined_with_topic("lobby", 0, "not again"), MIDNIGHT);
    view.apply(joined_with_topic("@ann+bob", 0, "lunch"), MIDNIGHT);
    view.display.switch_to(1);
    let shown = printed(&mut view);
    assert!(shown.iter().any(|line| line.contains("lunch")), "{shown:?}");
    assert!(!shown.iter().any(|line| line.contains("not again")), "{shown:?}");
}
