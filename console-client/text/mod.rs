//! Text for a terminal: sanitized, styled, measured, wrapped; and local time.
//!
//! Depends on the library's `time`; never on any other part of the console.

pub(crate) mod sanitize; // other users' text, made safe to print
pub(crate) mod style; // styles and colours
pub(crate) mod line; // styled text, wrapped
pub(crate) mod width; // the columns of a character
pub(crate) mod timezone; // local time
