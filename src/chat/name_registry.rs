//! The registry of names: a name belongs to a person, and a person is the owner of a token.
//!
//! A table of claims. Time and new tokens come in by argument. Claims leave as [`SavedClaim`] to be
//! stored, and come back in at the next start. There is a maximum of claims: beyond it, the names that
//! are used least are free again.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::owner_id::OwnerId;
use super::{AwayMessage, Token, UserName};
use crate::limits;
use crate::time::Now;
pub use identity::{ClaimError, Claimed, Identity, Label, SavedClaim};
use table::{Claim, NameTable, hold_time};

mod identity; // persons and claims, as callers see them
mod look_alikes; // which names look like which
mod table; // claims by name, persons by owner

/// All held names. With a new claim it keeps an `H` of its caller, until the claim ends.
#[derive(Debug)]
pub struct NameRegistry<H = ()> {
    /// The claims, and the persons who own them.
    table: NameTable<H>,
    /// How long a name of an owner who has posted is held after its last use.
    hold: Duration,
    /// How many claims there may be, as long as some are not connected.
    max: usize,
    /// When lapsed claims were last removed.
    swept: Option<Instant>,
}

impl NameRegistry<()> {
    /// As [`claim_if`](NameRegistry::claim_if) for a caller that admits everyone.
    ///
    /// # Errors
    /// [`ClaimError`]: the name is held and `token_shown` is not its owner's, or it is free but
    /// deceives.
    pub fn claim(
        &mut self,
        user: &UserName,
        token_shown: Option<&Token>,
        new_token: Token,
        now: Instant,
    ) -> Result<Claimed, ClaimError> {
        self.claim_if(user, (token_shown, new_token), now, || Ok(()))
    }

    /// As [`rename_if`](NameRegistry::rename_if) for a caller that admits everyone.
    ///
    /// # Errors
    /// As [`NameRegistry::claim`].
    pub fn rename(
        &mut self,
        own: &Identity,
        user: &UserName,
        token_shown: Option<&Token>,
        now: Instant,
    ) -> Result<Claimed, ClaimError> {
        self.rename_if(own, user, token_shown, now, || Ok(()))
    }
}

impl<H> NameRegistry<H> {
    /// An empty registry. A name of an owner who has posted stays held for `hold` after its last use.
    #[must_use]
    pub fn new(hold: Duration) -> NameRegistry<H> {
        NameRegistry { table: NameTable::default(), hold, max: limits::NAMES, swept: None }
    }

    /// The same with another maximum of claims.
    #[must_use]
    pub fn with_max(self, max: usize) -> NameRegistry<H> {
        NameRegistry { max, ..self }
    }

    /// Restores the claims that an earlier run stored, the oldest first. A name that was connected
    /// when that run ended counts as released now.
    pub fn restore(&mut self, saved: impl IntoIterator<Item = SavedClaim>, now: Now) {
        let mut current = HashMap::new(); // the name of each owner that was stored as current last
        for SavedClaim { user, owner, key, posted, is_former, until, away } in saved {
            let whole = hold_time(self.hold, posted);
            let left = until.map_or(whole, |until| {
                Duration::from_millis(until.saturating_sub(now.unix_ms)).min(whole)
            });
            let name = user.shared_key();
            if left.is_zero() {
                self.table.remove(&name); // this later claim replaces an older one
                continue;
            }
            let until = now.instant + left;
            self.table.insert(Claim { user, owner, connections: 0, until, _held: None });
            if let Some(digest) = key {
                self.table.note_key(digest, owner);
            }
            if let Some(person) = self.table.person_mut(owner) {
                person.posted |= posted;
                if !is_former {
                    person.away = away;
                }
            }
            if !is_former {
                current.insert(owner, name);
            }
        }
        self.table.sort_names(&current, limits::NAMES_PER_OWNER);
        self.table.give_back(self.table.count().saturating_sub(self.max));
        self.table.changed.clear();
        self.table.renamed.clear();
    }

