//! A connection, from the accepted socket to the commands of its session.
//!
//! Depends on every other folder of the server; never on `background`.

pub(crate) mod accept; // each socket gets a thread
mod hello; // the HTTP head and hello
mod session; // the reading loop
