//! The one case that random faults seldom hit: the first hello of a name arrives, and its answer is lost.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use talk::chat::protocol::Since;
use talk::client::{Config, ConnectionState, Event, start};

use crate::support::{TIMEOUT, TestServer};

/// A proxy to `server` that cuts its first connection at the welcome, and no other.
fn proxy_that_loses_the_first_welcome(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for number in 0.. {
            let (client, _) = listener.accept().unwrap();
            thread::spawn(move || {
                connect(&client, &TcpStream::connect(server).unwrap(), number == 0);
            });
        }
    });
    address
}

fn connect(client: &TcpStream, server: &TcpStream, is_first: bool) {
    thread::scope(|scope| {
        scope.spawn(|| forward(client, server, b""));
        forward(server, client, if is_first { b"welcome" } else { b"" });
    });
}

/// Forwards one direction until it ends, or until `last` is about to pass.
fn forward(mut from: &TcpStream, mut to: &TcpStream, last: &[u8]) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        if !last.is_empty() && chunk[..count].windows(last.len()).any(|window| window == last) {
            break;
        }
        if to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

#[test]
fn a_name_whose_first_welcome_was_lost_is_still_its_owners() {
    let server = TestServer::start(&[]);
    let config = Config {
        server: proxy_that_loses_the_first_welcome(server.address).to_string().parse().unwrap(),
        user: "bob".parse().unwrap(),
        token: None,
        password: None,
        rooms: vec!["lobby".parse().unwrap()],
        since: Since::Newest,
        agent: "bot",
        presence: true,
        follows_rooms: false,
        outbox: Vec::new(),
    };
    let (_client, events) = start(config).unwrap();
    loop {
        match events.recv_timeout(TIMEOUT).expect("the client becomes live") {
            Event::State(ConnectionState::Live) => return,
            Event::Stopped { code, reason } => panic!("stopped with {code}: {reason}"),
            _ => {}
        }
    }
}
