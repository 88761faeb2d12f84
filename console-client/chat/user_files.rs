//! The person's files: keys of names, unsent submissions, preferences.

use std::path::PathBuf;

use talk::chat::ErrorCode;
use talk::chat::UserName;
use talk::chat::protocol::ErrorMessage;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::Event;
use talk::client::Submission;

use crate::storage::outbox::OutboxStore;
use crate::storage::preferences::PreferenceChange;
use crate::storage::preferences::PreferencesFile;
use crate::storage::tokens::TokenStore;

/// The files, written as the client's events come.
#[derive(Debug)]
pub(crate) struct UserFiles {
    /// The keys of names.
    tokens: TokenStore,
    /// Submissions that are not stored yet.
    outbox: OutboxStore,
    /// The last write to the outbox failed, which was reported.
    outbox_failing: bool,
    /// What the person switched.
    preferences: PreferencesFile,
}

impl UserFiles {
    pub(crate) fn new(
        tokens: TokenStore,
        outbox: OutboxStore,
        preferences: PreferencesFile,
    ) -> UserFiles {
        UserFiles { tokens, outbox, outbox_failing: false, preferences }
    }

    /// Writes what an event changes. Returns a sentence for each failure to report.
    pub(super) fn apply(&mut self, event: &Event) -> Vec<String> {
        let token_problem = if let Event::Message(
            ServerMessage::Welcome(Welcome { user, token, .. })
            | ServerMessage::Renamed { to: user, token: Some(token), .. },
        ) = event
        {
            self.tokens.save(user, token).err()
        } else {
            None
        };
        token_problem.into_iter().chain(self.apply_to_outbox(event)).collect()
    }

    fn apply_to_outbox(&mut self, event: &Event) -> Option<String> {
        let outbox = &mut self.outbox;
        let written = if let Event::Pending(submission) = event {
            outbox.save(submission, false)
        } else if let Event::Stored { cid, .. } | Event::Dropped(cid) = event {
            outbox.remove(cid)
        } else if let Event::Failed { cid, rejection } = event {
            outbox.set_failed(cid, rejection.clone())
        } else if let Event::Message(
            ServerMessage::Welcome(Welcome { user, .. })
            | ServerMessage::Renamed { to: user, token: Some(_), .. },
        ) = event
        {
            outbox.set_name(user)
        } else if let Event::Message(ServerMessage::Error(ErrorMessage {
            code, room: None, ..
        })) = event
            && matches!(code, ErrorCode::BadName | ErrorCode::NameTaken)
        {
            outbox.cancel_name()
        } else {
            Ok(())
        };
        self.report_once(written)
    }

    /// Saves a submission before it is sent. Returns a failure to report.
    pub(super) fn save(&mut self, submission: &Submission, durably: bool) -> Option<String> {
        let written = self.outbox.save(submission, durably);
        self.report_once(written)
    }

    /// Notes that the person asked for another name. Returns a failure to report.
    pub(super) fn request_name(&mut self, name: &UserName) -> Option<String> {
        let written = self.outbox.request_name(name);
        self.report_once(written)
    }

    /// A failed write to the outbox, unless the write before failed too.
    fn report_once(&mut self, written: Result<(), String>) -> Option<String> {
        let was_failing = std::mem::replace(&mut self.outbox_failing, written.is_err());
        written.err().filter(|_| !was_failing)
    }

    /// Saves a preference. After the first failure, which it returns, it no longer tries.
    pub(super) fn save_preference(&mut self, change: &PreferenceChange) -> Option<String> {
        let problem = self.preferences.save(change).err();
        if problem.is_some() {
            self.preferences = PreferencesFile::new(None);
        }
        problem
    }

    /// Keeps the key in the file that the person chose: another one was typed.
    pub(super) fn keep_key_file(&mut self) {
        self.tokens.keep_chosen_file();
    }

    /// Where the key of `user` is, or would be.
    pub(super) fn token_path(&self, user: &UserName) -> Option<PathBuf> {
        self.tokens.path(user)
    }

    pub(super) fn into_outbox(self) -> OutboxStore {
        self.outbox
    }
}
