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

mod reader; // text in, values out
mod writer; // values in, text out

use std::fmt;

use crate::limits;

pub use writer::{Object, push_quoted, quoted};

use reader::JsonReader;

/// A JSON value. An object keeps its members in the order they came.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction or exponent that fits.
    Integer(i64),
    /// Any other number; finite.
    Float(f64),
    /// A string, with its escapes resolved.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object; keys are unique.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The member `key`; `None` also where this is not an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => {
                members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Array(_) => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    /// The value of an integer of at least 0.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Value::Integer(number) = self { u64::try_from(*number).ok() } else { None }
    }

    /// The value of `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The items of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Value::Array(items) = self { Some(items) } else { None }
    }

    /// Whether this is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Value::Object(_))
    }
}

impl fmt::Display for Value {
    /// Writes the value as JSON without white space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Float(number) => write!(f, "{number:?}"),
            Value::String(text) => f.write_str(&quoted(text)),
            Value::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Value::Object(members) => {
                f.write_str("{")?;
                for (index, (key, value)) in members.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{value}", quoted(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// What is wrong with a text, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// The offset in bytes.
    pub at: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The text ends inside the value.
    Ends,
    /// A byte that is not allowed here.
    Unexpected,
    /// An invalid number, or one that is too large.
    Number,
    /// An invalid escape, or half of a surrogate pair.
    Escape,
    /// A control character inside a string.
    Control,
    /// The same key twice in one object.
    DuplicateKey,
    /// Nested deeper than [`Limits::depth`].
    TooDeep,
    /// More than [`Limits::members`] members in one object.
    TooManyMembers,
    /// More text after the value.
    Trailing,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match self.fault {
            Fault::Ends => "it ends too early",
            Fault::Unexpected => "unexpected character",
            Fault::Number => "not a number that fits",
            Fault::Escape => "not a valid escape",
            Fault::Control => "control character in a string",
            Fault::DuplicateKey => "the same key twice",
            Fault::TooDeep => "nested too deeply",
            Fault::TooManyMembers => "too many members in one object",
            Fault::Trailing => "something follows the value",
        };
        write!(f, "{fault}, at byte {}", self.at)
    }
}

impl std::error::Error for Error {}

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
    JsonReader::new(text, limits.members).only_value(limits.depth)
}

#[cfg(test)]
mod tests;
