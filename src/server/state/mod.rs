//! What the threads of one server share, as parts; each has its own file and lock.
//!
//! Depends on `room`, `clients` and what is below them; never on `commands`, `http` or `connection`.

pub(crate) mod shared; // all parts
pub(crate) mod names; // claims of names, and their file
pub(crate) mod rooms; // every open room
pub(crate) mod disk_space; // whether there is room for more posts
pub(crate) mod invitations; // the private rooms that each client is in
pub(crate) mod private_rooms; // rooms of two owners
pub(crate) mod read_markers; // how far each owner has read, and the file
pub(crate) mod memberships; // the rooms of each owner, and the file
mod restore; // the state that an earlier run has left
mod findings; // what the first load of a log has found
mod room_memory; // one limit for what all rooms have in memory
