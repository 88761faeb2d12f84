//! A room's round, step by step.

use std::sync::Arc;

use super::Room;
use crate::chat::{Act, Author, ClientId, Entry, Holder, Item, Text, Told};
use crate::limits;
use crate::log::{Rules, Store, Sync};

#[test]
fn a_repeat_never_overtakes_what_is_being_published() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let rules = Rules {
        sync: Sync::Interval,
        file_bytes: limits::LOG_FILE,
        retain: None,
        retain_records: None,
    };
    let log = store.new_log(&"lobby".parse().unwrap(), rules, String::from("L1"), None);
    let room = Arc::new(Room::new("lobby".parse().unwrap(), log).unwrap());
    let user = "bob".parse().unwrap();
    let holder = Holder::of(&user, &"0".repeat(32).parse().unwrap());
    let bob = Author { client: ClientId(1), holder, user };
    let say = |cid: &str| {
        let act = Act::Post { text: Text::parse("hi", 10).unwrap(), me: false };
        room.say(&bob, cid.parse().unwrap(), act, 0)
    };

    let (told, load) = say("1");
    assert_eq!((told, say("2").0), (Told::New, Told::New));
    let batch = room.take();
    let entry = |item: &Item| match item {
        Item::Record(offered) => Some(offered.entry.clone()),
        Item::Aside { .. } => None,
    };
    room.log.append(&batch.iter().filter_map(entry).collect::<Vec<Entry>>()).unwrap();
    assert_eq!(say("2").0, Told::Underway);
    room.publish(2);
    assert_eq!(say("2").0, Told::Underway, "bob hears 1 and 2 from the round, in this order");
    room.published();
    assert_eq!(say("2").0, Told::Stored(2));

    assert_eq!(say("3").0, Told::New);
    room.take();
    room.publish(3);
    room.set_down(); // a panic on the way to the receivers
    assert_eq!(say("3").0, Told::Stored(3));
    drop(load);
}
