//! Sends how far the person has read, so that their other devices know.

use talk::client::Client;

use crate::view::View;

/// How often read markers are sent, in milliseconds.
const SEND_EVERY: u64 = 2_000;

/// Sends read markers, if the server knows them.
#[derive(Debug)]
pub(super) struct ReadMarkerSender {
    /// When the next may be sent, in Unix milliseconds.
    next_at: u64,
    /// False once the server has answered that it does not know them.
    is_supported: bool,
}

impl Default for ReadMarkerSender {
    fn default() -> ReadMarkerSender {
        ReadMarkerSender { next_at: 0, is_supported: true }
    }
}

impl ReadMarkerSender {
    /// The server is an older one, which does not know read markers.
    pub(super) fn set_unsupported(&mut self) {
        self.is_supported = false;
    }

    /// Whether something was read that the server does not know.
    pub(super) fn has_unsent(&self, view: &View) -> bool {
        self.is_supported && !view.unsent_read_positions().is_empty()
    }

    /// Sends the markers, unless some were sent less than 2 s ago.
    pub(super) fn send_if_due(&mut self, client: &Client, view: &mut View, now: u64) {
        if now >= self.next_at && self.has_unsent(view) {
            self.next_at = now.saturating_add(SEND_EVERY);
            self.send(client, view);
        }
    }

    pub(super) fn send(&self, client: &Client, view: &mut View) {
        if !self.is_supported {
            return;
        }
        for (room, seq) in view.unsent_read_positions() {
            if client.mark_read(&room, seq) {
                view.display.rooms.mark_read(&room, seq);
            }
        }
    }
}
