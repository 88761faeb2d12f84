//! What happens to keys while there is no chat: a prompt takes a secret, and everything else
//! is dropped, so that nothing is sent or saved which was typed in the wrong place.

use std::fmt;

use super::Editor;
use crate::stdio::keys::Key;

/// Decides who gets the keys: until the server has accepted us, not the input line.
#[derive(Debug)]
pub(crate) struct InputGate {
    state: GateState,
    /// What is shown in the place of the input line while the gate is not open.
    prompt: Editor,
}

#[derive(Debug)]
enum GateState {
    /// Keys are dropped.
    Closed,
    /// The person types a secret.
    Asking(SecretKind, TypedSecret),
    /// The input line takes them.
    Open,
}

/// A secret that a person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// The server's password.
    Password,
    /// The key of the person's name.
    Key,
}

/// What a key asks for while the gate is not open.
#[derive(PartialEq, Eq)]
pub(crate) enum GateAction {
    /// Enter: this secret is complete.
    Secret(SecretKind, String),
    /// Enter, and nothing was typed: the person has no key for the name.
    GiveUp,
    /// Ctrl-C or Ctrl-D.
    Quit,
    /// Ctrl-L.
    Repaint,
    /// Ctrl-Z.
    Suspend,
}

/// The secret as far as it is typed. Its `Debug` hides it.
#[derive(Default)]
struct TypedSecret(String);

/// Bytes of a secret that can be typed: far more than anyone types.
const SECRET_MAX: usize = 1024;

impl SecretKind {
    /// What is shown in front of the place where it is typed.
    pub(crate) fn prompt(self) -> &'static str {
        match self {
            SecretKind::Password => "Password: ",
            SecretKind::Key => "Key: ",
        }
    }
}

impl InputGate {
    /// A gate that waits for the server's welcome.
    pub(crate) fn closed() -> InputGate {
        InputGate { state: GateState::Closed, prompt: Editor::closed("") }
    }

    /// A gate that is open from the start: what is piped in waits for the server.
    pub(crate) fn open() -> InputGate {
        InputGate { state: GateState::Open, ..InputGate::closed() }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, GateState::Open)
    }

    /// The secret that the person is asked for now.
    pub(crate) fn asking(&self) -> Option<SecretKind> {
        match self.state {
            GateState::Asking(kind, _) => Some(kind),
            GateState::Closed | GateState::Open => None,
        }
    }

    /// The server has accepted us; true if the gate was not open.
    pub(crate) fn unlock(&mut self) -> bool {
        let was_open = self.is_open();
        self.state = GateState::Open;
        !was_open
    }

    /// The server wants a secret, or another one.
    pub(crate) fn ask(&mut self, kind: SecretKind) {
        self.state = GateState::Asking(kind, TypedSecret::default());
        self.prompt = Editor::closed(kind.prompt());
    }

    /// Takes a key while the gate is not open.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other keys are dropped")]
    pub(crate) fn press(&mut self, key: &Key) -> Option<GateAction> {
        match key {
            Key::Ctrl('c' | 'd') => return Some(GateAction::Quit),
            Key::Ctrl('l') => return Some(GateAction::Repaint),
            Key::Ctrl('z') => return Some(GateAction::Suspend),
            _ => {}
        }
        let GateState::Asking(kind, TypedSecret(typed)) = &mut self.state else { return None };
        match key {
            Key::Char(c) if typed.len() < SECRET_MAX => typed.push(*c),
            Key::Paste(text, _) => {
                let room = SECRET_MAX.saturating_sub(typed.len());
                let text = text.trim_start_matches(['\r', '\n']);
                typed.push_str(
                    text.lines().next().filter(|line| line.len() <= room).unwrap_or_default(),
                );
            }
            Key::Backspace | Key::Ctrl('h') => _ = typed.pop(),
            Key::Ctrl('u' | 'w') => typed.clear(),
            Key::Enter if !typed.is_empty() => {
                let (kind, secret) = (*kind, std::mem::take(typed));
                *self = InputGate::closed();
                return Some(GateAction::Secret(kind, secret));
            }
            Key::Enter if *kind == SecretKind::Key => return Some(GateAction::GiveUp),
            _ => {}
        }
        None
    }

    /// The input line to show: `editor`, or one with nothing but the prompt of this state.
    pub(crate) fn shown<'g>(&'g self, editor: &'g Editor) -> &'g Editor {
        if self.is_open() { editor } else { &self.prompt }
    }
}

impl fmt::Debug for TypedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedSecret(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stdio::keys::KeyDecoder;

    /// The passwords submitted by these bytes.
    fn submitted(gate: &mut InputGate, bytes: &str) -> Vec<String> {
        let keys = KeyDecoder::default().feed(bytes.as_bytes());
        let actions = keys.iter().filter_map(|key| gate.press(key));
        let passwords = actions.filter_map(|action| match action {
            GateAction::Secret(_, password) => Some(password),
            GateAction::GiveUp | GateAction::Quit | GateAction::Repaint | GateAction::Suspend => {
                None
            }
        });
        passwords.collect()
    }

    #[test]
    fn what_is_typed_while_no_password_is_asked_for_is_dropped() {
        let mut gate = InputGate::closed();
        assert!(submitted(&mut gate, "hunter2\r/quit\rhunter2").is_empty());
        gate.ask(SecretKind::Password);
        assert_eq!(submitted(&mut gate, "open sesame\rhello\r"), ["open sesame"]);
        assert!(gate.asking().is_none() && !gate.is_open());
        gate.ask(SecretKind::Password);
        assert_eq!(submitted(&mut gate, "\rb\r"), ["b"], "an empty one is none");
    }

    #[test]
    fn a_password_is_corrected_pasted_and_abandoned_as_elsewhere() {
        for (typed, password) in [
            ("ab\x7f\x08c\r", "c"),
            ("wrong\x15right\r", "right"),
            ("a\x1b[Db\r", "ab"),
            ("\x1b[200~pasted\nmore\x1b[201~\r", "pasted"),
            ("é\r", "é"),
        ] {
            let mut gate = InputGate::closed();
            gate.ask(SecretKind::Password);
            assert_eq!(submitted(&mut gate, typed), [password], "{typed:?}");
        }
        for key in ['c', 'd'] {
            let mut gate = InputGate::closed();
            assert!(gate.press(&Key::Ctrl(key)) == Some(GateAction::Quit));
            gate.ask(SecretKind::Password);
            gate.press(&Key::Char('x'));
            assert!(gate.press(&Key::Ctrl(key)) == Some(GateAction::Quit));
        }
    }

    #[test]
    fn a_key_may_be_given_up_and_a_password_not() {
        let mut gate = InputGate::closed();
        gate.ask(SecretKind::Password);
        assert!(gate.press(&Key::Enter).is_none());
        gate.ask(SecretKind::Key);
        assert!(gate.press(&Key::Enter) == Some(GateAction::GiveUp));
        gate.press(&Key::Char('x'));
        assert!(
            gate.press(&Key::Enter) == Some(GateAction::Secret(SecretKind::Key, "x".to_owned()))
        );
    }

    #[test]
    fn what_is_typed_does_not_print_itself() {
        let mut gate = InputGate::closed();
        gate.ask(SecretKind::Password);
        gate.press(&Key::Char('q'));
        assert!(!format!("{gate:?}").contains('q'), "{gate:?}");
    }
}
