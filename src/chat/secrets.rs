//! Secrets: the token of a name and the server's password. Neither prints itself.

use std::fmt;
use std::str::FromStr;

use sha1_smol::Sha1;

use super::error_code::{ErrorCode, Rejection};

/// 128 random bits, spelled on the wire as 32 lower-case hex digits. Anyone who has it owns the
/// name it was given for, so it has no `Display`, and its `Debug` hides it.
#[derive(Clone)]
pub struct Token([u8; 16]);

impl Token {
    /// The token made of `random`, which must come from the system's randomness.
    #[must_use]
    pub fn from_bytes(random: [u8; 16]) -> Token {
        Token(random)
    }

    /// The bytes that [`Token::from_bytes`] takes.
    pub(in crate::chat) fn to_bytes(&self) -> [u8; 16] {
        self.0
    }

    /// The token as it is sent and stored.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for Token {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<Token, Rejection> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let rejection =
            Rejection::new(ErrorCode::BadMessage, "`token` must be 32 lower-case hex digits");
        if text.len() != 32 || !text.bytes().all(is_digit) {
            return Err(rejection);
        }
        u128::from_str_radix(text, 16).map(|bits| Token(bits.to_be_bytes())).map_err(|_| rejection)
    }
}

/// Constant time: the comparison does not show where two tokens first differ.
impl PartialEq for Token {
    fn eq(&self, other: &Token) -> bool {
        self.0.iter().zip(other.0).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(secret)")
    }
}

/// A password as it was given. Its `Debug` hides it, so it never gets into a log.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The password spelled `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }

    /// The password as it is sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Compares digests to the last byte: the time it takes does not show how much of a guess was
/// right.
impl PartialEq for Password {
    fn eq(&self, other: &Password) -> bool {
        let [ours, theirs] = [self, other].map(|password| Sha1::from(&password.0).digest().bytes());
        let differing = ours.iter().zip(theirs).fold(0, |differing, (a, b)| differing | (a ^ b));
        differing == 0
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_token_is_32_lower_case_hex_digits_and_nothing_else() {
        assert_eq!(HEX.parse::<Token>().unwrap().reveal(), HEX);
        for text in ["", "0", &HEX.to_uppercase(), &format!("+{}", &HEX[1..]), &format!("{HEX}0")] {
            assert!(text.parse::<Token>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_token_does_not_print_itself() {
        assert_eq!(format!("{:?}", HEX.parse::<Token>().unwrap()), "Token(secret)");
    }

    #[test]
    fn tokens_that_differ_in_one_bit_differ() {
        let token = HEX.parse::<Token>().unwrap();
        assert_eq!(token, token.clone());
        for other in ["10112233445566778899aabbccddeeff", "00112233445566778899aabbccddeefe"] {
            assert_ne!(token, other.parse().unwrap());
        }
    }

    #[test]
    fn only_the_whole_password_is_the_password() {
        let password = Password::new("open sesame");
        assert_eq!(password, Password::new("open sesame"));
        for other in ["", "open", "open sesame!", "Open sesame"] {
            assert_ne!(password, Password::new(other), "{other:?}");
        }
        assert_eq!(format!("{password:?}"), "Password(secret)");
    }
}
