//! The registry of names: a name belongs to the owner of its token.
//!
//! A table of claims. Time and new tokens come in by argument. Claims leave as [`SavedClaim`] to be
//! stored, and come back in at the next start. There is a maximum of claims: beyond it, the names that
//! are used least are free again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error_code::Rejection;
use super::owner_id::OwnerId;
use super::{AwayMessage, Token, UserName};
use crate::limits;
use crate::time::Now;
use look_alikes::LookAlikes;

mod look_alikes; // which names look like which

/// A claimed name, and the token that proves the claim next time.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its owner.
    pub owner: OwnerId,
    /// The name as this claim spells it.
    pub user: UserName,
    /// The token.
    pub token: Token,
}

/// Why a client does not get a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimError {
    /// The name is held, and the token shown is not its token.
    Taken,
    /// The name is free, but it looks like one that is held.
    LooksAlike,
    /// No one may claim this name.
    NotClaimable(Rejection),
}

/// A claim as it is stored over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedClaim {
    /// The name, in its latest spelling.
    pub user: UserName,
    /// Its owner.
    pub owner: OwnerId,
    /// Whether its owner has posted.
    pub posted: bool,
    /// Until when it is held, in Unix time in ms; `None` while a connection uses it.
    pub until: Option<u64>,
    /// The away message, while its owner is away.
    pub away: Option<AwayMessage>,
}

/// All held names. With a new claim it keeps an `H` of its caller, until the claim ends.
#[derive(Debug)]
pub struct NameRegistry<H = ()> {
    /// The claims by the key of their name.
    claims: HashMap<Arc<str>, Claim<H>>,
    /// The keys of the claims by the skeletons of their names.
    look_alikes: LookAlikes,
    /// The keys of claims that have changed since they were stored.
    changed: BTreeSet<Arc<str>>,
    /// How long a name that has posted is held after its last use.
    hold: Duration,
    /// How many claims there may be, as long as some are not connected.
    max: usize,
    /// When lapsed claims were last removed.
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Claim<H> {
    /// The name, in its latest spelling.
    user: UserName,
    /// Who owns it.
    owner: OwnerId,
    /// Connections that use the name now.
    connections: usize,
    /// Whether the owner has posted: then the name is held for days.
    posted: bool,
    /// Until when it is held once no connection uses it.
    until: Instant,
    /// The away message, while its owner is away.
    away: Option<AwayMessage>,
    /// What the caller keeps with it; `None` for a claim of an earlier run.
    _held: Option<H>,
}

impl NameRegistry<()> {
    /// As [`claim_if`](NameRegistry::claim_if) for a caller that admits everyone, and a client that has
    /// no name yet.
    ///
    /// The rules for new names do not apply to a held name: its owner may have claimed it when they
    /// were weaker.
    ///
    /// # Errors
    /// [`ClaimError`]: the name is held and `token_shown` is not its token, or it is free but
    /// deceives.
    pub fn claim(
        &mut self,
        user: &UserName,
        token_shown: Option<&Token>,
        new_token: Token,
        now: Instant,
    ) -> Result<Identity, ClaimError> {
        self.claim_beside(None, user, token_shown, new_token, now)
    }

    /// As [`NameRegistry::claim`], for a client that uses the name `own` until then: the new name may
    /// look like that one, but not like another's.
    ///
    /// # Errors
    /// As [`NameRegistry::claim`].
    pub fn claim_beside(
        &mut self,
        own: Option<&UserName>,
        user: &UserName,
        token_shown: Option<&Token>,
        new_token: Token,
        now: Instant,
    ) -> Result<Identity, ClaimError> {
        self.claim_if(own, user, (token_shown, new_token), now, || Ok(()))
    }
}

impl<H> NameRegistry<H> {
    /// An empty registry. A name that has posted stays held for `hold` after its last use.
    #[must_use]
    pub fn new(hold: Duration) -> NameRegistry<H> {
        NameRegistry {
            claims: HashMap::new(),
            look_alikes: LookAlikes::default(),
            changed: BTreeSet::new(),
            hold,
            max: limits::NAMES,
            swept: None,
        }
    }

    /// The same with another maximum of claims.
    #[must_use]
    pub fn with_max(self, max: usize) -> NameRegistry<H> {
        NameRegistry { max, ..self }
    }

