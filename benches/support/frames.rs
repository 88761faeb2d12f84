//! Decodes a server's frames, and encodes a client's.

/// Decodes a stream of frames, cut anywhere. Only incomplete frames are copied.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    rest: Vec<u8>,
}

impl Frames {
    /// Calls `each` for every payload that `bytes` completes.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        if self.rest.is_empty() {
            let used = all(bytes, &mut each);
            self.rest.extend_from_slice(&bytes[used..]);
        } else {
            self.rest.extend_from_slice(bytes);
            let used = all(&self.rest, &mut each);
            self.rest.drain(..used);
        }
    }
}

/// Calls `each` for the payloads of all whole frames; returns where the last of them ends.
fn all(bytes: &[u8], each: &mut impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    while let Some(payload) = first(&bytes[at..]) {
        let end = at + payload.1;
        each(&bytes[at + payload.0..end]);
        at = end;
    }
    at
}

/// Where the payload of the first frame begins and ends (RFC 6455 §5.2; a server does not mask).
fn first(bytes: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()) as usize),
        length => (2, usize::from(length)),
    };
    (bytes.len() >= start + length).then_some((start, start + length))
}

/// Appends the masked frame in which a client sends a text.
pub(crate) fn push(out: &mut Vec<u8>, payload: &[u8]) {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    out.push(0x81);
    match payload.len() {
        length @ 0..126 => out.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}
