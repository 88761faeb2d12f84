//! What a person says in one line.

use std::fmt;

use super::error_code::{ErrorCode, Rejection};

/// At least one byte, no more than the server takes, no control character but `\n` and `\t`, no
/// line end at the end. Everything else is kept as it came: making it safe to show is the duty of
/// whoever shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(String);

/// Reads what stands in one line of at most `max` bytes, or nothing; `what` is its name in a refusal.
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
            format!("{what} is one line and may not hold the control character U+{control:04X}");
        return Err(Rejection::new(ErrorCode::BadText, message));
    }
    Ok(text.to_owned())
}

impl Text {
    /// Reads a text of at most `max` bytes, counted after the line ends at its end are dropped.
    ///
    /// ```
    /// # use talk::chat::Text;
    /// assert_eq!(Text::parse("two\nlines\r\n", 4096).unwrap().as_str(), "two\nlines");
    /// assert!(Text::parse("\u{1b}[2J", 4096).is_err());
    /// ```
    ///
    /// # Errors
    /// `too_long` beyond `max` bytes; `bad_text` for a text that is empty or holds a control
    /// character: C0 without `\n` and `\t`, DEL, C1. A `\r` inside is one too: a line ends with
    /// `\n` here, whatever the sender's system writes.
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
                format!("a text may not hold the control character U+{:04X}", u32::from(control));
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
