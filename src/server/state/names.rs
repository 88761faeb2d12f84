//! Claims of names, and the file that stores them over a restart.

use std::collections::HashSet;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::chat::protocol::ErrorMessage;
use crate::chat::{
    AwayMessage, ClaimError, Claimed, ErrorCode, Identity, Label, NameRegistry, OwnerId,
    SavedClaim, Token, UserName,
};
use crate::failpoint;
use crate::log::Journal;
use crate::net::entropy::Entropy;
use crate::server::clock::SteadyClock;
use crate::server::quotas::{CreationQuota, Holding, QuotaRefusal};
use crate::server::room::Room;
use crate::server::room::broadcast::Broadcaster;

/// All claimed names.
///
/// Two locks. The one on the registry is held for single calls; under it a network's share of the names is
/// changed. The one on the file is held over a small write; the registry's is taken under it, so that the lines of
/// the file are in the order of the changes.
#[derive(Debug)]
pub(crate) struct Names {
    /// Who owns which name, and whose share of names it is.
    registry: Mutex<NameRegistry<Box<Holding>>>,
    /// The claims on disk.
    file: Mutex<Journal<SavedClaim>>,
    /// For the tokens of new claims.
    entropy: Arc<Entropy>,
    /// Until when a name is held.
    clock: Arc<SteadyClock>,
    /// How many names a network may claim.
    quota: Arc<CreationQuota>,
}

/// Why a name is not claimed.
enum ClaimRefusal {
    Name(ClaimError),
    Quota(QuotaRefusal),
}

impl From<ClaimError> for ClaimRefusal {
    fn from(error: ClaimError) -> ClaimRefusal {
        ClaimRefusal::Name(error)
    }
}

impl ClaimRefusal {
    fn into_error(self) -> ErrorMessage {
        match self {
            ClaimRefusal::Name(ClaimError::Taken) => {
                let taken = "this name is in use; choose another, or show its key";
                ErrorMessage::new(ErrorCode::NameTaken, taken)
            }
            ClaimRefusal::Name(ClaimError::LooksAlike) => {
                let alike = "this name looks like one that is in use; choose another";
                ErrorMessage::new(ErrorCode::BadName, alike)
            }
            ClaimRefusal::Name(ClaimError::NotClaimable(rejection)) => rejection.into(),
            ClaimRefusal::Quota(QuotaRefusal::TooManyNew(wait)) => {
                let message = "too many new names come from your network, try again later";
                ErrorMessage::new(ErrorCode::RateLimited, message).retry_after(wait)
            }
            ClaimRefusal::Quota(QuotaRefusal::ShareIsHeld) => {
                let message = "your network holds as many names as it may, use one of them";
                ErrorMessage::new(ErrorCode::RateLimited, message)
            }
        }
    }
}

impl Names {
    pub(super) fn new(
        registry: NameRegistry<Box<Holding>>,
        file: Journal<SavedClaim>,
        entropy: Arc<Entropy>,
        clock: Arc<SteadyClock>,
        quota: Arc<CreationQuota>,
    ) -> Names {
        Names { registry: Mutex::new(registry), file: Mutex::new(file), entropy, clock, quota }
    }

