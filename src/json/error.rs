//! Why a text is not valid JSON, or exceeds a limit.

use std::fmt;

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
    /// Nested deeper than [`Limits::depth`](super::Limits::depth).
    TooDeep,
    /// More than [`Limits::members`](super::Limits::members) members in one object.
    TooManyMembers,
    /// More than [`limits::JSON_VALUES`](crate::limits::JSON_VALUES) values.
    TooManyValues,
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
            Fault::TooManyValues => "too many values",
            Fault::Trailing => "something follows the value",
        };
        write!(f, "{fault}, at byte {}", self.at)
    }
}

impl std::error::Error for Error {}
