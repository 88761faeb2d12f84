//! The terminal, the keyboard, stdout, and the queue of the console's events.
//!
//! Depends on `text` and the client's events; never on any other part of the console.

pub(crate) mod events; // everything that happens, in one queue
pub(crate) mod output; // stdout for programs
pub(crate) mod terminal; // raw mode and back
pub(crate) mod look; // what it can show
pub(crate) mod panic_hook; // panic messages, printed later
pub(crate) mod keys; // bytes → keys
