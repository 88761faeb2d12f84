//! The header of a frame, read from a slice and written to a vector (RFC 6455 §5.2).
//!
//! One header at a time; the decoder checks the order of frames and the limits.

use super::error::{Error, Violation};

/// Payload bytes that a control frame may have (§5.5).
pub(super) const CONTROL_PAYLOAD: usize = 125;

/// Our end of the connection. A client masks the frames it sends, a server never does (§5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// We accepted the connection: frames from the peer must be masked.
    Server,
    /// We opened the connection: frames from the peer must not be masked.
    Client,
}

/// The type of a frame (§11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Result<Opcode, Violation> {
        match bits {
            0 => Ok(Opcode::Continuation),
            1 => Ok(Opcode::Text),
            2 => Ok(Opcode::Binary),
            8 => Ok(Opcode::Close),
            9 => Ok(Opcode::Ping),
            10 => Ok(Opcode::Pong),
            reserved => Err(Violation::ReservedOpcode(reserved)),
        }
    }

    fn bits(self) -> u8 {
        match self {
            Opcode::Continuation => 0,
            Opcode::Text => 1,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
        }
    }

    fn is_control(self) -> bool {
        match self {
            Opcode::Close | Opcode::Ping | Opcode::Pong => true,
            Opcode::Continuation | Opcode::Text | Opcode::Binary => false,
        }
    }
}

/// The header: everything before a frame's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Whether it is the last frame of its message.
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    /// The mask of the payload.
    pub(super) mask: Option<[u8; 4]>,
    /// Bytes of payload that follow; below 2^63.
    pub(super) length: u64,
}

impl FrameHeader {
    /// Reads the header at the start of `input` for our end `role`, and returns its size in bytes;
    /// `None`: more bytes are needed. An error is returned as soon as the bytes that prove it are
    /// there, before any payload.
    pub(super) fn parse(role: Role, input: &[u8]) -> Result<Option<(FrameHeader, usize)>, Error> {
        let Some((&[first, second], rest)) = input.split_first_chunk() else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Violation::ReservedBits.into()); // §5.2: "MUST be 0 unless an extension is negotiated"
        }
        let fin = first & 0x80 != 0;
        let opcode = Opcode::from_bits(first & 0x0F)?;
        let masked = second & 0x80 != 0;
        match role {
            Role::Server if !masked => return Err(Violation::Unmasked.into()), // §5.1
            Role::Client if masked => return Err(Violation::Masked.into()),
            Role::Server | Role::Client => {}
        }
        let short = second & 0x7F;
        if opcode.is_control() {
            if !fin {
                return Err(Violation::FragmentedControl.into()); // §5.5
            }
            if short > 125 {
                return Err(Violation::LongControl.into());
            }
            if opcode == Opcode::Close && short == 1 {
                return Err(Violation::HalfCloseCode.into()); // §5.5.1: "a 2-byte unsigned integer"
            }
        }
        let Some((length, rest)) = parse_length(short, rest)? else { return Ok(None) };
        let (mask, rest) = match rest.split_first_chunk() {
            _ if !masked => (None, rest),
            Some((&mask, rest)) => (Some(mask), rest),
            None => return Ok(None),
        };
        let size = input.len().saturating_sub(rest.len());
        Ok(Some((FrameHeader { fin, opcode, mask, length }, size)))
    }

    /// Appends the header to `out`, its length in the one form the RFC allows: the shortest.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let fin = if self.fin { 0x80 } else { 0 };
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        out.push(fin | self.opcode.bits());
        match (u8::try_from(self.length), u16::try_from(self.length)) {
            (Ok(length @ 0..=125), _) => out.push(masked | length),
            (_, Ok(length)) => {
                out.push(masked | 126);
                out.extend_from_slice(&length.to_be_bytes());
            }
            (_, Err(_)) => {
                out.push(masked | 127);
                out.extend_from_slice(&self.length.to_be_bytes());
            }
        }
        out.extend_from_slice(self.mask.as_ref().map_or(&[], |mask| mask.as_slice()));
    }
}

