//! Why a conversation is over, and the protocol's close codes as a Close frame carries them.

use std::borrow::Cow;

use crate::chat::close_code;
use crate::ws::{Close, CloseCode};

/// Why a conversation is over.
#[derive(Debug)]
pub(crate) enum Disconnect {
    /// The peer said so.
    ByPeer(Option<Close>),
    /// The line is dead.
    Lost,
    /// We say so.
    ByServer(CloseCode, Cow<'static, str>),
}

impl Disconnect {
    pub(crate) fn by_server(code: CloseCode, reason: &'static str) -> Disconnect {
        Disconnect::ByServer(code, Cow::Borrowed(reason))
    }
}

pub(crate) const BAD_HELLO: CloseCode = sendable(close_code::BAD_HELLO);
pub(crate) const BAD_PASSWORD: CloseCode = sendable(close_code::BAD_PASSWORD);
pub(crate) const NO_PONG: CloseCode = sendable(close_code::NO_PONG);
pub(crate) const NAME_TAKEN: CloseCode = sendable(close_code::NAME_TAKEN);
pub(crate) const TOO_FAR_BEHIND: CloseCode = sendable(close_code::TOO_FAR_BEHIND);
pub(crate) const FLOODING: CloseCode = sendable(close_code::FLOODING);

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
