//! Sends one message: its number goes to stdout once it is stored.

use talk::chat::Cid;
use talk::chat::Operation;
use talk::chat::Text;
use talk::chat::protocol::ServerMessage;
use talk::client::Event;

use super::ScriptRun;
use super::run::Wait;
use crate::stdio::output::Output;

impl ScriptRun {
    /// Sends `text`, and prints its number, or its record as JSON, once it is stored.
    ///
    /// # Errors
    /// A sentence: it is not known to be stored, or stdout cannot be written.
    pub(crate) fn send(mut self, text: &str, json: bool) -> Result<(), String> {
        let line = self.store(text, json).map_err(|why| format!("not sent: {why}"))?;
        self.client.close();
        let mut output = Output::default();
        let written = output.line(&line).and_then(|_| output.flush());
        written.map(drop).map_err(|why| format!("it is stored as {line}, but {why}"))
    }

    /// Waits until the message is stored, and returns what to print.
    fn store(&mut self, text: &str, json: bool) -> Result<String, String> {
        let mut sent: Option<Cid> = None;
        loop {
            let event = self.next(Wait::Limited)?;
            self.apply(&event)?;
            #[expect(clippy::wildcard_enum_match_arm, reason = "only its own message matters")]
            match event {
                // The welcome says how long a text may be.
                Event::Message(ServerMessage::Welcome(welcome)) if sent.is_none() => {
                    let most = usize::try_from(welcome.limits.text).unwrap_or(usize::MAX);
                    let text =
                        Text::parse(text, most).map_err(|rejection| rejection.to_string())?;
                    let room = self.rooms.first().cloned().unwrap_or_default();
                    let operation = Operation::Post { text, me: false, reply: None };
                    sent = Some(self.client.submit(&room, operation));
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
