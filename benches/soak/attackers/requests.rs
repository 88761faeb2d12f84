//! Attacks before there is a WebSocket.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use super::attacker::Attacker;

/// A head that comes byte by byte; the server closes after 10 s.
pub(super) fn slow_head(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.connect()?;
    for byte in attacker.upgrade().bytes().take(40) {
        stream.write_all(&[byte])?;
        thread::sleep(Duration::from_millis(200 + attacker.rng.below(300)));
        if attacker.is_over() {
            break;
        }
    }
    attacker.read(&mut stream, Duration::from_secs(3))
}

pub(super) fn half(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.connect()?;
    let head = attacker.upgrade();
    let part = attacker.rng.below(head.len() as u64) as usize;
    stream.write_all(&head.as_bytes()[..part])?;
    let wait = attacker.seconds(0, 12);
    attacker.read(&mut stream, wait)
}

pub(super) fn garbage(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.connect()?;
    let count = 1 + attacker.rng.below(40_000);
    stream.write_all(&attacker.bytes(count))?;
    attacker.read(&mut stream, Duration::from_secs(3))
}

/// The beginning of a ClientHello (RFC 8446 §4.1.2).
pub(super) fn tls(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.connect()?;
    stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")?;
    stream.write_all(&attacker.bytes(500))?;
    attacker.read(&mut stream, Duration::from_secs(3))
}

/// Many requests in one write: the server answers the first.
pub(super) fn pipelined(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.connect()?;
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", attacker.run.address);
    let mut all = head.repeat(1 + attacker.rng.below(50) as usize);
    if attacker.rng.below(2) == 0 {
        all = attacker.upgrade() + &all; // after an upgrade the rest are bad frames
    }
    stream.write_all(all.as_bytes())?;
    attacker.read(&mut stream, Duration::from_secs(3))
}

pub(super) fn odd(attacker: &mut Attacker) -> io::Result<()> {
    let lines = [
        "GET / HTTP/1.1",
        "HEAD / HTTP/1.1",
        "GET /metrics HTTP/1.1",
        "GET /../../etc/passwd HTTP/1.1",
        "GET /%2e%2e/ HTTP/1.1",
        "POST / HTTP/1.1\r\nContent-Length: 18446744073709551616",
        "POST /ws HTTP/1.1\r\nTransfer-Encoding: chunked",
        "GET /ws HTTP/1.1\r\nUpgrade: h2c",
        "GET / HTTP/9.9",
        "PRI * HTTP/2.0",
        "GET / HTTP/1.1\r\nHost: evil",
        "GET / HTTP/1.1\r\nX\x07: \x01",
    ];
    for _ in 0..1 + attacker.rng.below(20) {
        let mut stream = attacker.connect()?;
        let line = lines[attacker.rng.below(lines.len() as u64) as usize];
        let head = format!("{line}\r\nHost: {}\r\n\r\n", attacker.run.address);
        stream.write_all(head.as_bytes())?;
        attacker.read(&mut stream, Duration::from_secs(3))?;
        if attacker.is_over() {
            break;
        }
    }
    Ok(())
}

/// More headers, or longer ones, than any server accepts.
pub(super) fn long_head(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.connect()?;
    stream.write_all(b"GET / HTTP/1.1\r\n")?;
    let header = match attacker.rng.below(2) {
        0 => format!("X: {}\r\n", "x".repeat(200_000)),
        _ => "X: x\r\n".repeat(2_000),
    };
    stream.write_all(header.as_bytes())?;
    attacker.read(&mut stream, Duration::from_secs(3))
}

/// A connection, with or without a WebSocket, that sends nothing.
pub(super) fn silence(attacker: &mut Attacker) -> io::Result<()> {
    let is_open = attacker.rng.below(2) == 0;
    let mut stream = if is_open { attacker.open()? } else { attacker.connect()? };
    let wait = attacker.seconds(1, 14);
    attacker.read(&mut stream, wait)
}
