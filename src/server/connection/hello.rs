//! The start of a connection: the HTTP head, and for a WebSocket its `hello`.

use std::io::{self, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::session::Connection;
use crate::chat::protocol::{Agent, ClientMessage, ErrorMessage, Join, ServerMessage};
use crate::chat::{Claimed, ClientId, ErrorCode, Password, Rejection};
use crate::http::{self, Parser, Response, Status};
use crate::limits;
use crate::net::deadline::Deadline;
use crate::net::head::read_request;
use crate::net::{MessageReader, SendQueue, Step, linger};
use crate::server::clients::admission::{PasswordCheck, Permit};
use crate::server::clients::client::Client;
use crate::server::clients::disconnect::{self, Disconnect, check_read_error};
use crate::server::commands::Session;
use crate::server::http::routes::route;
use crate::server::logger::Level;
use crate::server::state::shared::Shared;
use crate::time::unix_ms;
use crate::ws::{CloseCode, Decoder, Encoder, Event, Role};

/// Serves a new connection: answers an HTTP request, or accepts a WebSocket and its hello. Returns the
/// connection if it goes on.
pub(super) fn handshake(
    shared: &Arc<Shared>,
    stream: TcpStream,
    peer: IpAddr,
    permit: &mut Permit,
    id: ClientId,
) -> Option<Connection> {
    stream.set_nodelay(true).ok(); // batches are written whole: Nagle's algorithm would only delay them
    let stream = Arc::new(stream);
    let deadline = Deadline::new(Instant::now(), shared.config.limits.timeouts.head);
    let mut parser = Parser::within(shared.config.limits.http);
    let mut address = peer;
    let (response, leftover) = match read_request(&mut &*stream, &deadline, &mut parser) {
        Ok((request, leftover)) => {
            let source = shared.config.proxies.source(peer, &request.headers);
            address = source.address;
            let assigned = permit.assign(address).map_err(Response::from);
            let response = assigned.map_or_else(|full| full, |()| route(shared, source, &request));
            (response, leftover)
        }
        Err(error) => (error.response()?, Vec::new()),
    };
    let response = response.dated(unix_ms());
    shared.metrics.count_response(response.status());
    if response.status() != Status::SWITCHING_PROTOCOLS {
        respond(shared, &stream, address, &response, &parser);
        return None;
    }
    write_response(&stream, &response.to_bytes()).ok()?;
    Hello { shared, stream: &stream, address, id }.run(&leftover)
}

/// Reads the request of a connection that gets no slot, and sends the reason.
pub(super) fn refuse(stream: &TcpStream, response: &Response) {
    let deadline = Deadline::new(Instant::now(), limits::LINGER_WAIT);
    let mut parser = Parser::new();
    drop(read_request(&mut &*stream, &deadline, &mut parser)); // clients do not read an early refusal
    write_response(stream, &encode_response(response, &parser)).ok();
    linger(stream);
}

fn respond(
    shared: &Shared,
    stream: &TcpStream,
    address: IpAddr,
    response: &Response,
    parser: &Parser<http::Request>,
) {
    if response.status().is_error() {
        let status = response.status().code().to_string();
        let fields = [("address", &*address.to_string()), ("status", &*status)];
        shared.logger.log(Level::Debug, "request-refused", &fields);
    }
    if write_response(stream, &encode_response(response, parser)).is_ok() {
        linger(stream);
    }
}

/// The response to the request that this parser has read, without its body for HEAD.
fn encode_response(response: &Response, parser: &Parser<http::Request>) -> Vec<u8> {
    if parser.asks_for_head() { response.head_to_bytes() } else { response.to_bytes() }
}

/// Writes a whole response. It fits the socket's buffer; a peer that reads nothing gets a timeout.
fn write_response(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.set_write_timeout(Some(limits::STALL_WAIT))?;
    stream.write_all(bytes)
}

/// A WebSocket whose hello has not come yet.
struct Hello<'h> {
    shared: &'h Arc<Shared>,
    stream: &'h Arc<TcpStream>,
    address: IpAddr,
    id: ClientId,
}

/// An accepted hello.
struct AcceptedHello {
    /// The person, with the claimed name.
    claimed: Claimed,
    /// The kind of client.
    agent: Agent,
    /// Whether the others see it.
    has_presence: bool,
    /// Whether it follows the person's memberships.
    follows_rooms: bool,
    /// The rooms to join at once.
    joins: Vec<Join>,
}