    /// Claims `user` for a new connection, with the token that the client sent, or with `new_token` if it sent
    /// none. Call [`release`](NameRegistry::release) when the connection ends.
    ///
    /// - A name that is free is claimed for the owner of the token, and is their current name from now on. The
    ///   token that a client sends is kept: an owner with several devices returns with the same on each.
    /// - A name that this owner holds already is theirs; if another of their names is the current one, that
    ///   one stays current.
    ///
    /// Only for a free name, `admit` is asked for what to keep with the new claim. The rules for new names
    /// do not apply to a held name: its owner may have claimed it when they were weaker.
    ///
    /// # Errors
    /// [`ClaimError`]: the name is held and the token shown is not its owner's, or it is free but
    /// deceives; or why `admit` refuses a new claim.
    pub fn claim_if<E: From<ClaimError>>(
        &mut self,
        user: &UserName,
        (token_shown, new_token): (Option<&Token>, Token),
        now: Instant,
        admit: impl FnOnce() -> Result<H, E>,
    ) -> Result<Claimed, E> {
        self.sweep(now);
        let owner = match self.table.held(&user.key(), now).map(|claim| claim.owner) {
            Some(owner) => {
                let token = token_shown.filter(|token| self.is_owner(owner, user, token));
                let token = token.ok_or(ClaimError::Taken)?;
                self.table.note_key(OwnerId::of_key(token), owner);
                owner
            }
            None => self.table.owner_of_digest(OwnerId::of_key(token_shown.unwrap_or(&new_token))),
        };
        let before = self.label(owner);
        if !self.was_used_recently(owner, now)
            && let Some(person) = self.table.person_mut(owner)
        {
            person.away = None; // its owner returned after more than a short absence
        }
        if self.table.held(&user.key(), now).is_none() {
            self.claim_free(owner, user, now, admit)?;
        }
        self.table.begin_connection(owner);
        self.keep_max();
        let token = token_shown.cloned().unwrap_or(new_token);
        Ok(self.claimed(owner, token, before, user))
    }

    /// Gives the person `own` the name `user`, on all their connections.
    ///
    /// A free name is claimed for them; one that they hold already becomes their current name again; neither
    /// needs a token. If another owner holds the name and `token_shown` is that owner's, then this
    /// connection becomes that owner's.
    ///
    /// Only for a free name, `admit` is asked for what to keep with the new claim.
    ///
    /// # Errors
    /// As [`NameRegistry::claim_if`].
    pub fn rename_if<E: From<ClaimError>>(
        &mut self,
        own: &Identity,
        user: &UserName,
        token_shown: Option<&Token>,
        now: Instant,
        admit: impl FnOnce() -> Result<H, E>,
    ) -> Result<Claimed, E> {
        self.sweep(now);
        let Some(holder) = self.table.held(&user.key(), now).map(|claim| claim.owner) else {
            let before = self.label(own.owner);
            self.claim_free(own.owner, user, now, admit)?;
            self.keep_max();
            return Ok(self.claimed(own.owner, own.token.clone(), before, user));
        };
        let (owner, token) = if holder == own.owner {
            (holder, own.token.clone())
        } else {
            let token = token_shown.filter(|token| self.is_owner(holder, user, token));
            (holder, token.ok_or(ClaimError::Taken)?.clone())
        };
        self.check_spelling(user)?;
        let before = self.label(owner);
        if holder != own.owner {
            self.table.note_key(OwnerId::of_key(&token), holder);
            self.release(own.owner, now);
            self.table.begin_connection(holder);
        }
        self.make_current(owner, user, now);
        Ok(self.claimed(owner, token, before, user))
    }

    /// Whether `token` is that of `owner`, who holds `user`. Digests are compared: the time it takes does not
    /// help to guess the token.
    fn is_owner(&self, owner: OwnerId, user: &UserName, token: &Token) -> bool {
        self.table.owner_of_digest(OwnerId::of_key(token)) == owner
            || OwnerId::of_name_and_token(user, token) == owner
    }

