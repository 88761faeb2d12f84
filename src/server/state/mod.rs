//! What the threads of one server share.

pub(crate) mod shared; // what all threads share
pub(crate) mod private_rooms; // the rooms of owners
pub(crate) mod guests; // who was brought into one
pub(crate) mod read_markers; // how far everybody has read
pub(crate) mod restore; // what an earlier run has left in it
