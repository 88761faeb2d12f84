//! Talk: a chat server, and the client that the console and bots use. WebSocket, HTTP, JSON and the
//! log are written here, on the standard library.
//!
//! # Where to start reading
//!
//! The modules below are in reading order, from the bottom layer up. A file imports from its own
//! folder and from lower layers only; `tests/it/tidy/` checks that. Each folder's `mod.rs` states
//! what the folder is and what it depends on.
//!
//! | layer | modules | what it does |
//! |---|---|---|
//! | 0 | [`limits`] [`ws`] [`http`] [`json`] [`time`] [`metrics`] [`cli`] | bytes to values and back; no sockets, threads or files |
//! | 1 | [`handshake`] [`chat`] [`ownership`] [`log`] | the upgrade, the rules of the chat, whose files are used, the durable log |
//! | 2 | [`net`] | the only read and write loops on sockets |
//! | 3 | [`server`] [`client`] | the two ends of a connection |
//!
//! The binaries are above: `src/main.rs` is the server's, `console-client/main.rs` the console's.
//! The browser's client is in `static/`.
//!
//! # The path of a message
//!
//! [`net::MessageReader`] reads a client's bytes, [`ws::Decoder`] finds the messages in them, and
//! each is parsed to a [`chat::protocol::ClientMessage`]. A room's [`chat::Sequencer`] gives it a
//! seq and puts the record into the room's batch. A round appends the batch to the room's [`log`],
//! with one write and one fsync, and then broadcasts it: each receiver gets one non-blocking write
//! through its [`net::SendQueue`].

// Layer 0: bytes and values.
pub mod limits; // every size, count and wait, with its reason
pub mod ws; // RFC 6455: frames and messages
pub mod http; // RFC 9112: heads of requests and responses
pub mod json; // RFC 8259: a strict reader and a small writer
#[doc(hidden)]
pub mod failpoint; // places where a test can make a thread panic
pub mod time; // clocks and dates
pub mod metrics; // counters and histograms, as Prometheus reads them
pub mod cli; // a parser for command-line flags

// Layer 1: what the bytes mean.
pub mod handshake; // from an HTTP request to a WebSocket, both ends
pub mod chat; // names, rooms, the protocol's messages, the rules
pub mod ownership; // files that belong to the user of the program, and links that are not followed
pub mod log; // a room's durable log of numbered records

// Layer 2: blocking sockets.
pub mod net; // heads before a deadline, messages in, a send queue out

// Layer 3: the two ends.
pub mod server; // accepts, routes, runs sessions, stores and broadcasts
pub mod client; // connects, resumes, sends until stored
