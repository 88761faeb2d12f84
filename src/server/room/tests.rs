//! A round, step by step; joins and leaves around it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::broadcast::{Broadcaster, EncodedBatch};
use super::membership::CatchUp;
use super::round_queue::RoundQueue;
use super::{Room, RoomContext, RoundGuard};
use crate::chat::protocol::{Agent, Since};
use crate::chat::{
    Author, BatchItem, ClientId, LogEntry, NameRegistry, Operation, Outcome, OwnerId, Text,
};
use crate::limits;
use crate::log::{LogConfig, Store, SyncPolicy};
use crate::net::SendQueue;
use crate::server::clients::client::Client;
use crate::server::clients::delivery::Delivery;
use crate::server::logger::{Level, Logger};

fn lobby() -> (TempDir, Arc<Room>) {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let (sync, file_bytes) = (SyncPolicy::Interval, limits::LOG_FILE);
    let config = LogConfig { sync, file_bytes, retain: None, retain_records: None };
    let log = store.new_log(&"lobby".parse().unwrap(), config, String::from("L1"), None);
    let context = Arc::new(RoomContext::new(Arc::default(), limits::ROOM_MEMORY));
    let room = Room::new("lobby".parse().unwrap(), log, &context);
    room.open().unwrap();
    (data, Arc::new(room))
}

#[test]
fn a_repeat_never_overtakes_a_running_broadcast() {
    let (_data, room) = lobby();
    let user = "bob".parse().unwrap();
    let owner = OwnerId::of_key(&"0".repeat(32).parse().unwrap());
    let bob = Author { client: ClientId(1), owner, user };
    let submit = |cid: &str| {
        let operation =
            Operation::Post { text: Text::parse("hi", 10).unwrap(), me: false, reply: None };
        room.submit(&bob, cid.parse().unwrap(), operation, 0).unwrap()
    };

    let (outcome, round) = submit("1");
    assert_eq!((outcome, submit("2").0), (Outcome::Accepted, Outcome::Accepted));
    let batch = room.take_batch();
    let entry = |item: &BatchItem| match item {
        BatchItem::Record(pending) => Some(pending.entry.clone()),
        BatchItem::Ephemeral { .. } => None,
    };
    room.log.append(&batch.iter().filter_map(entry).collect::<Vec<LogEntry>>()).unwrap();
    assert_eq!(submit("2").0, Outcome::InFlight);
    room.commit(2);
    assert_eq!(
        submit("2").0,
        Outcome::InFlight,
        "bob receives 1 and 2 from the round, in this order"
    );
    let repeats = room.end_broadcast();
    assert_eq!(
        repeats,
        [(ClientId(1), 2)],
        "or has received them already, and is answered after it"
    );
    assert_eq!(submit("2").0, Outcome::AlreadyStored(2));

    assert_eq!(submit("3").0, Outcome::Accepted);
    room.take_batch();
    room.commit(3);
    room.abort_round(); // a panic on the way to the receivers
    assert_eq!(submit("3").0, Outcome::AlreadyStored(3));
    drop(round);
}

/// A client, and the peer that keeps its socket open.
fn client(id: u64, user: &str) -> (Arc<Client>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let send_queue = SendQueue::new(Arc::new(listener.accept().unwrap().0), limits::BACKLOG);
    let (user, token) = (user.parse().unwrap(), format!("{id:032x}").parse().unwrap());
    let mut names = NameRegistry::new(Duration::ZERO);
    let identity = names.claim(&user, None, token, Instant::now()).unwrap().identity;
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    (Arc::new(Client::new(ClientId(id), address, Agent::Bot, send_queue, identity)), peer)
}

