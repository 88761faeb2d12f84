//! The name of a room.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha1_smol::Sha1;

use super::error_code::{ErrorCode, Rejection};
use super::unicode;
use super::{OwnerId, UserName};
use crate::limits;

/// 1 to [`limits::ROOM_NAME`] of `[a-z0-9_-]`, the first a letter or digit: valid in a URL and as
/// the name of a directory on any system. Users write it with a `#` in front, which is not part of
/// it.
///
/// Or a private room: `@alice+bob`, the keys of the names that the two had when it was created, sorted; or `@-+` and
/// 32 hex digits, a digest of its two owners. To a client both are opaque. Earlier clients accept the second as well,
/// as a room of two other people.
///
/// A client also has rooms that it knows only by the other person: `@bob`, see [`RoomName::with_peer`]. No server
/// has a room of such a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// The private room of two owners, in any order.
    #[must_use]
    pub fn of_owners(owners: [OwnerId; 2]) -> RoomName {
        let mut ids = owners.map(OwnerId::to_bytes);
        ids.sort_unstable();
        let mut digest = Sha1::new();
        ids.iter().for_each(|id| digest.update(id));
        let [first @ .., _, _, _, _] = digest.digest().bytes();
        RoomName(format!("@{OWNERS}{:032x}", u128::from_be_bytes(first)).into())
    }

    /// What a client calls its private room with `user` until a server has told its name: `@bob`.
    ///
    /// ```
    /// # use talk::chat::{RoomName, UserName};
    /// let bob: UserName = "Bob".parse().unwrap();
    /// assert_eq!(RoomName::with_peer(&bob).as_str(), "@bob");
    /// assert!("@bob".parse::<RoomName>().is_err(), "it is no name on the wire");
    /// ```
    #[must_use]
    pub fn with_peer(user: &UserName) -> RoomName {
        RoomName(format!("@{}", user.key()).into())
    }

    /// A name as a client stores it: one of the wire, or one made by [`RoomName::with_peer`].
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse_stored(text: &str) -> Result<RoomName, Rejection> {
        let peer = text.strip_prefix('@').filter(|name| !name.contains('+'));
        match peer.and_then(|name| name.parse::<UserName>().ok()) {
            Some(user) => Ok(RoomName::with_peer(&user)),
            None => text.parse(),
        }
    }

    /// The name of the other person, if it was made by [`RoomName::with_peer`].
    #[must_use]
    pub fn wanted_peer(&self) -> Option<UserName> {
        let name = self.0.strip_prefix('@').filter(|name| !name.contains('+'))?;
        Some(UserName::from_trusted(name))
    }

    /// What the private room of two users is called if no other one is; `None` if they are the same.
    ///
    /// ```
    /// # use talk::chat::{RoomName, UserName};
    /// let [bob, alice]: [UserName; 2] = ["Bob", "alice"].map(|name| name.parse().unwrap());
    /// assert_eq!(RoomName::private_between(&bob, &alice).unwrap().as_str(), "@alice+bob");
    /// assert_eq!(RoomName::private_between(&bob, &bob), None);
    /// ```
    #[must_use]
    pub fn private_between(one: &UserName, other: &UserName) -> Option<RoomName> {
        private_of_keys(&one.key(), &other.key())
    }

    /// The room's name as text, without `#`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The keys of the two names in the name of an old private room.
    #[must_use]
    pub fn user_keys(&self) -> Option<[&str; 2]> {
        let names = self.0.strip_prefix('@').filter(|names| !is_of_owners(names))?;
        names.split_once('+').map(|(one, other)| [one, other])
    }

    /// Whether it is the private room of two users.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.0.starts_with('@')
    }

    /// The key of the other name in the name of an old private room; `None` where `user` is not one of the two.
    #[must_use]
    pub fn other_key(&self, user: &UserName) -> Option<&str> {
        let ([one, other], key) = (self.user_keys()?, user.key());
        match (one == key, other == key) {
            (true, false) => Some(other),
            (false, true) => Some(one),
            (true, true) | (false, false) => None,
        }
    }
}

/// The room of a client that does not choose one.
impl Default for RoomName {
    fn default() -> RoomName {
        RoomName("lobby".into())
    }
}

impl FromStr for RoomName {
    type Err = Rejection;

    /// Reads a name, with or without a `#` in front. The two names of a private room may be in any
    /// case and order.
    fn from_str(text: &str) -> Result<RoomName, Rejection> {
        if let Some(names) = text.strip_prefix('@') {
            if is_of_owners(names) {
                return Ok(RoomName(text.into()));
            }
            return names
                .split_once('+')
                .and_then(|(one, other)| private_of_names(one, other))
                .ok_or_else(|| {
                    Rejection::new(
                        ErrorCode::BadRoom,
                        "the name of a private room is @-+ and 32 hex digits, or @ and two user names with + between",
                    )
                });
        }
        let name = text.strip_prefix('#').unwrap_or(text);
        let starts_right = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if !starts_right || name.len() > limits::ROOM_NAME || !name.bytes().all(fits) {
            return Err(Rejection::new(
                ErrorCode::BadRoom,
                format!(
                    "a room name has 1 to {} of a-z 0-9 _ - and starts with a letter or digit",
                    limits::ROOM_NAME
                ),
            ));
        }
        Ok(RoomName(name.into()))
    }
}

