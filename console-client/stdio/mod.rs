//! The terminal, the keyboard, stdout, and the events of the console.

pub(crate) mod events; // everything that can happen
pub(crate) mod output; // stdout, line by line
pub(crate) mod terminal; // raw mode and back
pub(crate) mod panic_hook; // what a panic says, and when
pub(crate) mod keys; // bytes → keys
