//! One line of a segment: a record's JSON, its owner, and a checksum chained to the line before.
//!
//! ```text
//! {"type":"log","version":2,"room":"lobby","log":"a6fa…","first":1,"at":0,"after":"0000000000000000","check":"5b81…"}
//! {"type":"post","room":"lobby","seq":1,"at":1795394177902,"user":"alice","cid":"c1","text":"hi","holder":"9f2c…","check":"77e0…"}
//! ```
//!
//! The fields that the log adds are at the end and have a fixed length, so the record is cut out of
//! its line byte for byte as every client has received it. `holder` is the owner, `check` the checksum,
//! and `was`, in a line that was erased, the checksum before. `batch`, after `holder`, is the only one
//! without a fixed length: see [`BatchMark`].

use std::fmt;

use sha1_smol::Sha1;

use super::batch_mark::{BatchMark, take_number};
use crate::chat::{LogEntry, OwnerId, RoomName};
use crate::json;
use crate::json::Object;

/// The version of the format that this program writes, and the newest that it can read. Since 2,
/// records have a [`BatchMark`] where it is needed; a file of version 1 goes on without.
pub(super) const VERSION: u64 = 2;

/// The first version whose records have marks.
pub(super) const MARKED: u64 = 2;

const OWNER: &str = ",\"holder\":\"";
const CHECKSUM: &str = ",\"check\":\"";
const END: &str = "\"}";
/// Bytes from the quote that ends an owner to the comma before it.
const OWNER_BYTES: usize = OWNER.len() + OwnerId::DIGITS + 1;
const CHECKSUM_BYTES: usize = CHECKSUM.len() + Checksum::DIGITS + END.len();

/// The checksum that an erased line had before it was erased.
const ORIGINAL: &str = ",\"was\":\"";
const ORIGINAL_BYTES: usize = ORIGINAL.len() + Checksum::DIGITS + 1;

/// Bytes of a line besides its record's JSON.
pub(super) const OVERHEAD: usize = OWNER_BYTES + CHECKSUM_BYTES;

/// The checksum of a line: the first 64 bits of SHA-1 over the checksum of the line before (its 16
/// digits) and the line up to its own checksum.
///
/// It detects what a disk, a power cut or an editor did: one altered line in 2^64 passes by chance.
/// It does not protect against a person who may write the files and computes the chain again; no
/// longer checksum would.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Checksum([u8; Checksum::DIGITS]);

impl Checksum {
    const DIGITS: usize = 16;
    /// The checksum that the first line of a log is chained to.
    pub(super) const START: Checksum = Checksum([b'0'; Checksum::DIGITS]);

    pub(super) fn chain(self, body: &[u8]) -> Checksum {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut digest = Sha1::new();
        digest.update(&self.0);
        digest.update(body);
        let bytes = digest.digest().bytes();
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
        let mut checksum = Checksum::START;
        for (slot, digit) in checksum.0.iter_mut().zip(digits) {
            *slot = HEX.get(usize::from(digit)).copied().unwrap_or_default();
        }
        checksum
    }

    pub(super) fn push_closing(self, out: &mut Vec<u8>) {
        out.extend_from_slice(CHECKSUM.as_bytes());
        out.extend_from_slice(&self.0);
        out.extend_from_slice(END.as_bytes());
        out.push(b'\n');
    }

    fn parse(text: &str) -> Option<Checksum> {
        text.as_bytes().try_into().ok().map(Checksum)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// A line whose checksum is right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ValidLine<'l> {
    /// The record and its owner.
    pub(super) body: &'l [u8],
    /// The checksum that the next line is chained to.
    pub(super) checksum: Checksum,
    /// Its text was erased.
    pub(super) erased: bool,
}

/// Verifies and splits a line (without its `\n`) that follows one with the checksum `before`.
pub(super) fn verify_line(line: &[u8], before: Checksum) -> Option<ValidLine<'_>> {
    let (body, end) = line.split_at_checked(line.len().checked_sub(CHECKSUM_BYTES)?)?;
    let digits = end.strip_prefix(CHECKSUM.as_bytes())?.strip_suffix(END.as_bytes())?;
    let checksum = before.chain(body);
    if digits != checksum.0 {
        return None;
    }
    Some(match split_original(body) {
        Some((body, checksum)) => ValidLine { body, checksum, erased: true },
        None => ValidLine { body, checksum, erased: false },
    })
}

/// The body of an erased line, and the checksum it had before. No other line ends like this.
fn split_original(body: &[u8]) -> Option<(&[u8], Checksum)> {
    let (body, end) = body.split_at_checked(body.len().checked_sub(ORIGINAL_BYTES)?)?;
    let digits = end.strip_prefix(ORIGINAL.as_bytes())?.strip_suffix(b"\"")?;
    Some((body, Checksum(digits.try_into().ok()?)))
}

