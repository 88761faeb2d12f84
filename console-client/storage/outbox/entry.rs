//! What stands in an outbox's file: one JSON object a line, each telling what happened next.
//!
//! Room: bytes and values. No file.

use talk::chat::Cid;
use talk::chat::ErrorCode;
use talk::chat::Rejection;
use talk::chat::UserName;
use talk::chat::protocol::ClientMessage;
use talk::client::SavedSubmission;
use talk::client::Submission;
use talk::json;
use talk::json::Value;
use talk::limits;

/// Something that happened to the lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A line waits, told as it is sent; one that was there before goes to the end.
    Line(Submission),
    /// A line was refused.
    Failed(Cid, Rejection),
    /// A line is stored, or was dropped: it is of no more concern.
    Settled(Cid),
    /// From here on, what waits may have gone out under this name.
    Name(UserName),
}

/// What all the entries of a file come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// The lines that are not settled, in order.
    pub(crate) kept: Vec<SavedSubmission>,
    /// The name they may have gone out under, if there is such a mark.
    pub(crate) name: Option<UserName>,
    /// The bytes up to the end of the last whole entry. What follows was being written when the
    /// writer was killed, and so was never shown.
    pub(crate) whole: usize,
    /// Some whole entries are none of ours; they are left out.
    pub(crate) is_damaged: bool,
}

impl Entry {
    /// The entry as it stands in the file, line end included.
    pub(crate) fn write(&self) -> String {
        let mut object = json::Object::new();
        match self {
            Entry::Line(Submission { room, cid, operation }) => {
                let (room, cid, operation) = (room.clone(), cid.clone(), operation.clone());
                return ClientMessage::Submit { room, cid, operation }.encode() + "\n";
            }
            Entry::Failed(cid, Rejection { code, message }) => {
                object.string("failed", cid.as_str());
                object.string("code", code.as_str()).string("message", message);
            }
            Entry::Settled(cid) => {
                object.string("settled", cid.as_str());
            }
            Entry::Name(user) => {
                object.string("name", user.as_str());
            }
        }
        object.end() + "\n"
    }

    fn read(line: &[u8]) -> Option<Entry> {
        let line = std::str::from_utf8(line).ok()?;
        let value = json::parse(line).ok()?;
        let text = |key| value.get(key).and_then(Value::as_str);
        if text("type").is_some() {
            return match ClientMessage::parse(line, limits::TEXT_MAX, json::Limits::default()) {
                Ok(ClientMessage::Submit { room, cid, operation }) => {
                    Some(Entry::Line(Submission { room, cid, operation }))
                }
                Ok(_) | Err(_) => None,
            };
        }
        if let Some(cid) = text("failed") {
            let code = ErrorCode::from_wire(text("code")?);
            let message = text("message")?.to_owned();
            return Some(Entry::Failed(cid.parse().ok()?, Rejection::new(code, message)));
        }
        if let Some(cid) = text("settled") {
            return Some(Entry::Settled(cid.parse().ok()?));
        }
        text("name").map(|name| Entry::Name(UserName::from_trusted(name)))
    }
}

impl Content {
    /// What a file holds.
    pub(crate) fn read(bytes: &[u8]) -> Content {
        let mut content = Content::default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\n") else { break };
            content.whole += line.len() + 1;
            match Entry::read(line) {
                Some(entry) => content.take(entry),
                None => content.is_damaged = true,
            }
        }
        content
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Line(submission) => {
                self.kept.retain(|kept| kept.submission.cid != submission.cid);
                self.kept.push(SavedSubmission { submission, rejection: None });
            }
            Entry::Failed(cid, rejection) => {
                if let Some(kept) = self.kept.iter_mut().find(|kept| kept.submission.cid == cid) {
                    kept.rejection = Some(rejection);
                }
            }
            Entry::Settled(cid) => self.kept.retain(|kept| kept.submission.cid != cid),
            Entry::Name(user) => self.name = Some(user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"type":"post","room":"lobby","cid":"a","text":"one"}
{"type":"post","room":"rust","cid":"b","text":"dances\n\ttwice","kind":"me","reply":3}
{"type":"edit","room":"lobby","cid":"c","target":7,"text":"three"}
{"failed":"a","code":"storage","message":"disk \"full\""}
{"settled":"b"}
{"name":"rob"}
{"type":"delete","room":"lobby","cid":"d","target":4}
{"failed":"c","code":"too_long","message":"too long"}
{"type":"edit","room":"lobby","cid":"c","target":7,"text":"three"}
"#;

    fn cids(content: &Content) -> Vec<&str> {
        content.kept.iter().map(|kept| kept.submission.cid.as_str()).collect()
    }

    #[test]
    fn the_entries_come_to_the_lines_that_are_not_settled_in_order() {
        let content = Content::read(FILE.as_bytes());
        assert_eq!(cids(&content), ["a", "d", "c"]);
        let message = "disk \"full\"".to_owned();
        let rejection = Some(Rejection::new(ErrorCode::Storage, message));
        assert_eq!(content.kept[0].rejection, rejection);
        assert_eq!(content.kept[2].rejection, None, "sent again");
        assert_eq!(content.name, Some("rob".parse().unwrap()));
        assert_eq!((content.whole, content.is_damaged), (FILE.len(), false));
    }

    #[test]
    fn an_entry_reads_as_it_was_written() {
        for line in FILE.lines() {
            assert_eq!(Entry::read(line.as_bytes()).unwrap().write(), format!("{line}\n"));
        }
    }

    #[test]
    fn a_writer_killed_at_any_byte_leaves_its_whole_entries_and_no_damage() {
        for cut in 0..=FILE.len() {
            let content = Content::read(&FILE.as_bytes()[..cut]);
            let whole = FILE[..cut].rfind('\n').map_or(0, |at| at + 1);
            assert!(!content.is_damaged, "cut at {cut}");
            assert_eq!(content, Content::read(&FILE.as_bytes()[..whole]), "cut at {cut}");
            assert_eq!(content.whole, whole);
        }
    }

    #[test]
    fn what_is_no_entry_is_damage_and_the_rest_is_read() {
        for bad in [
            "",
            "x",
            "{}",
            "[]",
            "{\"type\":\"post\"}",
            "{\"type\":\"who\",\"room\":\"lobby\"}",
            "\0\0",
            "\u{1b}",
        ] {
            let content = Content::read(format!("{bad}\n{FILE}").as_bytes());
            assert_eq!((cids(&content), content.is_damaged), (vec!["a", "d", "c"], true), "{bad}");
        }
        assert!(Content::read(b"\xff\n").is_damaged);
    }
}
