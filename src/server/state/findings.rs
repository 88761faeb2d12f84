//! What the first load of a log has found, for the operator's log.

use std::path::Path;

use crate::log::{Corruption, RecoveryFinding, Torn};
use crate::server::logger::{Level, Logger};

/// Writes what recovery has found in a log to the operator's log.
pub(super) fn log_finding(logger: &Logger, finding: &RecoveryFinding) {
    match finding {
        RecoveryFinding::Torn(torn) => {
            let Torn { file, offset, bytes, backup: _ } = torn;
            let (room, file) = (file_name(file.parent()), file_name(Some(file)));
            let (offset, bytes) = (offset.to_string(), bytes.to_string());
            logger.log(
                Level::Warn,
                "torn-tail-cut",
                &[("room", &*room), ("file", &file), ("offset", &offset), ("bytes", &bytes)],
            );
        }
        RecoveryFinding::Corrupt(corruption) => {
            let Corruption { file, seq, offset, kind } = corruption;
            let (room, file) = (file_name(file.parent()), file_name(Some(file)));
            let kind = kind.to_string();
            let (seq, offset) = (seq.to_string(), offset.to_string());
            let fields = [
                ("room", &*room),
                ("file", &file),
                ("seq", &seq),
                ("offset", &offset),
                ("why", &kind),
                ("cure", "server repair"),
            ];
            logger.log(Level::Warn, "damaged-read-only", &fields);
        }
    }
}

/// A file's name without its directory, to keep log lines short. That of a log's directory is the name of
/// the log.
fn file_name(path: Option<&Path>) -> String {
    path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}
