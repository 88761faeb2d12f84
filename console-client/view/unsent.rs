//! Our submissions that are not stored yet, as the person sees them.

use talk::chat::Cid;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::client::Submission;

use crate::room::Room;

/// Submissions that are not stored, or whose records have not come yet, oldest first.
#[derive(Debug, Default)]
pub(crate) struct UnsentList(Vec<Unsent>);

/// A submission and how far it got.
#[derive(Debug)]
struct Unsent {
    submission: Submission,
    state: SendState,
}

/// How far a submission got.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SendState {
    Pending,
    /// Stored under this seq. It stays in the list until its record takes its place on the screen.
    Stored(u64),
    /// The server refused it, for this reason.
    Failed(String),
}

impl UnsentList {
    /// Adds a submission. Adding it twice, from us and from the client, adds it once.
    pub(crate) fn add(&mut self, submission: Submission) {
        let is_it = |unsent: &Unsent| unsent.submission.cid == submission.cid;
        if !self.0.iter().any(|unsent| is_it(unsent) && unsent.state == SendState::Pending) {
            self.0.retain(|unsent| !is_it(unsent));
            self.0.push(Unsent { submission, state: SendState::Pending });
        }
    }

    pub(crate) fn remove(&mut self, cid: &Cid) {
        self.0.retain(|unsent| unsent.submission.cid != *cid);
    }

    pub(super) fn set_state(&mut self, cid: &Cid, state: SendState) {
        if let Some(unsent) = self.0.iter_mut().find(|unsent| unsent.submission.cid == *cid) {
            unsent.state = state;
        }
    }

    /// Removes the submissions that are stored and whose record was shown. `newest` is the newest
    /// seq shown of a room.
    pub(super) fn remove_shown(&mut self, newest: impl Fn(&RoomName) -> u64) {
        self.0.retain(|Unsent { submission, state }| match state {
            SendState::Pending | SendState::Failed(_) => true,
            SendState::Stored(seq) => *seq > newest(&submission.room),
        });
    }

    /// The submissions, oldest first, and why they failed if they did.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Submission, Option<&str>)> {
        self.0.iter().map(|Unsent { submission, state }| match state {
            SendState::Pending | SendState::Stored(_) => (submission, None),
            SendState::Failed(reason) => (submission, Some(reason.as_str())),
        })
    }

    pub(crate) fn failed(&self) -> impl Iterator<Item = &Submission> {
        self.iter().filter_map(|(submission, reason)| reason.map(|_| submission))
    }

    /// Whether a submission may still be stored.
    pub(crate) fn is_any_pending(&self) -> bool {
        self.iter().any(|(_, reason)| reason.is_none())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn contains(&self, cid: &Cid) -> bool {
        self.0.iter().any(|unsent| unsent.submission.cid == *cid)
    }

    /// The seq of our last message in `room`, for `/edit` and `/delete` without a number.
    ///
    /// # Errors
    /// A sentence: there is none that is meant without doubt.
    pub(crate) fn last_own_post(&self, room: &Room) -> Result<u64, &'static str> {
        let here = || self.iter().filter(|(submission, _)| submission.room == room.name);
        if here().any(|(submission, _)| matches!(submission.operation, Operation::Post { .. })) {
            return Err("your last message is not stored yet; for an older one, give its number");
        }
        let is_deleted = |seq: u64| {
            here().any(|(submission, reason)| {
                submission.operation == Operation::Delete { target: seq } && reason.is_none()
            })
        };
        let last = room.own_posts.iter().rev().map(|(seq, _)| seq).find(|seq| !is_deleted(*seq));
        last.ok_or("no recent message of yours in this room; /history shows numbers of older ones")
    }
}
