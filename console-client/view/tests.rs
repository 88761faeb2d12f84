//! What the view shows of client events.

use std::time::Duration;

use talk::chat::AwayMember;
use talk::chat::Cid;
use talk::chat::ErrorCode;
use talk::chat::Operation;
use talk::chat::Rejection;
use talk::chat::Text;
use talk::chat::protocol::HistoryRange;
use talk::chat::protocol::Joined;
use talk::chat::protocol::PresenceChange;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;
use talk::chat::protocol::ServerMessage;
use talk::client::ConnectionState;
use talk::client::Event;
use talk::client::Submission;
use talk::time;

use super::*;
use crate::stdio::keys::Direction;
use crate::storage::preferences::PreferenceChange;
use crate::text::line::Line;
use crate::text::style::Row;
use talk::chat::protocol::ErrorMessage;

mod edits; // edits, deletes, topics
mod replies; // messages that answer others
mod private_rooms; // direct messages
mod read_position; // what is unread
mod away; // who is away
mod preferences; // the bell, ignoring, muting, joins and leaves
mod scroll; // looking back
mod history_loader; // beyond the lines kept
mod greeting; // what the server and the rooms say first
mod memberships; // the rooms of the person, on all devices
mod members; // who is here, and who is not
mod flood; // what was not asked for, and too much

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
fn view(mode: OutputMode, rooms: &[&str]) -> View {
    let rooms: Vec<RoomName> = rooms.iter().map(|name| room(name)).collect();
    let mut view = View::new(user("bob"), "server:1".to_owned(), &rooms, TimeZone::default(), mode);
    rooms.iter().for_each(|name| view.apply(joined(name.as_str(), 0), MIDNIGHT));
    view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    view
}

fn joined(name: &str, head: u64) -> Event {
    Event::Message(ServerMessage::Joined(welcome_to(name, head)))
}

fn welcome_to(name: &str, head: u64) -> Joined {
    Joined {
        room: room(name),
        peer: None,
        asked: None,
        log: "l".to_owned(),
        first: 1,
        head,
        since: 0,
        record: None,
        reset: false,
        damaged: false,
        topic: None,
        marked: None,
        count: 2,
        members: Some(vec![user("ann"), user("bob")]),
        away: Vec::new(),
        absent: None,
        absent_members: None,
    }
}

fn record(name: &str, seq: u64, who: &str, said: &str) -> Record {
    operation(name, seq, who, Operation::Post { text: text(said), me: false, reply: None })
}

fn operation(name: &str, seq: u64, who: &str, operation: Operation) -> Record {
    let kind = RecordKind::Operation(operation);
    let at = MIDNIGHT + seq * 60_000;
    Record { room: room(name), seq, at, user: user(who), cid: cid(seq), kind, new_owner: false }
}

fn own(name: &str, seq: u64, said: &str) -> Submission {
    Submission {
        room: room(name),
        cid: cid(seq),
        operation: Operation::Post { text: text(said), me: false, reply: None },
    }
}

/// Applies records to the view.
fn apply(view: &mut View, records: impl IntoIterator<Item = Record>) {
    records.into_iter().for_each(|record| view.apply(Event::Record(record), MIDNIGHT));
}

fn drawn(lines: &[Line]) -> Vec<String> {
    let rows = lines.iter().flat_map(Line::unwrapped);
    rows.map(|row| row.into_iter().map(|(_, text)| text).collect()).collect()
}

fn switch_to_unread(view: &mut View) {
    let at = view.display.rooms.next_unread().unwrap();
    view.display.switch_to(at);
}

fn switch_to_neighbour(view: &mut View, direction: Direction) {
    let at = view.display.rooms.neighbour(direction);
    view.display.switch_to(at);
}

fn page_before(view: &View) -> Option<(RoomName, HistoryRange)> {
    let room = view.display.rooms.current()?;
    Some((room.name.clone(), room.page_before()?))
}

fn last_own_post(view: &View) -> Result<u64, &'static str> {
    view.unsent.last_own_post(view.display.rooms.current().unwrap())
}

