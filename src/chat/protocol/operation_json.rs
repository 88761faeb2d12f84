//! What is done to a room's log, from and to JSON: a request and the record of it have the same fields.

use std::fmt::Write;

use super::fields::{Fields, must_be};
use crate::chat::error_code::Rejection;
use crate::chat::operation::{Operation, Topic};
use crate::chat::text::Text;
use crate::json;

impl Operation {
    /// Appends the fields that say it, each with a comma in front. Every posted line passes here, so
    /// nothing is allocated but room in `out`.
    pub(crate) fn push_fields(&self, out: &mut String) {
        match self {
            Operation::Post { text, me, reply } => {
                push_text(text.as_str(), out);
                if *me {
                    out.push_str(",\"kind\":\"me\"");
                }
                if let Some(seq) = reply {
                    write!(out, ",\"reply\":{seq}").ok(); // a String takes all
                }
            }
            Operation::Edit { target, text } => {
                push_target(*target, out);
                push_text(text.as_str(), out);
            }
            Operation::Delete { target } => push_target(*target, out),
            Operation::Topic { text } => push_text(text.as_str(), out),
        }
    }

    /// Reads what a message of type `name` does, whose texts may have `max_text` bytes; `None` where
    /// it is of another type.
    pub(crate) fn read(
        name: &str,
        fields: Fields<'_>,
        max_text: usize,
    ) -> Result<Option<Operation>, Rejection> {
        let text = || Text::parse(fields.string("text")?, max_text);
        Ok(Some(match name {
            "post" => Operation::Post {
                text: text()?,
                me: read_me(fields)?,
                reply: fields.optional_number("reply")?,
            },
            "edit" => Operation::Edit { target: fields.number("target")?, text: text()? },
            "delete" => Operation::Delete { target: fields.number("target")? },
            "topic" => Operation::Topic { text: Topic::parse(fields.string("text")?)? },
            _ => return Ok(None),
        }))
    }
}

fn push_text(text: &str, out: &mut String) {
    out.push_str(",\"text\":");
    json::push_quoted(out, text);
}

pub(crate) fn push_target(target: u64, out: &mut String) {
    write!(out, ",\"target\":{target}").ok(); // a String takes all
}

/// Whether a line's `kind` is `"me"`, the only one there is.
pub(crate) fn read_me(fields: Fields<'_>) -> Result<bool, Rejection> {
    match fields.optional_string("kind")? {
        None => Ok(false),
        Some("me") => Ok(true),
        Some(_) => Err(must_be("kind", "\"me\" or absent")),
    }
}
