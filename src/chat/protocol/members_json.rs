//! Members to and from JSON: their names, which of them are away, which part of a list it is.

use super::client_message::MemberState;
use super::fields::{Fields, must_be};
use super::server_message::MembersList;
use crate::chat::error_code::{ErrorCode, Rejection};
use crate::chat::name_order::NameRange;
use crate::chat::name_part::NamePart;
use crate::chat::text::{AwayMember, AwayMessage};
use crate::chat::user_name::UserName;
use crate::json;
use crate::json::{Object, Value};
use crate::limits;

/// The `state` of a list of members, in a request and in its answer.
pub(super) fn read_member_state(fields: Fields<'_>) -> Result<MemberState, Rejection> {
    let state = MemberState::from_wire(fields.string("state")?);
    state.ok_or_else(|| must_be("state", "\"here\" or \"absent\""))
}

/// The `prefix` and the `after` of such a list.
pub(super) fn read_name_range(fields: Fields<'_>) -> Result<NameRange, Rejection> {
    let part = |key| -> Result<Option<NamePart>, Rejection> {
        let rule = || {
            let max = limits::NAME_CHARS;
            must_be(key, &format!("1 to {max} characters, none of them a space"))
        };
        fields.optional_string(key)?.map(|text| text.parse().map_err(|_| rule())).transpose()
    };
    Ok(NameRange { prefix: part("prefix")?, after: part("after")? })
}

pub(super) fn push_name_range(object: &mut Object, range: &NameRange) {
    for (key, part) in [("prefix", &range.prefix), ("after", &range.after)] {
        if let Some(part) = part {
            object.string(key, part.as_str());
        }
    }
}

/// Which page of which list a `members` is; `None`: the whole list of those who are here.
pub(super) fn read_members_list(fields: Fields<'_>) -> Result<Option<MembersList>, Rejection> {
    if fields.raw("state").is_none() {
        return Ok(None);
    }
    Ok(Some(MembersList {
        state: read_member_state(fields)?,
        range: read_name_range(fields)?,
        here: fields.number("here")?,
        absent: fields.number("absent")?,
        more: fields.flag("more")?,
    }))
}

pub(super) fn read_names(items: &[Value], key: &'static str) -> Result<Vec<UserName>, Rejection> {
    items
        .iter()
        .map(|item| {
            item.as_str().map(UserName::from_trusted).ok_or(must_be(key, "a list of names"))
        })
        .collect()
}

pub(super) fn push_names(object: &mut Object, key: &str, names: &[UserName]) {
    object.array(key, names.iter().map(|name| json::quoted(name.as_str())));
}

pub(super) fn read_away(fields: Fields<'_>) -> Result<Vec<AwayMember>, Rejection> {
    let away_member = |item: &Value| {
        let fields = Fields::of(item)?;
        let user = UserName::from_trusted(fields.string("user")?);
        let text = read_away_text(fields, "text")?;
        let text = text.unwrap_or_else(|| AwayMessage::from_trusted(""));
        Ok(AwayMember { user, text })
    };
    fields.optional_list("away")?.unwrap_or_default().iter().map(away_member).collect()
}

/// Adds the members who are away, if there are any.
pub(super) fn push_away(object: &mut Object, away: &[AwayMember]) {
    let away_member = |AwayMember { user, text }: &AwayMember| {
        let mut object = Object::new();
        object.string("user", user.as_str()).string("text", text.as_str());
        object.end()
    };
    if !away.is_empty() {
        object.array("away", away.iter().map(away_member));
    }
}

/// An away message in the field `key`, as short as the server keeps it.
pub(super) fn read_away_text(
    fields: Fields<'_>,
    key: &str,
) -> Result<Option<AwayMessage>, Rejection> {
    let text = fields.optional_string(key)?;
    text.map(|text| {
        check_length(key, text, limits::CLIENT_NAME)?;
        Ok(AwayMessage::from_trusted(text))
    })
    .transpose()
}

pub(super) fn check_length(key: &str, text: &str, max: usize) -> Result<(), Rejection> {
    if text.len() > max {
        let length = text.len();
        let message = format!("`{key}` has {length} bytes; at most {max} are accepted");
        return Err(Rejection::new(ErrorCode::BadMessage, message));
    }
    Ok(())
}
