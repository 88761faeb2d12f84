//! A peer that speaks the protocol, through a WebSocket library that is not ours.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{HandshakeError, Message, WebSocket};

use super::SOON;

/// A client of the chat protocol that does only what it is told.
pub(crate) struct Peer {
    pub(crate) socket: WebSocket<TcpStream>,
    /// Heard, and not given out yet.
    heard: VecDeque<Value>,
}

impl Peer {
    /// Connects, and says nothing.
    pub(crate) fn connect(address: SocketAddr) -> Peer {
        Peer::over(TcpStream::connect(address).unwrap())
    }

    /// The same on a connection that is there already.
    pub(crate) fn over(stream: TcpStream) -> Peer {
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{}/ws", stream.peer_addr().unwrap());
        let request = url.into_client_request().unwrap();
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        Peer { socket, heard: VecDeque::new() }
    }

    /// Connects over a line that may break at any byte, and says nothing.
    pub(crate) fn try_connect(address: SocketAddr) -> Result<Peer, Box<tungstenite::Error>> {
        let stream = TcpStream::connect(address).map_err(tungstenite::Error::Io)?;
        stream.set_read_timeout(Some(SOON)).map_err(tungstenite::Error::Io)?;
        stream.set_nodelay(true).map_err(tungstenite::Error::Io)?;
        let request = format!("ws://{address}/ws").into_client_request()?;
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Peer { socket, heard: VecDeque::new() }),
            Err(HandshakeError::Failure(error)) => Err(Box::new(error)),
            Err(HandshakeError::Interrupted(_)) => {
                Err(Box::new(tungstenite::Error::Io(ErrorKind::TimedOut.into())))
            }
        }
    }

    /// Says hello as `user`; returns it and its welcome.
    pub(crate) fn hello(address: SocketAddr, user: &str) -> (Peer, Value) {
        let mut peer = Peer::connect(address);
        peer.say(&json!({"type": "hello", "user": user}));
        let welcome = peer.hear();
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (peer, welcome)
    }

    /// Says hello and joins a room; returns it and what `joined` said.
    pub(crate) fn joined(address: SocketAddr, user: &str, room: &str) -> (Peer, Value) {
        let (mut peer, _) = Peer::hello(address, user);
        let joined = peer.join(room);
        (peer, joined)
    }

    /// Joins a room, and waits until it is live: who comes after it is told by `presence`. Returns
    /// what `joined` said.
    pub(crate) fn join(&mut self, room: &str) -> Value {
        self.say(&json!({"type": "join", "room": room}));
        let joined = self.hear();
        assert_eq!(joined["type"], "joined", "{joined}");
        self.say(&json!({"type": "rooms"})); // answered once the join is done
        loop {
            let message = self.read_message();
            if message["type"] == "rooms" {
                return joined;
            }
            self.heard.push_back(message);
        }
    }

    /// Says hello and joins the lobby; returns it and its welcome.
    pub(crate) fn joined_with_welcome(address: SocketAddr, user: &str) -> (Peer, Value) {
        let (mut peer, welcome) = Peer::hello(address, user);
        peer.join("lobby");
        (peer, welcome)
    }

    pub(crate) fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string());
    }

    pub(crate) fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    pub(crate) fn post(&mut self, room: &str, cid: &str, text: &str) {
        self.say(&json!({"type": "post", "room": room, "cid": cid, "text": text}));
    }

    /// One WebSocket message. A machine that was stopped for a moment interrupts a read that has a
    /// timeout (signal(7)); it is taken up again.
    fn read(&mut self) -> tungstenite::Result<Message> {
        loop {
            match self.socket.read() {
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// The next message, whatever it is.
    pub(crate) fn hear(&mut self) -> Value {
        self.heard.pop_front().unwrap_or_else(|| self.read_message())
    }

    fn read_message(&mut self) -> Value {
        loop {
            match self.read().expect("a message comes") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("neither text nor control: {other:?}"),
            }
        }
    }

    /// The next message of this type; those before it are dropped.
    pub(crate) fn hear_type(&mut self, kind: &str) -> Value {
        loop {
            let message = self.hear();
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next message of one of these types; those before it are dropped.
    pub(crate) fn hear_type_of(&mut self, kinds: &[&str]) -> Value {
        loop {
            let message = self.hear();
            if message["type"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
                return message;
            }
        }
    }

    /// The record of this user's line, whatever comes before it: then the line is stored. Who closes
    /// with records unread resets the connection, and takes back what the server has not read.
    pub(crate) fn hear_own(&mut self, user: &str, cid: &str) -> Value {
        loop {
            let record = self.hear_type("post");
            if record["user"] == user && record["cid"] == cid {
                return record;
            }
        }
    }

    /// The next message with this cid: our own record, or an error, where nobody else uses it.
    pub(crate) fn hear_answer_to(&mut self, cid: &str) -> Value {
        loop {
            let message = self.hear();
            if message["cid"] == cid {
                return message;
            }
        }
    }

    /// The seqs of the next `count` records.
    pub(crate) fn hear_seqs(&mut self, count: usize) -> Vec<u64> {
        (0..count).map(|_| self.hear_type("post")["seq"].as_u64().unwrap()).collect()
    }

    /// The code of the `error` that comes next.
    pub(crate) fn hear_error(&mut self) -> String {
        let error = self.hear();
        assert_eq!(error["type"], "error", "{error}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        error["code"].as_str().unwrap().to_owned()
    }

    /// Reads until the server closes: its code.
    pub(crate) fn hear_close(&mut self) -> u16 {
        loop {
            match self.read() {
                Ok(Message::Close(close)) => return close.map_or(1005, |close| close.code.into()),
                Ok(_) => {}
                Err(error) => panic!("the end came without a Close: {error}"),
            }
        }
    }

    /// Waits until all that this peer has said was heard, and answered where it is to be.
    pub(crate) fn hear_answer(&mut self) {
        self.say(&json!({"type": "rooms"}));
        self.hear_type("rooms");
    }

    /// Asserts that nothing was sent to this peer before the answer to what it asks now.
    pub(crate) fn hears_nothing(&mut self) {
        self.say(&json!({"type": "rooms"}));
        let next = self.hear();
        assert_eq!(next["type"], "rooms", "{next}");
    }
}
