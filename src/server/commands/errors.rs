//! Error messages to clients.

use std::borrow::Cow;

use crate::chat::protocol::Refused;
use crate::chat::{Cid, ErrorCode, Rejection, RoomName};

/// An error that answers no message in particular.
pub(crate) fn refusal(rejection: Rejection) -> Refused {
    Refused { code: rejection.code, message: rejection.message, cid: None, room: None }
}

pub(super) fn refused(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Refused {
    refusal(Rejection::new(code, message))
}

pub(super) fn about_cid(refused: Refused, cid: Cid) -> Refused {
    Refused { cid: Some(cid), ..refused }
}

pub(super) fn about_room(refused: Refused, room: RoomName) -> Refused {
    Refused { room: Some(room), ..refused }
}
