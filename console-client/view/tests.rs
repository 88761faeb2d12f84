//! What is shown of what is heard.

use std::time::Duration;
use talk::chat::protocol::ErrorMessage;

use talk::chat::AwayMember;
use talk::chat::Cid;
use talk::chat::ErrorCode;
use talk::chat::Operation;
use talk::chat::Rejection;
use talk::chat::Text;
use talk::chat::protocol::Change;
use talk::chat::protocol::Joined;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Record;
use talk::chat::protocol::ServerMessage;
use talk::client::Event;
use talk::client::State;

use super::*;
use crate::editor::Way;

mod acts; // edits, deletes, topics
mod answers; // lines that answer lines
mod directly; // private rooms
mod reading; // what is unread
mod absences; // who is away
mod wishes; // the bell, ignoring, muting, comings
mod scrolling; // looking back
mod loading; // beyond what is kept

/// 2026-11-23 00:00 UTC.
const MIDNIGHT: u64 = 1_795_392_000_000;

fn room(name: &str) -> RoomName {
    name.parse().unwrap()
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

fn text(text: &str) -> Text {
    Text::parse(text, 100).unwrap()
}

fn cid(seq: u64) -> Cid {
    format!("c{seq}").parse().unwrap()
}

/// A view of bob's, in these rooms.
fn view(shows: Shows, rooms: &[&str]) -> View {
    let rooms: Vec<RoomName> = rooms.iter().map(|name| room(name)).collect();
    let mut view = View::new(user("bob"), "server:1".to_owned(), &rooms, Zone::default(), shows);
    rooms.iter().for_each(|name| view.hear(joined(name.as_str(), 0), MIDNIGHT));
    view.hear(Event::State(State::Live), MIDNIGHT);
    view
}

fn joined(name: &str, head: u64) -> Event {
    Event::Message(ServerMessage::Joined(welcome_to(name, head)))
}

fn welcome_to(name: &str, head: u64) -> Joined {
    Joined {
        room: room(name),
        log: "l".to_owned(),
        first: 1,
        head,
        since: 0,
        reset: false,
        topic: None,
        marked: None,
        count: 2,
        members: Some(vec![user("ann"), user("bob")]),
        away: Vec::new(),
    }
}

fn record(name: &str, seq: u64, who: &str, said: &str) -> Record {
    act(name, seq, who, Operation::Post { text: text(said), me: false, reply: None })
}

fn act(name: &str, seq: u64, who: &str, operation: Operation) -> Record {
    let kind = Kind::Operation(operation);
    let at = MIDNIGHT + seq * 60_000;
    Record { room: room(name), seq, at, user: user(who), cid: cid(seq), kind }
}

fn own(name: &str, seq: u64, said: &str) -> Submission {
    Submission {
        room: room(name),
        cid: cid(seq),
        operation: Operation::Post { text: text(said), me: false, reply: None },
    }
}

/// Lets the view hear what was said and done.
fn hear(view: &mut View, records: impl IntoIterator<Item = Record>) {
    records.into_iter().for_each(|record| view.hear(Event::Record(record), MIDNIGHT));
}

fn drawn(lines: &[Line]) -> Vec<String> {
    let rows = lines.iter().flat_map(Line::unwrapped);
    rows.map(|row| row.into_iter().map(|(_, text)| text).collect()).collect()
}

/// What came out since the last time.
fn told(view: &mut View) -> Vec<String> {
    drawn(&view.take().into_iter().map(|(_, line)| line).collect::<Vec<_>>())
}

fn status(view: &View) -> String {
    drawn(&[view.status(MIDNIGHT, 200)]).concat()
}

#[test]
fn a_day_is_named_once_and_its_lines_follow_with_their_clock() {
    let mut view = view(Shows::Here, &["lobby"]);
    for (seq, said) in [(1, "hi"), (2, "there"), (1441, "next day")] {
        view.hear(Event::Record(record("lobby", seq, "ann", said)), MIDNIGHT);
    }
    let expected = [
        "-- Mon, 23 Nov 2026 --",
        "00:01 ann hi",
        "00:02 ann there",
        "-- Tue, 24 Nov 2026 --",
        "00:01 ann next day",
    ];
    assert_eq!(told(&mut view), expected);
}

#[test]
fn a_line_of_ours_waits_in_sight_until_its_record_takes_its_place() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.waits(own("lobby", 1, "hi"));
    view.hear(Event::Pending(own("lobby", 1, "hi")), MIDNIGHT);
    assert_eq!(drawn(&view.waiting_lines()), ["  …   bob hi"]);
    view.hear(Event::Stored { cid: cid(1), seq: 1 }, MIDNIGHT);
    assert_eq!(view.unstored().count(), 1, "its record is still to come");
    view.hear(Event::Record(record("lobby", 1, "bob", "hi")), MIDNIGHT);
    assert_eq!(view.unstored().count(), 0);
    view.waits(own("lobby", 2, "seen before"));
    view.hear(Event::Stored { cid: cid(2), seq: 1 }, MIDNIGHT);
    assert_eq!(view.unstored().count(), 0, "a record shown before does not come again");
}

