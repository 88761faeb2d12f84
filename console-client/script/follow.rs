//! Records read for a script: each once, in order, as people or as programs read them.

use std::collections::BTreeMap;

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::Joined;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Record;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Since;
use talk::client::Event;
use talk::client::State;

use super::Run;
use super::run::Patience;
use crate::complain;
use crate::stdio::output::Output;
use crate::stdio::output::Reader;
use crate::text::calendar;
use crate::text::line::Line;
use crate::text::style::Palette;
use crate::view::format;

impl Run {
    /// Prints records: for ever, or until all is printed that there is.
    ///
    /// # Errors
    /// A sentence: it cannot go on.
    pub(crate) fn read(mut self, since: Since, follows: bool, json: bool) -> Result<(), String> {
        let read = self.print_all(since, follows, json);
        self.client.close();
        read
    }

    fn print_all(&mut self, since: Since, follows: bool, json: bool) -> Result<(), String> {
        let patience = if follows { Patience::Endless } else { Patience::Some };
        let (mut output, mut days) = (Output::default(), BTreeMap::new());
        let mut unjoined = self.rooms.clone();
        loop {
            let event = match self.at_hand() {
                Some(event) => event,
                None if output.flush()? == Reader::Gone => return Ok(()),
                None => self.next(patience)?,
            };
            self.note(&event)?;
            #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is for who draws a chat")]
            let reader = match event {
                Event::Message(ServerMessage::Joined(joined))
                    if unjoined.contains(&joined.room) =>
                {
                    unjoined.retain(|room| *room != joined.room);
                    tell_missing(since, &joined);
                    Reader::Reads
                }
                // A private room may bring itself.
                Event::Record(record) if !self.rooms.contains(&record.room) => Reader::Reads,
                Event::Record(record) if json => output.line(&record.encode())?,
                Event::Record(record) => {
                    let mut reader = Reader::Reads;
                    for line in self.lines(&record, &mut days) {
                        reader = output.line(&line)?;
                    }
                    reader
                }
                Event::State(State::Live) if !follows => {
                    output.flush()?;
                    return Ok(());
                }
                _ => Reader::Reads,
            };
            if reader == Reader::Gone {
                return Ok(());
            }
        }
    }

    /// A record as people read it.
    fn lines(&self, record: &Record, days: &mut BTreeMap<RoomName, i64>) -> Vec<String> {
        let seconds = i64::try_from(record.at / 1000).unwrap_or(0);
        let local = seconds + i64::from(self.zone.offset(seconds));
        let day = talk::time::day(local);
        let mut lines: Vec<Line> = Vec::new();
        if days.insert(record.room.clone(), day).is_some_and(|before| before != day) {
            lines.push(format::day(day));
        }
        if let Kind::Operation(Operation::Post { reply: Some(seq), .. }) = &record.kind {
            lines.push(format::answers(*seq, None));
        }
        let clock = format!("{} ", calendar::clock(local));
        lines.push(format::record(record, &clock, &self.me));
        let tag = (self.rooms.len() > 1).then(|| format::tag(&record.room, &self.me));
        let tagged = |line: Line| tag.clone().map_or(line.clone(), |tag| line.after(tag));
        let rows = lines.into_iter().map(tagged).flat_map(|line| line.unwrapped());
        rows.map(|row| {
            let mut text = String::new();
            Palette::Bare.paint(&row, &mut text);
            text
        })
        .collect()
    }
}

/// Says that a room does not hold what was asked for.
fn tell_missing(since: Since, joined: &Joined) {
    let Since::After(asked) = since else { return };
    let Joined { room, first, head, .. } = joined;
    if joined.reset {
        complain(&format!("{room} has no record {asked}, only {head}: these are its newest"));
    } else if asked > 0 && joined.since > asked {
        complain(&format!("{room} keeps its records from {first} on: some are missing"));
    }
}
