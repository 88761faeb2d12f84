//! The person's preferences during this run, and which of them are not saved yet.

use talk::chat::UserName;

use crate::storage::preferences::PreferenceChange;
use crate::storage::preferences::Preferences;

/// The preferences in effect.
#[derive(Debug, Default)]
pub(crate) struct SessionPreferences {
    current: Preferences,
    /// Changes of this run that are not in the file yet.
    unsaved: Vec<PreferenceChange>,
}

/// Ignored names up to which a rename adds one: each is a line of the file, and looked up for each
/// message.
const FOLLOWED_MAX: usize = 1_000;

impl SessionPreferences {
    /// Takes the preferences of earlier runs.
    pub(crate) fn load(&mut self, preferences: Preferences) {
        self.current = preferences;
    }

    pub(crate) fn current(&self) -> &Preferences {
        &self.current
    }

    /// Changes a preference; the change is to be saved.
    pub(crate) fn set(&mut self, change: PreferenceChange) {
        self.current.set(&change);
        self.unsaved.push(change);
    }

    /// Removes and returns the changes that are not saved yet.
    pub(crate) fn take_unsaved(&mut self) -> Vec<PreferenceChange> {
        std::mem::take(&mut self.unsaved)
    }

    /// Ignores a user who is ignored under the new name too. The old name stays ignored, until there
    /// are very many: then it makes place for the new one.
    pub(in crate::view) fn follow_rename(&mut self, user: &UserName, to: &UserName) {
        if !self.current.is_ignored(user) || self.current.is_ignored(to) {
            return;
        }
        if self.current.ignored().len() >= FOLLOWED_MAX {
            self.set(PreferenceChange::Ignored(user.clone(), false));
        }
        self.set(PreferenceChange::Ignored(to.clone(), true));
    }

    /// Whether joins, leaves and renames of `user` are shown.
    pub(in crate::view) fn shows_presence_of(&self, user: &UserName) -> bool {
        !self.current.is_quiet && !self.current.is_ignored(user)
    }
}
