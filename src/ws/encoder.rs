//! From messages to bytes: each message is one frame, with its length in the shortest form.
//!
//! The caller decides when to send, and sends nothing after a Close.

use std::fmt;

use super::close::Close;
use super::frame::{CONTROL_PAYLOAD, FrameHeader, Opcode};
use super::mask;

/// Bytes of the longest header: two, an 8-byte length, a mask.
const HEADER: usize = 14;

/// Writes the frames of one end of a connection.
///
/// Every method appends one whole frame to `out`, so that several can be sent in one write.
pub struct Encoder {
    /// A client's source of masks; a server has none (§5.1).
    mask: Option<Box<dyn FnMut() -> [u8; 4] + Send>>,
}

impl Encoder {
    /// The server's end: frames are not masked.
    #[must_use]
    pub fn server() -> Encoder {
        Encoder { mask: None }
    }

    /// The client's end: each frame is masked with a new `mask`, which must be unpredictable
    /// (§10.3) except in a test.
    #[must_use]
    pub fn client(mask: impl FnMut() -> [u8; 4] + Send + 'static) -> Encoder {
        Encoder { mask: Some(Box::new(mask)) }
    }

    /// Appends a text message.
    pub fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        self.push(Opcode::Text, text.as_bytes(), out);
    }

    /// Appends a binary message.
    pub fn binary(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.push(Opcode::Binary, bytes, out);
    }

    /// Appends a ping. A payload has at most 125 bytes (§5.5); the rest is cut off.
    pub fn ping(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.push(Opcode::Ping, control(payload), out);
    }

    /// Appends a pong, which answers a ping with the ping's own payload (§5.5.3); beyond 125 bytes
    /// it is cut off.
    pub fn pong(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.push(Opcode::Pong, control(payload), out);
    }

    /// Appends a Close: the last frame, after which nothing may be sent (§5.5.1).
    ///
    /// The answer to a peer's Close repeats it: `encoder.close(received.as_ref(), &mut out)`.
    pub fn close(&mut self, close: Option<&Close>, out: &mut Vec<u8>) {
        let payload = close.map(Close::payload).unwrap_or_default();
        self.push(Opcode::Close, &payload, out);
    }

    fn push(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        let mask = self.mask.as_mut().map(|fresh| fresh());
        push_frame(opcode, mask, payload, out);
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.mask.is_some() { "Encoder::client" } else { "Encoder::server" })
    }
}

/// Appends a server's text message to `out`: [`Encoder::text`] for a broadcast, encoded once for
/// all clients. `payload` must be UTF-8.
///
/// ```
/// let mut out = Vec::new();
/// talk::ws::push_text_frame(&mut out, b"Hello");
/// assert_eq!(out, b"\x81\x05Hello");
/// ```
pub fn push_text_frame(out: &mut Vec<u8>, payload: &[u8]) {
    push_frame(Opcode::Text, None, payload, out);
}

fn push_frame(opcode: Opcode, mask: Option<[u8; 4]>, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(payload.len().saturating_add(HEADER));
    let length = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    FrameHeader { fin: true, opcode, mask, length }.push(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let (Some(mask), Some(payload)) = (mask, out.get_mut(start..)) {
        mask::apply(mask, payload);
    }
}

/// As much of `payload` as fits in a control frame.
fn control(payload: &[u8]) -> &[u8] {
    payload.get(..CONTROL_PAYLOAD).unwrap_or(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::close_code::CloseCode;

    fn server(write: impl FnOnce(&mut Encoder, &mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut Encoder::server(), &mut out);
        out
    }

    #[test]
    fn a_server_writes_the_samples_of_the_rfc() {
        assert_eq!(server(|to, out| to.text("Hello", out)), b"\x81\x05Hello"); // §5.7
        assert_eq!(server(|to, out| to.ping(b"Hello", out)), b"\x89\x05Hello");
        assert_eq!(server(|to, out| to.pong(b"Hello", out)), b"\x8a\x05Hello");
        let medium = server(|to, out| to.binary(&[7; 256], out));
        assert_eq!(medium, [b"\x82\x7e\x01\x00".as_slice(), &[7; 256]].concat());
        let long = server(|to, out| to.binary(&[7; 65_536], out));
        assert_eq!(
            long,
            [b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00".as_slice(), &[7; 65_536]].concat()
        );
    }

    #[test]
    fn a_client_masks_every_frame_with_a_mask_of_its_own() {
        let mut masks = [[0x37, 0xfa, 0x21, 0x3d], [0; 4]].into_iter();
        let mut client = Encoder::client(move || masks.next().unwrap());
        let mut out = Vec::new();
        client.text("Hello", &mut out);
        client.pong(b"Hello", &mut out);
        let expected = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x8a\x85\0\0\0\0Hello";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_close_has_a_code_and_a_reason_or_is_empty() {
        let close = Close { code: CloseCode::TOO_BIG, reason: "big".to_owned() };
        assert_eq!(server(|to, out| to.close(Some(&close), out)), b"\x88\x05\x03\xf1big");
        assert_eq!(server(|to, out| to.close(None, out)), b"\x88\x00");
    }

    #[test]
    fn a_control_frame_is_never_longer_than_the_rfc_allows() {
        let close = Close { code: CloseCode::NORMAL, reason: "x".repeat(200) };
        for wire in [
            server(|to, out| to.ping(&[1; 200], out)),
            server(|to, out| to.pong(&[1; 200], out)),
            server(|to, out| to.close(Some(&close), out)),
        ] {
            assert_eq!((wire[1], wire.len()), (125, 127));
        }
    }
}
