//! What happens to keys while there is no chat: a prompt takes the server's password, and everything else
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
    /// The person types the server's password.
    AskingPassword(TypedPassword),
    /// The input line takes them.
    Open,
}

/// What a key asks for while the gate is not open.
#[derive(PartialEq, Eq)]
pub(crate) enum GateAction {
    /// Enter: this password is complete.
    Password(String),
    /// Ctrl-C or Ctrl-D.
    Quit,
    /// Ctrl-L.
    Repaint,
    /// Ctrl-Z.
    Suspend,
}

/// The password as far as it is typed. Its `Debug` hides it.
#[derive(Default)]
struct TypedPassword(String);

/// Bytes of a password that can be typed: far more than anyone types.
const PASSWORD_MAX: usize = 1024;

pub(crate) const PASSWORD_PROMPT: &str = "Password: ";

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

    pub(crate) fn is_asking(&self) -> bool {
        matches!(self.state, GateState::AskingPassword(_))
    }

    /// The server has accepted us; true if the gate was not open.
    pub(crate) fn unlock(&mut self) -> bool {
        let was_open = self.is_open();
        self.state = GateState::Open;
        !was_open
    }

    /// The server wants a password, or another one.
    pub(crate) fn ask_password(&mut self) {
        self.state = GateState::AskingPassword(TypedPassword::default());
        self.prompt = Editor::closed(PASSWORD_PROMPT);
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
        let GateState::AskingPassword(TypedPassword(typed)) = &mut self.state else { return None };
        match key {
            Key::Char(c) if typed.len() < PASSWORD_MAX => typed.push(*c),
            Key::Paste(text, _) => {
                let room = PASSWORD_MAX.saturating_sub(typed.len());
                typed.push_str(
                    text.lines().next().filter(|line| line.len() <= room).unwrap_or_default(),
                );
            }
            Key::Backspace | Key::Ctrl('h') => _ = typed.pop(),
            Key::Ctrl('u' | 'w') => typed.clear(),
            Key::Enter if !typed.is_empty() => {
                let password = std::mem::take(typed);
                *self = InputGate::closed();
                return Some(GateAction::Password(password));
            }
            _ => {}
        }
        None
    }

    /// The input line to show: `editor`, or one with nothing but the prompt of this state.
    pub(crate) fn shown<'g>(&'g self, editor: &'g Editor) -> &'g Editor {
        if self.is_open() { editor } else { &self.prompt }
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword(secret)")
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
            GateAction::Password(password) => Some(password),
            GateAction::Quit | GateAction::Repaint | GateAction::Suspend => None,
        });
        passwords.collect()
    }

    #[test]
    fn what_is_typed_while_no_password_is_asked_for_is_dropped() {
        let mut gate = InputGate::closed();
        assert!(submitted(&mut gate, "hunter2\r/quit\rhunter2").is_empty());
        gate.ask_password();
        assert_eq!(submitted(&mut gate, "open sesame\rhello\r"), ["open sesame"]);
        assert!(!gate.is_asking() && !gate.is_open());
        gate.ask_password();
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
            gate.ask_password();
            assert_eq!(submitted(&mut gate, typed), [password], "{typed:?}");
        }
        for key in ['c', 'd'] {
            let mut gate = InputGate::closed();
            assert!(gate.press(&Key::Ctrl(key)) == Some(GateAction::Quit));
            gate.ask_password();
            gate.press(&Key::Char('x'));
            assert!(gate.press(&Key::Ctrl(key)) == Some(GateAction::Quit));
        }
    }

    #[test]
    fn what_is_typed_does_not_print_itself() {
        let mut gate = InputGate::closed();
        gate.ask_password();
        gate.press(&Key::Char('q'));
        assert!(!format!("{gate:?}").contains('q'), "{gate:?}");
    }
}
