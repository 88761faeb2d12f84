//! A connection, from the accepted socket to the commands of its session.
//!
//! Depends on everything else in the server; never on `mod.rs` and `background.rs`.

pub(crate) mod accept; // a socket in, a thread out
mod hello; // the HTTP head and hello
mod session; // the reading loop
