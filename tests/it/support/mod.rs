//! Servers, clients and terminals for tests. One client sends raw bytes, the other speaks the protocol with
//! a WebSocket library that is not ours.

pub(crate) mod commands;
pub(crate) mod fixtures;
pub(crate) mod piped_console;
pub(crate) mod port_gate;
pub(crate) mod raw_client;
pub(crate) mod scripted_server;
pub(crate) mod terminal;
pub(crate) mod test_client;
pub(crate) mod test_server;
pub(crate) mod under_attack;

pub(crate) use port_gate::PortGate;
pub(crate) use raw_client::RawClient;
pub(crate) use test_client::TestClient;
pub(crate) use test_server::TestServer;

use std::time::Duration;

/// How long a test waits for what must come, on a busy machine. No test waits for what must not come.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
