//! The system calls alone: one thread, one epoll, one `write` for each client, and no protocol.
//!
//! A client's message is unmasked and goes to every client unchanged. There is no handshake, no JSON, no log
//! and no order to keep: no server can deliver for less.

use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use talk::ws;

/// What one `write` contains.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sends {
    /// One message.
    Each,
    /// All messages of one round: the server reads until nothing more is there.
    Batches,
}

const LISTENER: Token = Token(usize::MAX);

pub(crate) fn serve(sends: Sends) {
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut poll = Poll::new().unwrap();
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).unwrap();
    println!("{}", listener.local_addr().unwrap());
    let (mut events, mut chunk) = (Events::with_capacity(1_024), vec![0; 64 * 1024]);
    let mut clients: Vec<(TcpStream, Vec<u8>)> = Vec::new();
    let mut round: Vec<u8> = Vec::new();
    let mut ends: Vec<usize> = Vec::new();
    loop {
        let gathers = sends == Sends::Batches && !round.is_empty();
        poll.poll(&mut events, gathers.then_some(Duration::ZERO)).unwrap();
        let is_more = !events.is_empty();
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true).unwrap();
                    let token = Token(clients.len());
                    poll.registry().register(&mut stream, token, Interest::READABLE).unwrap();
                    clients.push((stream, Vec::new()));
                }
                continue;
            }
            let (stream, received) = &mut clients[event.token().0];
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => continue, // the bench ends, and this process with it
                Ok(count) => received.extend_from_slice(&chunk[..count]),
            }
            while let Some(length) = first(received, &mut round) {
                received.drain(..length);
                ends.push(round.len());
            }
        }
        match sends {
            Sends::Each => {
                let mut start = 0;
                for end in &ends {
                    clients.iter_mut().for_each(|(to, _)| write(to, &round[start..*end]));
                    start = *end;
                }
            }
            Sends::Batches if is_more => continue,
            Sends::Batches => clients.iter_mut().for_each(|(to, _)| write(to, &round)),
        }
        round.clear();
        ends.clear();
    }
}

/// Appends the first frame of `received` to `round`, as a server's frame; returns its length.
fn first(received: &[u8], round: &mut Vec<u8>) -> Option<usize> {
    let (start, length) = match received.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(received.get(2..4)?.try_into().unwrap()))),
        127 => (10, u64::from_be_bytes(received.get(2..10)?.try_into().unwrap()) as usize),
        length => (2, usize::from(length)),
    };
    let mask: [u8; 4] = received.get(start..start + 4)?.try_into().unwrap();
    let payload = received.get(start + 4..start + 4 + length)?;
    let bytes: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
    ws::push_text_frame(round, &bytes);
    Some(start + 4 + length)
}

/// Writes all of it; waits while the client's socket is full.
fn write(to: &mut TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_micros(100));
            }
            Err(_) => return,
        }
    }
}
