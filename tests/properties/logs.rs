//! A room's log: any bytes as its files, against a second reader that knows only the form of a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sha1_smol::Sha1;
use talk::chat::Operation;
use talk::chat::protocol::{Record, RecordKind};
use talk::json::{self, Value};
use talk::log::{LogName, export};

/// Stands for a correct checksum in an input. Without it an altered byte would never be read: the chain
/// of checksums would break before it.
const OPEN: &str = "................";

const START: &str = "0000000000000000";

/// A log serves what its files hold up to the first bad line, with no record missing, and without deleted
/// texts.
///
/// `root` is a data directory that no other test uses.
pub(crate) fn any_bytes(input: &[u8], root: &Path) {
    let files = files(&sealed(input));
    let dir = root.join("rooms/lobby");
    fs::create_dir_all(&dir).expect("a directory for a log");
    let paths = files.keys().map(|first| dir.join(format!("{first:016}.jsonl"))).collect();
    let paths = Gone(paths);
    for (path, bytes) in paths.0.iter().zip(files.values()) {
        fs::write(path, bytes).expect("a file of a log");
    }
    let lobby: LogName = "lobby".parse().expect("a name");
    let mut given = Vec::new();
    let found = export(root, &lobby, 0, |json| format!("{json}\n"), &mut given);
    let found = found.expect("files that can be read");

    let expected = Expected::of(&files);
    assert_eq!((found.first, found.head + 1), (expected.first, expected.next));
    assert_eq!(found.corruption.is_none(), expected.is_whole, "{:?}", found.corruption);
    assert!(!found.torn || found.corruption.is_some());
    if let Some(damage) = &found.corruption {
        assert_eq!((damage.seq, damage.offset), (expected.next, expected.offset), "{damage}");
    }
    let given = String::from_utf8(given).expect("JSON is UTF-8");
    let given: Vec<&str> = given.lines().collect();
    assert_eq!(given.len(), expected.records.len());
    let deleted = deleted(&expected.records);
    for (given, (seq, json)) in given.into_iter().zip(&expected.records) {
        if deleted.contains(seq) && given != json {
            let kind = record(given).map(|record| record.kind);
            assert!(matches!(kind, Some(RecordKind::Erased { .. })), "{given} is left of {json}");
        } else {
            assert_eq!(given, json, "byte for byte");
            let kind = record(given).map(|record| record.kind);
            let has_text = matches!(
                kind,
                Some(RecordKind::Operation(Operation::Post { .. } | Operation::Edit { .. }))
            );
            assert!(!(deleted.contains(seq) && has_text), "{given} was deleted");
        }
    }
}

/// Files that are removed at the end, of a failure too: the next input must not find them.
struct Gone(Vec<PathBuf>);

impl Drop for Gone {
    fn drop(&mut self) {
        for path in &self.0 {
            fs::remove_file(path).ok();
        }
    }
}

fn record(json: &str) -> Option<Record> {
    Record::from_json(&json::parse(json).ok()?).ok().flatten()
}

/// The records whose text no client may get: those that a record deletes, and their edits.
fn deleted(records: &[(u64, String)]) -> BTreeSet<u64> {
    let kinds: Vec<(u64, RecordKind)> =
        records.iter().filter_map(|(seq, json)| Some((*seq, record(json)?.kind))).collect();
    let targets: BTreeSet<u64> = kinds
        .iter()
        .filter_map(|(_, kind)| match kind {
            RecordKind::Operation(Operation::Delete { target }) => Some(*target),
            RecordKind::Operation(_) | RecordKind::Erased { .. } => None,
        })
        .collect();
    let edits = kinds.iter().filter(|(_, kind)| match kind {
        RecordKind::Operation(Operation::Edit { target, .. })
        | RecordKind::Erased { edit_of: Some(target) } => targets.contains(target),
        RecordKind::Operation(_) | RecordKind::Erased { edit_of: None } => false,
    });
    let edits: Vec<u64> = edits.map(|(seq, _)| *seq).collect();
    targets.into_iter().chain(edits).collect()
}

