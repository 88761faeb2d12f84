//! Header lines: names, values, and the three ways to look one up (RFC 9110 §5).

use super::error::Error;

/// The headers of one head, in the order they came. Names are compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    lines: Vec<(String, String)>,
}

impl Headers {
    /// All values of `name`, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of a header that may be given only once.
    ///
    /// # Errors
    ///
    /// [`Error::Repeated`] where it is given twice, even with the same value (RFC 9110 §5.3).
    pub fn single(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() { Err(Error::Repeated { name }) } else { Ok(first) }
    }

    /// The elements of a header that is a list of tokens: split at commas, across all its lines,
    /// without empty ones (RFC 9110 §5.6.1). Not for values that may hold a quoted comma.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(|element| element.trim_matches(SPACE))
            .filter(|element| !element.is_empty())
    }

    /// Whether the list `name` has the element `token`, in any case.
    #[must_use]
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token))
    }

    /// The number of lines.
    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads one header line, given without its line end (RFC 9112 §5).
    pub(super) fn push_line(&mut self, line: &[u8]) -> Result<(), Error> {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err(Error::Folded); // §5.2: "reject the message", or replace the folding
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return Err(Error::HeaderLine);
        };
        // §5.1: no white space is allowed between name and colon, and none is in a token.
        let name = str::from_utf8(name).ok().filter(|name| is_token(name));
        let name = name.ok_or(Error::HeaderLine)?;
        // RFC 9110 §5.5: bytes from 0x80 on are opaque. Read as ISO-8859-1, none is lost and none
        // becomes ASCII.
        let value: String = value.iter().map(|byte| char::from(*byte)).collect();
        self.lines.push((String::from(name), String::from(value.trim_matches(SPACE))));
        Ok(())
    }
}

/// Whether `text` is a token, as the names of methods and headers are (RFC 9110 §5.6.2).
#[must_use]
pub fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// Whether `text` can be written as the value of a header: no control characters, and no space at
/// either end.
#[must_use]
pub fn is_value(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || !c.is_control()) && text.trim_matches(SPACE) == text
}

/// White space around a value or an element: OWS (RFC 9110 §5.6.3).
const SPACE: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> Headers {
        let mut headers = Headers::default();
        for line in lines {
            headers.push_line(line.as_bytes()).unwrap();
        }
        headers
    }

    #[test]
    fn a_header_is_found_in_any_case_and_in_order() {
        let headers = headers(&["X-A: 1", "x-a:2", "X-B:"]);
        assert_eq!(headers.values("x-A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(headers.single("X-b"), Ok(Some("")));
        assert_eq!(headers.single("X-A"), Err(Error::Repeated { name: "X-A" }));
        assert_eq!(headers.single("X-C"), Ok(None));
    }

    #[test]
    fn a_list_is_split_at_commas_across_lines() {
        let headers = headers(&["Connection: keep-alive ,, \t", "connection:\tUpgrade,x"]);
        assert_eq!(headers.list("Connection").collect::<Vec<_>>(), ["keep-alive", "Upgrade", "x"]);
        assert!(headers.has_token("CONNECTION", "upgrade"));
        assert!(!headers.has_token("connection", "keep"));
    }

    #[test]
    fn every_byte_of_a_value_keeps_its_number() {
        let mut headers = Headers::default();
        headers.push_line(b"X: caf\xc3\xa9 \xff\t").unwrap();
        assert_eq!(headers.single("x"), Ok(Some("caf\u{c3}\u{a9} \u{ff}")));
    }
}