/// The newest lines of the current room.
fn newest(view: &View, count: usize) -> Vec<Line> {
    view.display.rooms.current().unwrap().scrollback.newest(count)
}

/// The page of history that the view wants next.
fn wants(view: &mut View, columns: usize, height: usize) -> Option<(RoomName, HistoryRange)> {
    let display = &mut view.display;
    display.scroll.next_request(display.rooms.current(), columns, height)
}

fn pane(view: &View, columns: usize, height: usize) -> Vec<Row> {
    view.display.scroll.pane(view.display.rooms.current(), columns, height)
}

fn more_below(view: &View) -> Line {
    view.display.scroll.more_below(view.display.rooms.current())
}

/// What came out since the last time.
fn printed(view: &mut View) -> Vec<String> {
    drawn(&view.display.output.take().into_iter().map(|(_, line)| line).collect::<Vec<_>>())
}

fn status(view: &View) -> String {
    drawn(&[StatusLine::new(view, MIDNIGHT).line(200)]).concat()
}

#[test]
fn a_day_is_shown_once_and_its_messages_follow_with_their_times() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    for (seq, said) in [(1, "hi"), (2, "there"), (1441, "next day")] {
        view.apply(Event::Record(record("lobby", seq, "ann", said)), MIDNIGHT);
    }
    let expected = [
        "-- Mon, 23 Nov 2026 --",
        "00:01 ann hi",
        "00:02 ann there",
        "-- Tue, 24 Nov 2026 --",
        "00:01 ann next day",
    ];
    assert_eq!(printed(&mut view), expected);
}

#[test]
fn the_first_message_of_a_names_new_owner_says_so_whatever_becomes_of_it() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let waves = Operation::Post { text: text("waves"), me: true, reply: None };
    let (new, waves) = (record("lobby", 2, "ann", "hi"), operation("lobby", 4, "ann", waves));
    apply(
        &mut view,
        [
            record("lobby", 1, "ann", "hi"),
            Record { new_owner: true, ..new },
            record("lobby", 3, "ann", "hi"),
            Record { new_owner: true, ..waves },
        ],
    );
    let seen = [
        "00:01 ann hi",
        "00:02 ann (new owner) hi",
        "00:03 ann hi",
        "00:04 * ann (new owner) waves",
    ];
    assert_eq!(printed(&mut view)[1..], seen);
    apply(&mut view, [operation("lobby", 5, "ann", Operation::Delete { target: 2 })]);
    assert!(drawn(&newest(&view, 9)).contains(&"00:02 ann (new owner) (deleted)".to_owned()));
}

#[test]
fn a_submission_is_shown_until_its_record_takes_its_place() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.unsent.add(own("lobby", 1, "hi"));
    view.apply(Event::Pending(own("lobby", 1, "hi")), MIDNIGHT);
    assert_eq!(drawn(&view.pending_lines()), ["  …   bob hi"]);
    view.apply(Event::Stored { cid: cid(1), seq: 1 }, MIDNIGHT);
    assert_eq!(view.unsent.iter().count(), 1, "its record is still to come");
    view.apply(Event::Record(record("lobby", 1, "bob", "hi")), MIDNIGHT);
    assert_eq!(view.unsent.iter().count(), 0);
    view.unsent.add(own("lobby", 2, "seen before"));
    view.apply(Event::Stored { cid: cid(2), seq: 1 }, MIDNIGHT);
    assert_eq!(view.unsent.iter().count(), 0, "a record shown before does not come again");
}

#[test]
fn a_failed_submission_shows_why_and_what_to_do_until_it_is_sent_again_or_dropped() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let refusal = || {
        let message = "disk full".to_owned();
        Event::Failed { cid: cid(1), rejection: Rejection::new(ErrorCode::Storage, message) }
    };
    view.unsent.add(own("lobby", 1, "hi"));
    view.apply(refusal(), MIDNIGHT);
    let expected = ["  ✗   bob hi", "      not sent: disk full (/resend or /drop)"];
    assert_eq!(drawn(&view.pending_lines()), expected);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · 1 not sent: /resend or /drop");
    view.apply(Event::Pending(own("lobby", 1, "hi")), MIDNIGHT);
    assert_eq!(drawn(&view.pending_lines()), ["  …   bob hi"]);
    view.apply(refusal(), MIDNIGHT);
    view.apply(Event::Dropped(cid(1)), MIDNIGHT);
    assert!(view.pending_lines().is_empty());
}

