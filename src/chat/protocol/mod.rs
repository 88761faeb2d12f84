//! The protocol's messages as values, in both directions, each read and written here alone.
//!
//! Room: JSON text and the values of `chat`. Whether a message may be said now is decided above.
//! A field that no version knows is ignored; one that is known is never guessed at.

mod fields; // reading one object, field by field
mod operation_json; // what is done to a log, the same in both directions
pub mod record; // a numbered entry of a room's log
pub mod server_message; // server → client
mod server_message_json; // and how they are written
pub mod client_message; // client → server
mod client_message_json; // and how they are written

pub use client_message::{Agent, ClientMessage, Join, Range, Since};
pub use record::{Kind, Record};
pub use server_message::{Change, ErrorMessage, Joined, Limits, RoomInfo, ServerMessage, Welcome};

/// The largest seq, and the largest number of any kind here: up to it, JavaScript counts exactly.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;
