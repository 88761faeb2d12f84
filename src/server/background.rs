//! What happens by the clock: pings, the end of silent peers, a crowd's count.
//!
//! Room: one pass over everybody, twice a second.

use std::sync::Arc;
use std::time::Instant;

use super::clients::client::Client;
use super::clients::disconnect;
use super::state::shared::Shared;
use crate::limits::CLOSE_WAIT;
use crate::ws::Encoder;

/// One pass.
pub(super) fn pass(shared: &Shared) {
    for client in shared.poll.all() {
        look_after(shared, &client);
    }
    let now = Instant::now();
    for room in shared.all_rooms() {
        shared.carry(room.look_after(now));
    }
}

fn look_after(shared: &Shared, client: &Arc<Client>) {
    let limits = &shared.config.limits;
    if let Some(closing) = client.closing_time() {
        if closing >= CLOSE_WAIT {
            client.send_queue.shutdown();
        }
    } else if let Some(unanswered) = client.unanswered_ping() {
        if unanswered >= limits.pong_wait {
            shared.dismiss(client, disconnect::NO_PONG, "no answer to a ping");
        }
    } else if client.idle_time() >= limits.ping_every {
        let mut frame = Vec::new();
        Encoder::server().ping(&[], &mut frame);
        client.mark_pinged();
        shared.deliver(client, &frame.into());
    }
}
