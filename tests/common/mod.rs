//! What the integration tests and the benches share: server processes, and what a run with kills needs
//! to prove that every acknowledged message is stored once.
//!
//! Depends on the built server and on third-party libraries; never on the library under test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "a test or bench fails by a panic, and each uses a part of this"
)]

pub(crate) mod local_address; // connections from a local address of choice
pub(crate) mod rng; // repeatable random decisions
pub(crate) mod server_process; // a child process that prints its URL
pub(crate) mod restarting_server; // the server, killed and restarted on one port
pub(crate) mod coordinator; // phases, and the progress of each client
pub(crate) mod third_party_client; // PROTOCOL.md on a WebSocket library that is not ours
pub(crate) mod checker; // the log against what was sent and seen
