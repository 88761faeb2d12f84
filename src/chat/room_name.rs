//! The name of a room.

use std::fmt;
use std::str::FromStr;

use crate::chat::refusal::{ErrorCode, Unfit};
use crate::limits;

/// 1 to [`limits::ROOM_NAME`] of `[a-z0-9_-]`, the first a letter or digit: fit for a URL and for a
/// directory's name on any system. People write it with a `#` in front, which is no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(String);

impl RoomName {
    /// The room's name as text, without `#`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The room of those who name none.
impl Default for RoomName {
    fn default() -> RoomName {
        RoomName(String::from("lobby"))
    }
}

impl FromStr for RoomName {
    type Err = Unfit;

    /// Reads a name, with or without a `#` in front.
    fn from_str(text: &str) -> Result<RoomName, Unfit> {
        let name = text.strip_prefix('#').unwrap_or(text);
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if !starts_well || name.len() > limits::ROOM_NAME || !name.bytes().all(fits) {
            return Err(Unfit::new(
                ErrorCode::BadRoom,
                format!(
                    "a room's name is 1 to {} of a-z 0-9 _ -, and starts with a letter or digit",
                    limits::ROOM_NAME
                ),
            ));
        }
        Ok(RoomName(name.to_owned()))
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
