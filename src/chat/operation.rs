//! What a person does to a room's log: said under a cid, stored once.
//!
//! Room: values. Whether it may be done is the server's to judge.

use std::fmt;

use super::Text;
use super::error_code::Rejection;
use super::text::one_line;
use crate::limits;

/// One thing that can be done to a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Say a line.
    Post {
        /// What is said.
        text: Text,
        /// It tells what its author does (`/me waves`).
        me: bool,
        /// The seq of the record that it answers.
        reply: Option<u64>,
    },
    /// Say a line of one's own in other words.
    Edit {
        /// The seq of the post.
        target: u64,
        /// What stands there from now on.
        text: Text,
    },
    /// Take a line of one's own back: nobody is shown its text any more.
    Delete {
        /// The seq of the post.
        target: u64,
    },
    /// Say what the room is about.
    Topic {
        /// What it is about.
        text: Topic,
    },
}

impl Operation {
    /// The `type` on the wire, of the request and of the record.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Post { .. } => "post",
            Operation::Edit { .. } => "edit",
            Operation::Delete { .. } => "delete",
            Operation::Topic { .. } => "topic",
        }
    }

    /// The seq of the post that it is about, if it is about one.
    #[must_use]
    pub fn target(&self) -> Option<u64> {
        match self {
            Operation::Edit { target, .. } | Operation::Delete { target } => Some(*target),
            Operation::Post { .. } | Operation::Topic { .. } => None,
        }
    }

    /// The seq of the record that it means, which in another log would be another: its target, or
    /// what it answers.
    #[must_use]
    pub fn referenced_seq(&self) -> Option<u64> {
        match self {
            Operation::Post { reply, .. } => *reply,
            Operation::Edit { .. } | Operation::Delete { .. } | Operation::Topic { .. } => {
                self.target()
            }
        }
    }
}

/// What a room is about: one line of up to [`limits::TOPIC`] bytes, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic(String);

impl Topic {
    /// Reads a topic. Nothing at all takes the former one away.
    ///
    /// # Errors
    /// `too_long` beyond [`limits::TOPIC`] bytes; `bad_text` for a control character, line breaks
    /// and tabs included.
    pub fn parse(text: &str) -> Result<Topic, Rejection> {
        one_line("a topic", text, limits::TOPIC).map(Topic)
    }

    /// The topic; empty where there is none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::error_code::ErrorCode;

    #[test]
    fn a_topic_is_one_short_line_or_nothing() {
        assert_eq!(
            Topic::parse("tea at four \u{202e}\n").unwrap().as_str(),
            "tea at four \u{202e}"
        );
        assert_eq!(Topic::parse("").unwrap().as_str(), "");
        for (text, code) in [
            ("a\nb", ErrorCode::BadText),
            ("a\tb", ErrorCode::BadText),
            ("\u{1b}[2J", ErrorCode::BadText),
            ("\u{9b}", ErrorCode::BadText),
            (&"x".repeat(limits::TOPIC + 1), ErrorCode::TooLong),
        ] {
            assert_eq!(Topic::parse(text).unwrap_err().code, code, "{text:?}");
        }
    }
}
