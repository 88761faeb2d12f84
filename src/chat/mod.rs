//! The rules of the chat, as values and state machines: names, rooms, the protocol's messages,
//! numbering, rate limits.
//!
//! Depends on `json`, `limits`, `time`; never on HTTP, WebSocket, sockets, files, threads or the
//! clock: time and randomness come in by argument.

pub mod error_code; // why a value or message is rejected
// The values. Only `parse` constructs one, so code that has one need not check it again.
pub mod cid;
pub mod owner_id; // a digest that identifies a person
mod unicode; // characters, scripts and look-alikes
pub mod user_name;
pub mod name_part; // the beginning of names that a client asks for
pub mod room_name;
pub mod text;
pub mod operation; // what a client can do to a room's log
pub mod secrets; // passwords and tokens
pub mod protocol; // the protocol's messages, both directions
// The rules.
pub mod close_code; // why the server ends a connection
pub mod authors; // who posted last under each name in one room
pub mod recent_cids; // the cids of one room's newest records
pub mod sequencer; // one room: seqs, repeated cids, the next batch
pub mod name_registry; // who owns which name
pub mod name_order; // persons by name, in pages
pub mod members; // who is in a room
pub mod read_markers; // how far each owner has read
pub mod memberships; // the rooms of each owner, and the members of each room
pub mod rate_limit; // how much one client may send

pub use authors::Authors;
pub use cid::Cid;
pub use error_code::{ErrorCode, Rejection};
pub use members::{ChangeEffect, Members, MembersPage};
pub use memberships::{Membership, Memberships, SavedMembership, SavedState};
pub use name_order::NameRange;
pub use name_part::NamePart;
pub use name_registry::{ClaimError, Claimed, Identity, Label, NameRegistry, SavedClaim};
pub use operation::{Operation, Topic};
pub use owner_id::OwnerId;
pub use read_markers::{ReadMarker, ReadMarkers};
pub use recent_cids::RecentCids;
pub use room_name::RoomName;
pub use secrets::{Password, Token};
pub use sequencer::{
    Author, Batch, BatchItem, ClientId, LogEntry, Outcome, PendingRecord, Sequencer,
};
pub use text::{AwayMember, AwayMessage, Text};
pub use user_name::UserName;