#[test]
fn a_refused_line_says_why_and_what_to_do_until_it_is_sent_again_or_dropped() {
    let mut view = view(Shows::Here, &["lobby"]);
    let refusal = || {
        let message = "disk full".to_owned();
        Event::Failed { cid: cid(1), rejection: Rejection::new(ErrorCode::Storage, message) }
    };
    view.waits(own("lobby", 1, "hi"));
    view.hear(refusal(), MIDNIGHT);
    let expected = ["  ✗   bob hi", "      not sent: disk full (/resend or /drop)"];
    assert_eq!(drawn(&view.waiting_lines()), expected);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · 1 not sent: /resend or /drop");
    view.hear(Event::Pending(own("lobby", 1, "hi")), MIDNIGHT);
    assert_eq!(drawn(&view.waiting_lines()), ["  …   bob hi"]);
    view.hear(refusal(), MIDNIGHT);
    view.hear(Event::Dropped(cid(1)), MIDNIGHT);
    assert!(view.waiting_lines().is_empty());
}

#[test]
fn lines_of_an_earlier_time_wait_before_what_is_said_now_and_keep_their_reason() {
    let mut view = view(Shows::Here, &["lobby"]);
    let code = ErrorCode::Storage;
    let refusal = Rejection::new(code, "disk full");
    let kept = [
        SavedSubmission { submission: own("lobby", 1, "one"), rejection: Some(refusal) },
        SavedSubmission { submission: own("lobby", 2, "two"), rejection: None },
    ];
    view.found(&kept, &["a file is damaged".to_owned()]);
    view.waits(own("lobby", 3, "now"));
    // The client's own events come when that is said already.
    view.hear(Event::Pending(own("lobby", 1, "one")), MIDNIGHT);
    let rejection = Rejection::new(code, "disk full");
    view.hear(Event::Failed { cid: cid(1), rejection }, MIDNIGHT);
    view.hear(Event::Pending(own("lobby", 2, "two")), MIDNIGHT);
    let expected = [
        "  ✗   bob one",
        "      not sent: disk full (/resend or /drop)",
        "  …   bob two",
        "  …   bob now",
    ];
    assert_eq!(drawn(&view.waiting_lines()), expected);
    let expected =
        ["!! a file is damaged", "-- 2 lines of yours from an earlier time are not sent yet --"];
    assert_eq!(told(&mut view), expected);
}

#[test]
fn of_many_waiting_lines_the_newest_are_shown_and_the_others_counted() {
    let mut view = view(Shows::Here, &["lobby"]);
    (1..=9).for_each(|seq| view.waits(own("lobby", seq, "x")));
    let lines = drawn(&view.waiting_lines());
    assert_eq!((lines.len(), lines[0].as_str()), (7, "-- 3 more lines wait before these --"));
}

#[test]
fn another_room_is_counted_and_told_when_one_turns_to_it() {
    let mut view = view(Shows::Here, &["lobby", "rust"]);
    view.hear(Event::Record(record("rust", 1, "ann", "psst")), MIDNIGHT);
    assert!(told(&mut view).is_empty());
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · Act: 2");
    view.turn_to_active();
    let expected = ["-- now in #rust · 1 new --", "-- Mon, 23 Nov 2026 --", "00:01 ann psst"];
    assert_eq!(told(&mut view), expected);
    assert_eq!(status(&view), "[rust] bob · live · 2 people · #1");
    hear(&mut view, [record("lobby", 1, "ann", "hi all"), record("lobby", 2, "ann", "Bob?")]);
    assert_eq!(status(&view), "[rust] bob · live · 2 people · #1 · Act: 1!");
    for (way, at) in [(Way::On, "[lobby]"), (Way::On, "[rust]"), (Way::Back, "[lobby]")] {
        view.turn_beside(way);
        assert!(status(&view).starts_with(at), "{}", status(&view));
    }
    view.hear(Event::Message(ServerMessage::Left { room: room("rust") }), MIDNIGHT);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · #2");
    view.hear(Event::Message(ServerMessage::Left { room: room("lobby") }), MIDNIGHT);
    assert_eq!(status(&view), "[no room: /join one] bob · live");
}

