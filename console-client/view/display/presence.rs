//! Joins, leaves, renames and away messages, folded: those without a message between them are one
//! quiet line, however often a name changes.
//!
//! The line stays above the status line, where it can still change, until something else is shown.

use talk::chat::AwayMessage;
use talk::chat::UserName;
use talk::chat::protocol::PresenceChange;

use crate::text::line::Line;
use crate::view::format;

/// What changed about one user.
#[derive(Debug, Clone, Copy)]
pub(in crate::view) enum Note<'a> {
    Presence(&'a UserName, PresenceChange),
    /// The old and the new name.
    Renamed(&'a UserName, &'a UserName),
    /// `None`: the user is back.
    Away(&'a UserName, Option<&'a AwayMessage>),
}

/// Who joined, left, changed their name or went away in the current room since the last line.
#[derive(Debug, Default)]
pub(in crate::view) struct PresenceSummary {
    /// Local seconds of the first change.
    since: i64,
    people: Vec<Person>,
    /// Changes of users beyond those listed.
    others: usize,
}

/// The changes of one user.
#[derive(Debug)]
struct Person {
    /// The name before these changes.
    was: UserName,
    /// The name now.
    name: UserName,
    /// The first and the last join or leave.
    presence: Option<(PresenceChange, PresenceChange)>,
    /// The last away message, or that the user is back.
    away: Option<Option<AwayMessage>>,
}

/// Users listed one by one.
const MAX_PEOPLE: usize = 200;

/// Names shown in one part of the line.
const MAX_NAMES: usize = 6;

impl Note<'_> {
    /// The user, by the newest name.
    pub(in crate::view) fn user(&self) -> &UserName {
        match self {
            Note::Presence(user, _) | Note::Renamed(_, user) | Note::Away(user, _) => user,
        }
    }
}

impl PresenceSummary {
    pub(in crate::view) fn add(&mut self, note: Note<'_>, local: i64) {
        if self.people.is_empty() {
            self.since = local;
        }
        let (Note::Presence(user, _) | Note::Renamed(user, _) | Note::Away(user, _)) = note;
        let Some(person) = self.person(user) else {
            self.others += 1;
            return;
        };
        match note {
            Note::Presence(_, last) => {
                let first = person.presence.map_or(last, |(first, _)| first);
                person.presence = Some((first, last));
            }
            Note::Renamed(_, to) => person.name = to.clone(),
            Note::Away(_, away) => person.away = Some(away.cloned()),
        }
    }

    fn person(&mut self, user: &UserName) -> Option<&mut Person> {
        let known = self.people.iter().position(|person| person.name.is_same_claim(user));
        let at = known.unwrap_or(self.people.len());
        if known.is_none() && self.people.len() < MAX_PEOPLE {
            let (was, name) = (user.clone(), user.clone());
            self.people.push(Person { was, name, presence: None, away: None });
        }
        self.people.get_mut(at)
    }

    /// `12:34 --> ann, eve joined · <-- bob left · --- kim is away: lunch`; `None` without a change.
    /// `stamp` formats a local time.
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
                let (names, _) = self.names(|person| person.presence == Some(changes))?;
                Some(format!("{arrow} {names} {verb}"))
            })
            .collect();
        shown.extend(self.renames());
        shown.extend(self.away());
        shown.extend(self.back());
        if self.others > 0 {
            shown.push(format!("{} more changes", self.others));
        }
        (!shown.is_empty()).then(|| format::presence(&stamp(self.since), &shown.join(" · ")))
    }

    /// `--- eve is now known as eva, kim as kimi`
    fn renames(&self) -> Option<String> {
        let is_renamed = |person: &&Person| person.was != person.name;
        let renamed = self.people.iter().filter(is_renamed);
        let Person { was, name, .. } = renamed.clone().next()?;
        let others: Vec<String> = renamed
            .clone()
            .skip(1)
            .take(MAX_NAMES - 1)
            .map(|Person { was, name, .. }| format!(", {was} as {name}"))
            .collect();
        let more = more(renamed.count());
        Some(format!("--- {was} is now known as {name}{}{more}", others.concat()))
    }

    /// `--- ann is away: lunch`, `--- ann, kim are away`
    fn away(&self) -> Option<String> {
        let is_away = |person: &Person| matches!(person.away, Some(Some(_)));
        let (names, count) = self.names(is_away)?;
        let one = self.people.iter().find(|person| is_away(person)).filter(|_| count == 1);
        match one.and_then(|person| person.away.as_ref()?.as_ref()) {
            Some(text) => Some(format!("--- {names} is {text}")),
            None => Some(format!("--- {names} are away")),
        }
    }

    /// `--- ann is back`
    fn back(&self) -> Option<String> {
        let (names, count) = self.names(|person| matches!(person.away, Some(None)))?;
        Some(format!("--- {names} {} back", if count == 1 { "is" } else { "are" }))
    }

    /// `ann, eve and 3 more`, and how many these are; `None` if no one is meant.
    fn names(&self, is_meant: impl Fn(&Person) -> bool) -> Option<(String, usize)> {
        let meant = self.people.iter().filter(|person| is_meant(person));
        let names: Vec<&str> = meant.map(|person| person.name.as_str()).collect();
        let listed = names.get(..MAX_NAMES).unwrap_or(&names).join(", ");
        (!names.is_empty()).then(|| (listed + &more(names.len()), names.len()))
    }
}

/// ` and 3 more`, for a list of that many of which the first are named.
fn more(count: usize) -> String {
    let more = count.saturating_sub(MAX_NAMES);
    if more > 0 { format!(" and {more} more") } else { String::new() }
}