// ---- Records -----------------------------------------------------------------------------------

/// Appends the line of `entry` with the text of its write's mark, chained to `before`; returns its
/// checksum.
pub(super) fn push_record(
    out: &mut Vec<u8>,
    entry: &LogEntry,
    mark: &str,
    before: Checksum,
) -> Checksum {
    let start = out.len();
    push_body(out, entry);
    out.extend_from_slice(mark.as_bytes());
    let checksum = before.chain(out.get(start..).unwrap_or_default());
    checksum.push_closing(out);
    checksum
}

/// Appends the line of the redacted `entry`, whose line had the checksum `original`. The next line
/// is chained to `original` and stays so: one line can be erased without touching the rest. This
/// line's own checksum covers `original` as well. It has no mark: its file is written and fsynced as a whole.
pub(super) fn push_erased(
    out: &mut Vec<u8>,
    entry: &LogEntry,
    before: Checksum,
    original: Checksum,
) {
    let start = out.len();
    push_body(out, entry);
    out.extend_from_slice(ORIGINAL.as_bytes());
    out.extend_from_slice(&original.0);
    out.push(b'"');
    let checksum = before.chain(out.get(start..).unwrap_or_default());
    checksum.push_closing(out);
}

fn push_body(out: &mut Vec<u8>, entry: &LogEntry) {
    let open = entry.json.strip_suffix('}').unwrap_or(&entry.json);
    out.extend_from_slice(open.as_bytes());
    out.extend_from_slice(OWNER.as_bytes());
    out.extend_from_slice(entry.owner.to_string().as_bytes());
    out.push(b'"');
}

/// The beginning of a record, as much of it as is read without parsing the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordStart<'r> {
    /// The record's seq.
    pub(super) seq: u64,
    /// The record's `at`.
    pub(super) at: u64,
    /// What follows `at`.
    rest: &'r [u8],
}

impl<'r> RecordStart<'r> {
    /// The beginning of a record, in its JSON or in its line: every record has `seq` and `at` side by side, near
    /// its beginning. Quotes in a text are escaped, so no text can look like them.
    pub(super) fn parse(body: &'r [u8]) -> Option<RecordStart<'r>> {
        const SEQ: &[u8] = b",\"seq\":";
        let near = body.get(..body.len().min(160))?;
        let at = near.windows(SEQ.len()).position(|window| window == SEQ)?;
        let (seq, rest) = take_number(body.get(at + SEQ.len()..)?)?;
        let (at, rest) = take_number(rest.strip_prefix(b",\"at\":")?)?;
        Some(RecordStart { seq, at, rest })
    }

    /// The name of the author, if it follows at once and needs no escapes, as in every record that this program
    /// has written. Otherwise the JSON must be parsed.
    pub(super) fn user(&self) -> Option<&'r str> {
        let name = self.rest.strip_prefix(b",\"user\":\"")?;
        let end = name.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        let (name, end) = name.split_at_checked(end)?;
        if end.first() == Some(&b'"') { std::str::from_utf8(name).ok() } else { None }
    }
}

/// The `seq` and the `at` of a record.
pub(super) fn parse_seq_and_at(body: &[u8]) -> Option<(u64, u64)> {
    RecordStart::parse(body).map(|start| (start.seq, start.at))
}

/// The owner in the body of a verified line.
pub(super) fn parse_owner(body: &[u8]) -> Option<OwnerId> {
    let (body, _) = BatchMark::split(body);
    let end = body.get(body.len().checked_sub(OWNER_BYTES)?..)?;
    OwnerId::from_digits(end.strip_prefix(OWNER.as_bytes())?.strip_suffix(b"\"")?)
}

/// The record in the body of a verified line.
pub(super) fn parse_entry(body: &[u8]) -> Option<LogEntry> {
    let (seq, _) = parse_seq_and_at(body)?;
    let (body, _) = BatchMark::split(body);
    let (record, end) = body.split_at_checked(body.len().checked_sub(OWNER_BYTES)?)?;
    let owner = end.strip_prefix(OWNER.as_bytes())?.strip_suffix(b"\"")?;
    let owner = std::str::from_utf8(owner).ok()?.parse().ok()?;
    let json = [std::str::from_utf8(record).ok()?, "}"].concat();
    Some(LogEntry { seq, owner, json: json.into() })
}

// ---- The line that begins a file ---------------------------------------------------------------

/// The first line of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The version of the format that the file is written in.
    pub(super) version: u64,
    pub(super) room: RoomName,
    /// The log's id.
    pub(super) log: String,
    /// The seq of the segment's first record.
    pub(super) first: u64,
    /// The `at` of the record before it: no later record has an earlier one.
    pub(super) at: u64,
    /// The checksum of the last line of the segment before.
    pub(super) after: Checksum,
    /// The owners of the two names of a private room, in the order of the names.
    pub(super) owners: Option<[OwnerId; 2]>,
}

