//! What holds for any input, said once: `cargo test` tries it on 100,000 inputs made from seeds, and the
//! targets of `fuzz/` on as many as one has patience for. Each function panics where it does not hold.
//!
//! Room: the public face of the library, and what judges it: a model, another implementation. The
//! console's filter has its own file, `sanitize.rs`, since it is not the library's.

pub(crate) mod frames; // RFC 6455
pub(crate) mod heads; // RFC 9112
pub(crate) mod texts; // RFC 8259
pub(crate) mod messages; // the protocol
pub(crate) mod logs; // what stands on disk
