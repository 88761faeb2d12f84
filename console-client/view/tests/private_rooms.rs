//! What is shown of private rooms.

use talk::chat::protocol::RoomInfo;

use super::*;
use talk::chat::protocol::ErrorMessage;

const ANN: &str = "@ann+bob";

#[test]
fn a_direct_message_is_announced_once_until_the_person_has_looked() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(joined(ANN, 0), MIDNIGHT);
    apply(&mut view, [record(ANN, 1, "Ann", "psst"), record(ANN, 2, "Ann", "hey")]);
    let expected = ["-- direct message from Ann: Alt-2 to open, /r TEXT to reply --"];
    assert_eq!(printed(&mut view), expected);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · new in @ann!");
    assert_eq!(view.display.rooms.last_direct_sender(), Some(&user("Ann")));

    assert!(view.display.switch_to(1));
    assert_eq!(status(&view), "[@ann] bob · live · 2 people · #2");
    let expected = ["-- now in @ann · 2 new --", "-- Mon, 23 Nov 2026 --", "00:01 Ann psst"];
    assert_eq!(printed(&mut view)[..3], expected);
    apply(&mut view, [record(ANN, 3, "Ann", "so?")]);
    assert_eq!(printed(&mut view), ["00:03 Ann so?"]);
    view.display.switch_to(0);
    printed(&mut view);
    apply(&mut view, [record(ANN, 4, "Ann", "well")]);
    assert!(printed(&mut view)[0].contains("direct message from"));
}

#[test]
fn a_direct_message_in_a_muted_room_is_not_announced() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(joined(ANN, 0), MIDNIGHT);
    view.display.rooms.set_muted(&room(ANN), true);
    apply(&mut view, [record(ANN, 1, "Ann", "psst")]);
    assert_eq!(printed(&mut view), [""; 0]);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people");
    assert_eq!(view.display.rooms.last_direct_sender(), Some(&user("Ann")), "/r finds her");
}

#[test]
fn a_direct_message_sent_from_another_room_is_shown_when_it_is_stored() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.display.rooms.add(room(ANN));
    view.unsent.add(own(ANN, 1, "hi ann"));
    assert_eq!(drawn(&view.pending_lines()), ["[@ann]   …   bob hi ann"]);
    view.apply(joined(ANN, 0), MIDNIGHT);
    view.apply(Event::Stored { cid: cid(1), seq: 1 }, MIDNIGHT);
    apply(&mut view, [record(ANN, 1, "bob", "hi ann"), record(ANN, 2, "bob", "from my phone")]);
    assert_eq!(printed(&mut view), ["[@ann] 00:01 bob hi ann"]);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people", "our own words are no news");
    assert_eq!(view.display.rooms.last_direct_sender(), None);
}

#[test]
fn r_replies_to_the_last_sender_also_after_a_rename() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    for name in [ANN, "@bob+eve"] {
        view.apply(joined(name, 0), MIDNIGHT);
    }
    // The message received last may be the older one.
    apply(&mut view, [record("@bob+eve", 5, "eve", "later"), record(ANN, 3, "ann", "before")]);
    assert_eq!(view.display.rooms.last_direct_sender(), Some(&user("eve")));
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.apply(renamed, MIDNIGHT);
    assert_eq!(view.display.rooms.last_direct_sender(), Some(&user("eva")));
}

#[test]
fn private_rooms_go_when_the_name_goes() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(joined(ANN, 0), MIDNIGHT);
    view.display.switch_to(1);
    printed(&mut view);
    view.apply(Event::Message(ServerMessage::Left { room: room(ANN) }), MIDNIGHT);
    assert_eq!(printed(&mut view), ["-- you left @ann --", "-- now in #lobby --"]);
    let crossed = |code| {
        Event::Message(ServerMessage::Error(ErrorMessage {
            code,
            message: "join this room first".to_owned().into(),
            room: Some(room(ANN)),
            cid: None,
            peer: None,
            retry_ms: None,
        }))
    };
    view.apply(crossed(ErrorCode::NotJoined), MIDNIGHT);
    assert!(printed(&mut view).is_empty());
    view.apply(crossed(ErrorCode::Forbidden), MIDNIGHT);
    assert_eq!(printed(&mut view), ["!! @ann: join this room first"]);
}

#[test]
fn a_private_room_that_is_left_for_another_goes_quietly() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(joined(ANN, 0), MIDNIGHT);
    view.apply(Event::Message(ServerMessage::Left { room: room(ANN) }), MIDNIGHT);
    assert_eq!(printed(&mut view), [""; 0]);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people");
}

#[test]
fn in_one_stream_only_private_messages_are_always_marked() {
    for mode in [OutputMode::AllRooms, OutputMode::NewOnly] {
        let mut view = view(mode, &["lobby"]);
        view.apply(joined(ANN, 0), MIDNIGHT);
        apply(&mut view, [record(ANN, 1, "ann", "psst"), record("lobby", 1, "ann", "hi")]);
        let lines = printed(&mut view);
        let said = lines.iter().filter(|row| row.contains(" ann "));
        assert!(said.eq(["[@ann] 00:01 ann psst", "00:01 ann hi"].iter()), "{lines:?}");
    }
}

#[test]
fn a_private_room_of_others_is_named_in_full() {
    let view = view(OutputMode::OneRoom, &["lobby"]);
    assert_eq!(view.display.label(&room("@ann+eve")), "@ann+eve");
    assert_eq!(view.display.label(&room(ANN)), "@ann");
    assert_eq!(view.display.label(&room("lobby")), "#lobby");
}

#[test]
fn in_the_list_of_rooms_our_private_ones_are_named_by_the_other_user() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let rooms = |view: &mut View| {
        let info =
            |name| RoomInfo { name: room(name), peer: None, head: 2, members: 1, topic: None };
        let rooms = vec![info("lobby"), info(ANN)];
        view.apply(Event::Message(ServerMessage::Rooms { rooms }), MIDNIGHT);
    };
    view.awaited.rooms = 1;
    rooms(&mut view);
    let expected = [
        "-- rooms; yours have a number: Alt-1 switches to [1] --",
        "   [1]  #lobby · 1 person · 2 messages",
        "        @ann · 1 person · 2 messages",
    ];
    assert_eq!(printed(&mut view), expected);
    rooms(&mut view);
    assert!(printed(&mut view).is_empty(), "the user did not ask for this one");
}
