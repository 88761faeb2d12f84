//! Who is connected, and how bytes get to them.
//!
//! Depends on `config`, `logger` and `metrics`; never on `room`, `state`, `commands`, `http` or `connection`.

pub(crate) mod client; // a connection whose hello was accepted
pub(crate) mod poll; // all of them
pub(crate) mod admission; // limits on connections, in total and per address
pub(crate) mod memory_budget; // bytes of partial messages
pub(crate) mod delivery; // sends frames, disconnects clients
pub(crate) mod slow_clients; // retries writes to full sockets
pub(crate) mod disconnect; // why a connection ends, close codes
