//! The reading loop of a connection whose hello was accepted: from frames to commands.

use std::convert::Infallible;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::net::deadline::Deadline;
use crate::net::{MessageReader, Step};
use crate::server::clients::disconnect::{Disconnect, check_read_error};
use crate::server::commands::Session;
use crate::ws::{CloseCode, Decoder, Event};

/// All that the session thread needs of a connection.
pub(super) struct Connection {
    /// The socket.
    pub(super) stream: Arc<TcpStream>,
    /// It may hold bytes that came after hello.
    pub(super) decoder: Decoder,
    /// What executes its messages.
    pub(super) session: Session,
    /// How long one message may take.
    pub(super) message_wait: Duration,
}

impl Connection {
    /// Reads messages until either side ends the connection, and closes it.
    pub(super) fn run(self) {
        let Connection { stream, decoder, mut session, message_wait } = self;
        let mut reader = MessageReader::new(&*stream, decoder, b"");
        let Err(disconnect) = read_all(&stream, message_wait, &mut reader, &mut session);
        let (shared, client) = (Arc::clone(session.shared()), session.end());
        disconnect.count(&shared.metrics, client.close_code());
        disconnect.close(&stream, &client.send_queue);
    }
}

/// Reads messages until either side ends the connection; `wait` is how long one message may take.
fn read_all(
    stream: &Arc<TcpStream>,
    wait: Duration,
    reader: &mut MessageReader<&TcpStream>,
    session: &mut Session,
) -> Result<Infallible, Disconnect> {
    let lost = |_| Disconnect::Lost;
    // A peer may be silent for ever between messages, but not inside one: each has its own deadline.
    let shared = Arc::clone(session.shared());
    let address = session.client().address;
    let mut reservation = shared.admission.memory_budget.reservation(stream, address);
    let (mut due, mut has_timeout): (Option<Deadline>, _) = (None, false);
    stream.set_read_timeout(None).map_err(lost)?;
    loop {
        match reader.buffered() {
            Ok(Some(event)) => {
                due = due.filter(|_| !is_message(&event));
                on_event(event, session)?;
                continue;
            }
            Ok(None) => {}
            Err(error) => check_read_error(error)?,
        }
        reservation.resize(reader.partial_bytes())?;
        let now = Instant::now();
        let begin = || Deadline::new(now, wait);
        due = reader.is_mid_message().then(|| due.unwrap_or_else(begin));
        if due.is_some() || has_timeout {
            let left = due.as_ref().map(|due| time_left(due, now)).transpose()?;
            stream.set_read_timeout(left).map_err(lost)?;
            has_timeout = due.is_some();
        }
        match reader.step() {
            Ok(Step::Event(event)) => {
                due = due.filter(|_| !is_message(&event));
                on_event(event, session)?;
            }
            Ok(Step::Partial) => session.client().mark_received(),
            Ok(Step::End) => {
                reservation.check()?;
                return Err(Disconnect::Lost);
            }
            Err(error) => {
                check_read_error(error)?;
                session.client().send_queue.restore_blocking();
            }
        }
    }
}

/// Whether a message ends with this event. A control frame may come inside a message, and does not extend
/// its deadline.
fn is_message(event: &Event) -> bool {
    match event {
        Event::Text(_) | Event::Binary(_) => true,
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => false,
    }
}

fn on_event(event: Event, session: &mut Session) -> Result<(), Disconnect> {
    session.client().mark_received();
    match event {
        Event::Text(text) => {
            session.shared().metrics.connections.received_bytes.add(text.len());
            session.on_text(&text)
        }
        Event::Ping(payload) => session.answer_ping(&payload),
        Event::Pong(_) => session.check_flood(),
        Event::Binary(_) => Err(Disconnect::binary_message()),
        Event::Close(close) => Err(Disconnect::ByPeer(close)),
    }
}

fn time_left(due: &Deadline, now: Instant) -> Result<Duration, Disconnect> {
    due.left(now).map_err(|_| Disconnect::by_server(CloseCode::POLICY, "the message took too long"))
}
