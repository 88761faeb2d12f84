//! Identifies the owner of a name: the same owner after a restart, another one once another person
//! has claimed the name.
//!
//! A name and its token in, a digest out. It does not contain the token.

use std::fmt;
use std::str::FromStr;

use sha1_smol::Sha1;

use super::error_code::{ErrorCode, Rejection};
use super::{Token, UserName};

/// The owner of a name: a digest of the name and of the token that proves the claim. Permissions
/// belong to the owner, not to the spelling of the name.
///
/// It is the first 128 bits of SHA-1 over the name's key, a zero byte and the token's 16 bytes. The
/// known attacks on SHA-1 are collisions: two inputs, both made by the attacker, with one digest.
/// To find a token for another user's owner id takes a second preimage, and to recover the token
/// takes a guess of 128 random bits. So an owner id may be written where a token may not: to logs
/// and files. It depends on name and token only, so a server that has lost everything else
/// recognizes the owner again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnerId([u8; 16]);

impl OwnerId {
    /// Digits of an owner id as text.
    pub const DIGITS: usize = 32;

    /// The owner of `user` who has `token`.
    #[must_use]
    pub fn of(user: &UserName, token: &Token) -> OwnerId {
        let mut digest = Sha1::new();
        digest.update(user.key().as_bytes());
        digest.update(&[0]);
        digest.update(&token.to_bytes());
        let [first @ .., _, _, _, _] = digest.digest().bytes();
        OwnerId(first)
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
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = text.len() == OwnerId::DIGITS && text.bytes().all(is_digit);
        let bits = fits.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        bits.map(|bits| OwnerId(bits.to_be_bytes()))
            .ok_or(Rejection::new(ErrorCode::BadMessage, "an owner id is 32 lower-case hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(user: &str, token: &str) -> OwnerId {
        OwnerId::of(&user.parse().unwrap(), &token.parse().unwrap())
    }

    #[test]
    fn an_owner_id_is_made_of_a_name_in_any_case_and_its_token() {
        let token = "00112233445566778899aabbccddeeff";
        let bob = owner("bob", token);
        assert_eq!(bob, owner("BOB", token));
        assert_ne!(bob, owner("rob", token));
        assert_ne!(bob, owner("bob", "00112233445566778899aabbccddeefe"));
    }

    #[test]
    fn it_is_written_and_read_and_does_not_hold_the_token() {
        let token = "00112233445566778899aabbccddeeff";
        let bob = owner("bob", token);
        // printf 'bob\0' | cat - <(xxd -r -p <<< 00112233445566778899aabbccddeeff) | sha1sum | cut -c1-32
        assert_eq!(bob.to_string(), "4bdbf4b1adecd7854841c652cbb5a3f9");
        assert_eq!(bob.to_string().parse::<OwnerId>().unwrap(), bob);
        for text in ["", "0", &"A".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))] {
            assert!(text.parse::<OwnerId>().is_err(), "{text:?}");
        }
    }
}
