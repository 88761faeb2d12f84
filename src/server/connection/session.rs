//! A connection's life: a head, perhaps a hello, messages, an end.
//!
//! Room: one socket and its clock. What a message does is for `verbs` to say.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::chat::protocol::{Agent, ClientMessage, Join, ServerMessage};
use crate::chat::{ClientId, ErrorCode, Identity, Password, Rejection};
use crate::http::{self, Parser, Response, Status};
use crate::limits;
use crate::net::deadline::Deadline;
use crate::net::head::read_request;
use crate::net::{MessageError, MessageReader, SendQueue, Step, linger};
use crate::server::clients::admission::Permit;
use crate::server::clients::client::Client;
use crate::server::clients::disconnect::{self, Disconnect};
use crate::server::clients::memory_budget::OverBudget;
use crate::server::commands::{Session, refusal};
use crate::server::http::routes::route;
use crate::server::logger::Level;
use crate::server::state::shared::Shared;
use crate::time::unix_ms;
use crate::ws::{Close, CloseCode, Decoder, Encoder, Event, Role};

/// Serves one connection up to its hello; returns what comes after it, if it is let in.
pub(crate) fn greet(
    shared: &Arc<Shared>,
    stream: TcpStream,
    peer: IpAddr,
    permit: &mut Permit,
    id: ClientId,
) -> Option<Line> {
    stream.set_nodelay(true).ok(); // a batch is written whole: nothing is gained by waiting
    let stream = Arc::new(stream);
    let deadline = Deadline::new(Instant::now(), shared.config.limits.head_wait);
    let mut parser = Parser::within(shared.config.limits.http);
    let mut address = peer;
    let (response, leftover) = match read_request(&mut &*stream, &deadline, &mut parser) {
        Ok((request, leftover)) => {
            let source = shared.config.proxies.source(peer, &request.headers);
            address = source.address;
            let settled = permit.assign(address).map_err(Response::from);
            let response = settled.map_or_else(|full| full, |()| route(shared, source, &request));
            (response, leftover)
        }
        Err(error) => (error.response()?, Vec::new()),
    };
    let response = response.dated(unix_ms());
    shared.metrics.answered(response.status());
    if response.status() != Status::SWITCHING_PROTOCOLS {
        answer(shared, &stream, address, &response, &parser);
        return None;
    }
    write(&stream, &response.to_bytes()).ok()?;
    Greeting { shared, stream: &stream, address, id }.hear(&leftover)
}

/// Tells a connection for which there is no place why, once it has said what it wants.
pub(crate) fn refuse(stream: &TcpStream, response: &Response) {
    let deadline = Deadline::new(Instant::now(), limits::LINGER_WAIT);
    let mut parser = Parser::new();
    drop(read_request(&mut &*stream, &deadline, &mut parser)); // a refusal that comes early is not read
    write(stream, &bytes_of(response, &parser)).ok();
    linger(stream);
}

fn answer(
    shared: &Shared,
    stream: &TcpStream,
    address: IpAddr,
    response: &Response,
    parser: &Parser<http::Request>,
) {
    if response.status().is_error() {
        let status = response.status().code().to_string();
        let particulars = [("address", &*address.to_string()), ("status", &*status)];
        shared.logger.log(Level::Debug, "request-refused", &particulars);
    }
    if write(stream, &bytes_of(response, parser)).is_ok() {
        linger(stream);
    }
}

/// The response to what this parser has read, as far as it came.
fn bytes_of(response: &Response, parser: &Parser<http::Request>) -> Vec<u8> {
    if parser.asks_for_head() { response.head_to_bytes() } else { response.to_bytes() }
}

/// Writes a whole response. It fits the socket's buffer; a peer that takes nothing ends here.
fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.set_write_timeout(Some(limits::STALL_WAIT))?;
    stream.write_all(bytes)
}

/// A connection that has become a WebSocket and has not said who it is.
struct Greeting<'g> {
    shared: &'g Arc<Shared>,
    stream: &'g Arc<TcpStream>,
    address: IpAddr,
    id: ClientId,
}

/// Whoever has said a right hello.
struct Welcome {
    held: Identity,
    agent: Agent,
    joins: Vec<Join>,
}

