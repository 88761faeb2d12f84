//! What the benches share: servers, clients that cost little, statistics and plots.
//!
//! It handles the chat protocol as bytes: a client that parsed JSON would cost more than the server that it
//! measures. Depends on `tests/common` for processes; never on a bench.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod server; // the server under measurement, and others
pub(crate) mod frames; // frames, decoded and encoded
pub(crate) mod client; // one client
pub(crate) mod client_pool; // many clients on one thread
pub(crate) mod statistics; // medians and quantiles
pub(crate) mod plot; // curves in an SVG
