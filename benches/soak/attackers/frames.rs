//! Attacks with frames (RFC 6455 §5).

use std::io::{self, Write};
use std::time::Duration;

use super::attacker::{Attacker, text};

/// The longest wait for a Close and the end after it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// A masked frame with this first byte; the mask is zero.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

/// Frames that break a rule in their header.
pub(super) fn bad(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let header: &[u8] = match attacker.rng.below(8) {
        0 => b"\x81\x02{}",                                       // not masked
        1 => b"\xc1\x82\0\0\0\0{}",                               // a reserved bit
        2 => b"\x83\x82\0\0\0\0{}",                               // a reserved opcode
        3 => b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", // 2^63 - 1 bytes
        4 => b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", // 2^64 - 1
        5 => b"\x80\x82\0\0\0\0{}",                               // a continuation of nothing
        6 => b"\x89\xfe\x01\x00\0\0\0\0",                         // a long ping
        _ => b"\x01\x82\0\0\0\0{}\x81\x82\0\0\0\0{}",             // a text inside a text
    };
    stream.write_all(header)?;
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

pub(super) fn bad_utf8(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let bytes: &[u8] = match attacker.rng.below(4) {
        0 => b"\xc0\xaf",
        1 => b"\xed\xa0\x80",
        2 => b"\xf4\x90\x80\x80",
        _ => b"{\"type\":\"\xff\"}",
    };
    stream.write_all(&frame(0x81, bytes))?;
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

pub(super) fn bad_close(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let codes: [&[u8]; 5] = [b"\x00", b"\x03\xed", b"\xff\xff", b"\x03\xe8\xff", b"\x0b\xb7"];
    let code = codes[attacker.rng.below(codes.len() as u64) as usize];
    stream.write_all(&frame(0x88, code))?;
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

/// A message of empty frames that never ends.
pub(super) fn fragments(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.open()?;
    stream.write_all(&frame(0x01, b""))?;
    stream.write_all(&frame(0x00, b"").repeat(2_000))?;
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

/// Half of the longest message, and no more; the server waits for the rest for 30 s.
pub(super) fn half_a_message(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let whole = text(&" ".repeat(64 * 1024));
    stream.write_all(&whole[..whole.len() / 2])?;
    let wait = attacker.seconds(1, 35);
    attacker.read(&mut stream, wait)
}

/// A reset in the middle of a frame.
pub(super) fn reset_inside(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "0")?;
    let post = attacker.post(&room, "never whole");
    let part = 1 + attacker.rng.below(post.len() as u64 - 1) as usize;
    stream.write_all(&post[..part])?;
    // Closed with no time to linger, a socket sends RST (socket(7)).
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

pub(super) fn pings(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let many = frame(0x89, &[7; 125]).repeat(100);
    for _ in 0..1 + attacker.rng.below(100) {
        stream.write_all(&many)?;
        attacker.read(&mut stream, Duration::from_millis(1))?;
        if attacker.is_over() {
            break;
        }
    }
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

/// A Close; then the attacker neither closes nor reads.
pub(super) fn close_and_stay(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    stream.write_all(&frame(0x88, b"\x03\xe8"))?;
    attacker.abandon(stream);
    Ok(())
}

/// A client that is gone without a Close.
pub(super) fn vanish(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let stream = attacker.join(&room, "\"now\"")?;
    attacker.abandon(stream);
    Ok(())
}
