//! Talk: chat between browser tabs and terminals, on the standard library alone.
//!
//! The house has floors, and a file imports from its own folder or from lower floors only
//! (`tests/it/tidy.rs` holds the imports to that). The modules below stand in reading order, from
//! the ground floor up: an hour is enough to read them all.

// Floor 0: bytes and values. No sockets, no threads, no clock.
pub mod limits; // every size, count and wait, with its reason
pub mod ws; // RFC 6455 frames and messages
pub mod http; // RFC 9112 heads
pub mod json; // RFC 8259, strictly
#[doc(hidden)]
pub mod failpoint; // where tests make threads panic
pub mod time; // days and dates
pub mod metrics; // counts, times, and how they are told
pub mod cli; // a lexer for command-line flags

// Floor 1: what the bytes mean.
pub mod handshake; // from an HTTP head to a WebSocket, both sides
pub mod chat; // names, rooms, the protocol's messages, the rules
pub mod log; // a room's numbered records

// Floor 2: blocking sockets made orderly.
pub mod net;

// Floor 3: the two ends.
pub mod server;
pub mod client;
