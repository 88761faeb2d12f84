//! The lines a person said that are not stored yet, in the order they were said.
//!
//! Room: lines. One is in flight at a time, so that no cut can change the order. A line that was
//! sent once is in doubt until a record or a rejection settles it: it may be stored already.

use std::collections::VecDeque;

use crate::chat::protocol::ClientMessage;
use crate::chat::{Cid, Operation, Rejection, RoomName};

/// A line as its author said it, or what else they do to a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The room it is for.
    pub room: RoomName,
    /// Its own name.
    pub cid: Cid,
    /// What it says or does.
    pub operation: Operation,
}

/// A line kept from an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSubmission {
    /// The line, under the cid it had then.
    pub line: Submission,
    /// Why it was refused, if it was: then it waits for a word from its author.
    pub rejection: Option<Rejection>,
}

/// The unsent, unsettled and refused lines of one client.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Entry>,
    flight: Option<Flight>,
    failed: Vec<Submission>,
}

/// A line that waits for its turn.
#[derive(Debug)]
struct Entry {
    line: Submission,
    /// It was sent before, and its fate is not known.
    in_doubt: bool,
}

/// The line whose turn it is.
#[derive(Debug)]
struct Flight {
    line: Submission,
    /// The server asked to wait before it comes again.
    rests: bool,
}

impl Outbox {
    /// Adds a line at the end.
    pub(super) fn push(&mut self, line: Submission) {
        self.waiting.push_back(Entry { line, in_doubt: false });
    }

    /// Adds a line of an earlier run, which may have been sent in it.
    pub(super) fn restore(&mut self, line: Submission) {
        self.waiting.push_back(Entry { line, in_doubt: true });
    }

    /// Adds a line that was refused in an earlier run.
    pub(super) fn restore_failed(&mut self, line: Submission) {
        self.failed.push(line);
    }

    /// Whether a line is in flight, resting or not.
    pub(super) fn is_busy(&self) -> bool {
        self.flight.is_some()
    }

    /// Whether some waiting line was sent before.
    pub(super) fn has_doubt(&self) -> bool {
        self.waiting.iter().any(|entry| entry.in_doubt)
    }

    /// Sends the next line, if none is in flight.
    pub(super) fn next(&mut self) -> Option<ClientMessage> {
        if self.flight.is_some() {
            return None;
        }
        let Entry { line, .. } = self.waiting.pop_front()?;
        let Submission { room, cid, operation } = line.clone();
        self.flight = Some(Flight { line, rests: false });
        Some(ClientMessage::Submit { room, cid, operation })
    }

    /// A record of ours came back: the line that made it, if there is one, is settled.
    pub(super) fn settle(&mut self, room: &RoomName, cid: &Cid) -> bool {
        let is_it = |line: &Submission| line.cid == *cid && line.room == *room;
        if self.flight.as_ref().is_some_and(|flight| is_it(&flight.line)) {
            self.flight = None;
            return true;
        }
        let before = self.waiting.len().saturating_add(self.failed.len());
        self.waiting.retain(|entry| !is_it(&entry.line));
        self.failed.retain(|line| !is_it(line));
        self.waiting.len().saturating_add(self.failed.len()) < before
    }

    /// Whether `cid` is the line in flight.
    pub(super) fn is_in_flight(&self, cid: &Cid) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.line.cid == *cid)
    }

    /// The line in flight waits until the server takes it.
    pub(super) fn rest(&mut self) {
        if let Some(flight) = &mut self.flight {
            flight.rests = true;
        }
    }

    /// The rest is over: the line goes back to the head of the queue.
    pub(super) fn rested(&mut self) {
        if self.flight.as_ref().is_some_and(|flight| flight.rests) {
            self.cut();
        }
    }

    /// The connection is gone: what was in flight goes back to the head of the queue.
    pub(super) fn cut(&mut self) {
        if let Some(Flight { line, .. }) = self.flight.take() {
            self.waiting.push_front(Entry { line, in_doubt: true });
        }
    }

    /// The line in flight was refused.
    pub(super) fn fail(&mut self) {
        self.failed.extend(self.flight.take().map(|flight| flight.line));
    }

    /// Every line in doubt fails: nobody can settle it any more. Returns their cids.
    pub(super) fn fail_doubt(&mut self) -> Vec<Cid> {
        let (in_doubt, certain) = self.waiting.drain(..).partition(|entry: &Entry| entry.in_doubt);
        self.waiting = certain;
        let in_doubt: VecDeque<Entry> = in_doubt;
        let cids = in_doubt.iter().map(|entry| entry.line.cid.clone()).collect();
        self.failed.extend(in_doubt.into_iter().map(|entry| entry.line));
        cids
    }

    /// Every line that waits to go to `room` and means a record fails: edits, deletes and answers. The
    /// record was of another log. Returns their cids.
    pub(super) fn fail_strays(&mut self, room: &RoomName) -> Vec<Cid> {
        let is_one =
            |line: &Submission| line.room == *room && line.operation.referenced_seq().is_some();
        let (strays, others): (VecDeque<Entry>, _) =
            self.waiting.drain(..).partition(|entry| is_one(&entry.line));
        self.waiting = others;
        let cids = strays.iter().map(|entry| entry.line.cid.clone()).collect();
        self.failed.extend(strays.into_iter().map(|entry| entry.line));
        cids
    }

    /// A failed line waits again, at the end of the queue. Sent once, it stays in doubt.
    pub(super) fn resend(&mut self, cid: &Cid) -> Option<Submission> {
        let at = self.failed.iter().position(|line| line.cid == *cid)?;
        let line = self.failed.remove(at);
        self.restore(line.clone());
        Some(line)
    }

    /// Forgets a line that failed, or that waits and was never sent.
    pub(super) fn drop_line(&mut self, cid: &Cid) -> bool {
        let before = self.waiting.len().saturating_add(self.failed.len());
        self.failed.retain(|line| line.cid != *cid);
        self.waiting.retain(|entry| entry.in_doubt || entry.line.cid != *cid);
        self.waiting.len().saturating_add(self.failed.len()) < before
    }
}