impl Greeting<'_> {
    /// Hears the hello, and welcomes whoever may come in.
    fn hear(&self, leftover: &[u8]) -> Option<Line> {
        let decoder = Decoder::new(Role::Server, self.shared.config.limits.ws);
        let mut reader = MessageReader::new(&**self.stream, decoder, leftover);
        let send_queue = SendQueue::new(Arc::clone(self.stream), self.shared.config.limits.backlog);
        match self.greet(&mut reader, &send_queue) {
            Ok(Welcome { held, agent, joins }) => {
                self.shared.metrics.welcomed(agent);
                let client = Client::new(self.id, self.address, agent, send_queue, held);
                let mut session = Session::begin(self.shared, client);
                if let Err(disconnect) = session.welcome(joins) {
                    let client = session.end();
                    self.shared.metrics.ended(&disconnect, client.close_code());
                    part(self.stream, &client.send_queue, disconnect);
                    return None;
                }
                let (decoder, stream) = (reader.into_decoder(), Arc::clone(self.stream));
                let message = self.shared.config.limits.message_wait;
                Some(Line { stream, decoder, session, message })
            }
            Err(disconnect) => {
                self.shared.metrics.ended(&disconnect, None);
                part(self.stream, &send_queue, disconnect);
                None
            }
        }
    }

    /// Waits for `hello` and for nothing else, and claims its name.
    fn greet(
        &self,
        reader: &mut MessageReader<&TcpStream>,
        send_queue: &SendQueue<Arc<TcpStream>>,
    ) -> Result<Welcome, Disconnect> {
        let deadline = Deadline::new(Instant::now(), self.shared.config.limits.hello_wait);
        let mut reservation = self.shared.memory_budget.reservation();
        let text = loop {
            reservation.resize(reader.unfinished()).map_err(|OverBudget| too_much())?;
            let left = deadline.left(Instant::now());
            let left = left.map_err(|_| {
                Disconnect::by_server(disconnect::BAD_HELLO, "no hello came in time")
            })?;
            self.stream.set_read_timeout(Some(left)).map_err(|_| Disconnect::Lost)?;
            match reader.step() {
                Ok(Step::Event(Event::Text(text))) => break text,
                Ok(Step::Event(Event::Ping(payload))) => {
                    let mut pong = Vec::new();
                    Encoder::server().pong(&payload, &mut pong);
                    send_queue.send(&pong.into());
                }
                Ok(Step::Event(Event::Pong(_)) | Step::Partial) => {}
                Ok(Step::Event(Event::Close(close))) => return Err(Disconnect::ByPeer(close)),
                Ok(Step::Event(Event::Binary(_))) => return Err(binary()),
                Ok(Step::End) => return Err(Disconnect::Lost),
                Err(error) => {
                    failed(error)?;
                    send_queue.restore_blocking(); // a pong was sent
                }
            }
        };
        self.claim(&text).map_err(|(code, refusal)| {
            if let ServerMessage::Error { code, .. } = &*refusal {
                self.shared.metrics.refused(*code);
            }
            let mut frame = Vec::new();
            Encoder::server().text(&refusal.encode(), &mut frame);
            send_queue.send(&frame.into());
            Disconnect::by_server(code, "hello was refused")
        })
    }

    /// Lets in whoever says a right hello, or says why not.
    fn claim(&self, text: &str) -> Result<Welcome, (CloseCode, Box<ServerMessage>)> {
        let config = &self.shared.config;
        let refuse = |rejection: Rejection| Box::new(refusal(rejection).into_reply());
        let (user, token, password, agent, joins) =
            match ClientMessage::parse_within(text, config.max_text, config.limits.json) {
                Ok(ClientMessage::Hello { user, token, password, agent, join }) => {
                    (user, token, password, agent, join)
                }
                Ok(_) => {
                    let rejection =
                        Rejection::new(ErrorCode::BadMessage, "the first message must be hello");
                    return Err((disconnect::BAD_HELLO, refuse(rejection)));
                }
                Err(refused) => {
                    return Err((disconnect::BAD_HELLO, Box::new(refused.into_reply())));
                }
            };
        if !self.knows(password.as_ref()) {
            let rejection =
                Rejection::new(ErrorCode::Forbidden, "this server asks for its password");
            return Err((disconnect::BAD_PASSWORD, refuse(rejection)));
        }
        let held = self.shared.claim(&user, token.as_ref());
        let held = held.map_err(|rejection| (disconnect::NAME_TAKEN, refuse(rejection)))?;
        Ok(Welcome { held, agent: agent.unwrap_or(Agent::Bot), joins })
    }
}

impl Greeting<'_> {
    /// Whether a hello shows the password that this server asks for. Guessing takes time, and only so
    /// many tries.
    fn knows(&self, shown: Option<&Password>) -> bool {
        let Some(expected) = &self.shared.config.password else { return true };
        let Some(shown) = shown else { return false };
        let is_right = shown == expected;
        let opens = self.shared.admission.check_password(self.address, is_right, Instant::now());
        if !opens {
            thread::sleep(limits::WRONG_PASSWORD_WAIT);
        }
        opens
    }
}

/// A connection that has said hello: all that its thread needs.
pub(crate) struct Line {
    stream: Arc<TcpStream>,
    decoder: Decoder,
    session: Session,
    /// How long one message may take.
    message: Duration,
}

