//! Data directories: with many records, of many people, and those that earlier versions wrote.

use std::fs;
use std::path::Path;

use talk::chat::protocol::{Record, RecordKind};
use talk::chat::{
    Cid, LogEntry, Operation, OwnerId, RoomName, SavedClaim, SavedMembership, SavedState, Text,
};
use talk::limits;
use talk::log::{Journal, LogConfig, Store, SyncPolicy};

/// Makes a data directory whose lobby has the records 1 to `count`, each with `text` and the number.
pub(crate) fn fill(data: &Path, count: u64, text: &str) {
    let store = Store::open(data).unwrap();
    let (sync, file_bytes) = (SyncPolicy::Interval, limits::LOG_FILE);
    let rules = LogConfig { sync, file_bytes, retain: None, retain_records: None };
    let log = store.new_log(&RoomName::default(), rules, "0123456789abcdef".repeat(2), None);
    Journal::<SavedClaim>::write(&store.names_path(), &[]).unwrap();
    let user: talk::chat::UserName = "writer".parse().unwrap();
    let owner = OwnerId::of_key(&"0".repeat(32).parse().unwrap());
    let entry = |seq: u64| {
        let text = Text::parse(&format!("{text} {seq}"), limits::TEXT_MAX).unwrap();
        let record = Record {
            room: RoomName::default(),
            seq,
            at: 1_795_394_177_902 + seq,
            user: user.clone(),
            cid: Cid::from_bytes(u128::from(seq).to_be_bytes()),
            kind: RecordKind::Operation(Operation::Post { text, me: false, reply: None }),
            new_owner: false,
        };
        LogEntry { seq, owner, json: record.encode().into() }
    };
    let seqs: Vec<u64> = (1..=count).collect();
    for batch in seqs.chunks(1_000) {
        log.append(&batch.iter().copied().map(entry).collect::<Vec<LogEntry>>()).unwrap();
    }
}

/// The name of the nth of the people of [`write_members`]; their key is this number, in hexadecimal.
pub(crate) fn member_name(n: usize) -> String {
    format!("m{n:04}")
}

/// Makes a data directory in which so many people have joined a room. None of them is connected.
pub(crate) fn write_members(data: &Path, room: &str, count: usize) {
    let owner = |n: usize| OwnerId::of_key(&format!("{n:032x}").parse().unwrap());
    let claim = |n| SavedClaim {
        user: member_name(n).parse().unwrap(),
        owner: owner(n),
        key: None,
        posted: true,
        is_former: false,
        until: Some(u64::MAX >> 12),
        away: None,
    };
    let room: RoomName = room.parse().unwrap();
    let membership = |n| {
        let (owner, room, state) = (owner(n), room.clone(), SavedState::Joined);
        SavedMembership { owner, room, state }
    };
    let claims: Vec<SavedClaim> = (0..count).map(claim).collect();
    let memberships: Vec<SavedMembership> = (0..count).map(membership).collect();
    let store = Store::open(data).unwrap();
    Journal::write(&store.names_path(), &claims).unwrap();
    Journal::write(&store.memberships_path(), &memberships).unwrap();
}

/// Copies a data directory of `tests/fixtures`.
pub(crate) fn copy_fixture(name: &str, to: &Path) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    copy(&fixtures.join(name), to);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