// ---- Input to files ------------------------------------------------------------------------------

/// `input` with correct checksums where it left them open.
fn sealed(input: &[u8]) -> Vec<u8> {
    let (mut out, mut chain) = (Vec::new(), START.as_bytes().to_vec());
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let line = put(line, b",\"after\":\"", &chain);
        let (body, end) = split_check(line.strip_suffix(b"\n").unwrap_or(&line));
        let Some(digits) = end else {
            out.extend(line);
            continue;
        };
        let right = check(&chain, body);
        let digits = if digits == OPEN.as_bytes() { right } else { digits.to_vec() };
        out.extend(body);
        out.extend([b",\"check\":\"", digits.as_slice(), b"\"}"].concat());
        out.extend(line.strip_suffix(b"\n").map(|_| b'\n'));
        chain = was(body).unwrap_or(&digits).to_vec();
    }
    out
}

/// `line` with `value` where it is left open after `key`.
fn put(line: &[u8], key: &[u8], value: &[u8]) -> Vec<u8> {
    let open = [key, OPEN.as_bytes()].concat();
    match line.windows(open.len()).position(|window| window == open) {
        Some(at) => {
            let (before, after) = (&line[..at + key.len()], &line[at + open.len()..]);
            [before, value, after].concat()
        }
        None => line.to_vec(),
    }
}

/// The files of a log by their numbers: each begins after a line `file NUMBER`.
fn files(bytes: &[u8]) -> BTreeMap<u64, Vec<u8>> {
    let (mut files, mut number) = (BTreeMap::new(), 1);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(named) = number_after(line, b"file ") {
            number = (named % 10_u64.pow(16)).max(1);
        } else {
            files.entry(number).or_insert_with(Vec::new).extend(line);
        }
    }
    if files.is_empty() || files.len() > 4 {
        files = BTreeMap::from([(1, Vec::new())]);
    }
    files
}

// ---- The second reader ---------------------------------------------------------------------------

#[derive(Debug)]
struct Expected {
    /// The oldest record.
    first: u64,
    /// The seq after the newest good record.
    next: u64,
    /// Whether all lines are good.
    is_whole: bool,
    /// The offset of the first bad line in its file.
    offset: u64,
    records: Vec<(u64, String)>,
}

impl Expected {
    fn of(files: &BTreeMap<u64, Vec<u8>>) -> Expected {
        let first = files.keys().next().copied().unwrap_or(1);
        let mut expected =
            Expected { first, next: first, is_whole: true, offset: 0, records: Vec::new() };
        let mut chain: Option<Vec<u8>> = None;
        for (number, bytes) in files {
            let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
            let header = lines.next().and_then(|line| header(line.strip_suffix(b"\n")?));
            let header = header.filter(|(first, after, _)| {
                first == number
                    && chain.as_ref().is_none_or(|chain| chain == after && *first == expected.next)
            });
            let Some((_, _, mut check)) = header else {
                expected.is_whole = false;
                expected.offset = 0;
                return expected;
            };
            expected.offset = bytes.split_inclusive(|byte| *byte == b'\n').next().map_or(0, size);
            for line in lines {
                let Some((seq, json, after)) =
                    line.strip_suffix(b"\n").and_then(|line| good(line, &check))
                else {
                    expected.is_whole = false;
                    return expected;
                };
                if seq != expected.next {
                    expected.is_whole = false;
                    return expected;
                }
                expected.next += 1;
                expected.offset += size(line);
                expected.records.extend(json.map(|json| (seq, json)));
                check = after;
            }
            chain = Some(check);
        }
        expected
    }
}

fn size(line: &[u8]) -> u64 {
    u64::try_from(line.len()).expect("a line is short")
}

