//! Files that the console keeps between runs.

pub(crate) mod private_file; // files of one's own
pub(crate) mod tokens; // the keys of names
pub(crate) mod outbox; // unsent lines
pub(crate) mod input_history; // lines to recall
pub(crate) mod preferences; // what is wished to be heard
