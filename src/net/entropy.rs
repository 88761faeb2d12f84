//! Random bytes from the system. Without them every call fails; there is no fallback.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use crate::limits;

/// The system's random source, kept open: it works even when no file descriptor is free.
#[derive(Debug)]
pub struct Entropy {
    source: File,
}

impl Entropy {
    /// Opens the source.
    ///
    /// # Errors
    ///
    /// The system's error, with the path of the source.
    pub fn open() -> io::Result<Entropy> {
        Ok(Entropy { source: File::open(SOURCE).map_err(|error| with_path(&error))? })
    }

    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// The system's error; then `bytes` must not be used.
    pub fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        (&self.source).read_exact(bytes).map_err(|error| with_path(&error))
    }

    /// 16 random bytes, such as the nonce of a WebSocket upgrade.
    ///
    /// # Errors
    ///
    /// As [`fill`](Entropy::fill).
    pub fn nonce(&self) -> io::Result<[u8; 16]> {
        let mut nonce = [0; 16];
        self.fill(&mut nonce)?;
        Ok(nonce)
    }

    /// 128 random bits as 32 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// As [`fill`](Entropy::fill).
    pub fn token(&self) -> io::Result<String> {
        Ok(format!("{:032x}", u128::from_be_bytes(self.nonce()?)))
    }

    /// The masks of a client's frames, for its encoder.
    ///
    /// # Errors
    ///
    /// As [`fill`](Entropy::fill), which has succeeded once when this returns.
    ///
    /// # Panics
    ///
    /// Later, if the open source cannot be read, which does not happen on Linux: a frame with a
    /// predictable mask must not be sent (RFC 6455 §10.3), so its thread ends instead.
    pub fn into_masks(self) -> io::Result<impl FnMut() -> [u8; 4] + Send + 'static> {
        let mut masks = Masks::new(self.source)?;
        #[expect(clippy::panic, reason = "see Panics: an encoder cannot refuse a frame")]
        Ok(move || masks.next().unwrap_or_else(|error| panic!("no mask for a frame: {error}")))
    }
}

/// Masks cut from blocks of random bytes: one system call for 256 masks, each byte used once.
struct Masks<R> {
    /// Where random bytes come from.
    source: R,
    /// The last block read.
    block: [u8; limits::MASK_BLOCK],
    /// Bytes of the block that were used.
    used: usize,
}

impl<R: Read> Masks<R> {
    fn new(source: R) -> io::Result<Masks<R>> {
        let mut masks = Masks { source, block: [0; limits::MASK_BLOCK], used: 0 };
        masks.source.read_exact(&mut masks.block).map_err(|error| with_path(&error))?;
        Ok(masks)
    }

    fn next(&mut self) -> io::Result<[u8; 4]> {
        if let Some(mask) = self.block.get(self.used..).and_then(<[u8]>::first_chunk) {
            self.used += mask.len();
            return Ok(*mask);
        }
        let Masks { source, block, used } = self;
        source.read_exact(block).map_err(|error| with_path(&error))?;
        let mask = block.first_chunk().copied().unwrap_or_default();
        *used = mask.len();
        Ok(mask)
    }
}

impl<R> fmt::Debug for Masks<R> {
    /// Without the bytes, which are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masks").field("used", &self.used).finish_non_exhaustive()
    }
}

const SOURCE: &str = "/dev/urandom";

fn with_path(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read {SOURCE}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ten_thousand_tokens_are_32_digits_each_and_never_repeat() {
        let entropy = Entropy::open().unwrap();
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let token = entropy.token().unwrap();
            assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(seen.insert(token));
        }
    }

    #[test]
    fn every_byte_of_the_source_is_used_once_and_in_order() {
        let bytes: Vec<u8> = (0..3 * limits::MASK_BLOCK).map(|n| (n % 251) as u8).collect();
        let mut masks = Masks::new(bytes.as_slice()).unwrap();
        let masked: Vec<u8> = (0..bytes.len() / 4).flat_map(|_| masks.next().unwrap()).collect();
        assert!(masked == bytes);
    }

    #[test]
    fn a_source_that_runs_dry_yields_an_error_and_no_old_byte() {
        let bytes = [7; limits::MASK_BLOCK + 4];
        let mut masks = Masks::new(&bytes[..]).unwrap();
        for _ in 0..limits::MASK_BLOCK / 4 {
            assert_eq!(masks.next().unwrap(), [7; 4]);
        }
        for _ in 0..3 {
            assert_eq!(masks.next().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
        assert!(Masks::new(&bytes[..9]).is_err());
    }

    #[test]
    fn masks_differ_from_frame_to_frame() {
        let mut mask = Entropy::open().unwrap().into_masks().unwrap();
        let seen: HashSet<[u8; 4]> = (0..1_000).map(|_| mask()).collect();
        assert!(seen.len() > 990);
    }
}
