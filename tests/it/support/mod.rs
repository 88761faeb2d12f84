//! A running server, and peers that talk to it: one that speaks raw bytes, one that speaks the
//! protocol through somebody else's WebSocket library.

pub(crate) mod commands;
pub(crate) mod filled;
pub(crate) mod gate;
pub(crate) mod peer;
pub(crate) mod raw;
pub(crate) mod server;
pub(crate) mod siege;

pub(crate) use gate::Gate;
pub(crate) use peer::Peer;
pub(crate) use raw::Raw;
pub(crate) use server::Running;

use std::time::Duration;

/// How long a test waits for what must come, on a machine that has much else to do. It is never
/// waited for what must not.
pub(crate) const SOON: Duration = Duration::from_secs(60);
