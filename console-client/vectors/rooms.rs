//! What a room shows after some records: `tests/vectors/mentions.json`.

use serde_json::Value;
use serde_json::json;

use talk::chat::UserName;
use talk::chat::protocol::Record;
use talk::chat::protocol::ServerMessage;

use super::check;
use super::list;
use super::text;
use super::with_fields;
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

#[test]
fn a_message_is_a_mention_where_the_table_says() {
    check("mentions", |case| json!(is_mention(case)));
}