impl Line {
    /// Hears the client until one of us ends it, and says farewell.
    pub(crate) fn converse(self) {
        let Line { stream, decoder, mut session, message } = self;
        let mut reader = MessageReader::new(&*stream, decoder, b"");
        let Err(disconnect) = hear_all(&stream, message, &mut reader, &mut session);
        let (shared, client) = (Arc::clone(session.shared()), session.end());
        shared.metrics.ended(&disconnect, client.close_code());
        part(&stream, &client.send_queue, disconnect);
    }
}

/// Hears a client until one of us ends it; `wait` is how long one message may take.
fn hear_all(
    stream: &TcpStream,
    wait: Duration,
    reader: &mut MessageReader<&TcpStream>,
    session: &mut Session,
) -> Result<std::convert::Infallible, Disconnect> {
    let gone = |_| Disconnect::Lost;
    // A peer may be silent for ever between messages, but not inside one: each has its own time.
    let shared = Arc::clone(session.shared());
    let mut reservation = shared.memory_budget.reservation();
    let (mut due, mut is_timed): (Option<Deadline>, _) = (None, false);
    stream.set_read_timeout(None).map_err(gone)?;
    loop {
        match reader.buffered() {
            Ok(Some(event)) => {
                due = due.filter(|_| !is_message(&event));
                heed(event, session)?;
                continue;
            }
            Ok(None) => {}
            Err(error) => failed(error)?,
        }
        reservation.resize(reader.unfinished()).map_err(|OverBudget| too_much())?;
        let now = Instant::now();
        let begin = || Deadline::new(now, wait);
        due = reader.is_mid_message().then(|| due.unwrap_or_else(begin));
        if due.is_some() || is_timed {
            let left = due.as_ref().map(|due| time_left(due, now)).transpose()?;
            stream.set_read_timeout(left).map_err(gone)?;
            is_timed = due.is_some();
        }
        match reader.step() {
            Ok(Step::Event(event)) => {
                due = due.filter(|_| !is_message(&event));
                heed(event, session)?;
            }
            Ok(Step::Partial) => session.client().mark_received(),
            Ok(Step::End) => return Err(Disconnect::Lost),
            Err(error) => {
                failed(error)?;
                session.client().send_queue.restore_blocking();
            }
        }
    }
}

/// The last frame, if there is somebody to read it, and the end of the connection.
fn part(stream: &TcpStream, send_queue: &SendQueue<Arc<TcpStream>>, disconnect: Disconnect) {
    let close = match disconnect {
        Disconnect::ByPeer(close) => close, // §5.5.1: echo the status code
        Disconnect::ByServer(code, reason) => Some(Close { code, reason: reason.into_owned() }),
        Disconnect::Lost => {
            send_queue.shutdown();
            return;
        }
    };
    let mut frame = Vec::new();
    Encoder::server().close(close.as_ref(), &mut frame);
    send_queue.send_last(&frame.into());
    send_queue.restore_blocking(); // from here on it is read without asking
    linger(stream);
    send_queue.shutdown();
}

/// Whether a message ends with this event. A control frame may stand inside one, and gives it no more
/// time.
fn is_message(event: &Event) -> bool {
    match event {
        Event::Text(_) | Event::Binary(_) => true,
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => false,
    }
}

/// Does what an event asks.
fn heed(event: Event, session: &mut Session) -> Result<(), Disconnect> {
    session.client().mark_received();
    match event {
        Event::Text(text) => {
            session.shared().metrics.received_bytes.add(text.len());
            session.hear(&text)
        }
        Event::Ping(payload) => session.pong(&payload),
        Event::Pong(_) => session.nuisance(),
        Event::Binary(_) => Err(binary()),
        Event::Close(close) => Err(Disconnect::ByPeer(close)),
    }
}

fn time_left(due: &Deadline, now: Instant) -> Result<Duration, Disconnect> {
    due.left(now).map_err(|_| Disconnect::by_server(CloseCode::POLICY, "the message took too long"))
}

fn too_much() -> Disconnect {
    Disconnect::by_server(CloseCode::TRY_AGAIN, "too many messages are unfinished here, try again")
}

fn binary() -> Disconnect {
    Disconnect::by_server(CloseCode::UNSUPPORTED, "messages are text here")
}

/// What an error ends: nothing, where merely nothing was there to read.
fn failed(error: MessageError) -> Result<(), Disconnect> {
    match error {
        MessageError::Peer(error) => {
            Err(Disconnect::ByServer(error.close_code(), Cow::Owned(error.to_string())))
        }
        MessageError::Stream(error)
            if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
        {
            Ok(())
        }
        MessageError::Stream(_) => Err(Disconnect::Lost),
    }
}
