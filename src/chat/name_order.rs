//! Persons in the order of their names, of which a page costs the same however many there are.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use super::{NamePart, OwnerId};

/// Persons by the keys of their names. Two can have the same name for a moment, while it passes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NameOrder(BTreeSet<(Arc<str>, OwnerId)>);

/// Which names a page has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameRange {
    /// Only those that begin so.
    pub prefix: Option<NamePart>,
    /// Only those that come after this one.
    pub after: Option<NamePart>,
}

impl NameOrder {
    pub(super) fn insert(&mut self, key: Arc<str>, owner: OwnerId) {
        self.0.insert((key, owner));
    }

    /// Removes a person; false if they are not there under this name.
    pub(super) fn remove(&mut self, key: &Arc<str>, owner: OwnerId) -> bool {
        self.0.remove(&(Arc::clone(key), owner))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = OwnerId> {
        self.0.iter().map(|(_, owner)| *owner)
    }

    /// The first `limit` persons of a range, and whether there are more.
    pub(super) fn page(&self, range: &NameRange, limit: usize) -> (Vec<OwnerId>, bool) {
        let prefix = range.prefix.as_ref().map_or_else(String::new, NamePart::key);
        let after = range.after.as_ref().map(NamePart::key).filter(|after| *after >= prefix);
        let start = match after {
            Some(after) => Bound::Excluded((after.into(), OwnerId::MAX)),
            None => Bound::Included((prefix.as_str().into(), OwnerId::MIN)),
        };
        let from_start = self.0.range((start, Bound::Unbounded));
        let mut rest = from_start.take_while(|(key, _)| key.starts_with(&prefix));
        let page = rest.by_ref().take(limit).map(|(_, owner)| *owner).collect();
        (page, rest.next().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of these names; the owner of the nth has the id n.
    fn order(names: &[&str]) -> NameOrder {
        let mut order = NameOrder::default();
        for (n, name) in names.iter().enumerate() {
            order.insert((*name).into(), format!("{n:032x}").parse().unwrap());
        }
        order
    }

    #[test]
    fn a_page_begins_after_a_name_and_ends_with_the_prefix_or_the_limit() {
        let names = ["alan", "albert", "alice", "bob", "zoë", "δημος"];
        let order = order(&names);
        let page = |prefix: &str, after: &str, limit| {
            let part = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
            let range = NameRange { prefix: part(prefix), after: part(after) };
            let (page, more) = order.page(&range, limit);
            let name =
                |owner: &OwnerId| names[usize::from_str_radix(&owner.to_string(), 16).unwrap()];
            (page.iter().map(name).collect::<Vec<_>>().join(" "), more)
        };
        let of = |names: &str, more| (names.to_owned(), more);
        assert_eq!(page("", "", 100), of("alan albert alice bob zoë δημος", false));
        assert_eq!(page("", "", 2), of("alan albert", true));
        assert_eq!(page("AL", "", 3), of("alan albert alice", false), "no more with this prefix");
        assert_eq!(page("al", "Alan", 1), of("albert", true));
        assert_eq!(page("al", "alice", 1), of("", false));
        assert_eq!(page("al", "zed", 9), of("", false));
        assert_eq!(page("b", "alan", 9), of("bob", false), "from before the prefix");
        assert_eq!(page("", "alb", 1), of("albert", true), "not a name, but a place");
        assert_eq!(page("Δ", "", 9), of("δημος", false));
        assert_eq!(page("x", "", 9), of("", false));
    }

    #[test]
    fn pages_one_after_another_have_each_name_once() {
        let names: Vec<String> = (0..1_000).map(|n| format!("user{n:03}")).collect();
        let order = order(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let (mut range, mut seen) = (NameRange::default(), 0);
        loop {
            let (page, more) = order.page(&range, 7);
            seen += page.len();
            if !more {
                break;
            }
            range.after = Some(names[seen - 1].parse().unwrap());
        }
        assert_eq!(seen, 1_000);
    }
}
