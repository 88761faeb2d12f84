//! The submissions of a client that are not stored yet, in the order they were made.
//!
//! One is in flight at a time, so that a lost connection cannot change their order. A submission
//! that was sent once is in doubt until a record or a rejection resolves it: it may be stored
//! already.

use std::collections::VecDeque;

use crate::chat::protocol::ClientMessage;
use crate::chat::{Cid, Operation, Rejection, RoomName};

/// One operation on a room's log: a message to post, an edit, a delete or a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The room it is for.
    pub room: RoomName,
    /// Its id, by which the server recognizes a repeat.
    pub cid: Cid,
    /// What it does.
    pub operation: Operation,
}

/// A submission of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSubmission {
    /// The submission, under the cid it had then.
    pub submission: Submission,
    /// Why the server rejected it, if it did: then it is sent again only if the person asks.
    pub rejection: Option<Rejection>,
}

/// The submissions of one client that are waiting, in flight or rejected.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Submissions that wait for their turn, in order.
    queue: VecDeque<Queued>,
    /// How many of them were sent before. A record can only be of one of these.
    in_doubt: usize,
    /// The submission that was sent and is not answered.
    in_flight: Option<InFlight>,
    /// Rejected submissions, which the person can resend or drop.
    failed: Vec<Submission>,
}

/// How far a submission got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It waits for its turn, and was never sent.
    Waiting,
    /// It was sent, and is not answered: it may be stored.
    InDoubt,
    /// The server rejected it.
    Failed,
    /// It is stored, was dropped, or was never submitted.
    Settled,
}

/// A submission that waits for its turn.
#[derive(Debug)]
struct Queued {
    submission: Submission,
    /// It was sent before, and may be stored.
    is_in_doubt: bool,
    /// It was made before the person asked for another name, and is stored under the old one.
    is_before_rename: bool,
}

/// The submission whose turn it is.
#[derive(Debug)]
struct InFlight {
    submission: Submission,
    /// The server rejected it as too fast: it is sent again after a wait.
    is_rate_limited: bool,
}

impl Outbox {
    /// Adds a submission at the end.
    pub(super) fn push(&mut self, submission: Submission) {
        self.queue.push_back(Queued { submission, is_in_doubt: false, is_before_rename: false });
    }

    /// Adds a submission that may have been sent before, at the end.
    pub(super) fn push_in_doubt(&mut self, submission: Submission) {
        self.queue.push_back(Queued { submission, is_in_doubt: true, is_before_rename: false });
        self.in_doubt = self.in_doubt.saturating_add(1);
    }

    /// Adds a submission that was rejected in an earlier run.
    pub(super) fn push_failed(&mut self, submission: Submission) {
        self.failed.push(submission);
    }

    /// How far a submission got.
    pub(super) fn progress(&self, cid: &Cid) -> Progress {
        if self.is_in_flight(cid) {
            return Progress::InDoubt;
        }
        match self.queue.iter().find(|queued| queued.submission.cid == *cid) {
            Some(queued) if queued.is_in_doubt => Progress::InDoubt,
            Some(_) => Progress::Waiting,
            None if self.failed.iter().any(|failed| failed.cid == *cid) => Progress::Failed,
            None => Progress::Settled,
        }
    }

    /// Whether a submission is in flight, or waits because it was rate limited.
    pub(super) fn has_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether a waiting submission was sent before.
    pub(super) fn has_in_doubt(&self) -> bool {
        self.in_doubt > 0
    }

    /// The person asks for another name: what waits now is sent under the old one.
    pub(super) fn mark_before_rename(&mut self) {
        self.queue.iter_mut().for_each(|queued| queued.is_before_rename = true);
    }

    /// Whether a waiting submission belongs to the old name: it was made before the person asked for another, or
    /// was sent already.
    pub(super) fn has_before_rename(&self) -> bool {
        self.has_in_doubt() || self.queue.front().is_some_and(|queued| queued.is_before_rename)
    }

    /// The next submission to send, if none is in flight.
    pub(super) fn take_next(&mut self) -> Option<ClientMessage> {
        if self.in_flight.is_some() {
            return None;
        }
        let Queued { submission, is_in_doubt, .. } = self.queue.pop_front()?;
        self.in_doubt = self.in_doubt.saturating_sub(usize::from(is_in_doubt));
        let Submission { room, cid, operation } = submission.clone();
        self.in_flight = Some(InFlight { submission, is_rate_limited: false });
        Some(ClientMessage::Submit { room, cid, operation })
    }

