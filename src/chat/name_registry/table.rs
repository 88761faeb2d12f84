//! The claims of names and the persons who own them, kept consistent with each other.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::look_alikes::LookAlikes;
use crate::chat::owner_id::OwnerId;
use crate::chat::{AwayMessage, UserName};
use crate::limits;

/// All claims by name, and all persons by owner id. Each claim belongs to one person, and each person has at
/// least one claim.
#[derive(Debug)]
pub(super) struct NameTable<H> {
    /// The claims by the key of their name.
    claims: HashMap<Arc<str>, Claim<H>>,
    /// Who owns them.
    persons: HashMap<OwnerId, Person>,
    /// The owner id of each person whose id is not the digest of their key, by that digest.
    old_owners: HashMap<OwnerId, OwnerId>,
    /// The keys of the claims by the skeletons of their names.
    look_alikes: LookAlikes,
    /// The keys of claims that have changed since they were stored.
    pub(super) changed: BTreeSet<Arc<str>>,
    /// How often a person was given a name.
    revision: u64,
    /// The persons whose current name is another one than it was, or who have none any more.
    pub(super) renamed: HashSet<OwnerId>,
}

/// A name that has an owner.
#[derive(Debug)]
pub(super) struct Claim<H> {
    /// The name, in its latest spelling.
    pub(super) user: UserName,
    /// Who owns it.
    pub(super) owner: OwnerId,
    /// Connections that use the name now. Only a person's current name has any.
    pub(super) connections: usize,
    /// Until when it is held once no connection uses it.
    pub(super) until: Instant,
    /// What the caller keeps with it; `None` for a claim of an earlier run.
    pub(super) _held: Option<H>,
}

/// An owner of names.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// The keys of their names, the least recently used first. The last one is the current name.
    pub(super) names: Vec<Arc<str>>,
    /// Counts changes of names in the registry: the value when this person's current name was chosen.
    pub(super) revision: u64,
    /// Whether they have posted: then their names are held for days.
    pub(super) posted: bool,
    /// The away message, while they are away.
    pub(super) away: Option<AwayMessage>,
    /// The digest of their key, if it is not their owner id: an older version made that of name and key.
    pub(super) key: Option<OwnerId>,
}

impl<H> Claim<H> {
    pub(super) fn is_held(&self, now: Instant) -> bool {
        self.connections > 0 || now < self.until
    }
}

impl<H> Default for NameTable<H> {
    fn default() -> NameTable<H> {
        NameTable {
            claims: HashMap::new(),
            persons: HashMap::new(),
            old_owners: HashMap::new(),
            look_alikes: LookAlikes::default(),
            changed: BTreeSet::new(),
            revision: 0,
            renamed: HashSet::new(),
        }
    }
}

impl<H> NameTable<H> {
    pub(super) fn claims(&self) -> impl Iterator<Item = (&Arc<str>, &Claim<H>)> {
        self.claims.iter()
    }

    pub(super) fn count(&self) -> usize {
        self.claims.len()
    }

    pub(super) fn claim(&self, key: &str) -> Option<&Claim<H>> {
        self.claims.get(key)
    }

    /// The claim of the name with the key `key`, if it is held now.
    pub(super) fn held(&self, key: &str, now: Instant) -> Option<&Claim<H>> {
        self.claims.get(key).filter(|claim| claim.is_held(now))
    }

    pub(super) fn person(&self, owner: OwnerId) -> Option<&Person> {
        self.persons.get(&owner)
    }

    pub(super) fn person_mut(&mut self, owner: OwnerId) -> Option<&mut Person> {
        self.persons.get_mut(&owner)
    }

    /// The claim of a person's current name.
    pub(super) fn current(&self, owner: OwnerId) -> Option<&Claim<H>> {
        self.claims.get(self.persons.get(&owner)?.names.last()?)
    }

    /// Another connection of a person begins.
    pub(super) fn begin_connection(&mut self, owner: OwnerId) {
        if let Some(claim) = current_mut(&mut self.claims, &self.persons, owner) {
            claim.connections += 1;
            if claim.connections == 1 {
                self.changed.insert(claim.user.shared_key());
            }
        }
    }

