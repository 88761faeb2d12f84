//! Text for a terminal: sanitized, styled, measured, wrapped; and local time.
//!
//! Depends on the library's `time`; never on any other part of the console.

pub(crate) mod sanitize; // other users' text, made safe to print
pub(crate) mod style; // styles and colours
pub(crate) mod line; // styled text
mod wrap; // a line as rows
pub(crate) mod markup; // blocks, quotes, and the rows between them
mod inline; // `**strong**`, `*em*`, `~~del~~`, code
pub(crate) mod pieces; // a text without its marks
pub(crate) mod mention; // a name in a text
mod links; // `https://…`, `www.…`, mail addresses
mod emoji; // `:tada:`
pub(crate) mod width; // the columns of a character
pub(crate) mod timezone; // local time
