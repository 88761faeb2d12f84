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
/// `-`, `.` of any script, without invisible characters and look-alikes of another script.
///
/// It has the spelling that its owner chose; names are compared by [`UserName::key`].
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
        self.0.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
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
    let mut first: Option<Script> = None;
    for script in text.chars().filter_map(unicode::script_of) {
        if *first.get_or_insert(script) != script {
            return Err(bad_name("a name cannot mix Latin, Greek and Cyrillic letters"));
        }
    }
    Ok(())
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
mod tests {
    use super::*;

    #[test]
    fn names_of_many_scripts_are_valid() {
        let names = [
            "bob",
            "B.o-b_9",
            "José",
            "Zoë",
            "Łukasz",
            "Nguyễn",
            "Ωμέγα",
            "Борис",
            "محمد",
            "שרה",
            "हिन्दी",
            "क्षत्रिय",
            "ਸਿੰਘ",
            "বাংলা",
            "தமிழ்",
            "සිංහල",
            "น้ำฝน",
            "ມ້າ",
            "བསྒྲུབས",
            "မြွှေ",
            "ខ្មែរ",
            "ދިވެހި",
            "李小龍",
            "さくら",
            "ガンダム",
            "김철수",
            "ㅋㅋ",
            "አበበ",
            "გიორგი",
            "Արամ",
            "ᏣᎳᎩ",
            "𞤀𞤣𞤤𞤢𞤥",
            "𠮷野",
            "٣٤",
            "a٣",
            "Ἀθηνᾶ",
        ];
        for name in names {
            assert_eq!(name.parse::<UserName>().map(|fit| fit.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn names_with_invisible_or_look_alike_characters_are_rejected() {
        let names = [
            "",
            "a b",
            " a",
            "a\n",
            "a\0",
            "\u{1b}[2J",
            "#x",
            "@x",
            "a+b",
            "a/b",
            "аdmin",
            "admіn",
            "αdmin",
            "яω",
            "admin\u{200b}",
            "\u{202e}nimda",
            "a\u{feff}",
            "a\u{e0041}",
            "a\u{ad}",
            "a\u{200d}b",
            "Jose\u{301}",
            "Z\u{363}",
            "ก\u{e47}\u{e47}",
            "ก\u{e34}\u{e48}\u{e34}\u{e48}\u{e34}",
            "a\u{e47}",
            "1\u{94d}",
            "\u{94d}",
            "_\u{e31}",
            "x\u{345}",
            "ω\u{345}",
            "\u{3164}",
            "\u{115f}a",
            "ａdmin",
            "𝐚dmin",
            "Ⓐdmin",
            "admin²",
            "\u{212a}im",
            "ﬁn",
            "µ",
            "½",
            "system",
            "SERVER",
            "Talk",
            "ſerver",
            "😀",
            "a\u{85}",
            "a\u{fe0f}",
            "a\u{a0}b",
            "𒀱",
            "abcdefghijklmnopqrstuvwxy",
        ];
        for name in names {
            let refusal = name.parse::<UserName>().expect_err(name);
            assert_eq!(refusal.code, ErrorCode::BadName, "{name:?}");
        }
    }

    #[test]
    fn spellings_that_differ_only_in_case_are_one_claim() {
        for (one, other) in
            [("Bob", "bOB"), ("ΟΔΟΣ", "οδος"), ("Straße", "STRASSE"), ("БОРИС", "борис")]
        {
            let (one, other): (UserName, UserName) = (one.parse().unwrap(), other.parse().unwrap());
            assert!(one.is_same_claim(&other), "{one} {other}");
        }
        let (one, other): (UserName, UserName) = ("bob".parse().unwrap(), "rob".parse().unwrap());
        assert!(!one.is_same_claim(&other));
    }

    #[test]
    fn a_name_has_at_most_24_characters_of_any_size() {
        assert!("𠮷".repeat(24).parse::<UserName>().is_ok());
        assert!("𠮷".repeat(25).parse::<UserName>().is_err());
    }
}
