//! The protocol's messages as values, in both directions, and their JSON.
//!
//! Depends on `json` and the values of `chat`; never on the state of a room or a client: whether a
//! message is allowed now is decided in `server`. An unknown field is ignored; a known one must be
//! valid.

mod fields; // reads one object, field by field
mod members_json; // parts of a list of members, in both directions
mod operation_json; // what one can do to a log, as a request and as a record
pub mod record; // a numbered entry of a room's log
pub mod server_message; // server → client
mod server_message_json; // its JSON
pub mod client_message; // client → server
mod client_message_json; // its JSON

pub use client_message::{
    Agent, ClientMessage, HistoryRange, Join, JoinTarget, MemberState, MembersQuery, Since,
};
pub use record::{Record, RecordId, RecordKind};
pub use server_message::{
    ErrorMessage, Joined, Limits, ListedRoom, MembersList, PresenceChange, RoomInfo, ServerMessage,
    Welcome,
};

/// The largest seq, and the largest number anywhere in the protocol: JavaScript is exact up to it.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;