/// The first seq of a file, the checksum before its header, and the header's own.
fn header(line: &[u8]) -> Option<(u64, Vec<u8>, Vec<u8>)> {
    let value = json::parse(std::str::from_utf8(line).ok()?).ok()?;
    let string = |key| value.get(key).and_then(Value::as_str);
    let number = |key| value.get(key).and_then(Value::as_u64);
    let (after, room) = (string("after")?.as_bytes(), string("room")?);
    let (body, digits) = split_check(line);
    let right = check(after, body);
    let two = value.get("one").is_none()
        || ["one", "other"]
            .iter()
            .all(|key| string(key).is_some_and(|text| text.parse::<talk::chat::OwnerId>().is_ok()));
    let fits = string("type")? == "log"
        && (1..=2).contains(&number("version")?)
        && room == "lobby"
        && string("log").is_some()
        && number("at").is_some()
        && after.len() == 16
        && digits? == right
        && two;
    let first = number("first").filter(|first| *first > 0)?;
    fits.then(|| (first, after.to_vec(), was(body).map_or(right, <[u8]>::to_vec)))
}

/// The seq of a record with a correct checksum, its JSON, and the checksum for the next line.
fn good(line: &[u8], chain: &[u8]) -> Option<(u64, Option<String>, Vec<u8>)> {
    let (body, digits) = split_check(line);
    let right = check(chain, body);
    if digits? != right {
        return None;
    }
    let after = was(body).map_or(right, <[u8]>::to_vec);
    let body = was(body).map_or(body, |_| &body[..body.len() - 25]);
    let near = &body[..body.len().min(160)];
    let from = near.windows(7).position(|window| window == b",\"seq\":")?;
    let seq = number_after(&body[from..], b",\"seq\":")?;
    let digits = body[from + 7..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    number_after(&body[from + 7 + digits..], b",\"at\":")?;
    let body = marked(body).unwrap_or(body);
    // Nothing else is a record: writing one needs a correct checksum.
    let holder = body.len().checked_sub(44).map(|from| body.split_at(from));
    let json = holder.and_then(|(record, end)| {
        let digits = end.strip_prefix(b",\"holder\":\"")?.strip_suffix(b"\"")?;
        std::str::from_utf8(digits).ok()?.parse::<talk::chat::OwnerId>().ok()?;
        Some(String::from_utf8(record.to_vec()).ok()? + "}")
    });
    Some((seq, json, after))
}

/// The body without the `,"batch":[7,12]` at its end.
fn marked(body: &[u8]) -> Option<&[u8]> {
    let numbers = body.strip_suffix(b"]")?;
    let at = numbers.windows(10).rposition(|window| window == b",\"batch\":[")?;
    let (record, numbers) = (&body[..at], std::str::from_utf8(&numbers[at + 10..]).ok()?);
    let (synced, last) = numbers.split_once(',')?;
    let is_number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok();
    (is_number(synced) && is_number(last)).then_some(record)
}

/// A line without its checksum, and the checksum.
fn split_check(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let from = line.len().saturating_sub(28);
    let (body, end) = line.split_at(from);
    let digits = end.strip_prefix(b",\"check\":\"").and_then(|end| end.strip_suffix(b"\"}"));
    match digits {
        Some(digits) => (body, Some(digits)),
        None => (line, None),
    }
}

/// The checksum that an erased line had before it was erased.
fn was(body: &[u8]) -> Option<&[u8]> {
    let end = body.get(body.len().checked_sub(25)?..)?;
    end.strip_prefix(b",\"was\":\"")?.strip_suffix(b"\"")
}

fn check(chain: &[u8], body: &[u8]) -> Vec<u8> {
    let digest = Sha1::from([chain, body].concat()).digest().to_string();
    digest.as_bytes()[..16].to_vec()
}

/// The number after `key`, with which `text` begins.
fn number_after(text: &[u8], key: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(key)?.iter().take_while(|byte| byte.is_ascii_digit());
    String::from_utf8(digits.copied().collect()).ok()?.parse().ok()
}
