//! Delivery of frames to clients, and the policy for those that are too slow.
//!
//! A write never blocks: what the socket does not take waits in the client's send queue. Then the
//! slow-clients thread retries it. A client whose queue is full, or whose socket takes nothing for
//! `stall-wait`, is disconnected; it resumes from the log.

use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::disconnect;
use super::poll::Poll;
use super::slow_clients::SlowClients;
use crate::chat::protocol::ServerMessage;
use crate::net::SendResult;
use crate::server::logger::{Level, Logger};
use crate::server::metrics::Metrics;
use crate::ws::{self, CloseCode};

/// Sends to clients, and disconnects them.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// All clients whose hello was accepted.
    pub(crate) poll: Poll,
    /// Clients whose socket was full.
    pub(crate) slow_clients: SlowClients,
    /// What the server counts.
    pub(crate) metrics: Arc<Metrics>,
    /// The operator's log.
    pub(crate) logger: Logger,
}

impl Delivery {
    pub(crate) fn new(metrics: Arc<Metrics>, logger: Logger) -> Delivery {
        let (poll, slow_clients) = (Poll::default(), SlowClients::default());
        Delivery { poll, slow_clients, metrics, logger }
    }

    /// Sends frames to one client.
    pub(crate) fn send(&self, client: &Arc<Client>, frames: &Arc<[u8]>) {
        let sent = client.send_queue.send(frames);
        if sent != SendResult::Closed {
            self.metrics.connections.sent_bytes.add(frames.len());
        }
        self.after_send(client, sent);
    }

    /// Does what the result of a write asks for: hands a client that fell behind to the slow-clients
    /// thread, and disconnects one whose queue is full.
    pub(crate) fn after_send(&self, client: &Arc<Client>, sent: SendResult) {
        match sent {
            SendResult::Written | SendResult::Queued | SendResult::Closed => {}
            SendResult::FellBehind => self.slow_clients.add(client),
            SendResult::Overflow => {
                self.metrics.connections.evicted.count();
                self.disconnect(client, disconnect::TOO_FAR_BEHIND, "reconnect and resume");
            }
        }
    }

    /// Sends one message to one client.
    pub(crate) fn send_message(&self, client: &Arc<Client>, message: &ServerMessage) {
        if let ServerMessage::Error(error) = message {
            self.metrics.messages.count_rejection(error.code);
        }
        self.send_json(client, &message.encode());
    }

    /// Sends one message that is JSON already.
    pub(crate) fn send_json(&self, client: &Arc<Client>, json: &str) {
        let mut frame = Vec::with_capacity(json.len() + 10);
        ws::push_text_frame(&mut frame, json.as_bytes());
        self.send(client, &frame.into());
    }

    /// Sends a Close frame. The client's session, or the heartbeat after `CLOSE_WAIT`, then ends the
    /// connection.
    pub(crate) fn disconnect(&self, client: &Arc<Client>, code: CloseCode, reason: &str) {
        let frame = client.close_frame(code, reason);
        let sent = client.send_queue.send_last(&frame);
        if sent == SendResult::FellBehind {
            self.slow_clients.add(client);
        }
        if sent != SendResult::Closed {
            let (id, code) = (client.id.0.to_string(), code.get().to_string());
            let fields = [("client", &*id), ("code", &*code), ("reason", reason)];
            self.logger.log(Level::Debug, "disconnected", &fields);
        }
    }

    /// Waits for slow clients that are due, and retries their writes; the slow-clients thread repeats it.
    pub(crate) fn retry_slow_clients(&self, stall_wait: Duration) {
        self.metrics.connections.evicted.add(self.slow_clients.retry_due(stall_wait));
    }
}
