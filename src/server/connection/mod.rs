//! A connection, from its socket to its commands.

pub(crate) mod accept; // a connection in, a session thread out
pub(crate) mod session; // a connection's life
