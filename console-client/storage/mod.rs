//! Files that the console keeps between runs, under the person's state directory.
//!
//! Depends on the library's `chat`, `client` and `json`; never on the chat, the view or a terminal.

pub(crate) mod limited_file; // files read up to a size
pub(crate) mod private_file; // files that only their owner may read
pub(crate) mod tokens; // the keys of names
pub(crate) mod outbox; // unsent submissions
pub(crate) mod input_history; // earlier input, to recall
pub(crate) mod preferences; // what the person switched
