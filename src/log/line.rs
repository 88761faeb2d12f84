//! One line of a log's file: a record as it travels, who said it, and a check value chained to the
//! line before.
//!
//! Room: bytes and values.
//!
//! ```text
//! {"type":"log","version":1,"room":"lobby","log":"a6fa…","first":1,"at":0,"after":"0000000000000000","check":"5b81…"}
//! {"type":"post","room":"lobby","seq":1,"at":1795394177902,"user":"alice","cid":"c1","text":"hi","holder":"9f2c…","check":"77e0…"}
//! ```
//!
//! What the log adds stands at the end and has a fixed length, so a record is cut out of its line
//! byte for byte as everyone has received it.

use std::fmt;

use sha1_smol::Sha1;

use crate::chat::{LogEntry, OwnerId, RoomName};
use crate::json;
use crate::json::Object;

/// The version of the format that this program writes, and the newest that it reads.
const VERSION: u64 = 1;

const HOLDER: &str = ",\"holder\":\"";
const CHECK: &str = ",\"check\":\"";
const END: &str = "\"}";
/// Bytes from the quote that ends a owner to the brace before it.
const HOLDER_BYTES: usize = HOLDER.len() + OwnerId::DIGITS + 1;
const CHECK_BYTES: usize = CHECK.len() + Checksum::DIGITS + END.len();

/// The check value that an erased line had when it was whole.
const WAS: &str = ",\"was\":\"";
const WAS_BYTES: usize = WAS.len() + Checksum::DIGITS + 1;

/// Bytes that a line has beside its record's JSON.
pub(super) const ADDS: usize = HOLDER_BYTES + CHECK_BYTES;

/// What a line is checked by: the first 64 bits of SHA-1 over the check value of the line before
/// (its 16 digits) and the line up to its own.
///
/// It finds what a disk, a power cut or an editor has done: by chance one altered line in 2^64
/// passes. It is no seal against an owner of the files, who could compute the chain anew; for that
/// no length would do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Checksum([u8; Checksum::DIGITS]);

impl Checksum {
    const DIGITS: usize = 16;
    /// What the first line of a log follows.
    pub(super) const START: Checksum = Checksum([b'0'; Checksum::DIGITS]);

    pub(super) fn of(self, body: &[u8]) -> Checksum {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut digest = Sha1::new();
        digest.update(&self.0);
        digest.update(body);
        let bytes = digest.digest().bytes();
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
        let mut check = Checksum::START;
        for (place, digit) in check.0.iter_mut().zip(digits) {
            *place = HEX.get(usize::from(digit)).copied().unwrap_or_default();
        }
        check
    }

    pub(super) fn push_end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(CHECK.as_bytes());
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
        write!(f, "Check({self})")
    }
}

/// A line that is as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ValidLine<'l> {
    /// The record and its owner.
    pub(super) body: &'l [u8],
    /// What the next line follows.
    pub(super) check: Checksum,
    /// Its text was erased.
    pub(super) erased: bool,
}

/// Takes the line (without its `\n`) apart, if it follows a line with the check value `before`.
pub(super) fn checked(line: &[u8], before: Checksum) -> Option<ValidLine<'_>> {
    let (body, end) = line.split_at_checked(line.len().checked_sub(CHECK_BYTES)?)?;
    let digits = end.strip_prefix(CHECK.as_bytes())?.strip_suffix(END.as_bytes())?;
    let check = before.of(body);
    if digits != check.0 {
        return None;
    }
    Some(match was(body) {
        Some((body, check)) => ValidLine { body, check, erased: true },
        None => ValidLine { body, check, erased: false },
    })
}

/// The body of an erased line, and the check value it had before. No other line ends so.
fn was(body: &[u8]) -> Option<(&[u8], Checksum)> {
    let (body, end) = body.split_at_checked(body.len().checked_sub(WAS_BYTES)?)?;
    let digits = end.strip_prefix(WAS.as_bytes())?.strip_suffix(b"\"")?;
    Some((body, Checksum(digits.try_into().ok()?)))
}

// ---- Records -----------------------------------------------------------------------------------

/// Appends the line of `entry`, which follows `before`; returns its check value.
pub(super) fn push_record(out: &mut Vec<u8>, entry: &LogEntry, before: Checksum) -> Checksum {
    let start = out.len();
    push_body(out, entry);
    let check = before.of(out.get(start..).unwrap_or_default());
    check.push_end(out);
    check
}

