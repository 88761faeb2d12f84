//! Attacks on what all share: rooms, names, private rooms, answers, the disk, the attention of others. Each
//! message of them is allowed; only there are too many.

use std::io::{self, Write};
use std::time::Duration;

use super::attacker::{Attacker, text};

/// How long an attack reads the answers to its last messages.
const READ: Duration = Duration::from_millis(500);

/// New rooms with one line in each, which would stay for ever.
pub(super) fn rooms_with_a_line(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.join("lobby", "\"now\"")?;
    for _ in 0..20 {
        let room = format!("junk{}", attacker.rng.below(1_000_000));
        stream.write_all(&text(&format!(r#"{{"type":"join","room":"{room}"}}"#)))?;
        let post = attacker.post(&room, ".");
        stream.write_all(&post)?;
    }
    attacker.read(&mut stream, READ)
}

/// Private lines to the clients, from a new name each time.
pub(super) fn private_lines(attacker: &mut Attacker) -> io::Result<()> {
    let mut stream = attacker.open()?;
    let user = format!("stranger{}", attacker.rng.below(1_000_000));
    stream.write_all(&text(&format!(r#"{{"type":"hello","user":"{user}"}}"#)))?;
    for line in 0..20 {
        let to = attacker.rng.below(attacker.clients as u64);
        stream.write_all(&text(&format!(
            r#"{{"type":"direct","to":"client{to}","cid":"{line}","text":"psst"}}"#
        )))?;
    }
    attacker.read(&mut stream, READ)
}

/// New names and away messages, each told to a room of the clients.
pub(super) fn names_and_away(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let away = "x".repeat(256);
    for _ in 0..50 {
        let user = format!("name{}", attacker.rng.below(1_000_000));
        stream.write_all(&text(&format!(r#"{{"type":"nick","user":"{user}"}}"#)))?;
        let post = attacker.post("lobby", "held for days");
        stream.write_all(&post)?;
        stream.write_all(&text(&format!(r#"{{"type":"away","text":"{away}"}}"#)))?;
        stream.write_all(&text(r#"{"type":"back"}"#))?;
        attacker.read(&mut stream, Duration::from_millis(20))?;
    }
    attacker.read(&mut stream, READ)
}

/// Searches that find nothing, and the largest pages.
pub(super) fn questions(attacker: &mut Attacker) -> io::Result<()> {
    let room = attacker.room();
    let mut stream = attacker.join(&room, "\"now\"")?;
    let wait = attacker.seconds(1, 6);
    let begun = std::time::Instant::now();
    while begun.elapsed() < wait && !attacker.is_over() {
        let before = 1 + attacker.rng.below(10_000);
        stream.write_all(&text(&format!(
            r#"{{"type":"search","room":"{room}","text":"zebra","before":{before}}}"#
        )))?;
        stream.write_all(&text(&format!(
            r#"{{"type":"history","room":"{room}","before":{before},"limit":200}}"#
        )))?;
        stream.write_all(&text(r#"{"type":"rooms"}"#))?;
        attacker.read(&mut stream, Duration::from_millis(100))?;
    }
    Ok(())
}

/// A hello that joins every room of the clients again and again, from the beginning.
pub(super) fn hello_of_joins(attacker: &mut Attacker) -> io::Result<()> {
    let joins: Vec<String> =
        (0..1_000).map(|_| format!(r#"{{"room":"{}","since":0}}"#, attacker.room())).collect();
    let mut stream = attacker.open()?;
    let (user, joins) = (format!("{}-joins", attacker.user), joins.join(","));
    stream.write_all(&text(&format!(r#"{{"type":"hello","user":"{user}","join":[{joins}]}}"#)))?;
    let wait = attacker.seconds(1, 4);
    attacker.read(&mut stream, wait)
}

/// Posts in a room of its own, each edited and deleted many times; and topics.
pub(super) fn changes(attacker: &mut Attacker) -> io::Result<()> {
    let room = format!("changes{}", attacker.rng.below(4));
    let mut stream = attacker.join(&room, "0")?;
    for _ in 0..3 {
        let post = attacker.post(&room, "secret");
        stream.write_all(&post)?;
        attacker.read(&mut stream, Duration::from_millis(50))?;
        let target = 1 + attacker.rng.below(1_000);
        for change in 0..20 {
            let cid = format!("{}-{}", attacker.user, attacker.rng.below(1_000_000_000));
            let message = match change % 4 {
                0 => format!(r#""type":"topic","text":"topic {cid}""#),
                1 | 2 => format!(r#""type":"edit","target":{target},"text":"{cid}""#),
                _ => format!(r#""type":"delete","target":{target}"#),
            };
            let all = format!(r#"{{{message},"room":"{room}","cid":"{cid}"}}"#);
            stream.write_all(&text(&all))?;
        }
        attacker.read(&mut stream, Duration::from_millis(500))?;
    }
    attacker.read(&mut stream, READ)
}
