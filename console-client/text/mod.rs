//! Text for a terminal: styled, sanitized, measured.

pub(crate) mod sanitize; // the one door for remote text
pub(crate) mod timezone; // local time
pub(crate) mod line; // styled text, wrapped
pub(crate) mod style; // what styles look like
pub(crate) mod width; // columns of a character
