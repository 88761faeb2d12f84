//! Heads of HTTP requests and responses (RFC 9112) as values, parsed and written, for both ends.
//!
//! Depends on slices, strings, `limits` and `time`; never on sockets, threads or the clock. It does
//! not interpret a target.
//!
//! A [`Parser`] is fed bytes as they come and returns a [`Request`] (for a server) or a
//! [`ResponseHead`] (for a client); a server writes a [`Response`].
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
mod status; // status code and reason phrase

mod error; // what can be wrong with a head

pub use crate::http::authority::{Authority, Host};
pub use crate::http::error::Error;
pub use crate::http::headers::{Headers, is_token, is_value};
pub use crate::http::parser::{Head, Limits, Parser};
pub use crate::http::request::{Body, Method, Request, Target, Version};
pub use crate::http::response::Response;
pub use crate::http::response_head::ResponseHead;
pub use crate::http::status::Status;

#[cfg(test)]
mod properties; // properties of any bytes
#[cfg(test)]
mod tests; // heads as bytes, valid and invalid
