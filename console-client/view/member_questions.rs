//! Questions for the members of a room: by `/who`, and by Tab in a large room.
//!
//! Each is two for the server: a page of those who are here, and one of those who are not.

use std::collections::VecDeque;

use talk::chat::AwayMember;
use talk::chat::NamePart;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::MemberState;
use talk::chat::protocol::MembersList;

/// The questions that are not answered yet, in order.
#[derive(Debug, Default)]
pub(crate) struct MemberQuestions {
    pending: VecDeque<MemberQuestion>,
    /// Whether names for Tab have come since they were looked at.
    has_found: bool,
}

/// A question, and what has come of its answer.
#[derive(Debug)]
pub(crate) struct MemberQuestion {
    /// The room.
    pub(crate) room: RoomName,
    /// Only names that begin so.
    pub(crate) prefix: Option<NamePart>,
    /// Who has asked.
    pub(crate) asker: Asker,
    /// Those who are here.
    pub(crate) here: Option<ListedMembers>,
    /// Those who are not.
    pub(crate) absent: Option<ListedMembers>,
}

/// Who has asked for members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The person, by `/who`.
    Who,
    /// The completion of a name.
    Tab,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct ListedMembers {
    pub(crate) names: Vec<UserName>,
    pub(crate) away: Vec<AwayMember>,
    pub(crate) list: MembersList,
}

impl MemberQuestions {
    /// Notes a question that was sent. An earlier one for Tab is not wanted any more.
    pub(crate) fn expect(&mut self, room: RoomName, prefix: Option<NamePart>, asker: Asker) {
        if asker == Asker::Tab {
            self.pending.retain(|question| question.asker != Asker::Tab);
        }
        let question = MemberQuestion { room, prefix, asker, here: None, absent: None };
        self.pending.push_back(question);
    }

    /// Takes a page. Returns its question, if that is answered with it.
    pub(in crate::view) fn take(
        &mut self,
        room: &RoomName,
        page: ListedMembers,
    ) -> Option<MemberQuestion> {
        let ListedMembers { list: MembersList { state, range, .. }, .. } = &page;
        let is_of = |question: &MemberQuestion| {
            question.room == *room
                && question.prefix == range.prefix
                && range.after.is_none()
                && question.page(*state).is_none()
        };
        let at = self.pending.iter().position(is_of)?;
        let question = self.pending.get_mut(at)?;
        match state {
            MemberState::Here => question.here = Some(page),
            MemberState::Absent => question.absent = Some(page),
        }
        let is_answered = question.here.is_some() && question.absent.is_some();
        let question = is_answered.then(|| self.pending.remove(at))??;
        self.has_found |= question.asker == Asker::Tab;
        Some(question)
    }

    /// The question that a whole list answers: that of a server which does not know pages.
    pub(in crate::view) fn take_whole(&mut self, room: &RoomName) -> Option<MemberQuestion> {
        let is_open = |question: &MemberQuestion| {
            question.room == *room && question.here.is_none() && question.absent.is_none()
        };
        self.pending.remove(self.pending.iter().position(is_open)?)
    }

    /// Gives up the questions for a room, because the server refuses them.
    pub(in crate::view) fn cancel(&mut self, room: &RoomName) {
        self.pending.retain(|question| question.room != *room);
    }

    /// Whether the person waits for an answer.
    pub(crate) fn is_waiting(&self) -> bool {
        self.pending.iter().any(|question| question.asker == Asker::Who)
    }

    /// Whether names for Tab have come since the last call.
    pub(crate) fn take_found(&mut self) -> bool {
        std::mem::take(&mut self.has_found)
    }
}

impl MemberQuestion {
    fn page(&self, state: MemberState) -> Option<&ListedMembers> {
        match state {
            MemberState::Here => self.here.as_ref(),
            MemberState::Absent => self.absent.as_ref(),
        }
    }

    /// Whether a name begins as the question says.
    pub(in crate::view) fn fits(&self, user: &UserName) -> bool {
        self.prefix.as_ref().is_none_or(|prefix| user.key().starts_with(&prefix.key()))
    }
}
