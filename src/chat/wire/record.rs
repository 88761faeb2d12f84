//! A numbered entry of a room's log, as it travels: the same bytes for everyone.

use std::fmt::Write;

use crate::chat::cid::Cid;
use crate::chat::name::UserName;
use crate::chat::refusal::Unfit;
use crate::chat::room_name::RoomName;
use crate::chat::text::Text;
use crate::chat::wire::fields::{Fields, not};
use crate::json;
use crate::json::Value;

/// One numbered entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The room.
    pub room: RoomName,
    /// Its place in the room's log: 1, 2, 3 … without holes.
    pub seq: u64,
    /// Unix time in milliseconds, never before the previous record's.
    pub at: u64,
    /// Who said it.
    pub user: UserName,
    /// The name its author's client gave it.
    pub cid: Cid,
    /// What it is.
    pub kind: Kind,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A line somebody said.
    Post {
        /// What was said.
        text: Text,
        /// It tells what its author does (`/me waves`).
        me: bool,
    },
}

impl Kind {
    /// The record's `type` on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Post { .. } => "post",
        }
    }
}

impl Record {
    /// Appends the record as JSON. Every posted line passes here, so nothing is allocated but room
    /// in `out`.
    pub fn push_json(&self, out: &mut String) {
        out.push_str("{\"type\":\"");
        out.push_str(self.kind.name());
        out.push_str("\",\"room\":\"");
        out.push_str(self.room.as_str()); // fit names and cids hold nothing JSON would escape
        write!(out, "\",\"seq\":{},\"at\":{},\"user\":", self.seq, self.at).ok(); // a String takes all
        json::push_quoted(out, self.user.as_str());
        out.push_str(",\"cid\":\"");
        out.push_str(self.cid.as_str());
        out.push('"');
        match &self.kind {
            Kind::Post { text, me } => {
                out.push_str(",\"text\":");
                json::push_quoted(out, text.as_str());
                if *me {
                    out.push_str(",\"kind\":\"me\"");
                }
            }
        }
        out.push('}');
    }

    /// The record as JSON.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.push_json(&mut out);
        out
    }

    /// Reads a record that a server sent; `None` for one of a `type` this version does not know.
    ///
    /// # Errors
    /// A field that is missing or unfit.
    pub fn from_json(value: &Value) -> Result<Option<Record>, Unfit> {
        let fields = Fields::of(value)?;
        let kind = match fields.string("type")? {
            "post" => Kind::Post {
                // The server's limit on the length is the server's to hold.
                text: Text::parse(fields.string("text")?, usize::MAX)?,
                me: me(fields)?,
            },
            _ => return Ok(None),
        };
        Ok(Some(Record {
            room: fields.value("room")?,
            seq: fields.number("seq")?,
            at: fields.number("at")?,
            user: UserName::vouched(fields.string("user")?),
            cid: fields.value("cid")?,
            kind,
        }))
    }
}

/// Whether a post's `kind` is `"me"`, the only one there is.
pub(super) fn me(fields: Fields<'_>) -> Result<bool, Unfit> {
    match fields.optional_string("kind")? {
        None => Ok(false),
        Some("me") => Ok(true),
        Some(_) => Err(not("kind", "\"me\" or absent")),
    }
}
