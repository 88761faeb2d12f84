//! One line said for a script: its number on stdout once it is stored.

use talk::chat::Cid;
use talk::chat::Operation;
use talk::chat::Text;
use talk::chat::protocol::ServerMessage;
use talk::client::Event;

use super::Run;
use super::run::Patience;
use crate::stdio::output::Output;

impl Run {
    /// Says `text`, and prints its number, or all of its record, once it is stored.
    ///
    /// # Errors
    /// A sentence: it is not stored, as far as known, or that cannot be told.
    pub(crate) fn send(mut self, text: &str, json: bool) -> Result<(), String> {
        let line = self.store(text, json).map_err(|why| format!("not sent: {why}"))?;
        self.client.close();
        let mut output = Output::default();
        let written = output.line(&line).and_then(|_| output.flush());
        written.map(drop).map_err(|why| format!("it is stored as {line}, but {why}"))
    }

    /// Returns what is to be told of the stored line.
    fn store(&mut self, text: &str, json: bool) -> Result<String, String> {
        let mut sent: Option<Cid> = None;
        loop {
            let event = self.next(Patience::Some)?;
            self.note(&event)?;
            #[expect(clippy::wildcard_enum_match_arm, reason = "only its own line matters")]
            match event {
                // Only now is it known how long a text may be.
                Event::Message(ServerMessage::Welcome(welcome)) if sent.is_none() => {
                    let most = usize::try_from(welcome.limits.text).unwrap_or(usize::MAX);
                    let text =
                        Text::parse(text, most).map_err(|rejection| rejection.to_string())?;
                    let room = self.rooms.first().cloned().unwrap_or_default();
                    let act = Operation::Post { text, me: false, reply: None };
                    sent = Some(self.client.submit(&room, act));
                }
                Event::Stored { cid, seq } if !json && sent.as_ref() == Some(&cid) => {
                    return Ok(seq.to_string());
                }
                Event::Record(record) if json && sent.as_ref() == Some(&record.cid) => {
                    return Ok(record.encode());
                }
                Event::Failed { cid, rejection } if sent.as_ref() == Some(&cid) => {
                    return Err(rejection.to_string());
                }
                _ => {}
            }
        }
    }
}
