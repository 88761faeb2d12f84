//! A numbered entry of a room's log, as it is sent: the same bytes for every client.

use std::fmt::Write;

use super::fields::Fields;
use super::operation_json;
use crate::chat::cid::Cid;
use crate::chat::error_code::Rejection;
use crate::chat::operation::Operation;
use crate::chat::room_name::RoomName;
use crate::chat::user_name::UserName;
use crate::json;
use crate::json::{Object, Value};

/// Bytes that hold most records.
const USUAL_BYTES: usize = 320;

/// One numbered entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The room.
    pub room: RoomName,
    /// Its number in the room's log: 1, 2, 3 … without a gap.
    pub seq: u64,
    /// Unix time in milliseconds, never before the previous record's.
    pub at: u64,
    /// The author's name.
    pub user: UserName,
    /// The id that its author's client chose.
    pub cid: Cid,
    /// Its content.
    pub kind: RecordKind,
    /// The name was another person's before in this room: this is the first post of its new owner.
    pub new_owner: bool,
}

/// What tells a record from another one that has its seq in another history of the log: one that a
/// restored backup or a power cut has ended. A cid belongs to one author, and after a jump of the clock many
/// records have one `at`; both together belong to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordId {
    /// Its `at`.
    pub at: u64,
    /// Its cid.
    pub cid: Cid,
}

impl RecordId {
    /// The id of the record in `value`, whatever its `type`.
    ///
    /// # Errors
    /// A field that is missing or invalid.
    pub fn from_json(value: &Value) -> Result<RecordId, Rejection> {
        let fields = Fields::of(value)?;
        Ok(RecordId { at: fields.number("at")?, cid: fields.value("cid")? })
    }
}

/// Reads the id of a record that another message is about: both its fields, or none.
pub(super) fn read_record_id(fields: Fields<'_>) -> Result<Option<RecordId>, Rejection> {
    if fields.raw("at").is_none() && fields.raw("cid").is_none() {
        return Ok(None);
    }
    Ok(Some(RecordId { at: fields.number("at")?, cid: fields.value("cid")? }))
}

/// Adds the fields that [`read_record_id`] reads.
pub(super) fn push_record_id(object: &mut Object, id: Option<&RecordId>) {
    if let Some(RecordId { at, cid }) = id {
        object.number("at", *at).string("cid", cid.as_str());
    }
}

/// The content of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordKind {
    /// An operation.
    Operation(Operation),
    /// A post, or an edit of one, whose author has deleted the post: only its place in the log is
    /// left.
    Erased {
        /// The post that it edited; `None` where it is a post itself.
        edit_of: Option<u64>,
    },
}

impl RecordKind {
    /// The record's `type` on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            RecordKind::Operation(operation) => operation.name(),
            RecordKind::Erased { edit_of: None } => "post",
            RecordKind::Erased { edit_of: Some(_) } => "edit",
        }
    }
}

impl Record {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> RecordId {
        RecordId { at: self.at, cid: self.cid.clone() }
    }

    /// Appends the record as JSON. It runs for every post, so it allocates nothing but space in
    /// `out`.
    pub fn push_json(&self, out: &mut String) {
        out.push_str("{\"type\":\"");
        out.push_str(self.kind.name());
        out.push_str("\",\"room\":\"");
        out.push_str(self.room.as_str()); // a valid room name or cid needs no escape in JSON
        write!(out, "\",\"seq\":{},\"at\":{},\"user\":", self.seq, self.at).ok(); // writing to a String cannot fail
        json::push_quoted(out, self.user.as_str());
        out.push_str(",\"cid\":\"");
        out.push_str(self.cid.as_str());
        out.push('"');
        match &self.kind {
            RecordKind::Operation(operation) => operation.push_fields(out),
            RecordKind::Erased { edit_of } => {
                if let Some(target) = edit_of {
                    operation_json::push_target(*target, out);
                }
                out.push_str(",\"text\":\"\",\"deleted\":true");
            }
        }
        if self.new_owner {
            out.push_str(",\"new_owner\":true");
        }
        out.push('}');
    }

    /// The record as JSON.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::with_capacity(USUAL_BYTES);
        self.push_json(&mut out);
        out
    }

    /// Reads a record that a server sent; `None` for one of a `type` this version does not know.
    ///
    /// # Errors
    /// A field that is missing or invalid.
    pub fn from_json(value: &Value) -> Result<Option<Record>, Rejection> {
        let fields = Fields::of(value)?;
        let kind = match (fields.string("type")?, fields.flag("deleted")?) {
            ("post", true) => RecordKind::Erased { edit_of: None },
            ("edit", true) => RecordKind::Erased { edit_of: Some(fields.number("target")?) },
            // The server checks its limit on the length; a client accepts any.
            (name, _) => match Operation::read(name, fields, usize::MAX)? {
                Some(operation) => RecordKind::Operation(operation),
                None => return Ok(None),
            },
        };
        Ok(Some(Record {
            room: fields.value("room")?,
            seq: fields.number("seq")?,
            at: fields.number("at")?,
            user: UserName::from_trusted(fields.string("user")?),
            cid: fields.value("cid")?,
            kind,
            new_owner: fields.flag("new_owner")?,
        }))
    }
}