#[test]
fn submissions_of_an_earlier_run_come_before_new_ones_and_keep_their_reason() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let code = ErrorCode::Storage;
    let refusal = Rejection::new(code, "disk full");
    let kept = [
        SavedSubmission { submission: own("lobby", 1, "one"), rejection: Some(refusal) },
        SavedSubmission { submission: own("lobby", 2, "two"), rejection: None },
    ];
    view.restore(&kept, &["a file is damaged".to_owned()]);
    view.unsent.add(own("lobby", 3, "now"));
    // The client's own events come later.
    view.apply(Event::Pending(own("lobby", 1, "one")), MIDNIGHT);
    view.apply(
        Event::Failed { cid: cid(1), rejection: Rejection::new(code, "disk full".to_owned()) },
        MIDNIGHT,
    );
    view.apply(Event::Pending(own("lobby", 2, "two")), MIDNIGHT);
    let expected = [
        "  ✗   bob one",
        "      not sent: disk full (/resend or /drop)",
        "  …   bob two",
        "  …   bob now",
    ];
    assert_eq!(drawn(&view.pending_lines()), expected);
    let expected =
        ["!! a file is damaged", "-- 2 messages from an earlier run are not sent yet --"];
    assert_eq!(printed(&mut view), expected);
}

#[test]
fn of_many_unsent_the_newest_are_shown_and_the_others_counted() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    (1..=9).for_each(|seq| view.unsent.add(own("lobby", seq, "x")));
    let lines = drawn(&view.pending_lines());
    assert_eq!((lines.len(), lines[0].as_str()), (7, "-- 3 more unsent before these --"));
}

#[test]
fn messages_of_another_room_are_counted_and_shown_after_switching_to_it() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "rust"]);
    view.apply(Event::Record(record("rust", 1, "ann", "psst")), MIDNIGHT);
    assert!(printed(&mut view).is_empty());
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · new in #rust");
    switch_to_unread(&mut view);
    let expected = ["-- now in #rust · 1 new --", "-- Mon, 23 Nov 2026 --", "00:01 ann psst"];
    assert_eq!(printed(&mut view), expected);
    assert_eq!(status(&view), "[rust] bob · live · 2 people · #1");
    apply(&mut view, [record("lobby", 1, "ann", "hi all"), record("lobby", 2, "ann", "Bob?")]);
    assert_eq!(status(&view), "[rust] bob · live · 2 people · #1 · new in #lobby!");
    for (direction, at) in [
        (Direction::Forward, "[lobby]"),
        (Direction::Forward, "[rust]"),
        (Direction::Back, "[lobby]"),
    ] {
        switch_to_neighbour(&mut view, direction);
        assert!(status(&view).starts_with(at), "{}", status(&view));
    }
    view.apply(Event::Message(ServerMessage::Left { room: room("rust") }), MIDNIGHT);
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · #2");
    view.apply(Event::Message(ServerMessage::Left { room: room("lobby") }), MIDNIGHT);
    assert_eq!(status(&view), "[no room: /join one] bob · live");
}

#[test]
fn a_room_that_may_not_be_joined_is_removed_again() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.display.enter(room("secret"));
    assert_eq!(status(&view), "[secret] bob · live");
    let (code, message) = (ErrorCode::TooManyRooms, "enough".to_owned());
    view.apply(
        Event::Message(ServerMessage::Error(ErrorMessage {
            code,
            message: message.into(),
            room: Some(room("secret")),
            cid: None,
            peer: None,
            retry_ms: None,
        })),
        MIDNIGHT,
    );
    let expected = ["-- now in #secret --", "!! #secret: enough", "-- now in #lobby --"];
    assert_eq!(printed(&mut view), expected);
}

