//! What goes into the registry of names and comes out of it.

use crate::chat::error_code::Rejection;
use crate::chat::owner_id::OwnerId;
use crate::chat::{AwayMessage, Token, UserName};

/// A person on one connection: who they are, their current name, and the token that proves it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who they are, under any name.
    pub owner: OwnerId,
    /// Their current name.
    pub user: UserName,
    /// That of the [`Label`] with this name.
    pub revision: u64,
    /// The token.
    pub token: Token,
}

/// The current name of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The name.
    pub user: UserName,
    /// Of two labels of one person, the one with the higher revision is the newer.
    pub revision: u64,
}

impl Identity {
    /// The current name.
    #[must_use]
    pub fn label(&self) -> Label {
        Label { user: self.user.clone(), revision: self.revision }
    }

    /// Takes over `label`, if it is newer. Returns the former name then.
    pub fn update(&mut self, label: Option<&Label>) -> Option<UserName> {
        let label = label.filter(|label| label.revision > self.revision)?;
        self.revision = label.revision;
        Some(std::mem::replace(&mut self.user, label.user.clone()))
    }
}

/// What a person has after a claim.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The person, with their current name.
    pub identity: Identity,
    /// The name that was their current one until then, if it was another one or spelled in another way.
    pub former: Option<UserName>,
}

/// Why a client does not get a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimError {
    /// The name is held, and the token shown is not its owner's.
    Taken,
    /// The name is free, but it looks like one that another owner holds.
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
    /// The digest of the owner's key ([`OwnerId::of_key`]), if it is known and not their owner id.
    pub key: Option<OwnerId>,
    /// Whether its owner has posted.
    pub posted: bool,
    /// Whether its owner uses another name now.
    pub is_former: bool,
    /// Until when it is held, in Unix time in ms; `None` while a connection uses it.
    pub until: Option<u64>,
    /// The away message, while its owner is away.
    pub away: Option<AwayMessage>,
}
