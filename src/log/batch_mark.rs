//! The write that a record was part of, in the record's line.

/// What a line says of the write that it was part of: `,"batch":[7,12]` is a write whose last record
/// is 12, at a time when the records up to 7 were on the disk. A line without it was a write of its own, and
/// every record before it was on the disk.
///
/// Recovery needs it to tell a hole in a write that no client has seen from corruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchMark {
    /// The newest record that was known to be on the disk.
    pub(super) synced: u64,
    /// The last record of the write.
    pub(super) last: u64,
}

const BATCH: &[u8] = b",\"batch\":[";

impl BatchMark {
    /// The mark of a write whose first record is `first`, as text: the same in each of its lines.
    /// Empty for a record that needs none.
    pub(super) fn text(self, first: u64) -> String {
        let BatchMark { synced, last } = self;
        if synced + 1 == first && last == first {
            return String::new();
        }
        format!(",\"batch\":[{synced},{last}]")
    }

    /// The mark at the beginning of `text`, after [`BATCH`].
    fn parse(text: &[u8]) -> Option<(BatchMark, &[u8])> {
        let (synced, rest) = take_number(text)?;
        let (last, rest) = take_number(rest.strip_prefix(b",")?)?;
        Some((BatchMark { synced, last }, rest.strip_prefix(b"]")?))
    }

    /// A body without its mark, and the mark.
    pub(super) fn split(body: &[u8]) -> (&[u8], Option<BatchMark>) {
        if !body.ends_with(b"]") {
            return (body, None);
        }
        let at = body.windows(BATCH.len()).rposition(|window| window == BATCH);
        let Some((record, mark)) = at.and_then(|at| body.split_at_checked(at)) else {
            return (body, None);
        };
        match BatchMark::parse(mark.get(BATCH.len()..).unwrap_or_default()) {
            Some((mark, [])) => (record, Some(mark)),
            Some(_) | None => (body, None),
        }
    }

    /// All marks in any bytes. Quotes in a text are escaped, so no text can look like one.
    pub(super) fn find_all(bytes: &[u8]) -> impl Iterator<Item = BatchMark> {
        let found = bytes.windows(BATCH.len()).enumerate().filter(|(_, window)| *window == BATCH);
        found.filter_map(|(at, _)| Some(BatchMark::parse(bytes.get(at + BATCH.len()..)?)?.0))
    }
}

/// A number, and what follows its digits.
pub(super) fn take_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut rest) = (0_u64, text);
    while let Some((byte @ b'0'..=b'9', after)) = rest.split_first() {
        number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
        rest = after;
    }
    (rest.len() < text.len()).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_all_digits_at_the_beginning_and_fits_64_bits() {
        let number =
            |text: &str| take_number(text.as_bytes()).map(|(number, rest)| (number, rest.len()));
        assert_eq!(number("0"), Some((0, 0)));
        assert_eq!(number("007,8"), Some((7, 2)));
        assert_eq!(number("18446744073709551615]"), Some((u64::MAX, 1)));
        for text in ["", ",1", "-1", "+1", "18446744073709551616", "99999999999999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
