//! Giving back rooms once there are as many as there may be.

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::chat::protocol::{Record, RecordKind};
use crate::chat::{LogEntry, Operation, Text};
use crate::handshake::{Hosts, Policy};
use crate::limits;
use crate::server::logger::Level;
use crate::server::tunable_limits::{Limits, RoomLimits};
use crate::time::unix_ms;

const DAY: u64 = 24 * 60 * 60 * 1_000;
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn owner(digit: char) -> OwnerId {
    digit.to_string().repeat(32).parse().unwrap()
}

/// Rooms with these names, how many records they have, and how many days ago the records were stored; there
/// may be as many as there are, `lobby` not counted. An owner of the private ones is `1`.
fn rooms(stored: &[(&str, u64, u64)]) -> (TempDir, Rooms) {
    let data = tempfile::tempdir().unwrap();
    let hosts = Hosts::new(ADDRESS, None, Vec::new());
    let mut config = Config::new(Policy { hosts, origins: Vec::new() });
    config.max_per_address = 0;
    let max = |kind: fn(&str) -> bool| stored.iter().filter(|(name, ..)| kind(name)).count();
    let public = max(|name| !name.starts_with('@') && name != "lobby");
    let private = max(|name| name.starts_with('@'));
    config.limits = Limits::default();
    config.limits.rooms = RoomLimits { public, private, ..config.limits.rooms };
    let store = Store::open(data.path()).unwrap();
    for (name, count, days) in stored {
        let name: RoomName = name.parse().unwrap();
        let owners = name.is_private().then(|| [owner('1'), owner('2')]);
        let log = store.new_log(&name, config.log, String::from("a6fa"), owners);
        let at = unix_ms() - days * DAY;
        let entries: Vec<LogEntry> = (1..=*count).map(|seq| entry(&name, seq, at)).collect();
        log.append(&entries).unwrap();
    }
    let entropy = Arc::new(Entropy::open().unwrap());
    let logger = Logger::start(Level::Warn, io::sink()).unwrap();
    let quotas = Quotas::new(&config);
    let mut rooms = Rooms::new(store, (&config, &quotas), entropy, logger).unwrap();
    rooms.clock = Arc::new(SteadyClock::new(unix_ms())); // not far ahead of the newest record
    rooms.all().iter().for_each(|room| rooms.load(room).unwrap());
    (data, rooms)
}

fn entry(room: &RoomName, seq: u64, at: u64) -> LogEntry {
    let text = Text::parse("hi", 10).unwrap();
    let record = Record {
        room: room.clone(),
        seq,
        at,
        user: "ann".parse().unwrap(),
        cid: seq.to_string().parse().unwrap(),
        kind: RecordKind::Operation(Operation::Post { text, me: false, reply: None }),
        new_owner: false,
    };
    LogEntry { seq, owner: owner('1'), json: record.encode().into() }
}

fn open(rooms: &Rooms, name: &str) -> Result<Arc<Room>, OpenRefusal> {
    rooms.open(&name.parse().unwrap(), ADDRESS).unwrap()
}

fn on_disk(data: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(data.join("rooms"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_full_server_gives_back_the_room_that_is_least_used() {
    let stored = [
        ("lobby", 1, 90),
        ("busy", limits::ROOM_FEW_RECORDS + 1, 80),
        ("old", 1, 40),
        ("older", limits::ROOM_FEW_RECORDS, 50),
        ("oldest", 1, 60),
        ("recent", 1, 29),
    ];
    let (data, rooms) = rooms(&stored);
    let someone_is_in = open(&rooms, "oldest").unwrap();
    let mut new = Vec::new(); // someone is in these
    for (name, left) in [
        ("one", &["busy", "lobby", "old", "oldest", "recent"][..]),
        ("two", &["busy", "lobby", "oldest", "recent"]),
    ] {
        new.push(open(&rooms, name).unwrap());
        assert_eq!(on_disk(data.path()), left, "{name}");
    }
    assert_eq!(open(&rooms, "three").unwrap_err(), OpenRefusal::Full);
    drop(someone_is_in);
    new.push(open(&rooms, "three").unwrap());
    assert_eq!(on_disk(data.path()), ["busy", "lobby", "recent"]);
    assert_eq!(open(&rooms, "four").unwrap_err(), OpenRefusal::Full);

    new.pop();
    open(&rooms, "four").unwrap(); // no one is in the third, and nothing was said there
    assert_eq!(open(&rooms, "lobby").unwrap().head(), 1);
    assert_eq!(rooms.count(), [6, 0]);
}

#[test]
fn a_room_that_was_given_back_begins_again() {
    let (data, rooms) = rooms(&[("old", 1, 40)]);
    drop(open(&rooms, "new").unwrap());
    let again = open(&rooms, "old").unwrap();
    assert_eq!((again.head(), on_disk(data.path())), (0, Vec::new()));
    again.log.append(&[entry(&again.name, 1, unix_ms())]).unwrap();
    assert_eq!(on_disk(data.path()), ["old"]);
}

#[test]
fn a_private_room_is_given_back_only_if_no_one_holds_a_name_of_it() {
    let (data, rooms) = rooms(&[("@ann+ben", 1, 40), ("public", 1, 40)]);
    let name: RoomName = "@cat+dan".parse().unwrap();
    let owners = Some([owner('3'), owner('4')]);
    let wanted = WantedRoom { name: &name, owners, address: ADDRESS };
    let with_names_of = |held: &'static [char]| {
        let is_abandoned = move || {
            move |room: &Room| {
                let owners = room.log.owners().unwrap();
                !held.iter().any(|digit| owners.contains(&owner(*digit)))
            }
        };
        rooms.find_or_create(wanted, |_| None, is_abandoned).unwrap()
    };
    assert_eq!(with_names_of(&['1']).unwrap_err(), OpenRefusal::Full);
    assert_eq!(with_names_of(&['2']).unwrap_err(), OpenRefusal::Full);
    assert_eq!(rooms.count(), [1, 1]);
    with_names_of(&[]).unwrap();
    assert_eq!(rooms.count(), [1, 1]);
    assert_eq!(on_disk(data.path()), ["public"], "public rooms are counted apart");
}

#[test]
fn a_pass_over_all_rooms_uses_one_at_a_time() {
    let (_data, rooms) = rooms(&[("one", 1, 40), ("two", 1, 40)]);
    let mut pass = rooms.each();
    let first = pass.next().unwrap();
    assert_eq!(first.name.as_str(), "one");
    let _new = open(&rooms, "new").unwrap();
    assert!(pass.next().is_none(), "the second was given back meanwhile");
}
