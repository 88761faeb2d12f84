//! The client library over TCP, against a server that follows a script.

use std::io::Write;
use std::net::TcpListener;
use talk::chat::protocol::ErrorMessage;

use serde_json::json;
use talk::chat::protocol::HistoryRange;
use talk::chat::protocol::ServerMessage;
use talk::chat::{ErrorCode, RoomName, Token};
use talk::client::{ConnectionState, Event};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;

use crate::support::scripted_server::{
    ScriptedServer, TIMEOUT, TOKEN, connect, listener, next_record, text, trouble, until,
    until_live,
};

#[test]
fn a_client_sends_hello_and_receives_the_rooms_messages() {
    let listener = listener();
    let (client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    let mut hello = server.welcome(7, 6);
    let token = hello.as_object_mut().unwrap().remove("token").unwrap();
    assert!(token.as_str().unwrap().parse::<Token>().is_ok(), "a token that the client has made");
    assert_eq!(
        hello,
        json!({ "type": "hello", "user": "bob", "agent": "console", "join": [{ "room": "lobby" }] })
    );
    server.send_record(7, "alice", &json!("x7"), "hello");
    assert_eq!(next_record(&events), 7);
    until_live(&events);

    assert!(client.who(&RoomName::default(), None));
    assert_eq!(server.receive(), json!({ "type": "who", "room": "lobby" }));
    assert!(client.history(&RoomName::default(), HistoryRange::Before(7)));
    assert_eq!(
        server.receive(),
        json!({ "type": "history", "room": "lobby", "before": 7, "limit": 100 })
    );
}

#[test]
fn a_message_cut_off_is_sent_again_with_its_cid_and_the_room_is_resumed() {
    let listener = listener();
    let (client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    until_live(&events);
    let first = client.post(&RoomName::default(), text("one"), false);
    let second = client.post(&RoomName::default(), text("two"), true);
    let post = server.receive();
    assert_eq!(post["cid"], first.as_str());
    server.send_record(1, "alice", &json!("x1"), "before the cut");
    assert_eq!(next_record(&events), 1);
    drop(server); // the message is stored or not: the client cannot know

    let mut server = ScriptedServer::accept(&listener);
    let hello = server.welcome(1, 1);
    assert_eq!(hello["token"], TOKEN);
    assert_eq!(
        hello["join"],
        json!([{ "room": "lobby", "since": 1, "log": "L1",
        "at": 1_700_000_000_000_u64, "cid": "x1" }])
    );
    assert_eq!(server.receive(), post, "the same message, byte for byte");
    server.send_record(2, "bob", &post["cid"], "one");
    let post = server.receive();
    assert_eq!(post["cid"], second.as_str());
    assert_eq!(post["kind"], "me");
    server.send_record(3, "bob", &post["cid"], "two");
    for (cid, seq) in [(first, 2), (second, 3)] {
        let stored = until(&events, |event| match event {
            Event::Stored { cid, seq } => Some((cid.clone(), *seq)),
            _ => None,
        });
        assert_eq!(stored, (cid, seq));
        assert_eq!(next_record(&events), seq);
    }
}

#[test]
fn messages_for_a_server_that_is_down_wait_for_it() {
    let address = listener().local_addr().unwrap();
    let (client, events) = connect(&TcpListener::bind(address).unwrap());
    assert_eq!(
        trouble(&events).split(" (").next(),
        Some(&*format!("cannot connect to ws://{address}/ws: Connection refused"))
    );
    assert!(!client.rooms(), "there is no server to ask");
    let cid = client.post(&RoomName::default(), text("anybody?"), false);
    let listener = TcpListener::bind(address).unwrap();
    client.retry_now();
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    assert_eq!(server.receive()["cid"], cid.as_str());
}

#[test]
fn a_message_refused_as_too_fast_is_sent_again_after_the_wait() {
    let listener = listener();
    let (client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    until_live(&events);
    client.post(&RoomName::default(), text("fast"), false);
    let post = server.receive();
    server.send(json!({
        "type": "error", "code": "rate_limited", "message": "too fast", "cid": post["cid"],
        "retry_ms": 20,
    }));
    assert_eq!(server.receive(), post);
}

#[test]
fn a_ping_is_answered_with_its_payload() {
    let listener = listener();
    let (_client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    until_live(&events);
    server.0.send(Message::Ping("are you there?".into())).unwrap();
    assert_eq!(server.0.read().unwrap(), Message::Pong("are you there?".into()));
}

#[test]
fn a_taken_name_stops_the_client_until_the_user_tries_again() {
    let listener = listener();
    let (client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    server.receive();
    server.send(json!({ "type": "error", "code": "name_taken", "message": "bob is taken" }));
    let close = CloseFrame { code: 4409.into(), reason: "bob is taken".into() };
    server.0.close(Some(close)).unwrap();
    let code = until(&events, |event| match event {
        Event::Message(ServerMessage::Error(ErrorMessage { code, .. })) => Some(*code),
        _ => None,
    });
    assert_eq!(code, ErrorCode::NameTaken);
    let stopped = until(&events, |event| match event {
        Event::Stopped { code, reason } => Some((*code, reason.clone())),
        Event::State(ConnectionState::Offline { .. }) => panic!("it must not reconnect by itself"),
        _ => None,
    });
    assert_eq!(stopped, (4409, String::from("bob is taken")));
    client.rename("rob".parse().unwrap());
    client.retry_now();
    assert_eq!(ScriptedServer::accept(&listener).receive()["user"], "rob");
}

#[test]
fn closing_sends_a_close_frame_and_ends_the_events() {
    let listener = listener();
    let (client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    until_live(&events);
    std::thread::scope(|scope| {
        scope.spawn(|| client.close());
        let Message::Close(Some(close)) = server.0.read().unwrap() else { panic!("not a Close") };
        assert_eq!(u16::from(close.code), 1000);
        server.0.flush().ok();
        assert!(server.0.read().is_err(), "and then the end");
    });
    drop(client);
    while events.recv_timeout(TIMEOUT).is_ok() {}
    assert!(events.try_recv().is_err());
}

#[test]
fn closing_does_not_wait_for_a_server_that_never_answers() {
    let listener = listener();
    let (client, events) = connect(&listener);
    let (mut silent, _) = listener.accept().unwrap();
    client.close();
    drop(client);
    drop(silent.write(b"HTTP/1.1 500 X\r\n\r\n"));
    while events.recv_timeout(TIMEOUT).is_ok() {}
}

#[test]
fn a_server_that_reads_nothing_never_makes_the_user_wait() {
    let listener = listener();
    let (client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    until_live(&events);
    let room = RoomName::default();
    let said = (0..10_000_000).take_while(|_| client.who(&room, None)).count();
    assert!(said < 10_000_000, "the queue is bounded");
    assert_eq!(trouble(&events), "the connection no longer accepts data");
}
