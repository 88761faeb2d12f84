//! The name of a user.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::error_code::{ErrorCode, Rejection};
use super::unicode;
use super::unicode::Script;
use crate::limits;

/// Names that would look like the server itself. Compared by key.
const RESERVED: [&str; 3] = ["system", "server", "talk"];

/// Marks that may follow one letter. Myanmar sometimes needs four; more would cover the lines above
/// and below.
const MARKS: usize = 4;

/// A name that is safe to show to other users: 1 to [`limits::NAME_CHARS`] letters, digits, `_`,
/// `-`, `.` of any script, without invisible characters, and not of Latin, Greek and Cyrillic letters
/// mixed.
///
/// It has the spelling that its owner chose; names are compared by [`UserName::key`]. A client that
/// claims a free name must also pass [`UserName::check_claimable`]. Those rules are younger than some
/// names: their owners keep them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(Arc<str>);

impl UserName {
    /// A name that the server, or an earlier run, has accepted. It is not checked again: the rules
    /// may have become stricter, and a record whose author would be rejected today still exists.
    #[must_use]
    pub fn from_trusted(text: &str) -> UserName {
        UserName(text.into())
    }

    /// The name as its owner spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that names are claimed and compared by: the same for all spellings that differ only
    /// in case.
    ///
    /// Each character is converted to upper case and back to lower case. That makes `σ` and `ς`
    /// equal, `i` and `ı`, `ß` and `SS`.
    ///
    /// ```
    /// # use talk::chat::UserName;
    /// let key = |name: &str| name.parse::<UserName>().unwrap().key();
    /// assert_eq!(key("ΟΔΟΣ"), key("οδος"));
    /// ```
    #[must_use]
    pub fn key(&self) -> String {
        key_of(&self.0)
    }

    /// Checks the rules for a name that no one holds: what makes names look alike is refused.
    ///
    /// - All letters are of one script, or of scripts that Chinese, Japanese and Korean names mix with
    ///   each other and with Latin ("highly restrictive" in UTS 39, section 5.2).
    /// - All digits are of one kind, and of the script of the letters, except that `0` to `9` go with
    ///   each.
    /// - No phonetic or obsolete Latin letters, small capitals, modifier letters: they look like plain
    ///   letters, and no name needs them.
    /// - Beside Latin letters and `0` to `9`, no word of Chinese, Japanese or Korean that is only lines, dots,
    ///   circles or boxes: `karlーh` looks like `karl-h`, `alice丶` like `alice`.
    /// - At least one letter or digit, and no look-alike of a reserved name.
    ///
    /// # Errors
    /// [`ErrorCode::BadName`], with the rule.
    pub fn check_claimable(&self) -> Result<(), Rejection> {
        let mut scripts = Vec::new();
        let mut digits = None;
        for c in self.0.chars().filter(|c| !matches!(c, '_' | '-' | '.')) {
            if !c.is_ascii_digit() {
                let Some(script) = unicode::script_of(c) else {
                    return Err(bad_name(format!(
                        "a new name cannot have U+{:04X}, which looks like another character",
                        u32::from(c)
                    )));
                };
                if script != Script::COMMON && !scripts.contains(&script) {
                    scripts.push(script);
                }
            }
            // Every kind of digit has a row of 16 characters for itself. 〇 is a Han character.
            if c.is_numeric()
                && c != '〇'
                && *digits.get_or_insert(u32::from(c) >> 4) != u32::from(c) >> 4
            {
                return Err(bad_name("a name cannot mix digits of several scripts"));
            }
        }
        if !unicode::are_mixable(&scripts) {
            return Err(bad_name(
                "a name has letters of one script, or Latin with Chinese, Japanese or Korean",
            ));
        }
        if has_lone_shape(&self.0) {
            return Err(bad_name(
                "beside Latin letters, a line, dot or circle needs a letter of its own script next to it",
            ));
        }
        let skeletons = self.skeletons();
        if skeletons.iter().any(String::is_empty) {
            return Err(bad_name("a name needs a letter or a digit"));
        }
        if RESERVED.iter().any(|name| skeletons.contains(&unicode::skeleton(name))) {
            return Err(bad_name("that name looks like one that is reserved"));
        }
        Ok(())
    }

    /// What the name looks like, one to three strings. Two names that have one in common can be
    /// mistaken for each other. Names with the same key have the same.
    #[must_use]
    pub fn skeletons(&self) -> Vec<String> {
        unicode::skeletons(&self.key())
    }

    /// The same as [`key`](UserName::key). A name that is spelled as its key shares its memory.
    #[must_use]
    pub fn shared_key(&self) -> Arc<str> {
        let key = self.key();
        if *key == *self.0 { Arc::clone(&self.0) } else { key.into() }
    }

    /// Whether the two have the same key.
    #[must_use]
    pub fn is_same_claim(&self, other: &UserName) -> bool {
        self == other || self.key() == other.key()
    }
}

impl FromStr for UserName {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<UserName, Rejection> {
        let count = text.chars().count();
        if count == 0 || count > limits::NAME_CHARS {
            return Err(bad_name(format!("a name has 1 to {} characters", limits::NAME_CHARS)));
        }
        check_characters(text)?;
        check_scripts(text)?;
        let name = UserName(text.into());
        if RESERVED.contains(&name.key().as_str()) {
            return Err(bad_name("that name is reserved"));
        }
        Ok(name)
    }
}

/// The key of a name, or of a part of one: each character by itself, so that the key of the beginning is the beginning
/// of the key.
pub(super) fn key_of(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Each character is a letter, a digit, `_`, `-`, `.`, or a mark on a letter of its own script.
fn check_characters(text: &str) -> Result<(), Rejection> {
    let mut before = None;
    let mut marks = 0_usize;
    for c in text.chars() {
        if unicode::is_needed_mark(c) {
            marks = marks.saturating_add(1);
            let may_follow =
                before.is_some_and(|base| base != c && unicode::may_take_mark(base, c));
            if !may_follow || marks > MARKS {
                return Err(bad_name(format!(
                    "a name cannot have U+{:04X} at that place",
                    u32::from(c)
                )));
            }
        } else if unicode::is_letter_or_digit(c) || matches!(c, '_' | '-' | '.') {
            marks = 0;
        } else {
            let code = u32::from(c);
            return Err(bad_name(format!(
                "a name can hold only letters, digits, _ - and . (accented letters composed), not U+{code:04X}"
            )));
        }
        before = Some(c);
    }
    Ok(())
}

/// All letters that have look-alikes are of one script.
fn check_scripts(text: &str) -> Result<(), Rejection> {
    let mut first = None;
    for script in text.chars().filter_map(unicode::block_of) {
        if *first.get_or_insert(script) != script {
            return Err(bad_name("a name cannot mix Latin, Greek and Cyrillic letters"));
        }
    }
    Ok(())
}

/// Whether a name with Latin letters or digits has a word of Chinese, Japanese or Korean that is only lines,
/// dots, circles or boxes.
fn has_lone_shape(text: &str) -> bool {
    let is_latin =
        |c: char| c.is_ascii_alphanumeric() || unicode::script_of(c) == Some(Script::LATIN);
    let mut words = text.split(|c| !unicode::is_east_asian(c)).filter(|word| !word.is_empty());
    text.contains(is_latin) && words.any(|word| word.chars().all(unicode::is_plain_shape))
}

fn bad_name(message: impl Into<std::borrow::Cow<'static, str>>) -> Rejection {
    Rejection::new(ErrorCode::BadName, message)
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
