//! What happens by the clock: pings, the end of silent peers, a crowd's count.
//!
//! Room: one pass over everybody, twice a second.

use std::sync::Arc;
use std::time::Instant;

use super::clients::client::Client;
use super::clients::disconnect;
use super::state::shared::House;
use crate::limits::CLOSE_WAIT;
use crate::ws::Encoder;

/// One pass.
pub(super) fn pass(house: &House) {
    for client in house.poll.all() {
        look_after(house, &client);
    }
    let now = Instant::now();
    for room in house.all_rooms() {
        house.carry(room.look_after(now));
    }
}

fn look_after(house: &House, client: &Arc<Client>) {
    let limits = &house.config.limits;
    if let Some(closing) = client.closing() {
        if closing >= CLOSE_WAIT {
            client.send_queue.shutdown();
        }
    } else if let Some(unanswered) = client.unanswered() {
        if unanswered >= limits.pong_wait {
            house.dismiss(client, disconnect::NO_PONG, "no answer to a ping");
        }
    } else if client.silence() >= limits.ping_every {
        let mut frame = Vec::new();
        Encoder::server().ping(&[], &mut frame);
        client.ping();
        house.deliver(client, &frame.into());
    }
}
