//! A room's round, step by step.

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::parcel::EncodedBatch;
use super::{CatchUp, Room};
use crate::chat::protocol::{Agent, Since};
use crate::chat::{
    Author, BatchItem, ClientId, LogEntry, NameRegistry, Operation, Outcome, OwnerId, Text,
};
use crate::limits;
use crate::log::{LogConfig, Store, SyncPolicy};
use crate::net::SendQueue;
use crate::server::clients::client::Client;

fn lobby() -> (TempDir, Arc<Room>) {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let (sync, file_bytes) = (SyncPolicy::Interval, limits::LOG_FILE);
    let rules = LogConfig { sync, file_bytes, retain: None, retain_records: None };
    let log = store.new_log(&"lobby".parse().unwrap(), rules, String::from("L1"), None);
    (data, Arc::new(Room::new("lobby".parse().unwrap(), log).unwrap()))
}

#[test]
fn a_repeat_never_overtakes_what_is_being_published() {
    let (_data, room) = lobby();
    let user = "bob".parse().unwrap();
    let owner = OwnerId::of(&user, &"0".repeat(32).parse().unwrap());
    let bob = Author { client: ClientId(1), owner, user };
    let say = |cid: &str| {
        let act = Operation::Post { text: Text::parse("hi", 10).unwrap(), me: false, reply: None };
        room.say(&bob, cid.parse().unwrap(), act, 0)
    };

    let (told, load) = say("1");
    assert_eq!((told, say("2").0), (Outcome::Accepted, Outcome::Accepted));
    let batch = room.take();
    let entry = |item: &BatchItem| match item {
        BatchItem::Record(offered) => Some(offered.entry.clone()),
        BatchItem::Ephemeral { .. } => None,
    };
    room.log.append(&batch.iter().filter_map(entry).collect::<Vec<LogEntry>>()).unwrap();
    assert_eq!(say("2").0, Outcome::InFlight);
    room.publish(2);
    assert_eq!(say("2").0, Outcome::InFlight, "bob hears 1 and 2 from the round, in this order");
    let late = room.published();
    assert_eq!(late, [(ClientId(1), 2)], "or has heard them already, and is answered after it");
    assert_eq!(say("2").0, Outcome::AlreadyStored(2));

    assert_eq!(say("3").0, Outcome::Accepted);
    room.take();
    room.publish(3);
    room.end_round(); // a panic on the way to the receivers
    assert_eq!(say("3").0, Outcome::AlreadyStored(3));
    drop(load);
}

/// A client, and the peer that keeps its socket open.
fn client(id: u64, user: &str) -> (Arc<Client>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let send_queue = SendQueue::new(Arc::new(listener.accept().unwrap().0), limits::BACKLOG);
    let (user, token) = (user.parse().unwrap(), "0".repeat(32).parse().unwrap());
    let mut names = NameRegistry::new(Duration::ZERO);
    let held = names.claim(&user, None, token, Instant::now()).unwrap();
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    (Arc::new(Client::new(ClientId(id), address, Agent::Bot, send_queue, held)), peer)
}

#[test]
fn who_came_before_a_newcomer_is_not_told_to_it_as_coming() {
    let (_data, room) = lobby();
    let mut loads = Vec::new();
    let mut come = |client: &Arc<Client>| {
        let entered = room.enter(client, &client.identity().user, None, Since::Now, None);
        assert_eq!(room.try_go_live(client.id, 0, entered.changes), CatchUp::Live(false));
        loads.extend(entered.load);
        entered.joined.count
    };
    let ((alice, _a), (bob, _b), (eve, _e)) =
        (client(1, "alice"), client(2, "bob"), client(3, "eve"));
    assert_eq!((come(&alice), come(&bob)), (1, 2));
    let batch = room.take(); // and while this round is on its way to the log
    assert_eq!(come(&eve), 3);
    let encoded = EncodedBatch::encode(&batch);
    let heard: Vec<(u64, bool, bool)> = room
        .publish(0)
        .iter()
        .map(|receiver| {
            let frames = encoded.for_client(receiver.client.id, receiver.aside);
            let frames = String::from_utf8_lossy(&frames);
            (receiver.client.id.0, frames.contains("alice"), frames.contains("bob"))
        })
        .collect();
    assert_eq!(heard, [(1, false, true), (2, false, false), (3, false, false)]);
    assert_eq!(room.published(), []);
}

#[test]
fn who_leaves_is_gone_whatever_it_is_called_by_then() {
    let (_data, room) = lobby();
    let ((bob, _b), (other, _o)) = (client(1, "bob"), client(2, "rob"));
    room.enter(&bob, &bob.identity().user, None, Since::Now, None);
    bob.rename(other.identity()); // and there its thread panicked, before the room was told
    room.exit(bob.id);
    assert_eq!(room.count(), 0);
}
