//! The integration tests, over the built binaries and real sockets: a folder per subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "to panic is how a test fails, and its threads end with it"
)]

#[path = "../common/mod.rs"]
mod common; // shared with the benches: server processes, the checker
mod support; // servers, clients and terminals for tests

mod tidy; // rules on the source tree
mod docs_match; // completions and man pages list every flag
mod regressions; // each fault of the prototype, so that none comes back
mod properties; // what holds for any input
mod differential; // our parsers beside others'

mod server; // the server: start, HTTP, frames, limits, metrics
mod protocol; // the messages of PROTOCOL.md
mod storage; // kills, damage, full disks
mod client; // the client library
mod console; // the console program
mod hostile; // hostile clients, scarce resources, broken networks
mod promise; // every acknowledged message is stored once, whatever is cut or killed