    /// A connection of a person ends. Without another one, their current name is held until `until`.
    pub(super) fn end_connection(&mut self, owner: OwnerId, until: Instant) {
        if let Some(claim) = current_mut(&mut self.claims, &self.persons, owner) {
            claim.connections = claim.connections.saturating_sub(1);
            claim.until = until;
            if claim.connections == 0 {
                self.changed.insert(claim.user.shared_key());
            }
        }
    }

    /// Spells the current name of a person as `user` does.
    pub(super) fn spell(&mut self, owner: OwnerId, user: &UserName) {
        let current = current_mut(&mut self.claims, &self.persons, owner);
        if let Some(claim) = current.filter(|claim| claim.user != *user) {
            claim.user = user.clone();
            self.changed.insert(claim.user.shared_key());
            self.count_revision(owner);
        }
    }

    /// Notes that all claims of a person have changed.
    pub(super) fn mark_changed(&mut self, owner: OwnerId) {
        let names = self.persons.get(&owner).map_or(&[][..], |person| &person.names);
        self.changed.extend(names.iter().cloned());
    }

    /// Holds every name of a person until `until` at least.
    pub(super) fn hold_until(&mut self, owner: OwnerId, until: Instant) {
        for key in self.persons.get(&owner).map_or(&[][..], |person| &person.names) {
            if let Some(claim) = self.claims.get_mut(key) {
                claim.until = claim.until.max(until);
            }
        }
    }

    /// The owner whose key has this digest. It is the digest itself, but for persons that an older version
    /// has registered.
    pub(super) fn owner_of_digest(&self, digest: OwnerId) -> OwnerId {
        self.old_owners.get(&digest).copied().unwrap_or(digest)
    }

    /// Notes that the key with this digest is that of `owner`, from now on under every name. Not if it belongs
    /// to a person already.
    pub(super) fn note_key(&mut self, digest: OwnerId, owner: OwnerId) {
        let is_known = digest == owner
            || self.old_owners.contains_key(&digest)
            || self.persons.contains_key(&digest);
        let person = self.persons.get_mut(&owner).filter(|person| person.key.is_none());
        if let Some(person) = person.filter(|_| !is_known) {
            person.key = Some(digest);
            self.old_owners.insert(digest, owner);
            self.mark_changed(owner);
        }
    }

    /// Whether a held name of another owner looks like one with these skeletons.
    pub(super) fn has_look_alike(
        &mut self,
        skeletons: &[String],
        owner: OwnerId,
        now: Instant,
    ) -> bool {
        let claims = &self.claims;
        let held = |key: &str| claims.get(key).filter(|claim| claim.is_held(now));
        let is_own = |key: &str| held(key).is_some_and(|claim| claim.owner == owner);
        self.look_alikes.any(skeletons, is_own, |key| held(key).is_some())
    }

    /// The only place where a claim comes in. If its owner has a current name, that one stays it.
    pub(super) fn insert(&mut self, claim: Claim<H>) {
        let (key, skeletons) = (claim.user.shared_key(), claim.user.skeletons());
        let owner = claim.owner;
        if self.claims.get(&key).is_some_and(|former| former.owner != owner) {
            self.remove(&key); // it has lapsed
        }
        self.claims.insert(Arc::clone(&key), claim);
        self.look_alikes.insert(&key, &skeletons, |key| self.claims.contains_key(key));
        self.changed.insert(Arc::clone(&key));
        let person = self.persons.entry(owner).or_default();
        if person.names.is_empty() {
            person.names.push(key);
            self.count_revision(owner);
        } else if !person.names.contains(&key) {
            person.names.insert(0, key);
        }
    }

    /// Makes one of a person's names the current one, for all their connections. The former one, if any used
    /// it, is held until `until`.
    pub(super) fn make_current(&mut self, owner: OwnerId, key: &str, until: Instant) {
        let Some(person) = self.persons.get_mut(&owner) else { return };
        let Some(former) = person.names.last().filter(|former| ***former != *key).cloned() else {
            return; // it is the current one
        };
        let Some(at) = person.names.iter().position(|name| **name == *key) else { return };
        let key = person.names.remove(at);
        person.names.push(Arc::clone(&key));
        let connections = self.claims.get_mut(&former).map_or(0, |claim| {
            if claim.connections > 0 {
                claim.until = until;
            }
            mem::take(&mut claim.connections)
        });
        if let Some(claim) = self.claims.get_mut(&key) {
            claim.connections = connections;
        }
        self.changed.extend([former, key]);
        self.count_revision(owner);
    }

