//! Part of a name: the beginning of those that a client asks for.

use std::fmt;
use std::str::FromStr;

use super::error_code::{ErrorCode, Rejection};
use super::user_name;
use crate::limits;

/// 1 to [`limits::NAME_CHARS`] characters, none of them a space or a control character. It need not be a name:
/// it is the beginning of one, or a name that today's rules would refuse.
///
/// ```
/// # use talk::chat::NamePart;
/// assert_eq!("Jo-".parse::<NamePart>().unwrap().key(), "jo-");
/// assert!("".parse::<NamePart>().is_err() && "a b".parse::<NamePart>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePart(Box<str>);

impl NamePart {
    /// As a client has sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is compared, as of a name ([`UserName::key`](super::UserName::key)): the key of a name that begins
    /// with this part begins with this key.
    #[must_use]
    pub fn key(&self) -> String {
        user_name::key_of(&self.0)
    }
}

impl FromStr for NamePart {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<NamePart, Rejection> {
        let count = text.chars().take(limits::NAME_CHARS + 1).count();
        let is_part = |c: char| !c.is_control() && !c.is_whitespace();
        if (1..=limits::NAME_CHARS).contains(&count) && text.chars().all(is_part) {
            return Ok(NamePart(text.into()));
        }
        let rule = format!("part of a name has 1 to {} characters, no spaces", limits::NAME_CHARS);
        Err(Rejection::new(ErrorCode::BadMessage, rule))
    }
}

impl fmt::Display for NamePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_short_and_has_neither_spaces_nor_control_characters() {
        let longest = "é".repeat(limits::NAME_CHARS);
        for text in ["a", "@", "Δ", "a+b", "_", &longest] {
            assert_eq!(text.parse::<NamePart>().unwrap().as_str(), text);
        }
        let too_long = "é".repeat(limits::NAME_CHARS + 1);
        for text in ["", " ", "a b", "a\u{a0}", "a\n", "\u{7f}", "\u{85}", "\0", &too_long] {
            assert_eq!(
                text.parse::<NamePart>().unwrap_err().code,
                ErrorCode::BadMessage,
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_key_of_a_name_begins_with_the_keys_of_its_beginnings() {
        for name in ["José", "ΟΔΟΣ", "Straße", "İpek", "dŽ", "ŉa"] {
            let whole = user_name::key_of(name);
            for (end, c) in name.char_indices() {
                let part: NamePart = name[..end + c.len_utf8()].parse().unwrap();
                assert!(whole.starts_with(&part.key()), "{name}: {part}");
            }
        }
    }
}
