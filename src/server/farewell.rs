//! Why a conversation is over, and the protocol's close codes as a Close frame carries them.

use std::borrow::Cow;

use crate::chat::close;
use crate::ws::{Close, CloseCode};

/// Why a conversation is over.
#[derive(Debug)]
pub(super) enum Ending {
    /// The peer said so.
    Left(Option<Close>),
    /// The line is dead.
    Gone,
    /// We say so.
    Closed(CloseCode, Cow<'static, str>),
}

impl Ending {
    pub(super) fn closed(code: CloseCode, reason: &'static str) -> Ending {
        Ending::Closed(code, Cow::Borrowed(reason))
    }
}

pub(super) const BAD_HELLO: CloseCode = sendable(close::BAD_HELLO);
pub(super) const BAD_PASSWORD: CloseCode = sendable(close::BAD_PASSWORD);
pub(super) const NO_PONG: CloseCode = sendable(close::NO_PONG);
pub(super) const NAME_TAKEN: CloseCode = sendable(close::NAME_TAKEN);
pub(super) const TOO_FAR_BEHIND: CloseCode = sendable(close::TOO_FAR_BEHIND);
pub(super) const FLOODING: CloseCode = sendable(close::FLOODING);

/// All of these are, as the test below shows; a constant has no way to say otherwise.
const fn sendable(code: u16) -> CloseCode {
    match CloseCode::new(code) {
        Some(code) => code,
        None => CloseCode::INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_protocol_can_be_sent() {
        let codes = [BAD_HELLO, BAD_PASSWORD, NO_PONG, NAME_TAKEN, TOO_FAR_BEHIND, FLOODING];
        assert_eq!(codes.map(CloseCode::get), [4400, 4401, 4408, 4409, 4413, 4429]);
    }
}
