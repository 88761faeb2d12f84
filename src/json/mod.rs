//! A strict reader and a small writer of JSON (RFC 8259).
//!
//! Depends on `limits`; never on I/O. Strict means: one value and nothing after it, no duplicate
//! keys, no lone surrogates, bounded depth and members. What it accepts, every other reader accepts
//! too.
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod value; // a value
mod error; // why a text is not one
mod reader; // text in, values out
mod writer; // values in, text out

use crate::limits;

pub use error::{Error, Fault};
pub use value::Value;
pub use writer::{Object, push_quoted, quoted};

use reader::JsonReader;

/// Limits on nesting and on the size of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of arrays and objects.
    pub depth: usize,
    /// Members of one object.
    pub members: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: limits::JSON_DEPTH, members: limits::JSON_MEMBERS }
    }
}

/// Parses one JSON value, within the limits of [`crate::limits`].
///
/// ```
/// use talk::json;
/// let value = json::parse(r#"{"type":"post","seq":7}"#).unwrap();
/// assert_eq!(value.get("seq").and_then(json::Value::as_u64), Some(7));
/// assert!(json::parse(r#"{"type":"a","type":"b"}"#).is_err());
/// ```
///
/// # Errors
/// RFC 8259 forbids it, it has a duplicate key, or it exceeds a limit.
pub fn parse(text: &str) -> Result<Value, Error> {
    parse_within(text, Limits::default())
}

/// Parses within other limits. It recurses once per level: a depth of more than some hundreds can
/// overflow the stack.
///
/// # Errors
/// As [`parse`].
pub fn parse_within(text: &str, limits: Limits) -> Result<Value, Error> {
    JsonReader::new(text, limits.members).parse_document(limits.depth)
}

#[cfg(test)]
mod tests;