    /// Restores the claims that an earlier run stored, the oldest first. A name that was connected
    /// when that run ended counts as released now.
    pub fn restore(&mut self, saved: impl IntoIterator<Item = SavedClaim>, now: Now) {
        for SavedClaim { user, owner, posted, until, away } in saved {
            let whole = hold_time(self.hold, posted);
            let left = until.map_or(whole, |until| {
                Duration::from_millis(until.saturating_sub(now.unix_ms)).min(whole)
            });
            self.remove(&user.key()); // this later claim replaces an older one
            if !left.is_zero() {
                let until = now.instant + left;
                let _held = None;
                self.insert(Claim { user, owner, connections: 0, posted, until, away, _held });
            }
        }
        self.give_back(self.claims.len().saturating_sub(self.max));
    }

    /// Claims `user` for one connection, with the token that the client sent.
    ///
    /// The first client gets a free name. The token that this client sent becomes the token of the
    /// name: after the server has lost its names, an owner with several devices returns with the
    /// same token on each. Without a token, the name gets `new_token`.
    ///
    /// Only for a free name, `admit` is asked for what to keep with the new claim. `own` is the name
    /// that the client uses until then: the new one may look like it, but not like another's.
    ///
    /// # Errors
    /// [`ClaimError`]: the name is held and the token shown is not its token, or it is free but
    /// deceives; or why `admit` refuses a new claim.
    pub fn claim_if<E: From<ClaimError>>(
        &mut self,
        own: Option<&UserName>,
        user: &UserName,
        (token_shown, new_token): (Option<&Token>, Token),
        now: Instant,
        admit: impl FnOnce() -> Result<H, E>,
    ) -> Result<Identity, E> {
        self.sweep(now);
        let key = user.shared_key();
        let token = token_shown.cloned().unwrap_or(new_token);
        let owner = OwnerId::of(user, &token);
        let identity = Identity { owner, user: user.clone(), token };
        if let Some(claim) = self.claims.get_mut(&key).filter(|claim| claim.is_held(now)) {
            // Digests are compared: the time it takes does not help to guess the token.
            if token_shown.is_none() || claim.owner != owner {
                return Err(ClaimError::Taken.into());
            }
            if *user != claim.user && claim.user.check_claimable().is_ok() {
                // Another spelling follows the rules too: `ſ` is an `s`, but looks like an `f`.
                user.check_claimable().map_err(ClaimError::NotClaimable)?;
            }
            if !claim.was_used_recently(self.hold, now) {
                claim.away = None; // its owner returned after more than a short absence
            }
            claim.connections += 1;
            if claim.connections == 1 {
                self.changed.insert(key);
            }
            return Ok(identity);
        }
        user.check_claimable().map_err(ClaimError::NotClaimable)?;
        let skeletons = user.skeletons();
        let is_held = |key: &str| self.claims.get(key).is_some_and(|claim| claim.is_held(now));
        let own = own.map(UserName::key);
        if self.look_alikes.any(&skeletons, own.as_deref(), is_held) {
            return Err(ClaimError::LooksAlike.into());
        }
        let _held = Some(admit()?);
        self.remove(&key); // it has lapsed
        if self.claims.len() >= self.max {
            self.give_back((self.max / limits::NAMES_GIVEN_BACK).max(1));
        }
        self.insert(Claim {
            user: user.clone(),
            owner,
            connections: 1,
            posted: false,
            until: now,
            away: None,
            _held,
        });
        self.changed.insert(key);
        Ok(identity)
    }

    /// How many claims there are. Some may have lapsed a short time ago.
    #[must_use]
    pub fn count(&self) -> usize {
        self.claims.len()
    }

    /// The owner of the name with the key `key`, if it is held now.
    #[must_use]
    pub fn owner(&self, key: &str, now: Instant) -> Option<OwnerId> {
        self.claims.get(key).filter(|claim| claim.is_held(now)).map(|claim| claim.owner)
    }

    /// How many connections use the name with the key `key`.
    #[must_use]
    pub fn connections(&self, key: &str) -> usize {
        self.claims.get(key).map_or(0, |claim| claim.connections)
    }

    /// The owners of all held names.
    #[must_use]
    pub fn owners(&self, now: Instant) -> HashSet<OwnerId> {
        let claims = self.claims.values().filter(|claim| claim.is_held(now));
        claims.map(|claim| claim.owner).collect()
    }

    /// Notes that the owner of `user` has posted: the name is now held for days, not seconds. True
    /// if that is new.
    pub fn set_posted(&mut self, user: &UserName) -> bool {
        let key = user.shared_key();
        let Some(claim) = self.claims.get_mut(&key).filter(|claim| !claim.posted) else {
            return false;
        };
        claim.posted = true;
        self.changed.insert(key);
        true
    }

