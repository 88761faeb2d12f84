//! What the benches share: a server of their own, clients that cost little, and figures.
//!
//! Room: processes, sockets, the files under `/proc`. It knows the chat protocol as bytes; a client that
//! parsed JSON would cost more than the server it measures.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod process; // a server, and what the system says about it
pub(crate) mod frames; // payloads out of bytes
pub(crate) mod peer; // one client
pub(crate) mod crowd; // many, on one thread
pub(crate) mod figures; // medians and quantiles
pub(crate) mod plot; // lines in a picture