impl Hello<'_> {
    /// Reads the hello, and starts the session if it is accepted.
    fn run(&self, leftover: &[u8]) -> Option<Connection> {
        let limits = &self.shared.config.limits;
        let metrics = &self.shared.metrics;
        let decoder = Decoder::new(Role::Server, limits.ws);
        let mut reader = MessageReader::new(&**self.stream, decoder, leftover);
        let send_queue = SendQueue::new(Arc::clone(self.stream), limits.backlog);
        match self.read_hello(&mut reader, &send_queue) {
            Ok(AcceptedHello { claimed, agent, has_presence, follows_rooms, joins }) => {
                let Claimed { identity, former } = claimed;
                metrics.connections.count_welcome(agent);
                let client = Client::new(self.id, self.address, agent, send_queue, identity);
                let client = client.with_presence(has_presence).following_rooms(follows_rooms);
                let mut session = Session::begin(self.shared, client);
                if let Err(disconnect) = session.welcome(joins, former.as_ref()) {
                    let client = session.end();
                    disconnect.count(metrics, client.close_code());
                    disconnect.close(self.stream, &client.send_queue);
                    return None;
                }
                let (decoder, stream) = (reader.into_decoder(), Arc::clone(self.stream));
                let message_wait = limits.timeouts.message;
                Some(Connection { stream, decoder, session, message_wait })
            }
            Err(disconnect) => {
                disconnect.count(metrics, None);
                disconnect.close(self.stream, &send_queue);
                None
            }
        }
    }

    /// Waits for `hello`, answering pings, and claims its name.
    fn read_hello(
        &self,
        reader: &mut MessageReader<&TcpStream>,
        send_queue: &SendQueue<Arc<TcpStream>>,
    ) -> Result<AcceptedHello, Disconnect> {
        let deadline = Deadline::new(Instant::now(), self.shared.config.limits.timeouts.hello);
        let mut reservation =
            self.shared.admission.memory_budget.reservation(self.stream, self.address);
        let text = loop {
            reservation.resize(reader.partial_bytes())?;
            let left = deadline.left(Instant::now()).map_err(|_| {
                Disconnect::by_server(disconnect::BAD_HELLO, "hello did not arrive in time")
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
                Ok(Step::Event(Event::Binary(_))) => return Err(Disconnect::binary_message()),
                Ok(Step::End) => {
                    reservation.check()?;
                    return Err(Disconnect::Lost);
                }
                Err(error) => {
                    check_read_error(error)?;
                    send_queue.restore_blocking(); // a pong was sent
                }
            }
        };
        self.check_hello(&text).map_err(|(code, error)| {
            self.shared.metrics.messages.count_rejection(error.code);
            let mut frame = Vec::new();
            Encoder::server().text(&ServerMessage::Error(*error).encode(), &mut frame);
            send_queue.send(&frame.into());
            Disconnect::by_server(code, "hello was refused")
        })
    }

    /// Checks a hello and claims its name.
    ///
    /// # Errors
    /// The close code, and the message to send before it.
    fn check_hello(&self, text: &str) -> Result<AcceptedHello, (CloseCode, Box<ErrorMessage>)> {
        let config = &self.shared.config;
        let refuse = |rejection: Rejection| Box::new(ErrorMessage::from(rejection));
        let (user, token, password, agent, has_presence, follows_rooms, joins) =
            match ClientMessage::parse(text, config.posts.max_text, config.limits.json) {
                Ok(ClientMessage::Hello {
                    user,
                    token,
                    password,
                    agent,
                    presence,
                    rooms,
                    join,
                }) => (user, token, password, agent, presence, rooms, join),
                Ok(_) => {
                    let rejection =
                        Rejection::new(ErrorCode::BadMessage, "the first message must be hello");
                    return Err((disconnect::BAD_HELLO, refuse(rejection)));
                }
                Err(error) => return Err((disconnect::BAD_HELLO, error.into())),
            };
        match self.check_password(password.as_ref()) {
            PasswordCheck::Accepted => {}
            PasswordCheck::Wrong => {
                let rejection =
                    Rejection::new(ErrorCode::Forbidden, "the password is missing or wrong");
                return Err((disconnect::BAD_PASSWORD, refuse(rejection)));
            }
            PasswordCheck::LockedOut(wait) => {
                let rejection = Rejection::new(
                    ErrorCode::RateLimited,
                    "too many wrong passwords from your address",
                );
                let retry_ms = u64::try_from(wait.as_millis()).ok();
                let error = ErrorMessage { retry_ms, ..ErrorMessage::from(rejection) };
                return Err((CloseCode::TRY_AGAIN, Box::new(error)));
            }
        }
        let claimed = self.shared.names.claim(&user, token.as_ref(), self.address);
        let claimed = claimed.map_err(|error| {
            // A client that is refused for now keeps its name, and with it its token, and comes back.
            let is_for_now = matches!(error.code, ErrorCode::RateLimited | ErrorCode::Storage);
            let code = if is_for_now { CloseCode::TRY_AGAIN } else { disconnect::NAME_TAKEN };
            (code, Box::new(error))
        })?;
        let agent = agent.unwrap_or(Agent::Bot);
        Ok(AcceptedHello { claimed, agent, has_presence, follows_rooms, joins })
    }

    /// Whether a hello has the password, if the server requires one. A wrong one is logged and delays the
    /// answer, and each address has a limited number of tries.
    fn check_password(&self, sent: Option<&Password>) -> PasswordCheck {
        let Some(expected) = &self.shared.config.password else { return PasswordCheck::Accepted };
        let Some(sent) = sent else { return PasswordCheck::Wrong };
        let (is_right, now) = (sent == expected, Instant::now());
        if !is_right {
            self.log_wrong_password(now);
        }
        let checked = self.shared.admission.check_password(self.address, is_right, now);
        if checked != PasswordCheck::Accepted {
            thread::sleep(limits::WRONG_PASSWORD_WAIT);
        }
        checked
    }

    /// Logs a wrong password, for the operator and for fail2ban (`docs/deploy.md` has its filter), without
    /// anything that the client sent.
    fn log_wrong_password(&self, now: Instant) {
        let count = self.shared.admission.count_wrong_password(self.address, now).to_string();
        let address = self.address.to_canonical().to_string();
        let fields = [("address", &*address), ("last_minute", &*count)];
        self.shared.logger.log(Level::Warn, "wrong-password", &fields);
    }
}
