//! The name of a log's directory.

use std::fmt;
use std::str::FromStr;

use crate::chat::{Rejection, RoomName};

/// The name of the room; for a private room also the id of the log, `@alice+bob~a6fa…`: once one of
/// its names belongs to another owner, the two names have another log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogName {
    /// The room.
    pub room: RoomName,
    label: String,
}

/// Bytes of a label, at most.
const LABEL: usize = 32;

impl LogName {
    /// The log of `room` that was created with the id `id`.
    #[must_use]
    pub fn new(room: RoomName, id: &str) -> LogName {
        let label = if room.is_private() { String::from(id) } else { String::new() };
        LogName { room, label }
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogName { room, label } = self;
        if label.is_empty() { room.fmt(f) } else { write!(f, "{room}~{label}") }
    }
}

impl FromStr for LogName {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<LogName, Rejection> {
        let rejection = || {
            Rejection::new(
                crate::chat::ErrorCode::BadRoom,
                "only the name of a private room's log ends in ~ and a label",
            )
        };
        let (room, label) = text.split_once('~').unwrap_or((text, ""));
        let room: RoomName = room.parse()?;
        let fits = label.bytes().all(|byte| byte.is_ascii_alphanumeric()) && label.len() <= LABEL;
        if !fits || room.is_private() == label.is_empty() {
            return Err(rejection());
        }
        Ok(LogName { room, label: String::from(label) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_the_name_of_its_room_and_a_private_one_a_label() {
        for name in ["lobby", "@alice+bob~a6fa", "@a.b+zoë~00112233445566778899aabbccddeeff"] {
            assert_eq!(name.parse::<LogName>().unwrap().to_string(), name);
        }
        for name in ["lobby~a", "@alice+bob", "@alice+bob~", "@alice+bob~a/b", "@alice+bob~a~b", ""]
        {
            assert!(name.parse::<LogName>().is_err(), "{name}");
        }
        let room: RoomName = "@bob+alice".parse().unwrap();
        assert_eq!(LogName::new(room, "a6").to_string(), "@alice+bob~a6");
        assert_eq!(LogName::new(RoomName::default(), "a6").to_string(), "lobby");
    }
}