    /// A record of this client arrived: removes the submission that made it, if there is one.
    pub(super) fn acknowledge(&mut self, room: &RoomName, cid: &Cid) -> bool {
        let is_it = |submission: &Submission| submission.cid == *cid && submission.room == *room;
        if self.in_flight.as_ref().is_some_and(|in_flight| is_it(&in_flight.submission)) {
            self.in_flight = None;
            return true;
        }
        if !self.has_in_doubt() && self.failed.is_empty() {
            return false; // however long the queue is
        }
        let before = self.queue.len().saturating_add(self.failed.len());
        self.queue.retain(|queued| !queued.is_in_doubt || !is_it(&queued.submission));
        self.failed.retain(|submission| !is_it(submission));
        self.count_in_doubt();
        self.queue.len().saturating_add(self.failed.len()) < before
    }

    /// Whether `cid` is in flight.
    pub(super) fn is_in_flight(&self, cid: &Cid) -> bool {
        self.in_flight.as_ref().is_some_and(|in_flight| in_flight.submission.cid == *cid)
    }

    /// The submission in flight was rejected as too fast: it waits for [`Outbox::resend_due`].
    pub(super) fn set_rate_limited(&mut self) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.is_rate_limited = true;
        }
    }

    /// The wait is over: a rate-limited submission goes back to the head of the queue.
    pub(super) fn resend_due(&mut self) {
        if self.in_flight.as_ref().is_some_and(|in_flight| in_flight.is_rate_limited) {
            self.on_disconnect();
        }
    }

    /// The connection is gone: the submission in flight goes back to the head of the queue.
    pub(super) fn on_disconnect(&mut self) {
        if let Some(InFlight { submission, .. }) = self.in_flight.take() {
            let (is_in_doubt, is_before_rename) = (true, false);
            self.queue.push_front(Queued { submission, is_in_doubt, is_before_rename });
            self.in_doubt = self.in_doubt.saturating_add(1);
        }
    }

    /// The submission in flight was rejected.
    pub(super) fn fail_in_flight(&mut self) {
        self.failed.extend(self.in_flight.take().map(|in_flight| in_flight.submission));
    }

    /// Every submission in doubt fails: no record or rejection can resolve it any more. Returns
    /// their cids.
    pub(super) fn fail_in_doubt(&mut self) -> Vec<Cid> {
        self.fail_where(|queued| queued.is_in_doubt)
    }

    /// Every waiting submission for `room` that names a record fails (edits, deletes and replies):
    /// the record was of another log. Returns their cids.
    pub(super) fn fail_targeted(&mut self, room: &RoomName) -> Vec<Cid> {
        self.fail_where(|Queued { submission, .. }| {
            submission.room == *room && submission.operation.referenced_seq().is_some()
        })
    }

    /// Every waiting submission for `room` fails: the server refused to let us in. Returns their cids.
    pub(super) fn fail_room(&mut self, room: &RoomName) -> Vec<Cid> {
        self.fail_where(|queued| queued.submission.room == *room)
    }

    /// The server has told the name of a room that was known by another one: what waits for it goes there.
    pub(super) fn move_room(&mut self, from: &RoomName, to: &RoomName) {
        let in_flight = self.in_flight.iter_mut().map(|in_flight| &mut in_flight.submission);
        let queued = self.queue.iter_mut().map(|queued| &mut queued.submission);
        let all = in_flight.chain(queued).chain(&mut self.failed);
        for submission in all.filter(|submission| submission.room == *from) {
            submission.room = to.clone();
        }
    }

    fn fail_where(&mut self, is_one: impl FnMut(&Queued) -> bool) -> Vec<Cid> {
        let (failed, others): (VecDeque<Queued>, _) = self.queue.drain(..).partition(is_one);
        self.queue = others;
        self.count_in_doubt();
        let cids = failed.iter().map(|queued| queued.submission.cid.clone()).collect();
        self.failed.extend(failed.into_iter().map(|queued| queued.submission));
        cids
    }

    fn count_in_doubt(&mut self) {
        self.in_doubt = self.queue.iter().filter(|queued| queued.is_in_doubt).count();
    }

    /// A failed submission waits again, at the end of the queue. It was sent once, so it stays in
    /// doubt.
    pub(super) fn resend(&mut self, cid: &Cid) -> Option<Submission> {
        let at = self.failed.iter().position(|submission| submission.cid == *cid)?;
        let submission = self.failed.remove(at);
        self.push_in_doubt(submission.clone());
        Some(submission)
    }

    /// Drops a submission that failed, or that waits and was never sent.
    pub(super) fn discard(&mut self, cid: &Cid) -> bool {
        let before = self.queue.len().saturating_add(self.failed.len());
        self.failed.retain(|submission| submission.cid != *cid);
        self.queue.retain(|queued| queued.is_in_doubt || queued.submission.cid != *cid);
        self.queue.len().saturating_add(self.failed.len()) < before
    }
}
