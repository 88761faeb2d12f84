//! Which claimed names have which skeleton.

use std::collections::HashMap;

/// Below this many entries, no outdated ones are removed.
const PRUNE_FROM: usize = 1_024;

/// The keys of claimed names by skeleton.
///
/// An entry may outlive its claim: it is removed when it is looked up, or when the number of entries
/// may have doubled. So each entry is inserted and removed once, and a look-up costs the same however
/// many names are claimed.
#[derive(Debug, Default)]
pub(super) struct LookAlikes {
    /// The keys of each skeleton. More than one only where the names are older than the rule.
    keys: HashMap<String, Vec<String>>,
    /// The number of skeletons at which outdated ones are removed next.
    prune_at: usize,
}

impl LookAlikes {
    /// Notes a claimed name. `is_claimed` tells whether the name with a given key is still claimed.
    pub(super) fn insert(
        &mut self,
        key: &str,
        skeletons: &[String],
        is_claimed: impl Fn(&str) -> bool,
    ) {
        if self.keys.len() >= self.prune_at {
            self.keys.retain(|_, keys| {
                keys.retain(|key| is_claimed(key));
                !keys.is_empty()
            });
            self.prune_at = PRUNE_FROM.max(self.keys.len() * 2);
        }
        for skeleton in skeletons {
            let keys = self.keys.entry(skeleton.clone()).or_default();
            if !keys.iter().any(|known| known == key) {
                keys.push(String::from(key)); // it may be known from a claim that has ended
            }
        }
    }

    /// Whether a held name that is not `is_own` has one of `skeletons`. `is_held` tells whether the name with
    /// a given key is held; entries of others are removed.
    pub(super) fn any(
        &mut self,
        skeletons: &[String],
        is_own: impl Fn(&str) -> bool,
        is_held: impl Fn(&str) -> bool,
    ) -> bool {
        skeletons.iter().any(|skeleton| {
            let Some(keys) = self.keys.get_mut(skeleton) else { return false };
            let mut own = Vec::new();
            while let Some(key) = keys.pop_if(|key| is_own(key) || !is_held(key)) {
                if is_own(&key) {
                    own.push(key);
                }
            }
            let is_used = !keys.is_empty();
            keys.append(&mut own);
            if keys.is_empty() {
                self.keys.remove(skeleton);
            }
            is_used
        })
    }

    /// The number of skeletons.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}
