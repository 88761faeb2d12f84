//! What the person sees of the chat: notices in, lines and a status out.
//!
//! Room: values. No terminal, no clock but the one it is told, no word to the server.

pub(crate) mod format; // how things are said

use std::collections::VecDeque;

use talk::chat::AwayMessage;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Range;
use talk::chat::protocol::Welcome;
use talk::client::SavedSubmission;
use talk::client::Submission;

use crate::command;
use crate::connection_status::ConnectionStatus;
use crate::editor::completion::Words;
use crate::room::Room;
use crate::room::Stretch;
use crate::storage::preferences::Wished;
use crate::storage::preferences::Wishes;
use crate::text::line::Line;
use crate::text::timezone::Zone;
use crate::view::history_loader::Sought;
use crate::view::presence::Comings;
use crate::view::scroll::Part;
use crate::view::scroll::Place;

mod events; // what becomes of each notice
mod records; // what becomes of what is said, and how far it was read
mod lines; // where a line is shown
mod rooms; // from room to room
mod scroll; // looking back
mod history_loader; // beyond what is kept
mod presence; // who came and went
mod absences; // who is away
mod preferences; // what is to be heard, and how
mod status_line; // the status line, and what waits above it

pub(crate) use history_loader::Asked;

/// The chat as it is shown.
#[derive(Debug)]
pub(crate) struct View {
    me: UserName,
    server: String,
    zone: Zone,
    shows: Shows,
    now: u64, // Unix milliseconds
    connection: ConnectionStatus,
    retry_at: u64,
    rooms: Vec<Room>,
    here: usize,
    /// The place in it that is shown, unless that is the end.
    looks_back: Option<Place>,
    /// What is loaded of it beyond the lines kept, while one looks back.
    stretch: Option<Stretch>,
    /// It, drawn.
    loaded: Vec<(Part, Line)>,
    /// A page back waits for it: of so many columns and rows.
    page_waits: Option<(usize, usize)>,
    /// The time that is looked for in it.
    sought: Option<Sought>,
    comings: Comings,
    /// The pages of history that are to come.
    asked: VecDeque<(RoomName, Asked)>,
    wishes: Wishes,
    /// What was wished and is not kept yet.
    unkept: Vec<Wished>,
    /// The bell is to be rung.
    rings: bool,
    rings_again_at: u64, // Unix milliseconds
    /// We are away, and why.
    away: Option<AwayMessage>,
    /// Who wrote to us directly, the last of them, and when.
    wrote: Option<(u64, UserName)>,
    waiting: Vec<Waiting>,
    text_max: usize,
    welcome: Option<Welcome>,
    hint: Option<&'static str>,
    said: Vec<(Flow, Line)>,
}

/// Where a line belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It is part of a room.
    Chat,
    /// It is said to the person alone.
    Remark,
}

/// Which lines come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// The room one is in; the others wait until one turns to them. Comings and goings too.
    Here,
    /// All rooms in one stream.
    All,
    /// All rooms, and only what was said from now on.
    News,
}

/// A line of ours that is not stored.
#[derive(Debug)]
struct Waiting {
    line: Submission,
    fate: Fate,
}

/// What became of a line of ours so far.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Open,
    /// Its record is on its way to us: the line stays in sight until that takes its place.
    Stored(u64),
    Failed(String),
}

/// Bytes of a text, until the server says what it takes.
const TEXT_MAX: usize = talk::limits::TEXT;

/// Lines shown before a line that is gone to, and after it.
const AROUND: u64 = 10;

impl View {
    pub(crate) fn new(
        me: UserName,
        server: String,
        rooms: &[RoomName],
        zone: Zone,
        shows: Shows,
    ) -> View {
        View {
            me,
            server,
            zone,
            shows,
            now: 0,
            connection: ConnectionStatus::new(),
            retry_at: 0,
            rooms: rooms.iter().cloned().map(Room::new).collect(),
            here: 0,
            looks_back: None,
            stretch: None,
            loaded: Vec::new(),
            page_waits: None,
            sought: None,
            comings: Comings::default(),
            wishes: Wishes::default(),
            unkept: Vec::new(),
            rings: false,
            rings_again_at: 0,
            away: None,
            asked: VecDeque::new(),
            wrote: None,
            waiting: Vec::new(),
            text_max: TEXT_MAX,
            welcome: None,
            hint: None,
            said: Vec::new(),
        }
    }

