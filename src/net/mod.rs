//! Blocking sockets made orderly: heads with a deadline, messages in, frames out.
//!
//! Room: `Read`, `Write`, `TcpStream`, `Instant`, the system's randomness. Never a word of chat.

pub mod deadline; // waiting with an end
pub mod entropy; // bytes nobody can guess
pub mod head; // a head before its deadline
mod linger; // the last word of a connection
mod message_reader; // messages in
mod send_queue; // frames out, without blocking

pub use linger::linger;
pub use message_reader::{MessageError, MessageReader, Step};
pub use send_queue::{Drained, SendQueue, Sent, Socket};