    fn registry(&self) -> MutexGuard<'_, NameRegistry<Box<Holding>>> {
        failpoint::check(self.registry.lock().unwrap_or_else(PoisonError::into_inner), "names")
    }

    fn file(&self) -> MutexGuard<'_, Journal<SavedClaim>> {
        failpoint::check(self.file.lock().unwrap_or_else(PoisonError::into_inner), "names_file")
    }

    /// Claims a name for a new connection from this address. `token` is the token that the client sent.
    ///
    /// # Errors
    /// When another owner has the name or one that looks like it; when no one may have it; when it is free,
    /// and the network of the address has claimed too many; when the system has no randomness.
    pub(crate) fn claim(
        &self,
        user: &UserName,
        token: Option<&Token>,
        address: IpAddr,
    ) -> Result<Claimed, ErrorMessage> {
        let new_token = self.entropy.token().ok().and_then(|token| token.parse().ok());
        let new_token: Token = new_token.ok_or_else(|| {
            let message = "the server cannot create a key: no randomness";
            ErrorMessage::new(ErrorCode::Storage, message)
        })?;
        let now = Instant::now();
        let admit = || self.admit(address, now);
        let claimed = self.registry().claim_if(user, (token, new_token), now, admit);
        self.save();
        claimed.map_err(ClaimRefusal::into_error)
    }

    /// Gives a person, whose connection comes from this address, another name; or makes the connection that
    /// of the owner of the name, if `token` is that owner's.
    ///
    /// # Errors
    /// As [`Names::claim`].
    pub(crate) fn rename(
        &self,
        own: &Identity,
        user: &UserName,
        token: Option<&Token>,
        address: IpAddr,
    ) -> Result<Claimed, ErrorMessage> {
        let now = Instant::now();
        let admit = || self.admit(address, now);
        let claimed = self.registry().rename_if(own, user, token, now, admit);
        self.save();
        claimed.map_err(ClaimRefusal::into_error)
    }

    /// A place in the share of a network for a new claim. It is boxed: claims of an earlier run have none.
    fn admit(&self, address: IpAddr, now: Instant) -> Result<Box<Holding>, ClaimRefusal> {
        self.quota.take(address, now, || {}).map(Box::new).map_err(ClaimRefusal::Quota)
    }

    /// One connection of a person ends.
    pub(crate) fn release(&self, owner: OwnerId) {
        self.registry().release(owner, Instant::now());
        self.save();
    }

    /// Notes that a person has posted: their names are held for days now, not seconds.
    pub(crate) fn set_posted(&self, owner: OwnerId) {
        let is_first = self.registry().set_posted(owner, Instant::now());
        if is_first {
            self.save();
        }
    }

    /// The current name of a person.
    pub(crate) fn label(&self, owner: OwnerId) -> Option<Label> {
        self.registry().label(owner)
    }

    /// Saves the changes, so that they survive a kill. Changes that cannot be written now are tried again
    /// with the next ones.
    fn save(&self) {
        let mut file = self.file();
        let changed = self.registry().take_changed(self.clock.now());
        if !changed.is_empty() && file.append(&changed).is_err() {
            self.registry().put_back(&changed);
        }
    }

    /// Periodic maintenance: saves the changes, then compacts the file if it is mostly outdated, or fsyncs
    /// it. If another program has removed or changed the file, it is written again; true then.
    pub(crate) fn maintain(&self) -> io::Result<bool> {
        self.save();
        let mut file = self.file();
        let is_in_place = file.is_in_place();
        if file.needs_compaction() || !is_in_place {
            let all = {
                let mut registry = self.registry();
                registry.take_changed(self.clock.now()); // the compacted file contains them all
                registry.saved_claims(self.clock.now())
            };
            return file.compact(&all).map(|()| !is_in_place);
        }
        let unsynced = file.take_unsynced();
        drop(file); // a claim does not wait for an fsync
        unsynced.map_or(Ok(()), |unsynced| unsynced.sync_data()).map(|()| false)
    }

    /// Why claims cannot be saved now, if so.
    pub(super) fn write_error(&self) -> Option<String> {
        self.file().write_error().map(String::from)
    }

    /// Bytes of the file.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.file().bytes()
    }

    /// The owner of the name with the key `key` now.
    pub(crate) fn owner(&self, key: &str) -> Option<OwnerId> {
        self.registry().owner(key, Instant::now())
    }

    /// The present name of an owner, if it holds one.
    pub(crate) fn name_of(&self, owner: OwnerId) -> Option<UserName> {
        self.label(owner).map(|label| label.user)
    }

    /// The persons whose name has changed since the last call, and that name.
    pub(super) fn take_renamed(&self) -> Vec<(OwnerId, Option<UserName>)> {
        self.registry().take_renamed()
    }

    /// All owners of names now.
    pub(super) fn owners(&self) -> HashSet<OwnerId> {
        self.registry().owners(Instant::now())
    }

    /// How many names are held.
    pub(crate) fn count(&self) -> usize {
        self.registry().count()
    }

    /// The other names of a person, the last used first.
    pub(crate) fn former_names(&self, owner: OwnerId) -> Vec<UserName> {
        self.registry().former_names(owner)
    }

    /// How many connections a person has.
    pub(crate) fn connections(&self, owner: OwnerId) -> usize {
        self.registry().connections(owner)
    }

    /// The away message of a person who is away.
    pub(crate) fn away(&self, owner: OwnerId) -> Option<AwayMessage> {
        self.registry().away(owner)
    }

    /// Sets or clears the away message of a person.
    pub(crate) fn set_away(&self, owner: OwnerId, away: Option<AwayMessage>) {
        self.registry().set_away(owner, away);
        self.save();
    }

    /// Updates in a room the name of a member, and whether they are away. The state is read after the member is
    /// in the room: it may have changed meanwhile, at a moment when the thread that changed it did not find the
    /// member.
    pub(crate) fn update_member(&self, owner: OwnerId, room: &Arc<Room>, rounds: &Broadcaster) {
        let label = self.label(owner);
        rounds.run_round(label.and_then(|label| room.rename(owner, &label)));
        let away = self.away(owner);
        rounds.run_round(room.set_away(owner, away.as_ref()));
    }
}