    // ---- What the person asks ------------------------------------------------------------------

    /// What is to be printed since the last time.
    pub(crate) fn take(&mut self) -> Vec<(Flow, Line)> {
        std::mem::take(&mut self.said)
    }

    /// The newest `count` lines of the room one is in, for painting the screen anew.
    pub(crate) fn newest(&self, count: usize) -> Vec<Line> {
        self.here().map_or(Vec::new(), |room| room.lines.newest(count))
    }

    /// The room one is in.
    pub(crate) fn here(&self) -> Option<&Room> {
        self.rooms.get(self.here)
    }

    pub(crate) fn is_in(&self, name: &RoomName) -> bool {
        self.rooms.iter().any(|room| room.name == *name)
    }

    pub(crate) fn me(&self) -> &UserName {
        &self.me
    }

    pub(crate) fn text_max(&self) -> usize {
        self.text_max
    }

    pub(crate) fn connection(&self) -> &ConnectionStatus {
        &self.connection
    }

    /// What the server said of itself, once it did.
    pub(crate) fn known_server(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// The lines of ours that are not stored, oldest first, and why they failed if they did.
    pub(crate) fn unstored(&self) -> impl Iterator<Item = (&Submission, Option<&str>)> {
        self.waiting.iter().map(|Waiting { line, fate }| match fate {
            Fate::Open | Fate::Stored(_) => (line, None),
            Fate::Failed(why) => (line, Some(why.as_str())),
        })
    }

    /// Tells the person something.
    pub(crate) fn remark(&mut self, line: Line) {
        self.settle_comings();
        self.said.push((Flow::Remark, line));
    }

    pub(crate) fn alarm(&mut self, text: &str) {
        self.remark(format::alarm(text));
    }

    /// Tells what was found of an earlier run. Its lines wait before whatever is said now; the client
    /// will say which of them had failed.
    pub(crate) fn found(&mut self, kept: &[SavedSubmission], troubles: &[String]) {
        troubles.iter().for_each(|trouble| self.alarm(trouble));
        kept.iter().for_each(|kept| self.waits(kept.submission.clone()));
        let note = match kept.len() {
            0 => return,
            1 => "1 line of yours from an earlier time is not sent yet".to_owned(),
            lines => format!("{lines} lines of yours from an earlier time are not sent yet"),
        };
        self.remark(format::note(&note));
    }

    /// A word on the status line until the next key.
    pub(crate) fn hint(&mut self, hint: Option<&'static str>) {
        self.hint = hint;
    }

    /// A line of ours is on its way. Said twice, by us and by the client, it is still one.
    pub(crate) fn waits(&mut self, line: Submission) {
        let is_it = |waiting: &Waiting| waiting.line.cid == line.cid;
        if !self.waiting.iter().any(|waiting| is_it(waiting) && waiting.fate == Fate::Open) {
            self.waiting.retain(|waiting| !is_it(waiting));
            self.waiting.push(Waiting { line, fate: Fate::Open });
        }
    }

    pub(crate) fn words(&self) -> Words {
        let commands = command::TABLE.iter().flat_map(|entry| entry.names.first());
        Words {
            commands: commands.map(|name| format!("/{name}")).collect(),
            names: self.here().map_or(Vec::new(), Room::names),
            rooms: self.rooms.iter().map(|room| self.title(&room.name)).collect(),
        }
    }

    /// The page before the oldest line shown, with its room.
    pub(crate) fn before_shown(&self) -> Option<(RoomName, Range)> {
        let room = self.here()?;
        Some((room.name.clone(), Range::Before(room.oldest?)))
    }

    /// The page with the line `seq` and some before and after it, and how many are to be listed of it.
    pub(crate) fn around(&self, seq: u64) -> Option<(RoomName, Range, usize)> {
        let room = self.here().filter(|room| room.oldest.is_some())?;
        let count = usize::try_from(2 * AROUND).ok()?;
        Some((room.name.clone(), Range::Before(seq + AROUND), count))
    }

    fn room_mut(&mut self, name: &RoomName) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.name == *name)
    }

    /// A Unix time in milliseconds as local seconds.
    fn local(&self, at: u64) -> i64 {
        let seconds = i64::try_from(at / 1000).unwrap_or(0);
        seconds + i64::from(self.zone.offset(seconds))
    }
}

/// `1 person`, `3 people`
fn people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

#[cfg(test)]
mod tests;
