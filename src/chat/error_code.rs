//! The protocol's error codes, and the [`Rejection`] that a value's `parse` returns.
//!
//! The code that sends a rejection decides whether it becomes an `error` message or a close.

use std::borrow::Cow;
use std::fmt;

/// The `code` of an `error`, for programs. The `message` next to it is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The message is not strict JSON.
    BadJson,
    /// A field is missing, or of the wrong type; the sentence names it.
    BadMessage,
    /// No message has this `type`.
    UnknownType,
    /// The name breaks a rule for names.
    BadName,
    /// Another owner holds the name.
    NameTaken,
    /// The room's name breaks a rule, or there is no such room.
    BadRoom,
    /// The sender is not in the room.
    NotJoined,
    /// The text has more bytes than the server accepts.
    TooLong,
    /// The text is empty, or holds a control character.
    BadText,
    /// The `cid` was used before for other content; the first content stays.
    CidConflict,
    /// Rate limit: nothing was stored. The client may send the same `cid` again after `retry_ms`.
    RateLimited,
    /// The sender may not do this.
    Forbidden,
    /// No record has this seq, or retention has dropped it.
    NoSuchRecord,
    /// The server, or the client, has reached its maximum number of rooms.
    TooManyRooms,
    /// The log cannot be written; nothing was stored.
    Storage,
    /// A code of a later version; only a client receives it. The `message` still explains it.
    Other,
}

impl ErrorCode {
    /// Every code and its spelling.
    const SPELLINGS: [(ErrorCode, &'static str); 16] = [
        (ErrorCode::BadJson, "bad_json"),
        (ErrorCode::BadMessage, "bad_message"),
        (ErrorCode::UnknownType, "unknown_type"),
        (ErrorCode::BadName, "bad_name"),
        (ErrorCode::NameTaken, "name_taken"),
        (ErrorCode::BadRoom, "bad_room"),
        (ErrorCode::NotJoined, "not_joined"),
        (ErrorCode::TooLong, "too_long"),
        (ErrorCode::BadText, "bad_text"),
        (ErrorCode::CidConflict, "cid_conflict"),
        (ErrorCode::RateLimited, "rate_limited"),
        (ErrorCode::Forbidden, "forbidden"),
        (ErrorCode::NoSuchRecord, "no_such_record"),
        (ErrorCode::TooManyRooms, "too_many_rooms"),
        (ErrorCode::Storage, "storage"),
        (ErrorCode::Other, "other"),
    ];

    /// Every spelling; the last is that of [`ErrorCode::Other`].
    pub const WORDS: [&'static str; 16] = {
        let mut words = [""; 16];
        let mut index = 0;
        while index < words.len() {
            words[index] = ErrorCode::SPELLINGS[index].1;
            index += 1;
        }
        words
    };

    /// The code as it is spelled on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ErrorCode::SPELLINGS
            .iter()
            .find(|(code, _)| *code == self)
            .map_or("other", |(_, spelling)| spelling)
    }

    /// Whether a submission that was refused with this code can never be stored as it is: sending it
    /// again is useless, and the person has to change it. A code of a later version is not final: a
    /// client keeps what it does not understand.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            ErrorCode::BadJson
            | ErrorCode::BadMessage
            | ErrorCode::UnknownType
            | ErrorCode::BadName
            | ErrorCode::BadRoom
            | ErrorCode::TooLong
            | ErrorCode::BadText
            | ErrorCode::CidConflict
            | ErrorCode::Forbidden
            | ErrorCode::NoSuchRecord => true,
            ErrorCode::NameTaken
            | ErrorCode::NotJoined
            | ErrorCode::RateLimited
            | ErrorCode::TooManyRooms
            | ErrorCode::Storage
            | ErrorCode::Other => false,
        }
    }

    /// The code spelled `text`; [`ErrorCode::Other`] for one this version does not know.
    #[must_use]
    pub fn from_wire(text: &str) -> ErrorCode {
        ErrorCode::SPELLINGS
            .iter()
            .find(|(_, spelling)| *spelling == text)
            .map_or(ErrorCode::Other, |(code, _)| *code)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a valid value: a code for programs and a sentence for people. The sentence
/// never repeats what the peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: Cow<'static, str>,
}

impl Rejection {
    /// A rejection with `code` and the sentence `message`.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Rejection {
        Rejection { code, message: message.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_as_it_is_spelled() {
        for (code, spelling) in ErrorCode::SPELLINGS {
            assert_eq!(code.as_str(), spelling);
            assert_eq!(ErrorCode::from_wire(spelling), code);
        }
        assert_eq!(ErrorCode::from_wire("of a later version"), ErrorCode::Other);
    }
}
