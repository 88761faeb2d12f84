//! Operations on a room's log: post, edit, delete, set the topic. Each is submitted under a cid and
//! stored once.
//!
//! `server` decides whether the sender may do it.

use std::fmt;

use super::Text;
use super::error_code::Rejection;
use super::text::one_line;
use crate::limits;

/// One change to a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Posts a message.
    Post {
        /// Its text.
        text: Text,
        /// Whether it is an action of its author (`/me waves`).
        me: bool,
        /// The seq of the message that it replies to.
        reply: Option<u64>,
    },
    /// Changes the text of a message. Only its author may.
    Edit {
        /// The seq of the post.
        target: u64,
        /// The new text.
        text: Text,
    },
    /// Deletes a message: its text is no longer shown to anyone. Only its author may.
    Delete {
        /// The seq of the post.
        target: u64,
    },
    /// Sets the topic of the room.
    Topic {
        /// The topic.
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

    /// Bytes of its text as JSON, which is what is stored and sent: `"`, `\\`, line breaks and tabs take
    /// two.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let text = match self {
            Operation::Post { text, .. } | Operation::Edit { text, .. } => text.as_str(),
            Operation::Topic { text } => text.as_str(),
            Operation::Delete { .. } => "",
        };
        let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\t'));
        text.len() + escaped.count()
    }

    /// The seq of the post that it edits or deletes.
    #[must_use]
    pub fn target(&self) -> Option<u64> {
        match self {
            Operation::Edit { target, .. } | Operation::Delete { target } => Some(*target),
            Operation::Post { .. } | Operation::Topic { .. } => None,
        }
    }

    /// The seq that it refers to: its target, or the message it replies to. In another log that seq
    /// is another record.
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

/// The topic of a room: one line of up to [`limits::TOPIC`] bytes, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic(String);

impl Topic {
    /// Reads a topic. An empty one clears the topic.
    ///
    /// # Errors
    /// `too_long` beyond [`limits::TOPIC`] bytes; `bad_text` for a control character, line breaks
    /// and tabs included.
    pub fn parse(text: &str) -> Result<Topic, Rejection> {
        one_line("a topic", text, limits::TOPIC).map(Topic)
    }

    /// The topic; empty where the room has none.
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