    /// Sets or clears the away message of `user`.
    pub fn set_away(&mut self, user: &UserName, away: Option<AwayMessage>) {
        let key = user.shared_key();
        if let Some(claim) = self.claims.get_mut(&key).filter(|claim| claim.away != away) {
            claim.away = away;
            self.changed.insert(key);
        }
    }

    /// The away message of `user`, if its owner is away.
    #[must_use]
    pub fn away(&self, user: &UserName) -> Option<AwayMessage> {
        self.claims.get(&*user.key())?.away.clone()
    }

    /// Releases the name for one connection.
    pub fn release(&mut self, user: &UserName, now: Instant) {
        let key = user.shared_key();
        if let Some(claim) = self.claims.get_mut(&key) {
            claim.connections = claim.connections.saturating_sub(1);
            claim.until = now + hold_time(self.hold, claim.posted);
            if claim.connections == 0 {
                self.changed.insert(key);
            }
        }
    }

    /// The claims that have changed since the last call, as they are now.
    pub fn take_changed(&mut self, now: Now) -> Vec<SavedClaim> {
        let changed = std::mem::take(&mut self.changed);
        changed.iter().filter_map(|key| Some(self.claims.get(key)?.to_saved(now))).collect()
    }

    /// Puts back claims that could not be stored: the next [`NameRegistry::take_changed`] returns
    /// them again.
    pub fn put_back(&mut self, saved: &[SavedClaim]) {
        self.changed.extend(saved.iter().map(|saved| saved.user.shared_key()));
    }

    /// All claims that are held.
    #[must_use]
    pub fn saved_claims(&self, now: Now) -> Vec<SavedClaim> {
        let claims = self.claims.values().filter(|claim| claim.is_held(now.instant));
        claims.map(|claim| claim.to_saved(now)).collect()
    }

    /// Removes lapsed claims from time to time, as it looks at every claim.
    fn sweep(&mut self, now: Instant) {
        let is_lately = |at| now.saturating_duration_since(at) < limits::SWEEP_NAMES_EVERY;
        if !self.swept.is_some_and(is_lately) {
            self.swept = Some(now);
            self.claims.retain(|_, claim| claim.is_held(now));
        }
    }

    /// Removes up to `count` claims that no connection uses: first those that never posted, and of
    /// both kinds those that were not used for the longest time.
    fn give_back(&mut self, count: usize) {
        let unused = self.claims.iter().filter(|(_, claim)| claim.connections == 0);
        let mut unused: Vec<(bool, Instant, Arc<str>)> =
            unused.map(|(key, claim)| (claim.posted, claim.until, Arc::clone(key))).collect();
        if count < unused.len() {
            unused.select_nth_unstable(count);
        }
        for (_, _, key) in unused.iter().take(count) {
            self.remove(key);
        }
    }

    /// The only place where a claim comes in.
    fn insert(&mut self, claim: Claim<H>) {
        let (key, skeletons) = (claim.user.shared_key(), claim.user.skeletons());
        if self.claims.insert(Arc::clone(&key), claim).is_none() {
            self.look_alikes.insert(&key, &skeletons, |key| self.claims.contains_key(key));
        }
    }

    /// Removes one claim.
    fn remove(&mut self, key: &str) {
        self.claims.remove(key);
    }
}

fn hold_time(hold: Duration, posted: bool) -> Duration {
    if posted { hold.max(limits::HOLD_AFTER_DROP) } else { limits::HOLD_AFTER_DROP }
}

impl<H> Claim<H> {
    fn is_held(&self, now: Instant) -> bool {
        self.connections > 0 || now < self.until
    }

    /// Whether a connection uses it, or did until [`limits::HOLD_AFTER_DROP`] ago. Call it for a
    /// held claim.
    fn was_used_recently(&self, hold: Duration, now: Instant) -> bool {
        let longer = hold_time(hold, self.posted).saturating_sub(limits::HOLD_AFTER_DROP);
        self.connections > 0 || now + longer < self.until
    }

    fn to_saved(&self, now: Now) -> SavedClaim {
        let left = self.until.saturating_duration_since(now.instant).as_millis();
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        let until = (self.connections == 0).then(|| now.unix_ms.saturating_add(left));
        let (user, away) = (self.user.clone(), self.away.clone());
        SavedClaim { user, owner: self.owner, posted: self.posted, until, away }
    }
}

#[cfg(test)]
mod tests;