/// The payload's length and the bytes after it, from the 7 bits `short` and the bytes that follow
/// them.
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    let (length, least, rest) = match short {
        126 => {
            let Some((&bytes, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(bytes)), 126, rest)
        }
        127 => {
            let Some((&bytes, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from_be_bytes(bytes), 65_536, rest)
        }
        _ => (u64::from(short), 0, rest),
    };
    if length > i64::MAX.unsigned_abs() {
        return Err(Violation::EndlessLength); // §5.2: "the most significant bit MUST be 0"
    }
    if length < least {
        // §5.2: "the minimal number of bytes MUST be used to encode the length"
        return Err(Violation::WastefulLength(length));
    }
    Ok(Some((length, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = *b"mask";

    fn parse(input: &[u8]) -> Result<Option<(FrameHeader, usize)>, Error> {
        FrameHeader::parse(Role::Server, input)
    }

    #[test]
    fn every_form_of_length_is_read_and_written_alike() {
        let cases: [(u64, &[u8]); 8] = [
            (0, b"\x82\x80mask"),
            (125, b"\x82\xfdmask"),
            (126, b"\x82\xfe\x00\x7emask"),
            (127, b"\x82\xfe\x00\x7fmask"),
            (65_535, b"\x82\xfe\xff\xffmask"),
            (65_536, b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00mask"),
            (1 << 32, b"\x82\xff\x00\x00\x00\x01\x00\x00\x00\x00mask"),
            ((1 << 63) - 1, b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask"),
        ];
        for (length, wire) in cases {
            let header =
                FrameHeader { fin: true, opcode: Opcode::Binary, mask: Some(MASK), length };
            let mut out = Vec::new();
            header.push(&mut out);
            assert_eq!(out, wire, "{length}");
            assert_eq!(parse(wire), Ok(Some((header, wire.len()))), "{length}");
            for cut in 0..wire.len() {
                assert_eq!(parse(&wire[..cut]), Ok(None), "{length} cut at byte {cut}");
            }
        }
    }

    #[test]
    fn a_longer_form_than_needed_is_refused() {
        let cases: [(u64, &[u8]); 5] = [
            (0, b"\x81\xfe\x00\x00"),
            (5, b"\x81\xfe\x00\x05"),
            (125, b"\x81\xfe\x00\x7d"),
            (5, b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05"),
            (65_535, b"\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff"),
        ];
        for (length, wire) in cases {
            assert_eq!(parse(wire), Err(Violation::WastefulLength(length).into()), "{wire:x?}");
        }
    }

    #[test]
    fn a_length_with_the_top_bit_set_is_refused() {
        for wire in [
            b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00",
            b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x80\xff\x80\x00\x00\x00\x00\x00\x00\x05",
        ] {
            assert_eq!(parse(wire), Err(Violation::EndlessLength.into()), "{wire:x?}");
        }
    }

    #[test]
    fn a_bad_header_is_refused_on_its_first_two_bytes() {
        let cases: [(&[u8; 2], Violation); 16] = [
            (b"\xc1\x80", Violation::ReservedBits),
            (b"\xa0\x80", Violation::ReservedBits),
            (b"\x99\x80", Violation::ReservedBits),
            (b"\xf8\x80", Violation::ReservedBits),
            (b"\x83\xff", Violation::ReservedOpcode(3)),
            (b"\x87\xff", Violation::ReservedOpcode(7)),
            (b"\x8b\xff", Violation::ReservedOpcode(11)),
            (b"\x8f\xff", Violation::ReservedOpcode(15)),
            (b"\x81\x01", Violation::Unmasked),
            (b"\x89\x7e", Violation::Unmasked),
            (b"\x09\x80", Violation::FragmentedControl),
            (b"\x08\x80", Violation::FragmentedControl),
            (b"\x89\xfe", Violation::LongControl),
            (b"\x8a\xff", Violation::LongControl),
            (b"\x88\xfe", Violation::LongControl),
            (b"\x88\x81", Violation::HalfCloseCode),
        ];
        for (wire, violation) in cases {
            assert_eq!(parse(wire), Err(violation.into()), "{wire:x?}");
        }
    }

    #[test]
    fn a_client_refuses_a_masked_frame() {
        let parsed = FrameHeader::parse(Role::Client, b"\x81\x85");
        assert_eq!(parsed, Err(Violation::Masked.into()));
        let header = FrameHeader { fin: true, opcode: Opcode::Text, mask: None, length: 5 };
        assert_eq!(FrameHeader::parse(Role::Client, b"\x81\x05Hello"), Ok(Some((header, 2))));
    }
}
