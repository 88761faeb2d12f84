//! What is wrong with the files of a log.

use std::fmt;
use std::path::PathBuf;

use super::segment_scan::CorruptionKind;

/// What recovery found in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecoveryFinding {
    /// A torn tail, which was cut off.
    Torn(Torn),
    /// Corruption: the room is read-only.
    Corrupt(Corruption),
}

/// A corrupt place in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corruption {
    /// The file.
    pub file: PathBuf,
    /// The record that should be there.
    pub seq: u64,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub kind: CorruptionKind,
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Corruption { file, seq, offset, kind } = self;
        write!(f, "{}: record {seq}, at byte {offset}: {kind}", file.display())
    }
}

/// A torn tail that was cut off: what an interrupted write had left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The file.
    pub file: PathBuf,
    /// Where it was cut, in bytes.
    pub offset: u64,
    /// Bytes that were cut off.
    pub bytes: u64,
    /// The file that holds them now.
    pub backup: Option<PathBuf>,
}
