//! Whether a person can be asked for a secret, and how often.

use crate::editor::input_gate::SecretKind;

/// What the person may be asked for when the server refuses them.
#[derive(Debug)]
pub(super) struct SecretPrompt {
    /// Whether there is a person to ask, who can type unseen.
    has_person: bool,
    /// How many keys the person may still try.
    keys_left: u32,
}

/// Keys that a person may try: enough to paste the right one at last, too few to guess.
const KEYS_MAX: u32 = 5;

impl SecretPrompt {
    /// There is no terminal to ask on.
    pub(super) fn without_person() -> SecretPrompt {
        SecretPrompt { has_person: false, keys_left: KEYS_MAX }
    }

    /// From now on there is a person to ask.
    pub(super) fn set_person(&mut self) {
        self.has_person = true;
    }

    /// Whether the person may try another secret of this kind.
    pub(super) fn may_ask(&self, kind: SecretKind) -> bool {
        match kind {
            SecretKind::Password => self.has_person,
            SecretKind::Key => self.has_person && self.keys_left > 0,
        }
    }

    /// The person tries a key.
    pub(super) fn note_key(&mut self) {
        self.keys_left = self.keys_left.saturating_sub(1);
    }
}
