//! Misdeeds before there is a WebSocket.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use super::villain::Villain;

/// A head that comes byte by byte; the server has had enough after 10 s.
pub(super) fn slow_head(villain: &mut Villain) -> io::Result<()> {
    let mut stream = villain.connect()?;
    for byte in villain.upgrade().bytes().take(40) {
        stream.write_all(&[byte])?;
        thread::sleep(Duration::from_millis(200 + villain.dice.roll(300)));
        if villain.is_over() {
            break;
        }
    }
    villain.read(&mut stream, Duration::from_secs(3))
}

pub(super) fn half(villain: &mut Villain) -> io::Result<()> {
    let mut stream = villain.connect()?;
    let head = villain.upgrade();
    let part = villain.dice.roll(head.len() as u64) as usize;
    stream.write_all(&head.as_bytes()[..part])?;
    let wait = villain.seconds(0, 12);
    villain.read(&mut stream, wait)
}

pub(super) fn garbage(villain: &mut Villain) -> io::Result<()> {
    let mut stream = villain.connect()?;
    let count = 1 + villain.dice.roll(40_000);
    stream.write_all(&villain.bytes(count))?;
    villain.read(&mut stream, Duration::from_secs(3))
}

/// The beginning of a ClientHello (RFC 8446 §4.1.2).
pub(super) fn tls(villain: &mut Villain) -> io::Result<()> {
    let mut stream = villain.connect()?;
    stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")?;
    stream.write_all(&villain.bytes(500))?;
    villain.read(&mut stream, Duration::from_secs(3))
}

/// Many requests in one write: the first is answered.
pub(super) fn pipelined(villain: &mut Villain) -> io::Result<()> {
    let mut stream = villain.connect()?;
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", villain.board.address);
    let mut all = head.repeat(1 + villain.dice.roll(50) as usize);
    if villain.dice.roll(2) == 0 {
        all = villain.upgrade() + &all; // after an upgrade they are bad frames
    }
    stream.write_all(all.as_bytes())?;
    villain.read(&mut stream, Duration::from_secs(3))
}

pub(super) fn odd(villain: &mut Villain) -> io::Result<()> {
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
    for _ in 0..1 + villain.dice.roll(20) {
        let mut stream = villain.connect()?;
        let line = lines[villain.dice.roll(lines.len() as u64) as usize];
        let head = format!("{line}\r\nHost: {}\r\n\r\n", villain.board.address);
        stream.write_all(head.as_bytes())?;
        villain.read(&mut stream, Duration::from_secs(3))?;
        if villain.is_over() {
            break;
        }
    }
    Ok(())
}

/// More headers, or longer ones, than any server takes.
pub(super) fn long_head(villain: &mut Villain) -> io::Result<()> {
    let mut stream = villain.connect()?;
    stream.write_all(b"GET / HTTP/1.1\r\n")?;
    let header = match villain.dice.roll(2) {
        0 => format!("X: {}\r\n", "x".repeat(200_000)),
        _ => "X: x\r\n".repeat(2_000),
    };
    stream.write_all(header.as_bytes())?;
    villain.read(&mut stream, Duration::from_secs(3))
}

/// A connection, with or without a WebSocket, that says nothing at all.
pub(super) fn silence(villain: &mut Villain) -> io::Result<()> {
    let is_open = villain.dice.roll(2) == 0;
    let mut stream = if is_open { villain.open()? } else { villain.connect()? };
    let wait = villain.seconds(1, 14);
    villain.read(&mut stream, wait)
}
