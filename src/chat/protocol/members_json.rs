//! Which part of a list of members a question asks for, and its answer has: to and from JSON.

use super::client_message::MemberState;
use super::fields::{Fields, must_be};
use crate::chat::error_code::Rejection;
use crate::chat::name_order::NameRange;
use crate::chat::name_part::NamePart;
use crate::json::Object;
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
