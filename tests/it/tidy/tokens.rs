//! Rust source as tokens, without comments: enough to find modules and paths.

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// An identifier or keyword.
    Word(String),
    /// The content of a string literal, as it is written.
    Text(String),
    /// `::`
    Path,
    /// Any other character.
    Sign(char),
}

impl Token {
    pub(super) fn is(&self, sign: char) -> bool {
        *self == Token::Sign(sign)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Token::Word(found) if found == word)
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }
}

pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(length) = raw_string(rest) {
            length
        } else if first == '"' {
            let (length, text) = string(rest);
            tokens.push(Token::Text(text));
            length
        } else if first == '\'' {
            character(rest)
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_owned()));
            length
        } else if rest.starts_with("::") {
            tokens.push(Token::Path);
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the raw string that `rest` begins with, if it does.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    let inside = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(rest.len() - inside.len() + length)
}

/// The length and the content of the string that `rest` begins with.
fn string(rest: &str) -> (usize, String) {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return (at + 1, rest[1..at].to_owned()),
            _ => {}
        }
    }
    (rest.len(), String::new())
}

/// The length of the character or of the lifetime that `rest` begins with.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(rest.len(), |at| at + 4),
        Some((_, c)) if rest[1 + c.len_utf8()..].starts_with('\'') => c.len_utf8() + 2,
        _ => 1,
    }
}

#[test]
fn comments_strings_and_characters_hide_what_is_in_them() {
    let words = |source| -> Vec<String> {
        tokens(source).iter().filter_map(Token::word).map(str::to_owned).collect()
    };
    assert_eq!(words("a // b\nc /* d */ e"), ["a", "c", "e"]);
    assert_eq!(words(r##"a("b \" c", r#"d " e"#, b"f")"##), ["a", "b"]);
    assert_eq!(words(r"a('b', '\'', '\u{20}', 'é') d"), ["a", "d"]);
    assert_eq!(words("fn a<'b>(c: &'b str)"), ["fn", "a", "b", "c", "b", "str"]);
    let path = [Token::Word("a".into()), Token::Path, Token::Word("b".into())];
    assert_eq!(tokens("a::b"), path);
}
