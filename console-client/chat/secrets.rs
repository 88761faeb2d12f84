//! The server's password and the key of a name: asked for when the server refuses the person without them.

use super::Chat;
use crate::connection_status::KEY_PLACES;
use crate::editor::input_gate::SecretKind;
use crate::storage::tokens;

impl Chat {
    /// The person is asked for a missing or wrong secret, instead of ending the chat.
    pub(crate) fn asking_person(mut self) -> Chat {
        self.prompt.set_person();
        self
    }

    /// The secret with which the chat goes on, once the person has typed it.
    pub(crate) fn wanted_secret(&self) -> Option<SecretKind> {
        let kind = self.view.connection.status.refused_secret()?;
        self.prompt.may_ask(kind).then_some(kind)
    }

    /// Connects with this secret. False if it cannot be one, and was not tried: the reason was shown.
    pub(crate) fn try_secret(&mut self, kind: SecretKind, secret: String) -> bool {
        match kind {
            SecretKind::Password => {
                self.client.set_password(&secret);
                self.password = Some(secret);
            }
            SecretKind::Key => {
                let Some(token) = tokens::parse_key(&secret) else {
                    let text = format!("that is no key: {}", tokens::KEY_SHAPE);
                    self.view.display.error(&text);
                    return false;
                };
                self.prompt.note_key();
                self.view.connection.status.set_key_given();
                self.files.keep_key_file();
                self.client.set_token(token);
            }
        }
        self.client.retry_now();
        true
    }

    /// Why the server refuses us for good, and what to try.
    pub(crate) fn final_reason(&self) -> Option<String> {
        let status = &self.view.connection.status;
        status.final_reason(self.view.me(), self.password.is_some())
    }

    /// Says what the person is asked for, and why.
    pub(super) fn explain_prompt(&mut self, kind: SecretKind) {
        let me = self.view.me();
        let is_key_given = self.view.connection.status.is_key_given();
        let how = format!("paste its key (it is in {KEY_PLACES}); Enter alone gives up");
        match (kind, &self.password) {
            (SecretKind::Password, Some(_)) => self.view.display.error("wrong password"),
            (SecretKind::Password, None) => {
                self.view.display.notice("this server needs a password");
            }
            (SecretKind::Key, _) if is_key_given => {
                let text = format!("wrong key for {me}: {how}");
                self.view.display.error(&text);
            }
            (SecretKind::Key, _) => {
                let text = format!("the name {me} is in use: if it is yours, {how}");
                self.view.display.notice(&text);
            }
        }
    }
}
