//! The only read and write loops on sockets: heads with a deadline, messages in, a send queue out.
//!
//! Depends on `http`, `ws`, `limits`, `failpoint`, `TcpStream`, `Instant` and the system's
//! randomness; never on `chat`.

pub mod deadline; // a fixed end for a wait
pub mod entropy; // random bytes
pub mod head; // reads an HTTP head before its deadline
mod linger; // closes so that the peer can read the last frame
mod message_reader; // messages in
mod send_queue; // frames out, without blocking

pub use linger::linger;
pub use message_reader::{MessageError, MessageReader, Step};
pub use send_queue::{DrainResult, SendQueue, SendResult, Socket};
