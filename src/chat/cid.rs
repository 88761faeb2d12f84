//! The client's id of a submission. It makes a submission idempotent: sent twice, it is stored
//! once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::error_code::{ErrorCode, Rejection};
use crate::limits;

/// 1 to [`limits::CID`] characters of `[A-Za-z0-9_.:-]`, chosen by the client, one per submission.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cid(Arc<str>);

impl Cid {
    /// `random` in hex: two values of 128 random bits never collide in practice.
    #[must_use]
    pub fn from_bytes(random: [u8; 16]) -> Cid {
        Cid(format!("{:032x}", u128::from_be_bytes(random)).into())
    }

    /// The cid as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Cid {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<Cid, Rejection> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if text.is_empty() || text.len() > limits::CID || !text.bytes().all(fits) {
            return Err(Rejection::new(
                ErrorCode::BadMessage,
                format!("`cid` must be 1 to {} of A-Z a-z 0-9 _ . : -", limits::CID),
            ));
        }
        Ok(Cid(text.into()))
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_random_bytes_make_a_valid_cid() {
        let cid =
            Cid::from_bytes(*b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff");
        assert_eq!(cid.as_str(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(cid.as_str().parse::<Cid>().unwrap(), cid);
    }
}
