//! Texts that users write: messages and away messages.

use std::fmt;

use super::UserName;
use super::error_code::{ErrorCode, Rejection};
use crate::limits;

/// The text of a message: at least one byte, at most the server's limit, no control character but
/// `\n` and `\t`, no line end at the end. Everything else is stored as it came, so code that shows
/// a text must sanitize it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(String);

impl Text {
    /// Reads a text of at most `max` bytes, counted without the line ends at its end.
    ///
    /// ```
    /// # use talk::chat::Text;
    /// assert_eq!(Text::parse("two\nlines\r\n", 4096).unwrap().as_str(), "two\nlines");
    /// assert!(Text::parse("\u{1b}[2J", 4096).is_err());
    /// ```
    ///
    /// # Errors
    /// `too_long` beyond `max` bytes; `bad_text` for a text that is empty or holds a control
    /// character: C0 without `\n` and `\t`, DEL, C1. A `\r` inside the text is one too: lines end
    /// with `\n` on every system.
    pub fn parse(text: &str, max: usize) -> Result<Text, Rejection> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(Rejection::new(ErrorCode::BadText, "a text needs at least one character"));
        }
        if text.len() > max {
            let message = format!("a text of {} bytes is over the limit of {max}", text.len());
            return Err(Rejection::new(ErrorCode::TooLong, message));
        }
        if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            let message =
                format!("a text cannot hold the control character U+{:04X}", u32::from(control));
            return Err(Rejection::new(ErrorCode::BadText, message));
        }
        Ok(Text(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The away message: one line of up to [`limits::AWAY`] bytes, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwayMessage(String);

/// A member who is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwayMember {
    /// The name.
    pub user: UserName,
    /// The away message.
    pub text: AwayMessage,
}

impl AwayMessage {
    /// Reads an away message.
    ///
    /// # Errors
    /// `too_long` beyond [`limits::AWAY`] bytes; `bad_text` for a control character, line breaks and
    /// tabs included.
    pub fn parse(text: &str) -> Result<AwayMessage, Rejection> {
        one_line("an away message", text, limits::AWAY).map(AwayMessage)
    }

    /// An away message that was checked before, by a server or by an earlier run.
    #[must_use]
    pub fn from_trusted(text: &str) -> AwayMessage {
        AwayMessage(text.to_owned())
    }

    /// The away message; empty where none was given.
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

/// Reads one line of at most `max` bytes, or nothing; `what` is its name in an error.
///
/// # Errors
/// `too_long` beyond `max` bytes; `bad_text` for a control character, line breaks and tabs included.
pub(super) fn one_line(what: &str, text: &str, max: usize) -> Result<String, Rejection> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.len() > max {
        let message = format!("{what} of {} bytes is over the limit of {max}", text.len());
        return Err(Rejection::new(ErrorCode::TooLong, message));
    }
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        let control = u32::from(control);
        let message =
            format!("{what} is one line and cannot hold the control character U+{control:04X}");
        return Err(Rejection::new(ErrorCode::BadText, message));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::error_code::ErrorCode;

    #[test]
    fn an_away_message_is_one_short_line_or_nothing() {
        assert_eq!(AwayMessage::parse("lunch\n").unwrap().to_string(), "away: lunch");
        assert_eq!(AwayMessage::parse("").unwrap().to_string(), "away");
        let refused = |text: &str| AwayMessage::parse(text).unwrap_err().code;
        assert_eq!(refused("a\nb"), ErrorCode::BadText);
        assert_eq!(refused(&"x".repeat(limits::AWAY + 1)), ErrorCode::TooLong);
    }
}
