//! Properties that hold for any input: `cargo test` tries each on 100,000 inputs made from seeds, and the
//! targets of `fuzz/` on any number. Each function panics where its property does not hold.
//!
//! Depends on the library's public API and on models or other implementations; never on its internals. The
//! console's filter has its own file, `sanitize.rs`, since it is not in the library.

pub(crate) mod frames; // RFC 6455
pub(crate) mod heads; // RFC 9112
pub(crate) mod texts; // RFC 8259
pub(crate) mod messages; // the protocol
pub(crate) mod logs; // the log's files
