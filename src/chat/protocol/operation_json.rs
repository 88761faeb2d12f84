//! Operations to and from JSON: a submission and its record have the same fields.

use std::fmt::Write;

use super::fields::{Fields, must_be};
use crate::chat::error_code::Rejection;
use crate::chat::operation::{Operation, Topic};
use crate::chat::text::Text;
use crate::json;

impl Operation {
    /// Appends the operation's fields, each with a comma in front. It runs for every post, so it
    /// allocates nothing but space in `out`.
    pub(crate) fn push_fields(&self, out: &mut String) {
        match self {
            Operation::Post { text, me, reply } => {
                push_text(text.as_str(), out);
                if *me {
                    out.push_str(",\"kind\":\"me\"");
                }
                if let Some(seq) = reply {
                    write!(out, ",\"reply\":{seq}").ok(); // writing to a String cannot fail
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

    /// Reads the operation of a message of type `name`, whose texts may have `max_text` bytes;
    /// `None` for another type.
    pub(crate) fn read(
        name: &str,
        fields: Fields<'_>,
        max_text: usize,
    ) -> Result<Option<Operation>, Rejection> {
        let text = || Text::parse(fields.string("text")?, max_text);
        Ok(Some(match name {
            "post" => Operation::Post {
                text: text()?,
                me: read_kind(fields)?,
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
    write!(out, ",\"target\":{target}").ok(); // writing to a String cannot fail
}

/// Whether a post has the `kind` `"me"`; there is no other.
pub(crate) fn read_kind(fields: Fields<'_>) -> Result<bool, Rejection> {
    match fields.optional_string("kind")? {
        None => Ok(false),
        Some("me") => Ok(true),
        Some(_) => Err(must_be("kind", "\"me\" or absent")),
    }
}
