//! One open connection: a queue of frames to send, and the thread that writes them.
//!
//! A separate thread writes, so that neither the caller nor the reading thread waits while the
//! socket accepts nothing.

use std::io;
use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;
use std::thread::JoinHandle;

use crate::chat::protocol::ClientMessage;
use crate::limits;
use crate::net::entropy::Entropy;
use crate::ws::{Close, CloseCode, Encoder, Limits};

/// The largest message that a server may send.
pub(super) const LIMITS: Limits =
    Limits { message: limits::CLIENT_MESSAGE, fragments: limits::FRAGMENTS };

/// The sending half of a connection. What is sent goes out in order.
#[derive(Debug)]
pub(super) struct ConnectionSender {
    stream: Arc<TcpStream>,
    outgoing: SyncSender<Outgoing>,
}

/// A frame to send.
#[derive(Debug)]
pub(super) enum Outgoing {
    Message(ClientMessage),
    Pong(Vec<u8>),
    Close(Option<Close>),
}

impl ConnectionSender {
    /// The sender of a connection whose writer receives from `outgoing`.
    pub(super) fn new(stream: Arc<TcpStream>, outgoing: SyncSender<Outgoing>) -> ConnectionSender {
        ConnectionSender { stream, outgoing }
    }

    /// Sends a message; `false` if the queue is full, and then shuts the connection down.
    pub(super) fn send(&self, message: ClientMessage) -> bool {
        self.enqueue(Outgoing::Message(message))
    }

    /// Sends a Close.
    pub(super) fn close(&self, code: CloseCode) {
        self.enqueue(Outgoing::Close(Some(Close { code, reason: String::new() })));
    }

    /// Ends the connection at once.
    pub(super) fn shutdown(&self) {
        self.stream.shutdown(Shutdown::Both).ok(); // it may be gone already
    }

    /// If the queue is full, the socket accepts nothing: the connection is dead.
    fn enqueue(&self, outgoing: Outgoing) -> bool {
        let is_queued = self.outgoing.try_send(outgoing).is_ok();
        if !is_queued {
            self.shutdown();
        }
        is_queued
    }
}

/// Starts the thread that writes until every sender is dropped, a Close is written, or the socket
/// accepts nothing for [`limits::STALL_WAIT`]. The thread returns `true` for the last reason.
pub(super) fn spawn_writer(
    stream: Arc<TcpStream>,
    queue: Receiver<Outgoing>,
) -> io::Result<JoinHandle<bool>> {
    let mut encoder = Encoder::client(Entropy::open()?.into_masks()?);
    thread::Builder::new()
        .name(String::from("client-writer"))
        .stack_size(limits::SESSION_STACK)
        .spawn(move || {
            let mut frame = Vec::new();
            for outgoing in queue {
                frame.clear();
                encode(&mut encoder, &outgoing, &mut frame);
                if let Err(error) = (&*stream).write_all(&frame) {
                    stream.shutdown(Shutdown::Both).ok(); // so that the reading thread ends too
                    return matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                }
                if matches!(outgoing, Outgoing::Close(_)) {
                    return false; // §5.5.1: nothing may follow a Close
                }
            }
            false
        })
}

fn encode(encoder: &mut Encoder, outgoing: &Outgoing, frame: &mut Vec<u8>) {
    match outgoing {
        Outgoing::Message(message) => encoder.text(&message.encode(), frame),
        Outgoing::Pong(payload) => encoder.pong(payload, frame),
        Outgoing::Close(close) => encoder.close(close.as_ref(), frame),
    }
}