/// Appends the line of `entry`, which is what is left of one with the check value `was`. The line
/// after it followed that one, and still does: so one line can be erased without touching the rest.
/// This one's own check value covers `was` as well.
pub(super) fn push_erased(out: &mut Vec<u8>, entry: &LogEntry, before: Checksum, was: Checksum) {
    let start = out.len();
    push_body(out, entry);
    out.extend_from_slice(WAS.as_bytes());
    out.extend_from_slice(&was.0);
    out.push(b'"');
    let check = before.of(out.get(start..).unwrap_or_default());
    check.push_end(out);
}

fn push_body(out: &mut Vec<u8>, entry: &LogEntry) {
    let open = entry.json.strip_suffix('}').unwrap_or(&entry.json);
    out.extend_from_slice(open.as_bytes());
    out.extend_from_slice(HOLDER.as_bytes());
    out.extend_from_slice(entry.owner.to_string().as_bytes());
    out.push(b'"');
}

/// The `seq` and the `at` of a record: every record has them side by side, near its beginning. The
/// quotes of a text are escaped, so nothing that was said can stand for them.
pub(super) fn seq_and_at(body: &[u8]) -> Option<(u64, u64)> {
    const SEQ: &[u8] = b",\"seq\":";
    let near = body.get(..body.len().min(160))?;
    let at = near.windows(SEQ.len()).position(|window| window == SEQ)?;
    let (seq, rest) = number(body.get(at + SEQ.len()..)?)?;
    let (at, _) = number(rest.strip_prefix(b",\"at\":")?)?;
    Some((seq, at))
}

/// Digits, then something else.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(digits)?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

/// The record in a line whose check value fits.
pub(super) fn entry(body: &[u8]) -> Option<LogEntry> {
    let (seq, _) = seq_and_at(body)?;
    let (record, end) = body.split_at_checked(body.len().checked_sub(HOLDER_BYTES)?)?;
    let owner = end.strip_prefix(HOLDER.as_bytes())?.strip_suffix(b"\"")?;
    let owner = std::str::from_utf8(owner).ok()?.parse().ok()?;
    let json = [std::str::from_utf8(record).ok()?, "}"].concat();
    Some(LogEntry { seq, owner, json: json.into() })
}

// ---- The line that begins a file ---------------------------------------------------------------

/// What the first line of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) room: RoomName,
    /// The log's id.
    pub(super) log: String,
    /// The seq of the file's first record.
    pub(super) first: u64,
    /// The `at` of the record before it: no later record is older.
    pub(super) at: u64,
    /// The check value of the line before, in the file before.
    pub(super) after: Checksum,
    /// The owners of the owners names of a private room, in the order of the names.
    pub(super) owners: Option<[OwnerId; 2]>,
}

/// Why a line is not a header that we can go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// A later version of this program wrote it.
    Newer(u64),
    /// It is altered, or no header at all.
    Unfit,
}

impl Header {
    /// Appends the header's line; returns its check value, which the first record follows.
    pub(super) fn push(&self, out: &mut Vec<u8>) -> Checksum {
        let mut object = Object::new();
        object.string("type", "log").number("version", VERSION);
        object.string("room", self.room.as_str()).string("log", &self.log);
        if let Some([one, other]) = &self.owners {
            object.string("one", &one.to_string()).string("other", &other.to_string());
        }
        object.number("first", self.first).number("at", self.at);
        object.string("after", &self.after.to_string());
        let closed = object.end();
        let body = closed.strip_suffix('}').unwrap_or(&closed).as_bytes();
        out.extend_from_slice(body);
        let check = self.after.of(body);
        check.push_end(out);
        check
    }