    /// Claims a free name, and makes it the current one of `owner`.
    fn claim_free<E: From<ClaimError>>(
        &mut self,
        owner: OwnerId,
        user: &UserName,
        now: Instant,
        admit: impl FnOnce() -> Result<H, E>,
    ) -> Result<(), E> {
        user.check_claimable().map_err(ClaimError::NotClaimable)?;
        if self.table.has_look_alike(&user.skeletons(), owner, now) {
            return Err(ClaimError::LooksAlike.into());
        }
        let _held = Some(admit()?);
        self.table.insert(Claim { user: user.clone(), owner, connections: 0, until: now, _held });
        self.make_current(owner, user, now);
        self.table.keep_names(owner, limits::NAMES_PER_OWNER);
        Ok(())
    }

    /// Makes a name that `owner` holds their current one, in this spelling.
    fn make_current(&mut self, owner: OwnerId, user: &UserName, now: Instant) {
        let until = now + hold_time(self.hold, self.has_posted(owner));
        self.table.make_current(owner, &user.key(), until);
        self.table.spell(owner, user);
    }

    /// Gives back claims if there are too many.
    fn keep_max(&mut self) {
        if self.table.count() > self.max {
            self.table.give_back((self.max / limits::NAMES_GIVEN_BACK).max(1));
        }
    }

    /// Checks another spelling of a held name. It follows the rules too: `ſ` is an `s`, but looks like an `f`.
    fn check_spelling(&self, user: &UserName) -> Result<(), ClaimError> {
        let claim = self.table.claim(&user.key());
        let is_new =
            claim.is_some_and(|claim| claim.user != *user && claim.user.check_claimable().is_ok());
        if is_new { user.check_claimable().map_err(ClaimError::NotClaimable) } else { Ok(()) }
    }

    fn claimed(
        &self,
        owner: OwnerId,
        token: Token,
        before: Option<Label>,
        wanted: &UserName,
    ) -> Claimed {
        let wanted = || Label { user: wanted.clone(), revision: 0 };
        let Label { user, revision } = self.label(owner).unwrap_or_else(wanted); // each owner has a name
        let former = before.map(|before| before.user).filter(|former| *former != user);
        Claimed { identity: Identity { owner, user, revision, token }, former }
    }

