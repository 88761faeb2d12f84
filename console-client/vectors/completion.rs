//! What Tab completes: `tests/vectors/completion.json`.

use std::iter;

use serde_json::Value;
use serde_json::json;

use talk::chat::RoomName;
use talk::chat::protocol::ServerMessage;
use talk::client::Event;

use super::check;
use super::list;
use super::text;
use crate::editor::Editor;
use crate::stdio::keys::Key;
use crate::text::timezone::TimeZone;
use crate::view::OutputMode;
use crate::view::View;

/// A view that knows what the case says.
fn view(case: &Value) -> View {
    let rooms = list(case, "rooms");
    let rooms: Vec<RoomName> = rooms.iter().map(|room| text(room).parse().unwrap()).collect();
    let me = text(&case["me"]).parse().unwrap();
    let mut view = View::new(me, String::new(), &rooms, TimeZone::default(), OutputMode::OneRoom);
    let room = rooms.first().unwrap().as_str();
    let members = &case["members"];
    let count = members.as_array().unwrap().len();
    let joined = json!({
        "type": "joined", "room": room, "log": "L1", "first": 1, "head": 0, "since": 0,
        "reset": false, "count": count, "members": members,
    });
    let known = list(case, "known");
    let known = known.iter().map(|name| json!({ "name": name, "head": 1, "members": 1 }));
    let listed = json!({ "type": "rooms", "rooms": known.collect::<Vec<Value>>() });
    let wrote = (1..).zip(list(case, "wrote")).map(|(seq, user)| {
        let cid = format!("c{seq}");
        json!({
            "type": "post", "room": room, "seq": seq, "at": 1, "user": user, "cid": cid, "text": "x",
        })
    });
    for message in [joined, listed].into_iter().chain(wrote) {
        let message = ServerMessage::parse(&message.to_string()).unwrap();
        let event = if let ServerMessage::Record(record) = message {
            Event::Record(record)
        } else {
            Event::Message(message)
        };
        view.apply(event, 1);
    }
    view
}

/// The texts that Tab shows, each with `|` at the cursor. After them it shows what was typed.
fn completions(case: &Value) -> Value {
    let words = view(case).display.words();
    let mut editor = Editor::default();
    let mut press = |key| {
        editor.press(key, &words);
        let (before, after) = editor.halves();
        before.iter().chain(&['|']).chain(after).collect::<String>()
    };
    let typed = text(&case["typed"]);
    let (before, after) = typed.split_once('|').unwrap();
    for c in before.chars().chain(after.chars()) {
        press(if c == '\n' { Key::AltEnter } else { Key::Char(c) });
    }
    after.chars().for_each(|_| _ = press(Key::Left));
    let tabs = iter::repeat_with(|| press(Key::Tab)).take(100);
    json!(tabs.take_while(|shown| shown != typed).collect::<Vec<String>>())
}

#[test]
fn tab_completes_what_the_table_says() {
    check("completion", completions);
}
