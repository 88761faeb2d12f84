//! Attacks with messages of the chat protocol.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::attacker::{Attacker, text};
use crate::support::client::{hello, is};
use crate::support::frames::Frames;

/// The longest wait for a Close and the end after it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Another message first, or an invalid hello.
pub(super) fn bad_hello(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.open()?;
    let first = match attacker.rng.below(4) {
        0 => r#"{"type":"post","room":"soak0","cid":"x","text":"x"}"#,
        1 => r#"{"type":"hello"}"#,
        2 => r#"{"type":"hello","user":"\u202eevil"}"#,
        _ => "[]",
    };
    stream.write_all(&text(first))?;
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

/// The name of a client, without its token.
pub(super) fn steal_name(attacker: &mut Attacker) -> io::Result<()> {
    let user = format!("client{}", attacker.rng.below(attacker.clients as u64));
    let mut stream = attacker.open()?;
    stream.write_all(&text(&hello(&user, "soak0", "0")))?;
    let (mut frames, mut chunk, begun) = (Frames::default(), [0; 4096], Instant::now());
    while begun.elapsed() < CLOSE_TIMEOUT {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        frames.feed(&chunk[..count], |payload| {
            if is(payload, "welcome") {
                attacker.run.report_violation(&format!("an attacker got the name of {user}"));
            }
        });
    }
    Ok(())
}

pub(super) fn bad_json(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let deep = "[".repeat(20_000);
    let all = [
        "{",
        "{\"type\":1}",
        "{\"type\":\"post\",\"type\":\"post\"}",
        "{\"type\":\"nothing\"}",
        "{\"type\":\"post\",\"room\":\"../x\",\"cid\":\"\",\"text\":\"\\ud800\"}",
        "{\"type\":\"history\",\"room\":\"soak0\",\"after\":1e999999}",
        "{\"type\":\"edit\",\"room\":\"soak0\",\"cid\":\"x\",\"target\":1,\"text\":\"mine now\"}",
        "{\"type\":\"delete\",\"room\":\"soak0\",\"cid\":\"y\",\"target\":1}",
        "{\"type\":\"join\",\"room\":\"soak0\",\"since\":9007199254740993}",
        &deep,
    ];
    for _ in 0..1 + attacker.rng.below(60) {
        let one = all[attacker.rng.below(all.len() as u64) as usize];
        stream.write_all(&text(one))?;
    }
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

/// Posts as fast as they can be written, until the server closes or some seconds have passed.
pub(super) fn flood(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let length = if attacker.rng.below(10) == 0 { 4_000 } else { 100 };
    let (words, wait, begun) = ("x".repeat(length), attacker.seconds(1, 12), Instant::now());
    while begun.elapsed() < wait && !attacker.is_over() {
        for _ in 0..20 {
            let post = attacker.post(&room, &words);
            stream.write_all(&post)?;
        }
        attacker.read(&mut stream, Duration::from_millis(100))?;
    }
    Ok(())
}

/// Joins a busy room with a small receive buffer, and reads nothing.
pub(super) fn read_nothing(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let stream = attacker.join(&room, "0")?;
    socket2::SockRef::from(&stream).set_recv_buffer_size(4_096)?;
    let wait = attacker.seconds(1, 30);
    attacker.sit(wait);
    Ok(())
}

pub(super) fn join_and_leave(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    for _ in 0..1 + attacker.rng.below(200) {
        let room = attacker.room();
        stream.write_all(&text(&format!(r#"{{"type":"join","room":"{room}","since":"now"}}"#)))?;
        stream.write_all(&text(&format!(r#"{{"type":"leave","room":"{room}"}}"#)))?;
        attacker.read(&mut stream, Duration::from_millis(1))?;
    }
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

/// More rooms than a client may join, with new names.
pub(super) fn many_rooms(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.join("lobby", "\"now\"")?;
    for _ in 0..60 {
        let room = attacker.rng.below(1_000_000);
        stream.write_all(&text(&format!(r#"{{"type":"join","room":"junk{room}"}}"#)))?;
    }
    let wait = attacker.seconds(1, 6);
    attacker.read(&mut stream, wait)
}

/// Pages from the beginning, again and again.
pub(super) fn history(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    for page in 0..50 {
        let after = page * 200;
        stream.write_all(&text(&format!(
            r#"{{"type":"history","room":"{room}","after":{after},"limit":200}}"#
        )))?;
        attacker.read(&mut stream, Duration::from_millis(50))?;
        if attacker.is_over() {
            break;
        }
    }
    attacker.read(&mut stream, CLOSE_TIMEOUT)
}

/// Requests all of a room, again and again, before the last answer is complete.
pub(super) fn replays(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "0")?;
    for _ in 0..1 + attacker.rng.below(10) {
        stream.write_all(&text(&format!(r#"{{"type":"join","room":"{room}","since":0}}"#)))?;
        attacker.read(&mut stream, Duration::from_millis(300))?;
    }
    Ok(())
}