#[test]
fn a_room_that_may_not_be_joined_is_left_again() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.enter_new(room("secret"));
    assert_eq!(status(&view), "[secret] bob · live");
    let (code, message) = (ErrorCode::TooManyRooms, "enough".to_owned());
    view.hear(
        Event::Message(ServerMessage::Error(ErrorMessage {
            code,
            message: message.into(),
            room: Some(room("secret")),
            cid: None,
            retry_ms: None,
        })),
        MIDNIGHT,
    );
    let expected = ["-- now in #secret --", "!! #secret: enough", "-- now in #lobby --"];
    assert_eq!(told(&mut view), expected);
}

#[test]
fn in_one_stream_rooms_are_named_and_what_was_said_before_can_be_left_out() {
    let mut view = view(Shows::News, &["lobby", "rust"]);
    view.hear(joined("dev", 1), MIDNIGHT);
    for (name, seq) in [("dev", 1), ("dev", 2), ("lobby", 1)] {
        view.hear(Event::Record(record(name, seq, "ann", "hi")), MIDNIGHT);
    }
    assert_eq!(told(&mut view), ["[dev] 00:02 ann hi", "[lobby] 00:01 ann hi"]);
    view.hear(Event::Reset(room("dev")), MIDNIGHT);
    view.hear(Event::Record(record("dev", 1, "ann", "in a new log")), MIDNIGHT);
    assert_eq!(told(&mut view)[1], "[dev] 00:01 ann in a new log");
}

#[test]
fn comings_goings_and_names_are_told_quietly_and_counted() {
    let mut view = view(Shows::Here, &["lobby"]);
    let change = |name, change, count| {
        Event::Message(ServerMessage::Presence {
            room: room("lobby"),
            change: Some((user(name), change)),
            away: None,
            count,
        })
    };
    view.hear(change("eve", Change::Joined, 3), MIDNIGHT);
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.hear(renamed, MIDNIGHT);
    view.hear(change("eva", Change::Left, 2), MIDNIGHT + 60_000);
    view.hear(change("bob", Change::Joined, 2), MIDNIGHT); // another device of ours
    let expected = ["00:00 --> eve joined", "00:00 --- eve is now known as eva"];
    assert_eq!(told(&mut view), expected);
    assert_eq!(drawn(&view.waiting_lines()), ["00:01 <-- eva left"]);
    view.hear(
        Event::Message(ServerMessage::Typing { room: room("lobby"), user: user("ann") }),
        MIDNIGHT,
    );
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · ann is typing");
    assert!(!drawn(&[view.status(MIDNIGHT + 6_000, 200)]).concat().contains("typing"));
}

#[test]
fn older_lines_are_shown_apart_and_only_as_many_as_asked_for() {
    let mut view = view(Shows::Here, &["lobby"]);
    assert_eq!(view.before_shown(), None, "nothing is before nothing");
    view.hear(Event::Record(record("lobby", 9, "ann", "now")), MIDNIGHT);
    told(&mut view);
    assert_eq!(view.before_shown(), Some((room("lobby"), Range::Before(9))));
    view.expect(room("lobby"), Asked::List(2));
    let records = (5..9).map(|seq| record("lobby", seq, "ann", "old")).collect();
    view.hear(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    let expected = [
        "-- #lobby, 2 lines from before --",
        "-- Mon, 23 Nov 2026 --",
        "00:07 #7 ann old",
        "00:08 #8 ann old",
        "-- and back to now --",
    ];
    assert_eq!(told(&mut view), expected);
    assert_eq!(view.before_shown(), Some((room("lobby"), Range::Before(7))));
}

#[test]
fn a_lost_connection_is_counted_down_and_holes_are_named() {
    let mut view = view(Shows::Here, &["lobby"]);
    let retry = Duration::from_millis(3_500);
    view.hear(Event::State(State::Offline { retry }), MIDNIGHT);
    assert_eq!(status(&view), "[lobby] bob · offline, trying again in 4 s");
    assert!(view.is_ticking(MIDNIGHT));
    view.hear(Event::State(State::Live), MIDNIGHT);
    view.hear(Event::Gap { room: room("lobby"), first: 7 }, MIDNIGHT);
    view.hear(Event::Reset(room("lobby")), MIDNIGHT);
    let expected = [
        "-- lines are missing here: the room keeps them from 7 on --",
        "-- #lobby has begun anew: what stands above is no longer part of it --",
    ];
    assert_eq!(told(&mut view), expected);
}