#[test]
fn a_new_member_gets_no_join_events_of_earlier_members() {
    let (_data, room) = lobby();
    let mut rounds = Vec::new();
    let mut join = |client: &Arc<Client>| {
        let identity = client.identity();
        let person = (identity.owner, &identity.label());
        let joined = room.join(client, person, None, Since::Now, false);
        assert_eq!(room.try_go_live(client.id, 0, joined.changes), CatchUp::Live(false));
        rounds.extend(joined.round);
        joined.joined.count
    };
    let ((alice, _a), (bob, _b), (eve, _e)) =
        (client(1, "alice"), client(2, "bob"), client(3, "eve"));
    assert_eq!((join(&alice), join(&bob)), (1, 2));
    let batch = room.take_batch(); // and while this batch is being stored
    assert_eq!(join(&eve), 3);
    let encoded = EncodedBatch::encode(&batch);
    let received: Vec<(u64, bool, bool)> = room
        .commit(0)
        .iter()
        .map(|receiver| {
            let frames = encoded.frames_for(receiver.client.id, receiver.first_ephemeral);
            let frames = String::from_utf8_lossy(&frames);
            (receiver.client.id.0, frames.contains("alice"), frames.contains("bob"))
        })
        .collect();
    assert_eq!(received, [(1, false, true), (2, false, false), (3, false, false)]);
    assert_eq!(room.end_broadcast(), []);
}

#[test]
fn a_client_that_was_renamed_meanwhile_still_leaves() {
    let (_data, room) = lobby();
    let ((bob, _b), (other, _o)) = (client(1, "bob"), client(2, "rob"));
    let identity = bob.identity();
    room.join(&bob, (identity.owner, &identity.label()), None, Since::Now, false);
    bob.set_identity(other.identity()); // and there its thread panicked, before the room knew of it
    room.leave(bob.id, false);
    assert_eq!(room.member_count(), 0);
}

/// A post of a user who is in no room.
fn post(room: &Arc<Room>, cid: &str) -> Option<RoundGuard> {
    let user = "bob".parse().unwrap();
    let owner = OwnerId::of_key(&"0".repeat(32).parse().unwrap());
    let bob = Author { client: ClientId(1), owner, user };
    let text = Text::parse("hi", 10).unwrap();
    let operation = Operation::Post { text, me: false, reply: None };
    room.submit(&bob, cid.parse().unwrap(), operation, 0).unwrap().1
}

#[test]
fn a_guard_that_a_panic_drops_frees_the_room_for_the_heartbeat() {
    let (_data, room) = lobby();
    let guard = post(&room, "1").unwrap();
    assert!(post(&room, "2").is_none(), "one round at a time");
    assert!(room.check(Instant::now()).is_none());
    drop(guard);
    assert!(room.check(Instant::now()).is_some());
}

#[test]
fn records_that_arrive_during_a_round_go_to_the_queue_with_its_guard() {
    let ((_data, room), queue) = (lobby(), RoundQueue::default());
    let guard = post(&room, "1").unwrap();
    assert_eq!(room.take_batch().len(), 1);
    assert!(post(&room, "2").is_none());
    queue.add(guard.finish().expect("a record arrived meanwhile"));
    let waiting = queue.take();
    assert!(post(&room, "3").is_none(), "the room is not idle while it waits");
    assert_eq!(room.take_batch().len(), 2);
    assert!(waiting.finish().is_none());
    assert!(post(&room, "4").is_some(), "no record waits, so the room is idle");
}

#[test]
fn rooms_whose_rounds_wait_do_not_hold_up_another() {
    let delivery = Delivery::new(Arc::default(), Logger::start(Level::Warn, io::sink()).unwrap());
    let broadcaster = Arc::new(Broadcaster::new(Arc::new(delivery)));
    for _ in 0..limits::BROADCASTERS {
        let broadcaster = Arc::clone(&broadcaster);
        let run = move || {
            loop {
                broadcaster.run_queued();
            }
        };
        thread::Builder::new().spawn(run).unwrap();
    }
    let slow: Vec<_> = (1..limits::BROADCASTERS).map(|_| lobby()).collect();
    let guards: Vec<_> = slow.iter().map(|(_, room)| post(room, "1").unwrap()).collect();
    let held: Vec<_> = slow.iter().map(|(_, room)| room.state()).collect(); // as a slow disk would
    guards.into_iter().for_each(|guard| broadcaster.queue.add(guard));
    let (_data, room) = lobby();
    broadcaster.queue.add(post(&room, "1").unwrap());
    let deadline = Instant::now() + Duration::from_secs(10);
    while room.head() == 0 {
        assert!(Instant::now() < deadline, "its round waits for those of other rooms");
        thread::yield_now();
    }
    drop(held);
}

