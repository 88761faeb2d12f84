//! Writes JSON member by member.

/// Whether a byte must be escaped in a JSON string (RFC 8259 §7). All such bytes are ASCII, so none
/// is part of a longer character.
pub(super) fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < b' '
}

/// `text` as a JSON string, quotes included.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    push_quoted(&mut out, text);
    out
}

/// Appends `text` to `out` as a JSON string, quotes included.
pub fn push_quoted(out: &mut String, text: &str) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next().unwrap_or_default() {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control => {
                let code = control as usize;
                out.push_str("\\u00");
                out.extend([HEX.get(code >> 4), HEX.get(code & 0xF)].into_iter().flatten());
            }
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Writes one object, member by member. The caller must not repeat a key.
///
/// ```
/// let mut object = talk::json::Object::new();
/// object.string("type", "mark").number("seq", 7);
/// assert_eq!(object.end(), r#"{"type":"mark","seq":7}"#);
/// ```
#[derive(Debug)]
pub struct Object {
    out: String,
}

impl Object {
    /// An object without members.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a half-written object is not a default value")]
    pub fn new() -> Object {
        Object { out: String::from("{") }
    }

    fn key(&mut self, key: &str) -> &mut String {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        push_quoted(&mut self.out, key);
        self.out.push(':');
        &mut self.out
    }

    /// Adds a string.
    pub fn string(&mut self, key: &str, text: &str) -> &mut Object {
        push_quoted(self.key(key), text);
        self
    }

    /// Adds a number.
    pub fn number(&mut self, key: &str, number: u64) -> &mut Object {
        let digits = number.to_string();
        self.key(key).push_str(&digits);
        self
    }

    /// Adds `true` or `false`.
    pub fn boolean(&mut self, key: &str, truth: bool) -> &mut Object {
        self.key(key).push_str(if truth { "true" } else { "false" });
        self
    }

    /// Adds a value that is JSON already.
    pub fn raw(&mut self, key: &str, json: &str) -> &mut Object {
        self.key(key).push_str(json);
        self
    }

    /// Adds an array of values that are JSON already.
    pub fn array<I>(&mut self, key: &str, items: I) -> &mut Object
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let out = self.key(key);
        out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(item.as_ref());
        }
        out.push(']');
        self
    }

    /// The finished object.
    pub fn end(&mut self) -> String {
        self.out.push('}');
        std::mem::take(&mut self.out)
    }
}
