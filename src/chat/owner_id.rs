//! Identifies a person: the same after a restart, on each device, and under each name.
//!
//! A token in, a digest out. It does not contain the token.

use std::fmt;
use std::str::FromStr;

use sha1_smol::Sha1;

use super::error_code::{ErrorCode, Rejection};
use super::{Token, UserName};

/// The owner of names, that is a person: a digest of the person's token. Permissions belong to the owner,
/// not to the spelling of a name.
///
/// It is the first 128 bits of SHA-1 over the token's 16 bytes. Persons whose name an older version has
/// registered keep the digest of that version, of the name and the token ([`OwnerId::of_name_and_token`]).
/// The known attacks on SHA-1 are collisions: two inputs, both made by the attacker, with one digest.
/// To find a token for another user's owner id takes a second preimage, and to recover the token
/// takes a guess of 128 random bits. So an owner id may be written where a token may not: to logs
/// and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerId([u8; 16]);

impl OwnerId {
    /// Digits of an owner id as text.
    pub const DIGITS: usize = 32;

    /// The person who has `token`, whatever their name is.
    #[must_use]
    pub fn of_key(token: &Token) -> OwnerId {
        OwnerId::of_bytes(&[&token.to_bytes()])
    }

    /// The person who has `token` and whose claim of `user` an older version has stored. Over the name's
    /// key, a zero byte and the token.
    #[must_use]
    pub fn of_name_and_token(user: &UserName, token: &Token) -> OwnerId {
        OwnerId::of_bytes(&[user.key().as_bytes(), &[0], &token.to_bytes()])
    }

    fn of_bytes(parts: &[&[u8]]) -> OwnerId {
        let mut digest = Sha1::new();
        parts.iter().for_each(|part| digest.update(part));
        let [first @ .., _, _, _, _] = digest.digest().bytes();
        OwnerId(first)
    }
}

impl OwnerId {
    /// The first of all ids, and the last: the ends of a range.
    pub(super) const MIN: OwnerId = OwnerId([0; 16]);
    pub(super) const MAX: OwnerId = OwnerId([0xff; 16]);

    /// The owner with these digits. Loading a log calls it for each record.
    #[must_use]
    pub fn from_digits(digits: &[u8]) -> Option<OwnerId> {
        let digits: &[u8; OwnerId::DIGITS] = digits.try_into().ok()?;
        if !digits.iter().fold(true, |all, digit| all & is_digit(*digit)) {
            return None;
        }
        let value = |digit: u8| (digit & 0xF) + 9 * (digit >> 6); // a letter has bit 6 set
        let (pairs, _) = digits.as_chunks::<2>();
        let mut bytes = [0; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = value(*high) << 4 | value(*low);
        }
        Some(OwnerId(bytes))
    }

    /// Its bytes, for digests that are made of it.
    pub(super) fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for OwnerId {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<OwnerId, Rejection> {
        OwnerId::from_digits(text.as_bytes())
            .ok_or(Rejection::new(ErrorCode::BadMessage, "an owner id is 32 lower-case hex digits"))
    }
}

/// Whether a byte is a lower-case hex digit.
fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "00112233445566778899aabbccddeeff";

    fn old_owner(user: &str, token: &str) -> OwnerId {
        OwnerId::of_name_and_token(&user.parse().unwrap(), &token.parse().unwrap())
    }

    #[test]
    fn an_owner_id_is_made_of_the_token_alone() {
        let owner = OwnerId::of_key(&TOKEN.parse().unwrap());
        // xxd -r -p <<< 00112233445566778899aabbccddeeff | sha1sum | cut -c1-32
        assert_eq!(owner.to_string(), "739e0e8490eacbcb2ea11d4a5dbefbae");
        assert_ne!(owner, OwnerId::of_key(&"0".repeat(32).parse().unwrap()));
    }

    #[test]
    fn an_old_owner_id_is_made_of_a_name_in_any_case_and_its_token() {
        let bob = old_owner("bob", TOKEN);
        assert_eq!(bob, old_owner("BOB", TOKEN));
        assert_ne!(bob, old_owner("rob", TOKEN));
        assert_ne!(bob, old_owner("bob", "00112233445566778899aabbccddeefe"));
        // printf 'bob\0' | cat - <(xxd -r -p <<< 00112233445566778899aabbccddeeff) | sha1sum | cut -c1-32
        assert_eq!(bob.to_string(), "4bdbf4b1adecd7854841c652cbb5a3f9");
    }

    #[test]
    fn it_is_written_and_read_and_does_not_hold_the_token() {
        let bob = OwnerId::of_key(&TOKEN.parse().unwrap());
        assert_eq!(bob.to_string().parse::<OwnerId>().unwrap(), bob);
        assert!(!format!("{bob} {bob:?}").contains(TOKEN));
        for text in ["", "0", &"A".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))] {
            assert!(text.parse::<OwnerId>().is_err(), "{text:?}");
        }
    }
}
