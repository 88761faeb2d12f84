//! Who posted last under each name in one room: it shows where a name has passed to another owner.
//!
//! It keeps a hash of each name, not the name: 33 bytes for each, whatever its length. The hash has a
//! random key (SipHash), so no one can choose names that collide. Among 100,000 names, two have the same hash
//! once in 4 × 10^9 rooms; then a post has a mark too many.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::mem;

use super::user_name::key_of;
use super::{OwnerId, UserName};
use crate::limits;

/// The owner of the newest post under each name, of at least the [`limits::AUTHORS`]` / 2` names that were
/// posted under last, and of [`limits::AUTHORS`] at most.
///
/// Names count as the same that have the same [key](UserName::key).
#[derive(Debug, Default)]
pub struct Authors {
    /// Hashes with a random key, which no client knows.
    hasher: RandomState,
    /// Up to half of the names, by the hash of their keys.
    recent: HashTable<LastPost>,
    /// Those before: once `recent` is full, it takes their place.
    earlier: HashTable<LastPost>,
    /// By the hash of a spelling that is not the key of its name: the hash of the key. A cache, which saves
    /// folding a spelling for each post.
    spellings: HashTable<u64>,
}

/// The newest post under a name.
#[derive(Debug, Clone, Copy)]
struct LastPost {
    /// Its owner.
    owner: OwnerId,
    /// Its seq.
    seq: u64,
}

/// A map whose keys are hashes already.
type HashTable<V> = HashMap<u64, V, BuildHasherDefault<Hashed>>;

/// Bytes of one entry of a [`HashTable`]: hashbrown has one more, and an eighth of the places free.
const fn entry_bytes<V>() -> usize {
    (size_of::<(u64, V)>() + 1) * 8 / 7
}

impl Authors {
    /// Whether it knows no name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty() && self.earlier.is_empty()
    }

    /// The owner of the newest post under this name.
    #[must_use]
    pub fn last_owner(&self, user: &UserName) -> Option<OwnerId> {
        let spelling = self.hasher.hash_one(user.as_str());
        let find = |hash: u64| self.recent.get(&hash).or_else(|| self.earlier.get(&hash));
        let last = find(spelling).or_else(|| {
            let known = self.spellings.get(&spelling).copied();
            find(known.unwrap_or_else(|| self.hasher.hash_one(&*user.key())))
        });
        last.map(|last| last.owner)
    }

    /// Notes the next post of the room. `user` is its name as the record spells it.
    pub fn add(&mut self, user: &str, owner: OwnerId, seq: u64) {
        let spelling = self.hasher.hash_one(user);
        let post = LastPost { owner, seq };
        // A spelling that is known as a key is that of its name: nearly all are.
        match self.recent.get_mut(&spelling) {
            Some(last) => *last = post,
            None => self.add_by_key(user, spelling, post),
        }
    }

    /// Notes a post under a name that is not spelled as its key, or that is not one of the recent ones.
    fn add_by_key(&mut self, user: &str, spelling: u64, post: LastPost) {
        let name = self.hash_of_key(user, spelling);
        match self.recent.entry(name) {
            Entry::Occupied(mut last) => *last.get_mut() = post,
            Entry::Vacant(place) => {
                place.insert(post);
                self.earlier.remove(&name);
                if self.recent.len() >= limits::AUTHORS / 2 {
                    self.earlier = mem::take(&mut self.recent);
                }
            }
        }
    }

    /// The hash of the key of a name, whose spelling has the hash `spelling`.
    fn hash_of_key(&mut self, user: &str, spelling: u64) -> u64 {
        if let Some(known) = self.spellings.get(&spelling) {
            return *known;
        }
        let name = self.hasher.hash_one(&*key_of(user));
        if name != spelling {
            if self.spellings.len() >= limits::AUTHOR_SPELLINGS {
                self.spellings.clear();
            }
            self.spellings.insert(spelling, name);
        }
        name
    }

    /// Forgets the posts before `first`: those that retention has dropped, or that are known elsewhere.
    pub fn forget_before(&mut self, first: u64) {
        for names in [&mut self.recent, &mut self.earlier] {
            names.retain(|_, last| last.seq >= first);
        }
        if self.is_empty() {
            (self.recent, self.earlier) = (HashTable::default(), HashTable::default());
            self.spellings = HashTable::default();
        }
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        (self.recent.capacity() + self.earlier.capacity()) * entry_bytes::<LastPost>()
            + self.spellings.capacity() * entry_bytes::<u64>()
    }
}

/// The hasher of a [`HashTable`]: the hash is the key itself.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte)); // not called
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(n: usize) -> OwnerId {
        format!("{n:032x}").parse().unwrap()
    }

    fn last(authors: &Authors, name: &str) -> Option<OwnerId> {
        authors.last_owner(&UserName::from_trusted(name))
    }

    #[test]
    fn the_owner_of_the_newest_post_counts_whatever_the_spelling() {
        let mut authors = Authors::default();
        assert!(authors.is_empty() && last(&authors, "ann").is_none());
        let names = [
            ["ann", "Ann", "ANN"],
            ["ΟΔΟΣ", "οδος", "οδοσ"],
            ["Ольга", "ольга", "ОЛЬГА"],
            ["小明", "小明", "小明"],
        ];
        for spellings in names {
            for (n, said) in spellings.into_iter().enumerate() {
                authors.add(said, owner(n), 1);
                assert!(spellings.iter().all(|asked| last(&authors, asked) == Some(owner(n))));
            }
            authors.add(spellings[0], owner(7), 2);
            assert!(spellings.iter().all(|asked| last(&authors, asked) == Some(owner(7))));
        }
        assert_eq!(last(&authors, "anna"), None);
    }

    #[test]
    fn the_names_that_were_not_posted_under_for_longest_are_forgotten() {
        let mut authors = Authors::default();
        let half = limits::AUTHORS / 2;
        let name = |n: usize| format!("name{n}");
        for n in 0..5 * half {
            authors.add(&name(n), owner(n), 1 + n as u64);
            authors.add("regular", owner(1), 1 + n as u64);
            for recent in [n, n.saturating_sub(half - 2)] {
                assert_eq!(last(&authors, &name(recent)), Some(owner(recent)));
            }
            assert_eq!(last(&authors, "regular"), Some(owner(1)));
            assert!(authors.recent.len() + authors.earlier.len() <= limits::AUTHORS);
        }
        assert_eq!(last(&authors, &name(0)), None);
        let memory = authors.memory();
        assert!((2_000_000..5_000_000).contains(&memory), "{memory}");
        for n in 0..2 * limits::AUTHOR_SPELLINGS {
            authors.add(&format!("NAME{n}"), owner(n), u64::MAX);
        }
        assert!(authors.spellings.len() <= limits::AUTHOR_SPELLINGS);
        authors.forget_before(u64::MAX);
        assert_eq!(last(&authors, "name0"), Some(owner(0)), "NAME0");
        assert_eq!(last(&authors, "regular"), None);
    }

    #[test]
    fn what_is_forgotten_takes_no_memory() {
        let mut authors = Authors::default();
        authors.add("Ann", owner(1), 4);
        authors.add("bob", owner(2), 5);
        authors.forget_before(5);
        assert_eq!((last(&authors, "ann"), last(&authors, "bob")), (None, Some(owner(2))));
        authors.forget_before(6);
        assert!(authors.is_empty() && authors.memory() == 0);
    }
}