#[test]
fn in_one_stream_rooms_are_named_and_older_messages_can_be_left_out() {
    let mut view = view(OutputMode::NewOnly, &["lobby", "rust"]);
    view.apply(joined("dev", 1), MIDNIGHT);
    for (name, seq) in [("dev", 1), ("dev", 2), ("lobby", 1)] {
        view.apply(Event::Record(record(name, seq, "ann", "hi")), MIDNIGHT);
    }
    let day = "-- Mon, 23 Nov 2026 --";
    let expected = [
        &format!("[dev] {day}"),
        "[dev] 00:02 ann hi",
        &format!("[lobby] {day}"),
        "[lobby] 00:01 ann hi",
    ];
    assert_eq!(printed(&mut view), expected);
    view.apply(Event::Reset(room("dev")), MIDNIGHT);
    view.apply(Event::Record(record("dev", 1, "ann", "in a new log")), MIDNIGHT);
    assert_eq!(printed(&mut view)[1..], [&format!("[dev] {day}"), "[dev] 00:01 ann in a new log"]);
}

#[test]
fn joins_leaves_and_names_are_shown_quietly_and_counted() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let change = |name, change, count| {
        Event::Message(ServerMessage::Presence {
            room: room("lobby"),
            change: Some((user(name), change)),
            away: None,
            member: false,
            count,
        })
    };
    view.apply(change("eve", PresenceChange::Joined, 3), MIDNIGHT);
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("eve"), to: user("eva"), token: None });
    view.apply(renamed, MIDNIGHT);
    view.apply(change("eva", PresenceChange::Left, 2), MIDNIGHT + 60_000);
    view.apply(change("bob", PresenceChange::Joined, 2), MIDNIGHT); // another device of ours
    let folded = "00:00 <-- eva joined and left · --- eve is now known as eva";
    assert_eq!(drawn(&view.pending_lines()), [folded]);
    assert!(printed(&mut view).is_empty());
    view.apply(
        Event::Message(ServerMessage::Typing { room: room("lobby"), user: user("ann") }),
        MIDNIGHT,
    );
    assert_eq!(status(&view), "[lobby] bob · live · 2 people · ann is typing");
    assert!(
        !drawn(&[StatusLine::new(&view, MIDNIGHT + 6_000).line(200)]).concat().contains("typing")
    );
}

#[test]
fn older_messages_are_listed_apart_and_only_as_many_as_requested() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    assert_eq!(page_before(&view), None, "nothing is before nothing");
    view.apply(Event::Record(record("lobby", 9, "ann", "now")), MIDNIGHT);
    printed(&mut view);
    assert_eq!(page_before(&view), Some((room("lobby"), HistoryRange::Before(9))));
    view.display.scroll.history.expect(room("lobby"), Purpose::List(2));
    let records = (5..9).map(|seq| record("lobby", seq, "ann", "old")).collect();
    view.apply(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    let expected = [
        "-- 2 older messages in #lobby --",
        "-- Mon, 23 Nov 2026 --",
        "00:07 #7 ann old",
        "00:08 #8 ann old",
        "-- end of older messages --",
    ];
    assert_eq!(printed(&mut view), expected);
    assert_eq!(page_before(&view), Some((room("lobby"), HistoryRange::Before(7))));
}

#[test]
fn a_lost_connection_is_counted_down_and_gaps_are_named() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let retry = Duration::from_millis(3_500);
    view.apply(Event::State(ConnectionState::Offline { retry }), MIDNIGHT);
    assert_eq!(status(&view), "[lobby] bob · offline, reconnecting in 4 s");
    assert!(view.is_ticking(MIDNIGHT));
    view.apply(Event::State(ConnectionState::Live), MIDNIGHT);
    view.apply(Event::Gap { room: room("lobby"), first: 7 }, MIDNIGHT);
    view.apply(Event::Reset(room("lobby")), MIDNIGHT);
    let expected = [
        "-- messages are missing here: the server keeps #7 and later --",
        "-- #lobby was reset: the server no longer has all messages above; its newest follow --",
    ];
    assert_eq!(printed(&mut view), expected);
}
