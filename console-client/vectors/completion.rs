//! What Tab completes: `tests/vectors/completion.json`.

use std::iter;

use serde_json::Value;
use serde_json::json;

use talk::chat::RoomName;
use talk::chat::UserName;

use super::check;
use super::list;
use super::text;
use crate::command;
use crate::editor::Editor;
use crate::editor::completion::Words;
use crate::room::Room;
use crate::stdio::keys::Key;
use crate::view::format;

/// The texts that Tab shows, each with `|` at the cursor. After them it shows what was typed.
fn completions(case: &Value) -> Value {
    let users = |key| list(case, key).iter().map(|name| text(name).parse().unwrap()).collect();
    let me: UserName = text(&case["me"]).parse().unwrap();
    let mut people = Room::new(RoomName::default()).members;
    people.set(users("members"), Vec::new());
    let wrote: Vec<UserName> = users("wrote");
    wrote.iter().for_each(|name| people.add_speaker(name));
    let rooms = list(case, "rooms");
    let words = Words {
        commands: command::TABLE.iter().map(|entry| format!("/{}", entry.names[0])).collect(),
        names: people.completions(),
        rooms: rooms.iter().map(|room| format::title(&text(room).parse().unwrap(), &me)).collect(),
    };

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
