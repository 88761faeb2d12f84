//! Joins and leaves, folded: those without a message between them are one quiet line.
//!
//! The line stays above the status line, where it can still change, until something else is shown.

use talk::chat::UserName;
use talk::chat::protocol::PresenceChange;

use crate::text::line::Line;
use crate::view::format;

/// Who joined and left the current room since the last line.
#[derive(Debug, Default)]
pub(in crate::view) struct PresenceSummary {
    /// Local seconds of the first change.
    since: i64,
    /// The first and the last change of each user.
    people: Vec<(UserName, PresenceChange, PresenceChange)>,
    /// Changes of users beyond those listed.
    others: usize,
}

/// Users listed one by one.
const MAX_PEOPLE: usize = 200;

/// Names shown in one part of the line.
const MAX_NAMES: usize = 6;

impl PresenceSummary {
    pub(in crate::view) fn add(&mut self, user: &UserName, change: PresenceChange, local: i64) {
        if self.people.is_empty() {
            self.since = local;
        }
        let mut people = self.people.iter_mut();
        if let Some((.., last)) = people.find(|(person, ..)| person.is_same_claim(user)) {
            *last = change;
        } else if self.people.len() < MAX_PEOPLE {
            self.people.push((user.clone(), change, change));
        } else {
            self.others += 1;
        }
    }

    /// `12:34 --> ann, eve joined · <-- bob left`; `None` without a change. `stamp` formats a local
    /// time.
    pub(in crate::view) fn line(&self, stamp: impl Fn(i64) -> String) -> Option<Line> {
        use PresenceChange::Joined;
        use PresenceChange::Left;
        let parts = [
            ("-->", (Joined, Joined), "joined"),
            ("<--", (Left, Left), "left"),
            ("-->", (Left, Joined), "left and joined again"),
            ("<--", (Joined, Left), "joined and left"),
        ];
        let mut shown: Vec<String> = parts
            .into_iter()
            .filter_map(|(arrow, changes, verb)| {
                let names =
                    self.people.iter().filter(|(_, first, last)| (*first, *last) == changes);
                let names: Vec<&str> = names.map(|(user, ..)| user.as_str()).collect();
                let more = names.len().saturating_sub(MAX_NAMES);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let listed = names.get(..MAX_NAMES).unwrap_or(&names).join(", ");
                (!names.is_empty()).then(|| format!("{arrow} {listed}{more} {verb}"))
            })
            .collect();
        if self.others > 0 {
            shown.push(format!("{} more joined or left", self.others));
        }
        (!shown.is_empty()).then(|| format::presence(&stamp(self.since), &shown.join(" · ")))
    }
}
