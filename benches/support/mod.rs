//! What the benches share: a server of their own, clients that cost little, and figures.
//!
//! Room: processes, sockets, the files under `/proc`. It knows the chat protocol as bytes; a client that
//! parsed JSON would cost more than the server it measures.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod server; // the server under measurement, and others
pub(crate) mod frames; // payloads out of bytes
pub(crate) mod client; // one client
pub(crate) mod client_pool; // many clients on one thread
pub(crate) mod statistics; // medians and quantiles
pub(crate) mod plot; // curves in an SVG