/// What is between the `@` and the digest of two owners: it has the form of an old name, but no user is called `-`,
/// and it sorts before any digest.
const OWNERS: &str = "-+";

/// Whether it is what follows the `@` in the name of a private room of two owners.
fn is_of_owners(text: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix(OWNERS)
        .is_some_and(|digest| digest.len() == OwnerId::DIGITS && digest.bytes().all(is_digit))
}

fn private_of_names(one: &str, other: &str) -> Option<RoomName> {
    private_of_keys(&key_of(one)?, &key_of(other)?)
}

fn private_of_keys(one: &str, other: &str) -> Option<RoomName> {
    let (first, second) = (one.min(other), one.max(other));
    (first != second).then(|| RoomName(format!("@{first}+{second}").into()))
}

/// The key of the name `text`: letters, digits, marks and `_-.` only, so that it can be part of a
/// directory's name. A key may hold what a new name may not (`İ` in lower case has a combining
/// mark), so it is not checked as a name.
fn key_of(text: &str) -> Option<String> {
    let key = UserName::from_trusted(text).key();
    let fits = |c: char| {
        unicode::is_letter_or_digit(c)
            || unicode::is_needed_mark(c)
            || matches!(c, '_' | '-' | '.' | '\u{300}'..='\u{36f}')
    };
    let count = key.chars().count();
    // Some letters have a key of up to three characters.
    (count > 0 && count <= limits::NAME_CHARS * 3 && key.chars().all(fits)).then_some(key)
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    #[test]
    fn a_private_room_has_one_name_in_any_case_and_order() {
        let room = RoomName::private_between(&user("Zoë"), &user("alice")).unwrap();
        assert_eq!(room.as_str(), "@alice+zoë");
        for text in ["@alice+zoë", "@ZOË+Alice", "@zoë+alice"] {
            assert_eq!(text.parse(), Ok(room.clone()), "{text}");
        }
        assert_eq!(room.other_key(&user("ZOË")), Some("alice"));
        assert_eq!(room.other_key(&user("eve")), None);
        assert!(room.is_private() && !RoomName::default().is_private());
    }

    #[test]
    fn a_private_room_of_two_owners_has_an_opaque_name() {
        let owner = |digit: &str| digit.repeat(32).parse::<OwnerId>().unwrap();
        let room = RoomName::of_owners([owner("1"), owner("2")]);
        assert_eq!(room, RoomName::of_owners([owner("2"), owner("1")]));
        assert_ne!(room, RoomName::of_owners([owner("1"), owner("3")]));
        // xxd -r -p <<< 1111…1111222…2222 | sha1sum | cut -c1-32
        assert_eq!(room.as_str(), "@-+a53c841c050d07751069c759a160360c");
        assert_eq!(room.as_str().parse(), Ok(room.clone()));
        assert_eq!((room.user_keys(), room.wanted_peer()), (None, None));
        assert!("@a53c841c050d07751069c759a160360c".parse::<RoomName>().is_err());
        // As earlier clients read it: a room of two people who are not theirs.
        let old = private_of_names("-", "a53c841c050d07751069c759a160360c").unwrap();
        assert_eq!((old.as_str(), old.other_key(&user("alice"))), (room.as_str(), None));
        let longer: RoomName = format!("{room}0").parse().unwrap();
        assert!(longer.user_keys().is_some(), "no digest");
    }

    #[test]
    fn a_client_knows_a_room_by_the_other_person_until_it_has_its_name() {
        let room = RoomName::with_peer(&user("Zoë"));
        assert_eq!((room.as_str(), room.is_private()), ("@zoë", true));
        assert_eq!(room.wanted_peer(), Some(user("zoë")));
        assert_eq!(RoomName::parse_stored("@ZOË"), Ok(room));
        assert_eq!(RoomName::parse_stored("@bob+alice").unwrap().as_str(), "@alice+bob");
        assert_eq!(RoomName::parse_stored("lobby"), Ok(RoomName::default()));
        assert!(RoomName::parse_stored("@a b").is_err());
        assert_eq!(RoomName::parse_stored("@alice+bob").unwrap().wanted_peer(), None);
    }

    #[test]
    fn every_name_can_be_part_of_a_private_room() {
        for name in ["İpek", "Straße", "ΟΔΟΣ", "ภาษา", "José", "a.b-c_d", "日本"] {
            let room = RoomName::private_between(&user(name), &user("bob")).unwrap();
            assert_eq!(room.as_str().parse(), Ok(room.clone()), "{name}");
            assert!(room.other_key(&user(name)).is_some());
        }
    }

    #[test]
    fn a_private_room_needs_two_different_valid_names() {
        for text in
            ["@", "@+", "@bob", "@bob+", "@+bob", "@bob+bob", "@bob+BOB", "@a+b+c", "@../x+b"]
        {
            assert_eq!(text.parse::<RoomName>().unwrap_err().code, ErrorCode::BadRoom, "{text}");
        }
        for evil in ["a/b", "a\0", "a b", "\u{202e}a", ""] {
            assert!(format!("@{evil}+bob").parse::<RoomName>().is_err(), "{evil:?}");
        }
    }
}
