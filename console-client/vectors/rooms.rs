//! What a room shows after some records: `tests/vectors/mentions.json`, `edits.json` and `unread.json`.

use serde_json::Value;
use serde_json::json;

use talk::chat::UserName;
use talk::chat::protocol::Record;
use talk::chat::protocol::ServerMessage;
use talk::client::ConnectionState;
use talk::client::Event;

use super::check;
use super::list;
use super::text;
use super::with_fields;
use crate::storage::preferences::PreferenceChange;
use crate::text::line::Line;
use crate::text::timezone::TimeZone;
use crate::view::OutputMode;
use crate::view::Purpose;
use crate::view::View;
use crate::view::format;

/// 2026-11-23 00:00 UTC. A record without a time is as many minutes later as its number.
const MIDNIGHT: u64 = 1_795_392_000_000;

/// A message of the server, as the tables abbreviate it.
fn message(short: &Value, room: &str) -> ServerMessage {
    let seq = short.get("seq").and_then(Value::as_u64).unwrap_or(1);
    let defaults = json!({
        "type": "post", "room": room, "seq": seq, "at": MIDNIGHT + seq * 60_000,
        "user": "ann", "cid": format!("c{seq}"), "text": format!("line {seq}"),
    });
    let full = with_fields(defaults, short);
    ServerMessage::parse(&full.to_string()).unwrap()
}

fn record(short: &Value, room: &str) -> Record {
    let ServerMessage::Record(record) = message(short, room) else { panic!("no record: {short}") };
    record
}

// ---- Mentions ----------------------------------------------------------------------------------

/// Whether the last record is shown as a mention.
fn is_mention(case: &Value) -> bool {
    let name: UserName = text(&case["name"]).parse().unwrap();
    let mut records = list(case, "records");
    records.extend(case.get("text").map(|text| json!({ "text": text })));
    format::mentions(&record(records.last().unwrap(), "lobby"), &name)
}

// ---- Edits -------------------------------------------------------------------------------------

/// A view of bob's that shows a room and has joined it as the case says.
fn view(room: &str, case: &Value) -> View {
    let (me, rooms) = ("bob".parse().unwrap(), [room.parse().unwrap()]);
    let mut view = View::new(me, String::new(), &rooms, TimeZone::default(), OutputMode::OneRoom);
    apply(&mut view, Event::Message(joined(room, case)));
    apply(&mut view, Event::State(ConnectionState::Live));
    view
}

fn joined(room: &str, case: &Value) -> ServerMessage {
    let since = case.get("since").cloned().unwrap_or(json!(0));
    let mut joined = json!({
        "type": "joined", "log": "L1", "first": 1, "head": since, "since": since, "reset": false,
        "count": 2, "members": ["ann", "bob"],
    });
    for key in ["head", "marked"] {
        if let Some(number) = case.get(key) {
            joined[key] = number.clone();
        }
    }
    message(&joined, room)
}

fn apply(view: &mut View, event: Event) {
    view.apply(event, MIDNIGHT);
}

/// Gives the view a record, or a page of older history.
fn apply_records(view: &mut View, records: &Value, room: &str) {
    if let Some(page) = records.as_array() {
        let purpose = Purpose::List(page.len());
        view.display.scroll.history.expect(room.parse().unwrap(), purpose);
    }
    let event = match records.as_array() {
        None => Event::Record(record(records, room)),
        Some(page) => Event::Message(ServerMessage::History {
            room: room.parse().unwrap(),
            records: page.iter().map(|short| record(short, room)).collect(),
            first: 1,
        }),
    };
    apply(view, event);
}

/// What each message says now, and which is the last of bob's that can be edited.
fn texts(case: &Value) -> Value {
    let mut view = view("lobby", case);
    list(case, "records").iter().for_each(|each| apply_records(&mut view, each, "lobby"));
    view.display.output.take(); // what is printed is not held any more
    let room = view.display.rooms.current().unwrap();
    let shown =
        (1..=20).filter_map(|seq| Some((seq.to_string(), json!(room.posts.find(seq)?.excerpt))));
    let mut result = json!({ "texts": Value::from_iter(shown) });
    if let Ok(last) = view.unsent.last_own_post(room) {
        result["last_own"] = json!(last);
    }
    if let Some(secret) = case.get("secret") {
        result["is_held"] = json!(format!("{view:?}").contains(text(secret)));
    }
    result
}

// ---- Unread ------------------------------------------------------------------------------------

/// How many messages are unread in a room that bob is not looking at, whether one is a mention, and
/// above which the line of the unread ones is.
fn unread(case: &Value) -> Value {
    let room = case.get("room").map_or("lobby", text);
    let mut view = view("elsewhere", &json!({}));
    for name in list(case, "ignored") {
        let user = text(&name).parse().unwrap();
        view.display.preferences.set(PreferenceChange::Ignored(user, true));
    }
    apply(&mut view, Event::Message(joined(room, case)));
    for event in list(case, "events") {
        match event.get("type").and_then(Value::as_str) {
            Some("marked") => apply(&mut view, Event::Message(message(&event, room))),
            _ => apply_records(&mut view, &event, room),
        }
    }
    let shown = &view.display.rooms.get(&room.parse().unwrap()).unwrap().scrollback;
    let below = |rule| shown.numbered().filter(move |(number, _)| *number > rule);
    let first = shown.unread_line().and_then(|rule| below(rule).find_map(|(_, line)| seq_of(line)));
    json!({
        "unread": shown.unread_count(),
        "has_mention": shown.has_mention(),
        "first": first,
    })
}

/// The seq of the record that a line shows, by its time: seq 4 is `00:04 ann line 4`.
fn seq_of(line: &Line) -> Option<u64> {
    let drawn: String = line.unwrapped().into_iter().flatten().map(|(_, text)| text).collect();
    drawn.strip_prefix("00:")?.split(' ').next()?.parse().ok()
}

#[test]
fn a_message_is_a_mention_where_the_table_says() {
    check("mentions", |case| json!(is_mention(case)));
}

#[test]
fn a_message_says_what_the_table_says_after_its_edits() {
    check("edits", texts);
}

#[test]
fn as_many_messages_are_unread_as_the_table_says() {
    check("unread", unread);
}
