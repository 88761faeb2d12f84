//! RFC 9112 heads as values, parsed and written, for both sides.
//!
//! Room: slices and strings. Never a socket, a thread, a clock, or what a target means.
//!
//! A [`Parser`] is fed bytes as they come and yields a [`Request`] (for a server) or a
//! [`ResponseHead`] (for a client); a [`Response`] is what a server writes.
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod parser; // bytes in, a head out
mod request; // what a server reads
mod response_head; // what a client reads

mod authority; // host and port
mod headers; // names and values

mod response; // what a server writes
mod status; // three digits and a phrase

mod error; // everything that can be wrong with a head

pub use crate::http::authority::{Authority, Host};
pub use crate::http::error::Error;
pub use crate::http::headers::{Headers, is_token, is_value};
pub use crate::http::parser::{Head, Limits, Parser};
pub use crate::http::request::{Body, Method, Request, Target, Version};
pub use crate::http::response::Response;
pub use crate::http::response_head::ResponseHead;
pub use crate::http::status::Status;

#[cfg(test)]
mod properties; // what holds for any bytes
#[cfg(test)]
mod tests; // what strangers send