/// Why a line is not a valid header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// A later version of this program wrote it.
    NewerVersion(u64),
    /// It is altered, or not a header.
    Invalid,
}

impl SegmentHeader {
    /// Appends the header's line; returns its checksum, which the first record is chained to.
    pub(super) fn push(&self, out: &mut Vec<u8>) -> Checksum {
        let mut object = Object::new();
        object.string("type", "log").number("version", self.version);
        object.string("room", self.room.as_str()).string("log", &self.log);
        if let Some([one, other]) = &self.owners {
            object.string("one", &one.to_string()).string("other", &other.to_string());
        }
        object.number("first", self.first).number("at", self.at);
        object.string("after", &self.after.to_string());
        let closed = object.end();
        let body = closed.strip_suffix('}').unwrap_or(&closed).as_bytes();
        out.extend_from_slice(body);
        let checksum = self.after.chain(body);
        checksum.push_closing(out);
        checksum
    }

    /// Reads a header's line, without its `\n`.
    pub(super) fn parse(line: &[u8]) -> Result<(SegmentHeader, Checksum), HeaderError> {
        let invalid = HeaderError::Invalid;
        let text = std::str::from_utf8(line).map_err(|_| invalid)?;
        let value = json::parse(text).map_err(|_| invalid)?;
        let string = |key| value.get(key).and_then(json::Value::as_str).ok_or(invalid);
        let number = |key| value.get(key).and_then(json::Value::as_u64).ok_or(invalid);
        if string("type")? != "log" {
            return Err(invalid);
        }
        let after = Checksum::parse(string("after")?).ok_or(invalid)?;
        let ValidLine { checksum, .. } = verify_line(line, after).ok_or(invalid)?; // every later version keeps this too
        let version = number("version")?;
        match version {
            1..=VERSION => {}
            0 => return Err(invalid),
            newer => return Err(HeaderError::NewerVersion(newer)),
        }
        let owner = |key| string(key)?.parse::<OwnerId>().map_err(|_| invalid);
        let owners = match value.get("one") {
            Some(_) => Some([owner("one")?, owner("other")?]),
            None => None,
        };
        let header = SegmentHeader {
            version,
            room: string("room")?.parse().map_err(|_| invalid)?,
            log: String::from(string("log")?),
            first: number("first")?,
            at: number("at")?,
            after,
            owners,
        };
        // A room name has more than one spelling (`#lobby`); the file must have the canonical one.
        let is_ours = header.first > 0 && header.room.as_str() == string("room")?;
        if is_ours { Ok((header, checksum)) } else { Err(invalid) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(text: &str) -> LogEntry {
        let quoted = json::quoted(text);
        LogEntry {
            seq: 7,
            owner: "0123456789abcdef0123456789abcdef".parse().unwrap(),
            json: format!(r#"{{"type":"post","room":"lobby","seq":7,"at":5,"user":"bob","cid":"c","text":{quoted}}}"#).into(),
        }
    }

    #[test]
    fn a_name_is_cut_out_of_a_record_only_where_that_is_certain() {
        let user = |rest: &str| {
            let json = format!(r#"{{"type":"post","room":"lobby","seq":7,"at":5{rest}"#);
            RecordStart::parse(json.as_bytes()).unwrap().user().map(String::from)
        };
        assert_eq!(user(r#","user":"bob","cid":"c"}"#).as_deref(), Some("bob"));
        assert_eq!(user(r#","user":"小明","cid":"c"}"#).as_deref(), Some("小明"));
        for rest in [
            r#","cid":"c","user":"bob"}"#,
            r#","user":"b\"b"}"#,
            r#", "user":"bob"}"#,
            r#","user":"bob"#,
        ] {
            assert_eq!(user(rest), None, "{rest}");
        }
    }

    #[test]
    fn a_record_comes_out_of_its_line_byte_for_byte() {
        for text in
            ["hi", "\n{\"seq\":9999,\"at\":1}", "\u{2028}", &"\"".repeat(4096), ",\"seq\":8,"]
        {
            let (mut line, before) = (Vec::new(), Checksum::START);
            let checksum = push_record(&mut line, &post(text), "", before);
            assert_eq!(line.pop(), Some(b'\n'));
            assert!(!line.contains(&b'\n'), "a record is one line");
            let ValidLine { body, checksum: found, erased } = verify_line(&line, before).unwrap();
            assert_eq!((found, parse_seq_and_at(body)), (checksum, Some((7, 5))));
            assert_eq!((parse_entry(body), erased), (Some(post(text)), false));
            json::parse(std::str::from_utf8(&line).unwrap()).unwrap();
        }
    }

    #[test]
    fn the_checksum_is_what_sha1sum_makes_of_it() {
        let mut line = Vec::new();
        push_record(&mut line, &post("hi"), "", Checksum::START);
        // (printf 0000000000000000; printf '{…,"holder":"0123456789abcdef0123456789abcdef"') | sha1sum | cut -c1-16
        assert!(line.ends_with(b",\"check\":\"69c9dce5f2727c8e\"}\n"), "{}", line.escape_ascii());
    }

    #[test]
    fn a_mark_is_not_part_of_the_record_and_no_text_looks_like_one() {
        let mark = BatchMark { synced: 4, last: 12 };
        for text in ["hi", ",\"batch\":[1,2]", "[1,2]"] {
            let mut line = Vec::new();
            push_record(&mut line, &post(text), &mark.text(1), Checksum::START);
            line.pop();
            json::parse(std::str::from_utf8(&line).unwrap()).unwrap();
            assert_eq!(BatchMark::find_all(&line).collect::<Vec<_>>(), [mark]);
            let ValidLine { body, .. } = verify_line(&line, Checksum::START).unwrap();
            assert_eq!(
                (parse_entry(body), BatchMark::split(body).1),
                (Some(post(text)), Some(mark))
            );
        }
        assert_eq!(BatchMark { synced: 6, last: 7 }.text(7), "", "alone, after an fsync");
        assert_eq!(
            BatchMark { synced: 5, last: 7 }.text(7),
            ",\"batch\":[5,7]",
            "alone, before it"
        );
        for body in ["]", ",\"batch\":[]", ",\"batch\":[1,]", ",\"batch\":[1,99999999999999999999]"]
        {
            assert_eq!(BatchMark::split(body.as_bytes()), (body.as_bytes(), None), "{body}");
        }
    }

    #[test]
    fn an_erased_line_does_not_break_the_checksum_chain() {
        let (mut whole, mut left, before) = (Vec::new(), Vec::new(), Checksum::START);
        let original = push_record(&mut whole, &post("secret"), "", before);
        push_erased(&mut left, &post("-"), before, original);
        left.pop();
        let ValidLine { body, checksum, erased } = verify_line(&left, before).unwrap();
        assert_eq!((parse_entry(body), checksum, erased), (Some(post("-")), original, true));
        assert!(verify_line(&left, original).is_none(), "it still follows the line before it");
        json::parse(std::str::from_utf8(&left).unwrap()).unwrap();
    }

    #[test]
    fn any_flipped_bit_is_detected() {
        let (mut line, mut erased, before) = (Vec::new(), Vec::new(), Checksum::START);
        let original = push_record(&mut line, &post("hello"), "", before);
        push_erased(&mut erased, &post("-"), before, original);
        line.pop();
        erased.pop();
        for line in [&line, &erased] {
            for at in 0..line.len() * 8 {
                let mut altered = line.clone();
                altered[at / 8] ^= 1 << (at % 8);
                assert!(verify_line(&altered, before).is_none(), "bit {at}");
            }
        }
        assert!(verify_line(&line, before.chain(b"another line")).is_none(), "after another line");
        assert!((0..line.len()).all(|cut| verify_line(&line[..cut], before).is_none()));
    }

    #[test]
    fn a_header_is_chained_to_the_line_before_its_file() {
        let header = SegmentHeader {
            version: VERSION,
            room: "lobby".parse().unwrap(),
            log: String::from("a6fa"),
            first: 8,
            at: 5,
            after: Checksum::START.chain(b"x"),
            owners: Some(["0", "f"].map(|digit| digit.repeat(32).parse().unwrap())),
        };
        let mut line = Vec::new();
        let checksum = header.push(&mut line);
        line.pop();
        assert_eq!(SegmentHeader::parse(&line), Ok((header.clone(), checksum)));
        let text = String::from_utf8(line).unwrap();
        let newer = text.replace("\"version\":2", "\"version\":3");
        assert_eq!(
            SegmentHeader::parse(newer.as_bytes()),
            Err(HeaderError::Invalid),
            "a bit was flipped"
        );
        let body = newer.split(CHECKSUM).next().unwrap().as_bytes();
        let mut newer = body.to_vec();
        header.after.chain(body).push_closing(&mut newer);
        newer.pop();
        assert_eq!(SegmentHeader::parse(&newer), Err(HeaderError::NewerVersion(3)));
        let other = text.replace("\"first\":8", "\"first\":9");
        assert_eq!(SegmentHeader::parse(other.as_bytes()), Err(HeaderError::Invalid));
        assert_eq!(SegmentHeader::parse(b""), Err(HeaderError::Invalid));
    }
}
