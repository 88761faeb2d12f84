//! Parses a JSON text in one pass.

use super::error::{Error, Fault};
use super::value::Value;
use super::writer::is_special;
use crate::limits;

/// A position in the text that only moves forward. It recurses once per level of nesting; the
/// caller of [`JsonReader::parse_document`] bounds the depth.
pub(super) struct JsonReader<'t> {
    text: &'t str,
    /// The offset of the next byte.
    at: usize,
    /// The maximum of members in one object.
    members: usize,
    /// Values that may still follow.
    values: usize,
}

impl<'t> JsonReader<'t> {
    pub(super) fn new(text: &'t str, members: usize) -> JsonReader<'t> {
        JsonReader { text, at: 0, members, values: limits::JSON_VALUES }
    }

    /// Parses the whole text as one value, nested at most `depth` levels deep.
    pub(super) fn parse_document(mut self, depth: usize) -> Result<Value, Error> {
        self.skip_space();
        let value = self.parse_value(depth)?;
        self.skip_space();
        if self.peek().is_some() { Err(self.fault(Fault::Trailing)) } else { Ok(value) }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves over `count` bytes that the caller has checked.
    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.text.len());
    }

    fn fault(&self, fault: Fault) -> Error {
        Error { at: self.at, fault }
    }

    /// The error for a byte that is not allowed here, or for the end of the text.
    fn unexpected(&self) -> Error {
        self.fault(if self.peek().is_none() { Fault::Ends } else { Fault::Unexpected })
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.skip(
            rest.len().saturating_sub(rest.trim_start_matches([' ', '\t', '\n', '\r']).len()),
        );
    }

    fn expect(&mut self, literal: &str) -> Result<(), Error> {
        if self.rest().starts_with(literal) {
            self.skip(literal.len());
            return Ok(());
        }
        Err(self.unexpected())
    }

    fn parse_value(&mut self, depth: usize) -> Result<Value, Error> {
        self.values = self.values.checked_sub(1).ok_or(self.fault(Fault::TooManyValues))?;
        match self.peek() {
            Some(b'{') => self.parse_object(depth),
            Some(b'[') => self.parse_array(depth),
            Some(b'"') => Ok(Value::String(self.parse_string()?)),
            Some(b'-' | b'0'..=b'9') => self.parse_number(),
            Some(b't') => self.expect("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.expect("false").map(|()| Value::Bool(false)),
            Some(b'n') => self.expect("null").map(|()| Value::Null),
            Some(_) | None => Err(self.unexpected()),
        }
    }

    fn parse_object(&mut self, depth: usize) -> Result<Value, Error> {
        let inner = depth.checked_sub(1).ok_or(self.fault(Fault::TooDeep))?;
        self.expect("{")?;
        self.skip_space();
        let mut members: Vec<(String, Value)> = Vec::new();
        if self.peek() == Some(b'}') {
            self.skip(1);
            return Ok(Value::Object(members));
        }
        loop {
            let at = self.at;
            let key = self.parse_string()?;
            if members.iter().any(|(name, _)| *name == key) {
                return Err(Error { at, fault: Fault::DuplicateKey });
            }
            if members.len() >= self.members {
                return Err(Error { at, fault: Fault::TooManyMembers });
            }
            self.skip_space();
            self.expect(":")?;
            self.skip_space();
            members.push((key, self.parse_value(inner)?));
            if self.take_comma_or_close(b'}')? {
                return Ok(Value::Object(members));
            }
        }
    }

    fn parse_array(&mut self, depth: usize) -> Result<Value, Error> {
        let inner = depth.checked_sub(1).ok_or(self.fault(Fault::TooDeep))?;
        self.expect("[")?;
        self.skip_space();
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.skip(1);
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.parse_value(inner)?);
            if self.take_comma_or_close(b']')? {
                return Ok(Value::Array(items));
            }
        }
    }

    /// Reads what follows an item: `true` for `close`, which ends the list, `false` for a comma.
    fn take_comma_or_close(&mut self, close: u8) -> Result<bool, Error> {
        self.skip_space();
        match self.peek() {
            Some(byte) if byte == close => {
                self.skip(1);
                Ok(true)
            }
            Some(b',') => {
                self.skip(1);
                self.skip_space();
                Ok(false)
            }
            Some(_) | None => Err(self.unexpected()),
        }
    }

    fn parse_number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        let fault = Error { at: start, fault: Fault::Number };
        if self.peek() == Some(b'-') {
            self.skip(1);
        }
        match self.take_digits() {
            Some(whole) if whole.len() == 1 || !whole.starts_with('0') => {}
            Some(_) | None => return Err(fault),
        }
        let mut integer = true;
        if self.peek() == Some(b'.') {
            self.skip(1);
            self.take_digits().ok_or(fault)?;
            integer = false;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.skip(1);
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.skip(1);
            }
            self.take_digits().ok_or(fault)?;
            integer = false;
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        if integer && let Ok(number) = digits.parse() {
            return Ok(Value::Integer(number));
        }
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            Ok(_) | Err(_) => Err(fault),
        }
    }

    /// Takes all digits here; `None` if there is none.
    fn take_digits(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        self.skip(end);
        rest.get(..end).filter(|digits| !digits.is_empty())
    }

    fn parse_string(&mut self) -> Result<String, Error> {
        self.expect("\"")?;
        let mut string = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.bytes().position(is_special).unwrap_or(rest.len());
            string.push_str(rest.get(..plain).unwrap_or_default());
            self.skip(plain);
            match self.peek() {
                Some(b'"') => {
                    self.skip(1);
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.parse_escape()?),
                Some(_) => return Err(self.fault(Fault::Control)),
                None => return Err(self.fault(Fault::Ends)),
            }
        }
    }

    fn parse_escape(&mut self) -> Result<char, Error> {
        let fault = self.fault(Fault::Escape);
        self.skip(1);
        let letter = self.peek().ok_or(self.fault(Fault::Ends))?;
        self.skip(1);
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.parse_code_unit().ok_or(fault)?;
                let mut units = vec![first];
                if (0xD800..0xDC00).contains(&first) {
                    self.expect("\\u").map_err(|_| fault)?;
                    units.push(self.parse_code_unit().ok_or(fault)?);
                }
                let mut decoded = char::decode_utf16(units);
                match (decoded.next(), decoded.next()) {
                    (Some(Ok(character)), None) => character,
                    _ => return Err(fault),
                }
            }
            _ => return Err(fault),
        })
    }

    fn parse_code_unit(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None; // from_str_radix would accept a sign
        }
        self.skip(4);
        u16::from_str_radix(digits, 16).ok()
    }
}
