//! Which lines of the input were not stored, for stderr.

use std::collections::VecDeque;

use talk::chat::Cid;

use crate::exit::print_error;
use crate::view::View;
use crate::view::format;

/// Lines named with their text; of the others only the numbers.
const NAMED: usize = 10;

/// The numbers of the lines whose submissions are under way.
#[derive(Debug, Default)]
pub(super) struct LineNumbers(VecDeque<(Cid, u64)>);

/// Lines that were never submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnreadLines {
    pub(super) first: u64,
    /// `None`: the input has not ended, and nothing is known of the rest.
    pub(super) last: Option<u64>,
}

impl LineNumbers {
    /// Notes the newest submission, unless it is known: not every line makes one.
    pub(super) fn add(&mut self, newest: &Cid, number: u64) {
        if self.0.back().is_none_or(|(cid, _)| cid != newest) {
            self.0.push_back((newest.clone(), number));
        }
    }

    pub(super) fn of(&self, cid: &Cid) -> Option<u64> {
        self.0.iter().find(|(known, _)| known == cid).map(|(_, number)| *number)
    }

    /// Forgets a line that is stored or was refused: mostly the first.
    pub(super) fn remove(&mut self, cid: &Cid) {
        if let Some(at) = self.0.iter().position(|(known, _)| known == cid) {
            self.0.remove(at);
        }
    }
}

/// Reports the lines that are not stored, in order; true if there are any.
pub(super) fn report(view: &View, numbers: &LineNumbers, unread: Option<UnreadLines>) -> bool {
    let mut unnamed: Option<UnreadLines> = None;
    for (index, unsent) in view.unsent.unstored().enumerate() {
        let number = numbers.of(&unsent.submission.cid);
        match number {
            Some(number) if index >= NAMED => {
                let first = unnamed.map_or(number, |lines| lines.first);
                unnamed = Some(UnreadLines { first, last: Some(number) });
            }
            Some(_) | None => {
                let room = view.display.label(&unsent.submission.room);
                let line = number.map_or_else(String::new, |number| format!("line {number}: "));
                let text = format::text_of(&unsent.submission.operation).0;
                let doubt = if unsent.may_be_stored() {
                    " (it was sent, but the server did not confirm it: it may be stored)"
                } else {
                    ""
                };
                print_error(&format!("not sent to {room}: {line}{text}{doubt}"));
            }
        }
    }
    let rest = match (unnamed, unread) {
        (Some(unnamed), Some(unread)) => Some(UnreadLines { first: unnamed.first, ..unread }),
        (unnamed, unread) => unread.or(unnamed),
    };
    if let Some(rest) = rest {
        print_error(&rest.sentence());
    }
    view.unsent.unstored().next().is_some() || rest.is_some()
}

impl UnreadLines {
    fn sentence(self) -> String {
        let UnreadLines { first, last } = self;
        match last {
            Some(last) if last == first => format!("not sent: line {first}"),
            Some(last) => format!("not sent: lines {first} to {last}"),
            None => format!("not sent: line {first} and all after it"),
        }
    }
}