    /// Counts a change of a person's current name.
    fn count_revision(&mut self, owner: OwnerId) {
        self.revision += 1;
        self.renamed.insert(owner);
        if let Some(person) = self.persons.get_mut(&owner) {
            person.revision = self.revision;
        }
    }

    /// Removes one claim, and its owner with their last one.
    pub(super) fn remove(&mut self, key: &str) {
        let Some(claim) = self.claims.remove(key) else { return };
        let Some(person) = self.persons.get_mut(&claim.owner) else { return };
        if person.names.last().is_some_and(|name| **name == *key) {
            self.renamed.insert(claim.owner);
        }
        person.names.retain(|name| **name != *key);
        if person.names.is_empty() {
            let person = self.persons.remove(&claim.owner);
            if let Some(digest) = person.and_then(|person| person.key) {
                self.old_owners.remove(&digest);
            }
        }
    }

    /// Removes lapsed claims.
    pub(super) fn remove_lapsed(&mut self, now: Instant) {
        let lapsed = self.claims.iter().filter(|(_, claim)| !claim.is_held(now));
        let lapsed: Vec<Arc<str>> = lapsed.map(|(key, _)| Arc::clone(key)).collect();
        lapsed.iter().for_each(|key| self.remove(key));
    }

    /// Removes up to `count` claims that no connection uses: first those of owners that never posted, and of
    /// both kinds those that were not used for the longest time.
    pub(super) fn give_back(&mut self, count: usize) {
        let unused = self.claims.iter().filter(|(_, claim)| claim.connections == 0);
        let has_posted = |owner| self.persons.get(&owner).is_some_and(|person| person.posted);
        let mut unused: Vec<(bool, Instant, Arc<str>)> = unused
            .map(|(key, claim)| (has_posted(claim.owner), claim.until, Arc::clone(key)))
            .collect();
        if count < unused.len() {
            unused.select_nth_unstable(count);
        }
        for (_, _, key) in unused.iter().take(count) {
            self.remove(key);
        }
    }

    /// Removes the names of a person that they used least, so that `max` are left.
    pub(super) fn keep_names(&mut self, owner: OwnerId, max: usize) {
        let names = self.persons.get(&owner).map_or(&[][..], |person| &person.names);
        let excess = names.len().saturating_sub(max);
        let excess: Vec<Arc<str>> = names.iter().take(excess).cloned().collect();
        excess.iter().for_each(|key| self.remove(key));
    }

    /// Puts the names of each restored person in the order of their last use, with the current one, if
    /// `current` knows it, at the end. At most `max` names stay.
    pub(super) fn sort_names(&mut self, current: &HashMap<OwnerId, Arc<str>>, max: usize) {
        let claims = &self.claims;
        for (owner, person) in &mut self.persons {
            let until = |key: &Arc<str>| claims.get(key).map(|claim| claim.until);
            person.names.sort_by_key(|key| (current.get(owner) == Some(key), until(key)));
        }
        let owners: Vec<OwnerId> = self.persons.keys().copied().collect();
        owners.into_iter().for_each(|owner| self.keep_names(owner, max));
    }

    /// The number of skeletons.
    #[cfg(test)]
    pub(super) fn skeleton_count(&self) -> usize {
        self.look_alikes.len()
    }
}

/// The claim of a person's current name, to change it.
fn current_mut<'c, H>(
    claims: &'c mut HashMap<Arc<str>, Claim<H>>,
    persons: &HashMap<OwnerId, Person>,
    owner: OwnerId,
) -> Option<&'c mut Claim<H>> {
    claims.get_mut(persons.get(&owner)?.names.last()?)
}

/// How long a name is held after its last use.
pub(super) fn hold_time(hold: Duration, posted: bool) -> Duration {
    if posted { hold.max(limits::HOLD_AFTER_DROP) } else { limits::HOLD_AFTER_DROP }
}
