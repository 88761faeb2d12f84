//! What a person types before the server has accepted them: a secret, or nothing.

use std::io;
use std::io::Write;

use crate::editor::input_gate::GateAction;
use crate::editor::input_gate::InputGate;
use crate::editor::input_gate::SecretKind;
use crate::stdio::keys::KeyDecoder;
use crate::stdio::terminal::HiddenInput;

/// The keys of a person whom the server has not accepted yet.
#[derive(Debug)]
pub(super) struct Entry {
    /// Who gets the keys.
    gate: InputGate,
    /// Bytes from stdin → keys.
    keys: KeyDecoder,
    /// Hides what is typed, as long as the gate is not open.
    hidden: Option<HiddenInput>,
    /// Whether the prompt for a secret is shown.
    is_prompt_shown: bool,
}

impl Entry {
    /// For a person, who is let in by the server's welcome.
    pub(super) fn closed() -> Entry {
        Entry { gate: InputGate::closed(), hidden: HiddenInput::start(), ..Entry::open() }
    }

    /// For what is piped in.
    pub(super) fn open() -> Entry {
        let (gate, keys) = (InputGate::open(), KeyDecoder::default());
        Entry { gate, keys, hidden: None, is_prompt_shown: false }
    }

    pub(super) fn ask(&mut self, kind: SecretKind) {
        if self.gate.asking().is_none() {
            if self.hidden.is_none() {
                self.hidden = HiddenInput::start();
            }
            self.gate.ask(kind);
        }
    }

    /// From now on lines are messages.
    pub(super) fn unlock(&mut self) {
        if self.gate.unlock() {
            self.hidden = None;
            self.keys = KeyDecoder::default();
        }
    }

    /// Shows the prompt, after what was to be said before it.
    pub(super) fn show_prompt(&mut self) {
        if let Some(kind) = self.gate.asking().filter(|_| !self.is_prompt_shown) {
            self.is_prompt_shown = true;
            _ = write!(io::stderr(), "{}", kind.prompt()); // stderr is the last resort
        }
    }

    /// Takes keys that are not part of a line, and what to do for them.
    pub(super) fn press(&mut self, bytes: &[u8]) -> Vec<GateAction> {
        let keys = self.keys.feed(bytes);
        let actions: Vec<GateAction> =
            keys.into_iter().filter_map(|key| self.gate.press(&key)).collect();
        let ends = |action: &GateAction| match action {
            GateAction::Secret(..) | GateAction::GiveUp | GateAction::Quit => true,
            GateAction::Repaint | GateAction::Suspend => false,
        };
        if actions.iter().any(ends) {
            self.end_prompt();
        }
        actions
    }

    pub(super) fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    /// Whether what is typed is hidden: then a secret can be asked for.
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    /// Ends the line of the prompt.
    fn end_prompt(&mut self) {
        if std::mem::take(&mut self.is_prompt_shown) {
            _ = writeln!(io::stderr());
        }
    }
}
