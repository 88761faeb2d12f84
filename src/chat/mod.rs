//! What is said, and who may say it: names, rooms, the protocol's messages, the rules.
//!
//! Room: `json` and locks. Never HTTP, WebSocket, sockets, files, threads or printing; time and
//! chance come in by argument.

pub mod refusal; // why something is not accepted: the error codes
// The values: only `parse` makes one, so whoever holds one need not check it again.
pub mod cid;
pub mod holder; // who stands behind a name
mod letters; // which characters may stand in a name
pub mod name;
pub mod password;
pub mod room_name;
pub mod text;
pub mod act; // what is done to a room's log
pub mod away; // that somebody is away, and why
pub mod token;
pub mod wire; // the protocol's messages, both directions
// The rules.
pub mod close; // why a conversation ends
pub mod ledger; // what is being said in one room
pub mod names; // whose name is whose
pub mod people; // who is in a room
pub mod marks; // how far everybody has read
pub mod rate; // how much a client may say

pub use act::{Act, Topic};
pub use away::{Absent, Away};
pub use cid::Cid;
pub use holder::Holder;
pub use ledger::{Author, Batch, ClientId, Entry, Item, Ledger, Offered, Told};
pub use marks::{Mark, Marks};
pub use name::UserName;
pub use names::{Held, Kept, Names, Now, Taken};
pub use password::Password;
pub use people::{People, Turned};
pub use refusal::{ErrorCode, Unfit};
pub use room_name::RoomName;
pub use text::Text;
pub use token::Token;
