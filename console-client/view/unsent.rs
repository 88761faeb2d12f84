//! Our submissions that are not stored yet, as the person sees them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use talk::chat::Cid;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::client::Submission;

use crate::room::Room;

/// Submissions that are not stored, or whose records have not come yet, oldest first. A change takes no longer
/// because there are many: a person may paste thousands of lines.
#[derive(Debug, Default)]
pub(crate) struct UnsentList {
    /// The submissions by their place in the order.
    submissions: BTreeMap<u64, Unsent>,
    /// Their places.
    places: HashMap<Cid, u64>,
    /// The places of those that are stored.
    stored: BTreeSet<u64>,
    /// The places of those that were refused.
    failed: BTreeSet<u64>,
    /// The place of the next.
    next: u64,
}

/// A submission and how far it got.
#[derive(Debug)]
pub(crate) struct Unsent {
    pub(crate) submission: Submission,
    state: SendState,
}

/// How far a submission got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SendState {
    Pending,
    /// The connection was closed before the server has answered it: it may be stored.
    InDoubt,
    /// Stored under this seq. It stays in the list until its record takes its place on the screen.
    Stored(u64),
    /// The server refused it, for this reason.
    Failed(String),
}

impl Unsent {
    /// Why the server refused it, if it did.
    pub(crate) fn reason(&self) -> Option<&str> {
        match &self.state {
            SendState::Pending | SendState::InDoubt | SendState::Stored(_) => None,
            SendState::Failed(reason) => Some(reason),
        }
    }

    /// Whether it was sent, and the server has not answered.
    pub(crate) fn may_be_stored(&self) -> bool {
        self.state == SendState::InDoubt
    }
}

impl UnsentList {
    /// Adds a submission. Adding it twice, from us and from the client, adds it once.
    pub(crate) fn add(&mut self, submission: Submission) {
        if self.get(&submission.cid).is_some_and(|known| known.state == SendState::Pending) {
            return;
        }
        self.remove(&submission.cid);
        let place = self.next;
        self.next += 1;
        self.places.insert(submission.cid.clone(), place);
        self.submissions.insert(place, Unsent { submission, state: SendState::Pending });
    }

    pub(crate) fn remove(&mut self, cid: &Cid) {
        if let Some(place) = self.places.remove(cid) {
            self.submissions.remove(&place);
            self.stored.remove(&place);
            self.failed.remove(&place);
        }
    }

    /// The server has told the name of a room that was known by another one.
    pub(super) fn move_room(&mut self, from: &RoomName, to: &RoomName) {
        let submissions = self.submissions.values_mut().map(|unsent| &mut unsent.submission);
        for submission in submissions.filter(|submission| submission.room == *from) {
            submission.room = to.clone();
        }
    }

    pub(crate) fn set_state(&mut self, cid: &Cid, state: SendState) {
        let Some(place) = self.places.get(cid) else { return };
        self.stored.remove(place);
        self.failed.remove(place);
        match &state {
            SendState::Pending | SendState::InDoubt => {}
            SendState::Stored(_) => _ = self.stored.insert(*place),
            SendState::Failed(_) => _ = self.failed.insert(*place),
        }
        if let Some(unsent) = self.submissions.get_mut(place) {
            unsent.state = state;
        }
    }

    /// Removes the submissions that are stored and whose record was shown. `newest` is the newest
    /// seq shown of a room.
    pub(super) fn remove_shown(&mut self, newest: impl Fn(&RoomName) -> u64) {
        let is_shown = |Unsent { submission, state }: &&Unsent| match state {
            SendState::Pending | SendState::InDoubt | SendState::Failed(_) => false,
            SendState::Stored(seq) => *seq <= newest(&submission.room),
        };
        let stored = self.stored.iter().filter_map(|place| self.submissions.get(place));
        let shown = stored.filter(is_shown).map(|unsent| unsent.submission.cid.clone());
        for cid in shown.collect::<Vec<Cid>>() {
            self.remove(&cid);
        }
    }

    /// The submissions, oldest first, and why they failed if they did.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Submission, Option<&str>)> {
        self.submissions.values().map(|unsent| (&unsent.submission, unsent.reason()))
    }

    /// Those that are not stored, as far as is known, oldest first.
    pub(crate) fn unstored(&self) -> impl Iterator<Item = &Unsent> {
        let is_stored = |unsent: &Unsent| matches!(unsent.state, SendState::Stored(_));
        self.submissions.values().filter(move |unsent| !is_stored(unsent))
    }

    pub(crate) fn failed(&self) -> impl Iterator<Item = &Submission> {
        self.iter().filter_map(|(submission, reason)| reason.map(|_| submission))
    }

    /// Whether a submission may still be stored.
    pub(crate) fn is_any_pending(&self) -> bool {
        self.pending_count() > 0
    }

    /// How many submissions wait for the server, or for their record.
    pub(crate) fn pending_count(&self) -> usize {
        self.submissions.len() - self.failed.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.submissions.len()
    }

    pub(super) fn contains(&self, cid: &Cid) -> bool {
        self.places.contains_key(cid)
    }

    /// The submission with this cid.
    pub(crate) fn find(&self, cid: &Cid) -> Option<&Submission> {
        self.get(cid).map(|unsent| &unsent.submission)
    }

    /// The cid of the newest.
    pub(crate) fn newest(&self) -> Option<&Cid> {
        self.submissions.last_key_value().map(|(_, unsent)| &unsent.submission.cid)
    }

    fn get(&self, cid: &Cid) -> Option<&Unsent> {
        self.places.get(cid).and_then(|place| self.submissions.get(place))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::Instant;

    use super::*;

    #[test]
    fn many_submissions_do_not_take_the_square_of_the_time_of_few() {
        let submission = |n: u64| Submission {
            room: RoomName::default(),
            cid: format!("{n:032}").parse().unwrap(),
            operation: Operation::Topic { text: talk::chat::Topic::parse("").unwrap() },
        };
        let all: Vec<Submission> = (0..50_000).map(submission).collect();
        let (mut unsent, begun) = (UnsentList::default(), Instant::now());
        all.iter().for_each(|submission| unsent.add(submission.clone()));
        all.iter().for_each(|submission| unsent.add(submission.clone())); // the client's own events
        assert_eq!(unsent.pending_count(), 50_000);
        for (seq, Submission { cid, .. }) in (0..).zip(&all) {
            let is_stored = seq % 2 == 0;
            let refused = || SendState::Failed("no".to_owned());
            unsent.set_state(cid, if is_stored { SendState::Stored(seq) } else { refused() });
            unsent.remove_shown(|_| seq);
            assert_eq!(unsent.contains(cid), !is_stored);
        }
        assert_eq!((unsent.len(), unsent.pending_count()), (25_000, 0));
        // Under a second in a debug build. If each step searches the list, it takes minutes.
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    }
}
