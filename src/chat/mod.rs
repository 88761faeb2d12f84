//! What is said, and who may say it: names, rooms, the protocol's messages, the rules.
//!
//! Room: `json` and locks. Never HTTP, WebSocket, sockets, files, threads or printing; time and
//! chance come in by argument.

pub mod error_code; // why something is not accepted: the error codes
// The values: only `parse` makes one, so whoever holds one need not check it again.
pub mod cid;
pub mod owner_id; // who stands behind a name
mod unicode; // which characters may stand in a name
pub mod user_name;
pub mod room_name;
pub mod text;
pub mod operation; // what is done to a room's log
pub mod secrets; // passwords and tokens
pub mod protocol; // the protocol's messages, both directions
// The rules.
pub mod close_code; // why a conversation ends
pub mod sequencer; // what is being said in one room
pub mod name_registry; // whose name is whose
pub mod members; // who is in a room
pub mod read_markers; // how far everybody has read
pub mod rate_limit; // how much a client may say

pub use cid::Cid;
pub use error_code::{ErrorCode, Rejection};
pub use members::{Members, RenameEffect};
pub use name_registry::{Identity, NameRegistry, NameTaken, SavedClaim};
pub use operation::{Operation, Topic};
pub use owner_id::OwnerId;
pub use read_markers::{ReadMarker, ReadMarkers};
pub use room_name::RoomName;
pub use secrets::{Password, Token};
pub use sequencer::{
    Author, Batch, BatchItem, ClientId, LogEntry, Outcome, PendingRecord, Sequencer,
};
pub use text::{AwayMember, AwayMessage, Text};
pub use user_name::UserName;
