//! Close codes: why a connection ends (RFC 6455 §7.4).

use std::fmt;

/// A code that may be sent in a Close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: normal closure.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// 1001: the server shuts down, or the user left the page.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a type of message that this end does not accept.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// 1007: the data does not match the type of the message, such as text that is not UTF-8.
    pub const INVALID_DATA: CloseCode = CloseCode(1007);
    /// 1008: the message violates a policy.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// 1009: the message is too big.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// 1011: the server met an unexpected condition.
    pub const INTERNAL: CloseCode = CloseCode(1011);
    /// 1013: overloaded, try again later.
    pub const TRY_AGAIN: CloseCode = CloseCode(1013);

    /// The code, if it may be sent. The codes 1004 to 1006 and 1015 may not (§7.4.1), nor may
    /// undefined ones.
    ///
    /// ```
    /// use talk::ws::CloseCode;
    /// assert_eq!(CloseCode::new(4413).map(CloseCode::get), Some(4413));
    /// assert_eq!(CloseCode::new(1006), None);
    /// ```
    #[must_use]
    pub const fn new(code: u16) -> Option<CloseCode> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(CloseCode(code)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
