//! The lines of an outbox file: one JSON object each, for one event in the life of a submission.

use talk::chat::Cid;
use talk::chat::ErrorCode;
use talk::chat::Rejection;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::ClientMessage;
use talk::client::SavedSubmission;
use talk::client::Submission;
use talk::json;
use talk::json::Value;
use talk::limits;

/// A line of an outbox file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutboxEntry {
    /// A submission waits, written as it is sent; one that was there before goes to the end.
    Pending(Submission),
    /// A submission was refused.
    Failed(Cid, Rejection),
    /// A submission is stored, or was dropped.
    Removed(Cid),
    /// From here on, the submissions of the file may be stored under this name.
    Name(UserName),
}

/// All entries of a file, added up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FileContent {
    /// The submissions that are not removed, in order.
    pub(crate) saved: Vec<SavedSubmission>,
    /// The name under which they may be stored, if the file names one.
    pub(crate) name: Option<UserName>,
    /// The bytes up to the end of the last whole entry. The rest is an entry whose writer was killed
    /// while writing it, so it was never shown.
    pub(crate) whole: usize,
    /// Some whole entries are not ours; they are left out.
    pub(crate) is_damaged: bool,
}

impl OutboxEntry {
    /// The entry as a line of the file, with its line end.
    pub(crate) fn write(&self) -> String {
        let mut object = json::Object::new();
        match self {
            OutboxEntry::Pending(Submission { room, cid, operation }) => {
                let (room, cid, operation) = (room.clone(), cid.clone(), operation.clone());
                return ClientMessage::Submit { room, cid, operation }.encode() + "\n";
            }
            OutboxEntry::Failed(cid, Rejection { code, message }) => {
                object.string("failed", cid.as_str());
                object.string("code", code.as_str()).string("message", message);
            }
            OutboxEntry::Removed(cid) => {
                object.string("settled", cid.as_str());
            }
            OutboxEntry::Name(user) => {
                object.string("name", user.as_str());
            }
        }
        object.end() + "\n"
    }

    fn parse(line: &[u8]) -> Option<OutboxEntry> {
        let line = std::str::from_utf8(line).ok()?;
        let value = json::parse(line).ok()?;
        let text = |key| value.get(key).and_then(Value::as_str);
        if text("type").is_some() {
            let room = RoomName::parse_stored(text("room")?).ok()?;
            let operation = ClientMessage::parse_operation(&value, limits::TEXT_MAX)?;
            let cid = text("cid")?.parse().ok()?;
            return Some(OutboxEntry::Pending(Submission { room, cid, operation }));
        }
        if let Some(cid) = text("failed") {
            let code = ErrorCode::from_wire(text("code")?);
            let message = text("message")?.to_owned();
            return Some(OutboxEntry::Failed(cid.parse().ok()?, Rejection::new(code, message)));
        }
        if let Some(cid) = text("settled") {
            return Some(OutboxEntry::Removed(cid.parse().ok()?));
        }
        text("name").map(|name| OutboxEntry::Name(UserName::from_trusted(name)))
    }
}

impl FileContent {
    /// Reads the bytes of a file.
    pub(crate) fn parse(bytes: &[u8]) -> FileContent {
        let mut content = FileContent::default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\n") else { break };
            content.whole += line.len() + 1;
            match OutboxEntry::parse(line) {
                Some(entry) => content.apply(entry),
                None => content.is_damaged = true,
            }
        }
        content
    }

    fn apply(&mut self, entry: OutboxEntry) {
        match entry {
            OutboxEntry::Pending(submission) => {
                self.saved.retain(|saved| saved.submission.cid != submission.cid);
                self.saved.push(SavedSubmission { submission, rejection: None });
            }
            OutboxEntry::Failed(cid, rejection) => {
                let mut saved = self.saved.iter_mut();
                if let Some(saved) = saved.find(|saved| saved.submission.cid == cid) {
                    saved.rejection = Some(rejection);
                }
            }
            OutboxEntry::Removed(cid) => self.saved.retain(|saved| saved.submission.cid != cid),
            OutboxEntry::Name(user) => self.name = Some(user),
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

    fn cids(content: &FileContent) -> Vec<&str> {
        content.saved.iter().map(|saved| saved.submission.cid.as_str()).collect()
    }

    #[test]
    fn the_entries_add_up_to_the_submissions_not_removed_in_order() {
        let content = FileContent::parse(FILE.as_bytes());
        assert_eq!(cids(&content), ["a", "d", "c"]);
        let message = "disk \"full\"".to_owned();
        let rejection = Some(Rejection::new(ErrorCode::Storage, message));
        assert_eq!(content.saved[0].rejection, rejection);
        assert_eq!(content.saved[2].rejection, None, "sent again");
        assert_eq!(content.name, Some("rob".parse().unwrap()));
        assert_eq!((content.whole, content.is_damaged), (FILE.len(), false));
    }

    #[test]
    fn an_entry_reads_as_it_was_written() {
        for line in FILE.lines() {
            assert_eq!(OutboxEntry::parse(line.as_bytes()).unwrap().write(), format!("{line}\n"));
        }
    }

    #[test]
    fn a_writer_killed_at_any_byte_leaves_its_whole_entries_and_no_damage() {
        for cut in 0..=FILE.len() {
            let content = FileContent::parse(&FILE.as_bytes()[..cut]);
            let whole = FILE[..cut].rfind('\n').map_or(0, |at| at + 1);
            assert!(!content.is_damaged, "cut at {cut}");
            assert_eq!(content, FileContent::parse(&FILE.as_bytes()[..whole]), "cut at {cut}");
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
            let content = FileContent::parse(format!("{bad}\n{FILE}").as_bytes());
            assert_eq!((cids(&content), content.is_damaged), (vec!["a", "d", "c"], true), "{bad}");
        }
        assert!(FileContent::parse(b"\xff\n").is_damaged);
    }
}
