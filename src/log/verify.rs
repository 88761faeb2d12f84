//! The commands `verify` and `export`: check a log, and print its records.
//!
//! They only read, and can run while a server uses the log.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::files::Disk;
use super::finding::Corruption;
use super::line::{self, ValidLine};
use super::log_name::LogName;
use super::log_scan::{LogScan, scan_log};
use super::segment_scan::CorruptionKind;
use super::store::Store;

/// The result of verifying a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The id of the log.
    pub id: Option<String>,
    /// The oldest record that retention has left.
    pub first: u64,
    /// The newest record that is good.
    pub head: u64,
    /// Files that were read.
    pub files: usize,
    /// The first corrupt place.
    pub corruption: Option<Corruption>,
    /// It is a torn tail: the next start cuts it off, and no record that a client has seen is lost.
    pub torn: bool,
}

/// How often a log in use is scanned before a finding counts: a reader may see half of a write or
/// of a roll-back.
const SCAN_TRIES: usize = 3;

/// Checks every record of a log.
///
/// # Errors
/// The log could not be read; no such room.
pub fn verify(root: &Path, name: &LogName) -> io::Result<Verified> {
    let scan = scan_with_retries(root, name, &mut |_| Ok(()))?;
    let unexplained = unexplained_erasure(&scan)?;
    let mut verified = Verified::from_scan(scan);
    verified.corruption = verified.corruption.or(unexplained);
    Ok(verified)
}

/// The first record whose text was erased though no record deletes it.
fn unexplained_erasure(scan: &LogScan) -> io::Result<Option<Corruption>> {
    let seq = scan.projection.unexplained_erasure().filter(|_| scan.stop.is_none()); // a later record may delete it
    let segment = seq.and_then(|seq| scan.segments.iter().find(|segment| segment.next > seq));
    let (Some(seq), Some(segment)) = (seq, segment) else { return Ok(None) };
    let (file, kind) = (segment.path.clone(), CorruptionKind::UnexplainedErasure);
    let offset = segment.offset_of(&Disk, seq)?;
    Ok(Some(Corruption { file, seq, offset, kind }))
}

/// Writes every record after `since` to `out`, as `form` turns its JSON into text, up to the first
/// corrupt place. Deleted records are redacted.
///
/// # Errors
/// The log could not be read, or `out` not written; no such room.
pub fn export(
    root: &Path,
    name: &LogName,
    since: u64,
    mut form: impl FnMut(&str) -> String,
    out: &mut dyn Write,
) -> io::Result<Verified> {
    // A delete comes after what it deletes: read all deletes before writing the first record.
    let projection = scan_with_retries(root, name, &mut |_| Ok(()))?.projection;
    let mut after = since;
    let scan = scan_with_retries(root, name, &mut |valid| {
        let entry = line::parse_entry(valid.body).filter(|entry| entry.seq > after);
        if let Some(entry) = entry {
            after = entry.seq; // a retry continues where the scan before ended
            let mut entry = [entry];
            projection.redact(&mut entry);
            entry.iter().try_for_each(|entry| out.write_all(form(&entry.json).as_bytes()))?;
        }
        Ok(())
    })?;
    Ok(Verified::from_scan(scan))
}

fn scan_with_retries(
    root: &Path,
    name: &LogName,
    each: &mut dyn FnMut(&ValidLine<'_>) -> io::Result<()>,
) -> io::Result<LogScan> {
    let dir = Store::log_dir(root, name);
    let mut tries = 1;
    loop {
        let scanned = scan_log(&Disk, name.room.as_str(), &dir, &mut *each);
        let again = tries < SCAN_TRIES && Store::is_in_use(root);
        tries += 1;
        match scanned {
            // Retention may drop a segment between listing and reading.
            Err(error) if error.kind() == ErrorKind::NotFound && again => {}
            Err(error) => return Err(error),
            Ok(scan) if scan.stop.as_ref().is_some_and(|stop| !stop.torn) && again => {}
            Ok(scan) if scan.segments.is_empty() && scan.stop.is_none() => {
                let what = format!("there is no log of room {name} in {}", root.display());
                return Err(io::Error::new(ErrorKind::NotFound, what));
            }
            Ok(scan) => return Ok(scan),
        }
    }
}

impl Verified {
    fn from_scan(scan: LogScan) -> Verified {
        let LogScan { segments, id, next, stop, .. } = scan;
        let torn = stop.as_ref().is_some_and(|stop| stop.torn);
        Verified {
            id,
            first: segments.first().map_or(next, |segment| segment.first),
            head: next - 1,
            files: segments.len()
                + usize::from(stop.as_ref().is_some_and(|s| s.corruption.offset == 0)),
            corruption: stop.map(|stop| stop.corruption),
            torn,
        }
    }
}
