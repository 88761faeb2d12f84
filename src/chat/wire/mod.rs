//! The protocol's messages as values, in both directions, each read and written here alone.
//!
//! Room: JSON text and the values of `chat`. Whether a message may be said now is decided above.
//! A field that no version knows is ignored; one that is known is never guessed at.

mod fields; // reading one object, field by field
mod act_json; // what is done to a log, the same in both directions
pub mod record; // a numbered entry of a room's log
pub mod reply; // server → client
mod reply_json; // and how they are written
pub mod request; // client → server
mod request_json; // and how they are written

pub use record::{Kind, Record};
pub use reply::{Change, Joined, Limits, Reply, RoomInfo, Welcome};
pub use request::{Agent, Join, Range, Refused, Request, Since};

/// The largest seq, and the largest number of any kind here: up to it, JavaScript counts exactly.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;
