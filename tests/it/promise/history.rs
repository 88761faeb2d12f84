//! What one client sent and saw: the evidence for the checker.

use std::collections::HashMap;

use crate::common::checker::{Outcome, Submission, View};
use crate::common::coordinator::{Coordinator, Progress};
use crate::common::rng::Rng;

/// The rooms that every client joins.
pub(super) const ROOMS: [&str; 2] = ["lobby", "attic"];

pub(super) fn room_number(name: &str) -> usize {
    ROOMS.iter().position(|room| *room == name).unwrap()
}

/// A client of a run, as it is configured.
#[derive(Clone)]
pub(super) struct ClientConfig {
    /// Its number for the coordinator.
    pub(super) number: usize,
    pub(super) user: &'static str,
    /// Which of the user's devices it is.
    pub(super) device: usize,
    /// Messages it has unsettled at once; 0 for one that only reads.
    pub(super) window: usize,
    pub(super) library: Library,
    /// Whether the server may lose records that were shown; otherwise a reset is a violation.
    pub(super) may_reset: bool,
}

/// The WebSocket library of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    Own,
    ThirdParty,
}

impl ClientConfig {
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.user, self.device)
    }

    /// Owns the name; a user's devices share it.
    pub(super) fn token(&self) -> String {
        let digest = self.user.bytes().fold(7, |sum: u64, byte| sum * 31 + u64::from(byte));
        format!("{digest:032x}")
    }
}

pub(super) struct ClientHistory {
    pub(super) config: ClientConfig,
    /// What was sent to each room.
    pub(super) submissions: [Vec<Submission>; ROOMS.len()],
    /// What was seen in each room.
    pub(super) views: [Vec<View>; ROOMS.len()],
    /// Connections that became live.
    pub(super) connections: u64,
    /// Resets of what was shown, and those of them where the log was at least as long as that again.
    pub(super) resets: [u64; 2],
    /// Messages whose acknowledgement was lost and came with a resume or a repeat.
    pub(super) late_acknowledgements: u64,
    /// The room and place of each message whose outcome is unknown, by cid.
    unsettled: HashMap<String, (usize, usize)>,
    seen: Vec<u64>,
    texts: usize,
    /// How often the client forgot what was unsettled.
    forgotten: usize,
}

impl ClientHistory {
    pub(super) fn new(config: &ClientConfig) -> ClientHistory {
        ClientHistory {
            config: config.clone(),
            submissions: Default::default(),
            views: Default::default(),
            connections: 0,
            resets: [0; 2],
            late_acknowledgements: 0,
            unsettled: HashMap::new(),
            seen: vec![0; ROOMS.len()],
            texts: 0,
            forgotten: 0,
        }
    }

    /// A text to send: of every length, with all that JSON escapes.
    pub(super) fn make_text(&mut self, rng: &mut Rng) -> String {
        self.texts += 1;
        let length = if rng.one_in(40) { 3_000 } else { rng.magnitude(7) as usize };
        let letters = ["a", "é", "\"", "\\", "\n", "\t", "\u{2028}", "😀", "<b>", "/", " "];
        let mut text = format!("{} {}:", self.config.name(), self.texts);
        while text.len() < length {
            text.push_str(rng.pick::<&str>(&letters));
        }
        text + "."
    }

    /// A message is sent.
    pub(super) fn submit(&mut self, room: usize, cid: &str, text: String) {
        let author = (self.config.user.to_owned(), (self.config.device, self.forgotten));
        self.unsettled.insert(cid.to_owned(), (room, self.submissions[room].len()));
        let outcome = Outcome::Unknown;
        self.submissions[room].push(Submission { author, cid: cid.to_owned(), text, outcome });
    }

    /// The outcome of a message is known now; whether it was unsettled.
    pub(super) fn settle(&mut self, cid: &str, outcome: Outcome) -> bool {
        let Some((room, place)) = self.unsettled.remove(cid) else { return false };
        self.submissions[room][place].outcome = outcome;
        true
    }

    pub(super) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }

    /// The client forgets what is unsettled. It may still be under way, and be stored after what the
    /// client sends next: a client that keeps nothing is promised no order.
    pub(super) fn forget_unsettled(&mut self) {
        self.unsettled.clear();
        self.forgotten += 1;
    }

    /// The client sees the room from here on, after `after`.
    pub(super) fn begin_view(&mut self, room: usize, log: &str, after: u64) {
        let (client, log) = (self.config.name(), log.to_owned());
        self.views[room].push(View { client, log, after, ..View::default() });
        self.seen[room] = after;
    }

    /// What the client was shown of this room is gone; the log's newest seq is `head` now.
    pub(super) fn count_reset(&mut self, room: usize, head: u64) {
        self.resets[0] += 1;
        self.resets[1] += u64::from(head >= self.seen[room]);
    }

    /// The view of this room, if one has begun.
    pub(super) fn view(&mut self, room: usize) -> Option<&mut View> {
        self.views[room].last_mut()
    }

    pub(super) fn show(&mut self, room: usize, seq: u64, record: String) {
        self.seen[room] = seq;
        if let Some(view) = self.views[room].last_mut() {
            view.shown.push(record);
        }
    }

    /// The client stays to the end of the run, in every room.
    pub(super) fn complete(&mut self) {
        for view in self.views.iter_mut().filter_map(|views| views.last_mut()) {
            view.is_complete = true;
        }
    }

    pub(super) fn report_progress(&self, coordinator: &Coordinator) {
        let (unsettled, seen) = (self.unsettled.len(), self.seen.clone());
        let progress = Progress { is_live: true, unsettled, seen };
        coordinator.report_progress(self.config.number, progress);
    }

    /// Something happened that must never happen: the run ends.
    pub(super) fn report_violation(&self, coordinator: &Coordinator, what: &str) {
        coordinator.report_violation(format!("{}: {what}", self.config.name()));
    }
}
