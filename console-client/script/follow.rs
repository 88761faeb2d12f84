//! Prints records: each once, in order, as text or as JSON.

use std::collections::BTreeMap;

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::Joined;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Since;
use talk::client::ConnectionState;
use talk::client::Event;

use super::ScriptRun;
use super::run::Wait;
use crate::exit::Failure;
use crate::exit::print_error;
use crate::stdio::output::Output;
use crate::stdio::output::Reader;
use crate::text::line::Line;
use crate::text::style::Palette;
use crate::text::timezone;
use crate::view::format;

/// Whether everything that was asked for could be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Completeness {
    Complete,
    /// The rest cannot be read, or never was there; it was reported.
    Incomplete,
}

impl ScriptRun {
    /// Prints records: without end, or until all that exist are printed.
    ///
    /// # Errors
    /// Why it cannot continue; or not all that was asked for could be read, which it has reported.
    pub(crate) fn follow(mut self, since: Since, follows: bool, json: bool) -> Result<(), Failure> {
        let printed = self.print_all(since, follows, json);
        self.client.close();
        match printed.map_err(Failure::Failed)? {
            Completeness::Complete => Ok(()),
            Completeness::Incomplete => Err(Failure::Reported),
        }
    }

    fn print_all(
        &mut self,
        since: Since,
        follows: bool,
        json: bool,
    ) -> Result<Completeness, String> {
        let mut completeness = Completeness::Complete;
        let wait = if follows { Wait::Forever } else { Wait::Limited };
        let (mut output, mut days) = (Output::default(), BTreeMap::new());
        let mut unjoined = self.rooms.clone();
        loop {
            let event = match self.try_next() {
                Some(event) => event,
                None if output.flush()? == Reader::Gone => return Ok(Completeness::Complete),
                None => self.next(wait)?,
            };
            self.apply(&event)?;
            #[expect(clippy::wildcard_enum_match_arm, reason = "a script needs only these")]
            let reader = match event {
                Event::Message(ServerMessage::Joined(joined))
                    if unjoined.contains(&joined.room) =>
                {
                    unjoined.retain(|room| *room != joined.room);
                    if report_missing(since, &joined) == Completeness::Incomplete {
                        completeness = Completeness::Incomplete;
                    }
                    Reader::Reading
                }
                // The server may add a private room by itself.
                Event::Record(record) if !self.rooms.contains(&record.room) => Reader::Reading,
                Event::Record(record) if json => output.line(&record.encode())?,
                Event::Record(record) => {
                    let mut reader = Reader::Reading;
                    for line in self.lines(&record, &mut days) {
                        reader = output.line(&line)?;
                    }
                    reader
                }
                Event::State(ConnectionState::Live) if !follows => {
                    output.flush()?;
                    return Ok(completeness);
                }
                _ => Reader::Reading,
            };
            if reader == Reader::Gone {
                return Ok(Completeness::Complete);
            }
        }
    }

    /// A record as text, with the line of its day above if that is new.
    fn lines(&self, record: &Record, days: &mut BTreeMap<RoomName, i64>) -> Vec<String> {
        let local = self.zone.local(record.at);
        let day = talk::time::day(local);
        let mut lines: Vec<Line> = Vec::new();
        if days.insert(record.room.clone(), day) != Some(day) {
            lines.push(format::day(day));
        }
        if let RecordKind::Operation(Operation::Post { reply: Some(seq), .. }) = &record.kind {
            lines.push(format::reply_to(*seq, None));
        }
        let stamp = format!("{} ", timezone::clock(local));
        lines.push(format::record(record, &stamp, &self.me));
        let tag = (self.rooms.len() > 1).then(|| format::tag(&record.room, None, &self.me));
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

/// Reports that the server does not have, or cannot read, what was asked for. What retention has removed is
/// reported, and no failure: it was meant to go.
fn report_missing(since: Since, joined: &Joined) -> Completeness {
    let Joined { room, first, head, .. } = joined;
    let mut completeness = Completeness::Complete;
    if joined.damaged {
        print_error(&format::damaged(room.as_str(), *head));
        completeness = Completeness::Incomplete;
    }
    let Since::After(asked) = since else { return completeness };
    if joined.reset {
        print_error(&format!(
            "{room} has no record {asked}: its newest is {head}, so its latest records follow"
        ));
        completeness = Completeness::Incomplete;
    } else if asked > 0 && joined.since > asked {
        print_error(&format!("records of {room} are missing: the server keeps #{first} and later"));
    }
    completeness
}