    /// Reads a header's line, without its `\n`.
    pub(super) fn parse(line: &[u8]) -> Result<(Header, Checksum), NoHeader> {
        let unfit = NoHeader::Unfit;
        let text = std::str::from_utf8(line).map_err(|_| unfit)?;
        let value = json::parse(text).map_err(|_| unfit)?;
        let string = |key| value.get(key).and_then(json::Value::as_str).ok_or(unfit);
        let number = |key| value.get(key).and_then(json::Value::as_u64).ok_or(unfit);
        if string("type")? != "log" {
            return Err(unfit);
        }
        let after = Checksum::parse(string("after")?).ok_or(unfit)?;
        let ValidLine { check, .. } = checked(line, after).ok_or(unfit)?; // so in every version to come
        match number("version")? {
            VERSION => {}
            newer if newer > VERSION => return Err(NoHeader::Newer(newer)),
            _ => return Err(unfit),
        }
        let owner = |key| string(key)?.parse::<OwnerId>().map_err(|_| unfit);
        let owners = match value.get("one") {
            Some(_) => Some([owner("one")?, owner("other")?]),
            None => None,
        };
        let header = Header {
            room: string("room")?.parse().map_err(|_| unfit)?,
            log: String::from(string("log")?),
            first: number("first")?,
            at: number("at")?,
            after,
            owners,
        };
        // A room may be spelled in more ways than one (`#lobby`); a file is of the one it is written with.
        let is_ours = header.first > 0 && header.room.as_str() == string("room")?;
        if is_ours { Ok((header, check)) } else { Err(unfit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> LogEntry {
        let quoted = json::quoted(text);
        LogEntry {
            seq: 7,
            owner: "0123456789abcdef0123456789abcdef".parse().unwrap(),
            json: format!(r#"{{"type":"post","room":"lobby","seq":7,"at":5,"user":"bob","cid":"c","text":{quoted}}}"#).into(),
        }
    }

    #[test]
    fn a_record_comes_out_of_its_line_byte_for_byte() {
        for text in
            ["hi", "\n{\"seq\":9999,\"at\":1}", "\u{2028}", &"\"".repeat(4096), ",\"seq\":8,"]
        {
            let (mut line, before) = (Vec::new(), Checksum::START);
            let check = push_record(&mut line, &said(text), before);
            assert_eq!(line.pop(), Some(b'\n'));
            assert!(!line.contains(&b'\n'), "a record is one line");
            let ValidLine { body, check: found, erased } = checked(&line, before).unwrap();
            assert_eq!((found, seq_and_at(body)), (check, Some((7, 5))));
            assert_eq!((entry(body), erased), (Some(said(text)), false));
            json::parse(std::str::from_utf8(&line).unwrap()).unwrap();
        }
    }

    #[test]
    fn the_check_value_is_what_sha1sum_makes_of_it() {
        let mut line = Vec::new();
        push_record(&mut line, &said("hi"), Checksum::START);
        // (printf 0000000000000000; printf '{…,"holder":"0123456789abcdef0123456789abcdef"') | sha1sum | cut -c1-16
        assert!(line.ends_with(b",\"check\":\"69c9dce5f2727c8e\"}\n"), "{}", line.escape_ascii());
    }

    #[test]
    fn what_is_left_of_an_erased_line_holds_the_chain() {
        let (mut whole, mut left, before) = (Vec::new(), Vec::new(), Checksum::START);
        let was = push_record(&mut whole, &said("secret"), before);
        push_erased(&mut left, &said("-"), before, was);
        left.pop();
        let ValidLine { body, check, erased } = checked(&left, before).unwrap();
        assert_eq!((entry(body), check, erased), (Some(said("-")), was, true));
        assert!(checked(&left, was).is_none(), "it still follows the line before it");
        json::parse(std::str::from_utf8(&left).unwrap()).unwrap();
    }

    #[test]
    fn any_bit_that_differs_is_noticed() {
        let (mut line, mut erased, before) = (Vec::new(), Vec::new(), Checksum::START);
        let was = push_record(&mut line, &said("hello"), before);
        push_erased(&mut erased, &said("-"), before, was);
        line.pop();
        erased.pop();
        for line in [&line, &erased] {
            for at in 0..line.len() * 8 {
                let mut altered = line.clone();
                altered[at / 8] ^= 1 << (at % 8);
                assert!(checked(&altered, before).is_none(), "bit {at}");
            }
        }
        assert!(checked(&line, before.of(b"another line")).is_none(), "after another line");
        assert!((0..line.len()).all(|cut| checked(&line[..cut], before).is_none()));
    }

    #[test]
    fn a_header_says_what_its_file_continues() {
        let header = Header {
            room: "lobby".parse().unwrap(),
            log: String::from("a6fa"),
            first: 8,
            at: 5,
            after: Checksum::START.of(b"x"),
            owners: Some(["0", "f"].map(|digit| digit.repeat(32).parse().unwrap())),
        };
        let mut line = Vec::new();
        let check = header.push(&mut line);
        line.pop();
        assert_eq!(Header::parse(&line), Ok((header.clone(), check)));
        let text = String::from_utf8(line).unwrap();
        let newer = text.replace("\"version\":1", "\"version\":2");
        assert_eq!(Header::parse(newer.as_bytes()), Err(NoHeader::Unfit), "a bit was flipped");
        let body = newer.split(CHECK).next().unwrap().as_bytes();
        let mut newer = body.to_vec();
        header.after.of(body).push_end(&mut newer);
        newer.pop();
        assert_eq!(Header::parse(&newer), Err(NoHeader::Newer(2)));
        let other = text.replace("\"first\":8", "\"first\":9");
        assert_eq!(Header::parse(other.as_bytes()), Err(NoHeader::Unfit));
        assert_eq!(Header::parse(b""), Err(NoHeader::Unfit));
    }
}