#[test]
fn released_cids_are_read_again_before_the_next_post() {
    let (_data, room) = lobby();
    let bob = |cid: &str| {
        let user = "bob".parse().unwrap();
        let owner = OwnerId::of_key(&"0".repeat(32).parse().unwrap());
        let author = Author { client: ClientId(1), owner, user };
        let text = Text::parse("hi", 10).unwrap();
        let operation = Operation::Post { text, me: false, reply: None };
        room.submit(&author, cid.parse().unwrap(), operation, 0).unwrap()
    };
    let store = |round: Option<RoundGuard>| {
        let batch = room.take_batch();
        let entry = |item: &BatchItem| match item {
            BatchItem::Record(pending) => Some(pending.entry.clone()),
            BatchItem::Ephemeral { .. } => None,
        };
        room.log.append(&batch.iter().filter_map(entry).collect::<Vec<LogEntry>>()).unwrap();
        room.commit(room.last_assigned());
        room.end_broadcast();
        assert!(round.unwrap().finish().is_none());
    };
    let (outcome, round) = bob("1");
    room.measure_memory();
    assert!(outcome == Outcome::Accepted && room.memory() > 0);
    room.release_newest();
    assert!(room.memory() > 0, "a record is not stored yet");
    assert_eq!(bob("1").0, Outcome::InFlight);
    store(round);
    for n in 2..5 {
        room.log.maintain(0).unwrap(); // fsync
        room.release_newest();
        assert!(room.log.unload() && room.memory() == 0);
        assert_eq!(room.context.memory.get(), 0);
        assert_eq!(bob("1").0, Outcome::AlreadyStored(1));
        let (outcome, round) = bob(&n.to_string());
        assert_eq!((outcome, room.last_assigned()), (Outcome::Accepted, n));
        store(round);
        assert_eq!(bob(&n.to_string()).0, Outcome::AlreadyStored(n));
    }
}

#[test]
fn the_first_post_of_a_new_owner_is_marked_also_when_the_log_was_unloaded() {
    let (_data, room) = lobby();
    let submit = |cid: &str, digit: &str| {
        let (user, owner) = ("ann".parse().unwrap(), digit.repeat(32).parse().unwrap());
        let author = Author { client: ClientId(1), owner, user };
        let text = Text::parse("hi", 10).unwrap();
        let operation = Operation::Post { text, me: false, reply: None };
        room.submit(&author, cid.parse().unwrap(), operation, 0).unwrap().1
    };
    let entries = || -> Vec<LogEntry> {
        let entry = |item: BatchItem| match item {
            BatchItem::Record(pending) => Some(pending.entry),
            BatchItem::Ephemeral { .. } => None,
        };
        room.take_batch().into_iter().filter_map(entry).collect()
    };
    for (n, (digit, expected)) in
        [("a", false), ("e", true), ("e", false), ("a", true)].into_iter().enumerate()
    {
        let lost = submit(&n.to_string(), digit);
        assert_eq!(entries()[0].json.contains("new_owner"), expected);
        room.roll_back(); // it could not be stored, and is sent again
        drop(lost);
        let round = submit(&n.to_string(), digit);
        let batch = entries();
        assert_eq!(batch[0].json.contains("new_owner"), expected);
        room.log.append(&batch).unwrap();
        room.commit(room.last_assigned());
        room.end_broadcast();
        assert!(round.unwrap().finish().is_none());
        room.log.maintain(0).unwrap(); // fsync
        assert!(room.log.unload() && room.has_cids());
    }
}
