//! Being away: a person says so, and why, until they are back.
//!
//! Room: values. Whom it is told is the server's to know.

use std::fmt;

use super::UserName;
use super::error_code::Rejection;
use super::text::one_line;
use crate::limits;

/// Why somebody is away: one line of up to [`limits::AWAY`] bytes, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwayMessage(String);

/// Somebody who is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwayMember {
    /// Who.
    pub user: UserName,
    /// Why.
    pub text: AwayMessage,
}

impl AwayMessage {
    /// Reads why somebody is away.
    ///
    /// # Errors
    /// `too_long` beyond [`limits::AWAY`] bytes; `bad_text` for a control character, line breaks and
    /// tabs included.
    pub fn parse(text: &str) -> Result<AwayMessage, Rejection> {
        one_line("why one is away", text, limits::AWAY).map(AwayMessage)
    }

    /// The reason as somebody who has read it gives it: a server, or a file of ours.
    #[must_use]
    pub fn from_trusted(text: &str) -> AwayMessage {
        AwayMessage(text.to_owned())
    }

    /// The reason; empty where none was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AwayMessage {
    /// `away: lunch`, or `away`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            "" => f.write_str("away"),
            reason => write!(f, "away: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::error_code::ErrorCode;

    #[test]
    fn why_one_is_away_is_one_short_line_or_nothing() {
        assert_eq!(AwayMessage::parse("lunch\n").unwrap().to_string(), "away: lunch");
        assert_eq!(AwayMessage::parse("").unwrap().to_string(), "away");
        let refused = |text: &str| AwayMessage::parse(text).unwrap_err().code;
        assert_eq!(refused("a\nb"), ErrorCode::BadText);
        assert_eq!(refused(&"x".repeat(limits::AWAY + 1)), ErrorCode::TooLong);
    }
}
