//! Many clients and the built server: every client sees the same messages, once and in one order.

use std::collections::BTreeSet;
use std::thread;

use talk::chat::protocol::ServerMessage;
use talk::chat::{Cid, RoomName};
use talk::client::{Client, Event, Events};

use crate::support::TestServer;
use crate::support::scripted_server::{TIMEOUT, connect_as, text, until, until_live};

#[test]
fn twenty_clients_see_every_message_once_and_in_one_order() {
    const CLIENTS: usize = 20;
    const LINES: usize = 25;
    let server = TestServer::start(&[]);
    let clients: Vec<_> =
        (0..CLIENTS).map(|n| connect_as(server.address, &format!("user{n}"), "bot")).collect();
    for (_, events) in &clients {
        until_live(events);
    }
    let mut said = BTreeSet::new();
    for n in 0..LINES {
        for (client, _) in &clients {
            said.insert(client.post(&RoomName::default(), text(&format!("line {n}")), false));
        }
    }
    let receive_all = |events: Events| {
        let mut cids: Vec<Cid> = Vec::new();
        while cids.len() < CLIENTS * LINES {
            match events.recv_timeout(TIMEOUT).expect("every message arrives") {
                Event::Record(record) => {
                    assert_eq!(record.seq, cids.len() as u64 + 1);
                    cids.push(record.cid);
                }
                Event::Failed { rejection, .. } => {
                    panic!("refused: {}, {rejection}", rejection.code)
                }
                _ => {}
            }
        }
        cids
    };
    // Each in a thread of its own: a client whose events no one takes waits with its messages too.
    let (_clients, events): (Vec<Client>, Vec<Events>) = clients.into_iter().unzip();
    let threads: Vec<_> =
        events.into_iter().map(|events| thread::spawn(move || receive_all(events))).collect();
    let seen: Vec<Vec<Cid>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(seen[0].iter().cloned().collect::<BTreeSet<_>>(), said);
    assert!(seen.iter().all(|order| *order == seen[0]), "the same order for every client");
}

#[test]
fn a_client_renamed_goes_on_under_its_new_name() {
    let server = TestServer::start(&[]);
    let (client, events) = connect_as(server.address, "bob", "bot");
    until_live(&events);
    client.post(&RoomName::default(), text("as bob"), false);
    client.rename("rob".parse().unwrap());
    client.post(&RoomName::default(), text("as rob"), false);
    let token = until(&events, |event| match event {
        Event::Message(ServerMessage::Renamed { token, .. }) => Some(token.is_some()),
        _ => None,
    });
    assert!(token, "the user's own record has the token of the name");
    until(&events, |event| matches!(event, Event::Stored { seq: 2, .. }).then_some(()));
    let last = until(&events, |event| match event {
        Event::Record(record) => Some(record.user.to_string()),
        _ => None,
    });
    assert_eq!(last, "rob");
}