    /// How many claims there are. Some may have lapsed a short time ago.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.count()
    }

    /// The owner of the name with the key `key`, if it is held now.
    #[must_use]
    pub fn owner(&self, key: &str, now: Instant) -> Option<OwnerId> {
        self.table.held(key, now).map(|claim| claim.owner)
    }

    /// The current name of a person, if they hold one.
    #[must_use]
    pub fn label(&self, owner: OwnerId) -> Option<Label> {
        let user = self.table.current(owner)?.user.clone();
        Some(Label { user, revision: self.table.person(owner)?.revision })
    }

    /// The persons whose current name has changed since the last call, with that name; `None`: they hold none any more.
    pub fn take_renamed(&mut self) -> Vec<(OwnerId, Option<UserName>)> {
        let renamed = std::mem::take(&mut self.table.renamed);
        let named = |owner| (owner, self.label(owner).map(|label| label.user));
        renamed.into_iter().map(named).collect()
    }

    /// The other names of a person, the last used first.
    #[must_use]
    pub fn former_names(&self, owner: OwnerId) -> Vec<UserName> {
        let names = self.table.person(owner).map_or(&[][..], |person| &person.names);
        let former = names.iter().rev().skip(1);
        former.filter_map(|key| Some(self.table.claim(key)?.user.clone())).collect()
    }

    /// How many connections a person has.
    #[must_use]
    pub fn connections(&self, owner: OwnerId) -> usize {
        self.table.current(owner).map_or(0, |claim| claim.connections)
    }

    /// The owners of all held names.
    #[must_use]
    pub fn owners(&self, now: Instant) -> HashSet<OwnerId> {
        let claims = self.table.claims().filter(|(_, claim)| claim.is_held(now));
        claims.map(|(_, claim)| claim.owner).collect()
    }

    /// Notes that a person has posted: their names are now held for days, not seconds. True if that
    /// is new.
    pub fn set_posted(&mut self, owner: OwnerId, now: Instant) -> bool {
        let person = self.table.person_mut(owner).filter(|person| !person.posted);
        let is_new = person.map(|person| person.posted = true).is_some();
        if is_new {
            self.table.hold_until(owner, now + hold_time(self.hold, true));
            self.table.mark_changed(owner);
        }
        is_new
    }

    fn has_posted(&self, owner: OwnerId) -> bool {
        self.table.person(owner).is_some_and(|person| person.posted)
    }

    /// Sets or clears the away message of a person.
    pub fn set_away(&mut self, owner: OwnerId, away: Option<AwayMessage>) {
        if let Some(person) = self.table.person_mut(owner).filter(|person| person.away != away) {
            person.away = away;
            self.table.mark_changed(owner);
        }
    }

    /// The away message of a person who is away.
    #[must_use]
    pub fn away(&self, owner: OwnerId) -> Option<AwayMessage> {
        self.table.person(owner)?.away.clone()
    }

    /// Ends one connection of a person.
    pub fn release(&mut self, owner: OwnerId, now: Instant) {
        self.table.end_connection(owner, now + hold_time(self.hold, self.has_posted(owner)));
    }

    /// The claims that have changed since the last call, as they are now.
    pub fn take_changed(&mut self, now: Now) -> Vec<SavedClaim> {
        let changed = std::mem::take(&mut self.table.changed);
        let claims = changed.iter().filter_map(|key| self.table.claim(key));
        claims.map(|claim| self.to_saved(claim, now)).collect()
    }

    /// Puts back claims that could not be stored: the next [`NameRegistry::take_changed`] returns
    /// them again.
    pub fn put_back(&mut self, saved: &[SavedClaim]) {
        self.table.changed.extend(saved.iter().map(|saved| saved.user.shared_key()));
    }

    /// All claims that are held.
    #[must_use]
    pub fn saved_claims(&self, now: Now) -> Vec<SavedClaim> {
        let held = self.table.claims().filter(|(_, claim)| claim.is_held(now.instant));
        held.map(|(_, claim)| self.to_saved(claim, now)).collect()
    }

    fn to_saved(&self, claim: &Claim<H>, now: Now) -> SavedClaim {
        let left = claim.until.saturating_duration_since(now.instant).as_millis();
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        let until = (claim.connections == 0).then(|| now.unix_ms.saturating_add(left));
        let (user, owner) = (claim.user.clone(), claim.owner);
        let person = self.table.person(owner);
        let is_former = self.table.current(owner).is_some_and(|current| current.user != user);
        SavedClaim {
            user,
            owner,
            key: person.and_then(|person| person.key),
            posted: person.is_some_and(|person| person.posted),
            is_former,
            until,
            away: person.and_then(|person| person.away.clone()).filter(|_| !is_former),
        }
    }

    /// Whether a connection of a person exists, or did until [`limits::HOLD_AFTER_DROP`] ago.
    fn was_used_recently(&self, owner: OwnerId, now: Instant) -> bool {
        let Some(claim) = self.table.current(owner) else { return false };
        let hold = hold_time(self.hold, self.has_posted(owner));
        let longer = hold.saturating_sub(limits::HOLD_AFTER_DROP);
        claim.connections > 0 || now + longer < claim.until
    }

    /// Removes lapsed claims from time to time, as it looks at every claim.
    fn sweep(&mut self, now: Instant) {
        let is_lately = |at| now.saturating_duration_since(at) < limits::SWEEP_NAMES_EVERY;
        if !self.swept.is_some_and(is_lately) {
            self.swept = Some(now);
            self.table.remove_lapsed(now);
        }
    }
}

#[cfg(test)]
mod tests;
