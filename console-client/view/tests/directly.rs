//! What is shown of private rooms.

use talk::chat::protocol::ErrorMessage;
use talk::chat::protocol::RoomInfo;

use super::*;

const ANN: &str = "@ann+bob";

#[test]
fn who_writes_to_us_is_told_once_until_we_have_looked() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.hear(joined(ANN, 0), MIDNIGHT);
    hear(&mut view, [record(ANN, 1, "Ann", "psst"), record(ANN, 2, "Ann", "hey")]);
    let expected = ["-- Ann wrote to you: Alt-2 turns there, /r TEXT answers --"];
    assert_eq!(told(&mut view), expected);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · Act: 2!");
    assert_eq!(view.last_writer(), Some(&user("Ann")));

    assert!(view.turn_to_nth(1));
    assert_eq!(status(&view), "[@ann] bob · live · 2 people · #2");
    let expected = ["-- now in @ann · 2 new --", "-- Mon, 23 Nov 2026 --", "00:01 Ann psst"];
    assert_eq!(told(&mut view)[..3], expected);
    hear(&mut view, [record(ANN, 3, "Ann", "so?")]);
    assert_eq!(told(&mut view), ["00:03 Ann so?"]);
    view.turn_to_nth(0);
    told(&mut view);
    hear(&mut view, [record(ANN, 4, "Ann", "well")]);
    assert!(told(&mut view)[0].contains("wrote to you"));
}

#[test]
fn what_we_say_to_somebody_from_elsewhere_is_shown_when_it_is_stored() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.add(room(ANN));
    view.waits(own(ANN, 1, "hi ann"));
    assert_eq!(drawn(&view.waiting_lines()), ["[@ann]   …   bob hi ann"]);
    view.hear(joined(ANN, 0), MIDNIGHT);
    view.hear(Event::Stored { cid: cid(1), seq: 1 }, MIDNIGHT);
    hear(&mut view, [record(ANN, 1, "bob", "hi ann"), record(ANN, 2, "bob", "from my phone")]);
    assert_eq!(told(&mut view), ["[@ann] 00:01 bob hi ann"]);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people", "our own words are no news");
    assert_eq!(view.last_writer(), None);
}

#[test]
fn an_answer_goes_to_whoever_wrote_last_whatever_they_are_called_now() {
    let mut view = view(Shows::Here, &["lobby"]);
    for name in [ANN, "@bob+eve"] {
        view.hear(joined(name, 0), MIDNIGHT);
    }
    // What is told last may have been written first.
    hear(&mut view, [record("@bob+eve", 5, "eve", "later"), record(ANN, 3, "ann", "before")]);
    assert_eq!(view.last_writer(), Some(&user("eve")));
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.hear(renamed, MIDNIGHT);
    assert_eq!(view.last_writer(), Some(&user("eva")));
}

#[test]
fn private_rooms_go_when_the_name_goes() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.hear(joined(ANN, 0), MIDNIGHT);
    view.turn_to_nth(1);
    told(&mut view);
    view.hear(Event::Message(ServerMessage::Left { room: room(ANN) }), MIDNIGHT);
    assert_eq!(told(&mut view), ["-- you left @ann --", "-- now in #lobby --"]);
    let crossed = |code| {
        Event::Message(ServerMessage::Error(ErrorMessage {
            code,
            message: "join this room first".to_owned().into(),
            room: Some(room(ANN)),
            cid: None,
            retry_ms: None,
        }))
    };
    view.hear(crossed(ErrorCode::NotJoined), MIDNIGHT);
    assert!(told(&mut view).is_empty());
    view.hear(crossed(ErrorCode::Forbidden), MIDNIGHT);
    assert_eq!(told(&mut view), ["!! @ann: join this room first"]);
}

#[test]
fn in_one_stream_a_private_line_is_always_marked_and_the_others_stay_as_they_were() {
    for shows in [Shows::All, Shows::News] {
        let mut view = view(shows, &["lobby"]);
        view.hear(joined(ANN, 0), MIDNIGHT);
        hear(&mut view, [record(ANN, 1, "ann", "psst"), record("lobby", 1, "ann", "hi")]);
        let told = told(&mut view);
        let said = told.iter().filter(|row| row.contains(" ann "));
        assert!(said.eq(["[@ann] 00:01 ann psst", "00:01 ann hi"].iter()), "{told:?}");
    }
}

#[test]
fn a_strangers_private_room_is_named_in_full() {
    let view = view(Shows::Here, &["lobby"]);
    assert_eq!(view.label(&room("@ann+eve")), "@ann+eve");
    assert_eq!(view.label(&room(ANN)), "@ann");
    assert_eq!(view.label(&room("lobby")), "#lobby");
}

#[test]
fn of_the_rooms_there_are_ones_own_private_ones_are_named_by_the_other() {
    let mut view = view(Shows::Here, &["lobby"]);
    let info = |name| RoomInfo { name: room(name), head: 2, members: 1, topic: None };
    view.hear(
        Event::Message(ServerMessage::Rooms { rooms: vec![info("lobby"), info(ANN)] }),
        MIDNIGHT,
    );
    let expected =
        ["-- rooms --", "   #lobby · 1 person · 2 lines", "   @ann · 1 person · 2 lines"];
    assert_eq!(told(&mut view), expected);
}
