//! What one person said and saw: the evidence.

use std::collections::HashMap;

use super::ROOMS;
use super::board::{Board, Standing};
use super::chance::Chance;
use super::judge::{Fate, Said, View};

/// A person of a run.
#[derive(Clone)]
pub(super) struct Person {
    /// Their place on the board.
    pub(super) number: usize,
    pub(super) user: &'static str,
    /// Which of the user's devices it is.
    pub(super) device: usize,
    /// Lines they have unsettled at once; who only reads has none.
    pub(super) window: usize,
    pub(super) library: Library,
}

/// Whose WebSocket library somebody uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    Ours,
    Foreign,
}

impl Person {
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.user, self.device)
    }

    /// What holds the name: a person's devices share it.
    pub(super) fn token(&self) -> String {
        let digest = self.user.bytes().fold(7, |sum: u64, byte| sum * 31 + u64::from(byte));
        format!("{digest:032x}")
    }
}

pub(super) struct Diary {
    pub(super) person: Person,
    /// What was said, in each room.
    pub(super) said: [Vec<Said>; ROOMS.len()],
    /// What was seen, in each room.
    pub(super) views: [Vec<View>; ROOMS.len()],
    /// What may never happen, whatever is cut or killed.
    pub(super) complaints: Vec<String>,
    /// Connections that became live.
    pub(super) lives: u64,
    /// Lines whose acknowledgement was lost and came with a resume or a repeat.
    pub(super) rescued: u64,
    /// Where the lines are that wait for their fate.
    unsettled: HashMap<String, (usize, usize)>,
    ends: [u64; ROOMS.len()],
    lines: usize,
    /// How often the person forgot what was not settled.
    forgotten: usize,
}

impl Diary {
    pub(super) fn new(person: &Person) -> Diary {
        Diary {
            person: person.clone(),
            said: Default::default(),
            views: Default::default(),
            complaints: Vec::new(),
            lives: 0,
            rescued: 0,
            unsettled: HashMap::new(),
            ends: Default::default(),
            lines: 0,
            forgotten: 0,
        }
    }

    /// Something to say: of every length, with all that JSON escapes.
    pub(super) fn think(&mut self, chance: &mut Chance) -> String {
        self.lines += 1;
        let length = if chance.one_in(40) { 3_000 } else { chance.magnitude(7) as usize };
        let letters = ["a", "é", "\"", "\\", "\n", "\t", "\u{2028}", "😀", "<b>", "/", " "];
        let mut text = format!("{} {}:", self.person.name(), self.lines);
        while text.len() < length {
            text.push_str(letters[chance.below(letters.len() as u64) as usize]);
        }
        text + "."
    }

    /// A line is said.
    pub(super) fn say(&mut self, room: usize, cid: &str, text: String) {
        let author = (self.person.user.to_owned(), (self.person.device, self.forgotten));
        self.unsettled.insert(cid.to_owned(), (room, self.said[room].len()));
        self.said[room].push(Said { author, cid: cid.to_owned(), text, fate: Fate::Unknown });
    }

    /// A line has met its fate; whether it was waited for.
    pub(super) fn settle(&mut self, cid: &str, fate: Fate) -> bool {
        let Some((room, place)) = self.unsettled.remove(cid) else { return false };
        self.said[room][place].fate = fate;
        true
    }

    pub(super) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }

    /// The person forgets what is not settled. It may still be on its way, and come after what is
    /// said next: nobody who keeps nothing is promised an order.
    pub(super) fn give_up(&mut self) {
        self.unsettled.clear();
        self.forgotten += 1;
    }

    /// A sitting begins after `after`.
    pub(super) fn begin_view(&mut self, room: usize, log: &str, after: u64) {
        let (who, log) = (self.person.name(), log.to_owned());
        self.views[room].push(View { who, log, after, ..View::default() });
        self.ends[room] = after;
    }

    /// The sitting in this room, if one has begun.
    pub(super) fn view(&mut self, room: usize) -> Option<&mut View> {
        self.views[room].last_mut()
    }

    pub(super) fn show(&mut self, room: usize, seq: u64, record: String) {
        self.ends[room] = seq;
        if let Some(view) = self.views[room].last_mut() {
            view.shown.push(record);
        }
    }

    /// The sitting in every room ends with the run.
    pub(super) fn stay(&mut self) {
        for views in &mut self.views {
            if let Some(view) = views.last_mut() {
                view.stayed = true;
            }
        }
    }

    pub(super) fn report(&self, board: &Board) {
        let standing = Standing { unsettled: self.unsettled.len(), ends: self.ends };
        board.report(self.person.number, standing);
    }

    /// Something happened that may never happen: the run is over.
    pub(super) fn complain(&mut self, board: &Board, what: &str) {
        self.complaints.push(format!("{}: {what}", self.person.name()));
        board.give_up();
    }
}
