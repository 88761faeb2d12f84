//! The protocol's own close codes: why the server ends a connection.
//!
//! RFC 6455 §7.4.2 leaves 4000 to 4999 to applications.

/// The first message was not a valid `hello`, or none came in time.
pub const BAD_HELLO: u16 = 4400;
/// The server's password is missing or wrong.
pub const BAD_PASSWORD: u16 = 4401;
/// An operator closed the connection.
pub const KICKED: u16 = 4403;
/// The client did not answer a ping.
pub const NO_PONG: u16 = 4408;
/// Another owner holds the name.
pub const NAME_TAKEN: u16 = 4409;
/// The client's backlog is over its limit: it reconnects and resumes.
pub const TOO_FAR_BEHIND: u16 = 4413;
/// The client sent too many messages for too long.
pub const FLOODING: u16 = 4429;

/// Whether the client may reconnect by itself: not where a person has to change something first.
///
/// ```
/// assert!(talk::chat::close_code::is_worth_retrying(1006));
/// assert!(!talk::chat::close_code::is_worth_retrying(4409));
/// ```
#[must_use]
pub fn is_worth_retrying(code: u16) -> bool {
    !matches!(code, BAD_HELLO | BAD_PASSWORD | KICKED | NAME_TAKEN)
}
