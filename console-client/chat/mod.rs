//! The conversation: a person's input becomes requests to the client, its events go to the view and
//! into the person's files.
//!
//! Depends on the client, `view`, `room`, `command` and `storage`; never on a terminal.

use talk::chat::Cid;
use talk::chat::ErrorCode;
use talk::chat::Operation;
use talk::chat::Rejection;
use talk::chat::RoomName;
use talk::chat::Text;
use talk::chat::Token;
use talk::chat::protocol::ErrorMessage;
use talk::chat::protocol::JoinTarget;
use talk::chat::protocol::Record;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::Client;
use talk::client::ConnectionState;
use talk::client::Event;
use talk::client::Progress;
use talk::client::Submission;
use talk::limits;

use crate::chat::read_markers::ReadMarkerSender;
use crate::chat::refusals::Refusal;
use crate::chat::search::RoomSearch;
use crate::chat::search::SearchStep;
use crate::chat::secret_prompt::SecretPrompt;
use crate::chat::user_files::UserFiles;
use crate::command;
use crate::command::Command;
use crate::command::Input;
use crate::room::Room;
use crate::storage::outbox::OutboxStore;
use crate::view::SendState;
use crate::view::View;

mod commands; // what the commands do
mod preferences; // commands that concern only the person
mod secret_prompt; // whether a person can be asked for a secret
mod secrets; // the password and the key that a person is asked for
mod search; // a search, which may take several requests
pub(crate) mod refusals; // what the server refused for good
mod read_markers; // how far the person has read, for other devices
pub(crate) mod user_files; // what is saved on disk

/// A client and its view.
#[derive(Debug)]
pub(crate) struct Chat {
    client: Client,
    /// What the person sees.
    pub(crate) view: View,
    /// What is saved on disk.
    files: UserFiles,
    /// The server's password, if one was given.
    password: Option<String>,
    /// What the person is asked for when the server refuses them.
    prompt: SecretPrompt,
    /// The key of our name, once the server has sent it.
    token: Option<Token>,
    /// When the next `typing` may be sent, in Unix milliseconds.
    typing_next_at: u64,
    /// Sends how far the person has read.
    read_markers: ReadMarkerSender,
    /// The search that is under way.
    search: Option<RoomSearch>,
    /// Submissions refused for good, of which the person does not know yet.
    refusals: Vec<Refusal>,
}

/// The result of a submitted line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SubmitResult {
    Done,
    /// It was refused, and the reason was shown: the person can correct it.
    Refused,
    /// The screen is to be cleared.
    Clear,
    /// The person leaves.
    Quit,
}

impl Chat {
    pub(crate) fn new(
        client: Client,
        view: View,
        files: UserFiles,
        password: Option<String>,
    ) -> Chat {
        Chat {
            client,
            view,
            files,
            password,
            prompt: SecretPrompt::without_person(),
            token: None,
            typing_next_at: 0,
            read_markers: ReadMarkerSender::default(),
            search: None,
            refusals: Vec::new(),
        }
    }

    /// Takes an event of the client. Returns the reason if the chat is over.
    pub(crate) fn apply(&mut self, event: Event, now: u64) -> Option<String> {
        if let Event::Message(
            ServerMessage::Welcome(Welcome { token, .. })
            | ServerMessage::Renamed { token: Some(token), .. },
        ) = &event
        {
            self.token = Some(token.clone());
        }
        for problem in self.files.apply(&event) {
            self.view.display.error(&problem);
        }
        if let Event::Failed { cid, rejection } = &event
            && self.is_final(cid, rejection)
        {
            self.refuse(cid, rejection);
            return None;
        }
        if let Event::Message(ServerMessage::Found { room, text, records, before, first }) = event {
            self.on_found(&room, &text, records, before, first);
            return None;
        }
        if matches!(event, Event::State(ConnectionState::Offline { .. })) {
            self.cancel_search();
        }
        if let Event::Message(ServerMessage::Error(ErrorMessage { code, room: None, .. })) = &event
            && *code == ErrorCode::UnknownType
            && self.view.connection.status.was_welcomed()
        {
            // Of all message types we send, only `mark` is younger than the protocol.
            self.read_markers.set_unsupported();
            return None;
        }
        let is_stop = matches!(event, Event::Stopped { .. });
        let joined = if let Event::Message(ServerMessage::Joined(joined)) = &event {
            let asked = joined.asked.as_ref().map(JoinTarget::to_room);
            Some((asked.unwrap_or_else(|| joined.room.clone()), joined.room.clone()))
        } else {
            None
        };
        self.view.apply(event, now);
        joined.iter().for_each(|(asked, room)| self.share_old_mute(asked, room));
        self.save_preferences();
        let reason = self.final_reason()?;
        let Some(kind) = self.wanted_secret() else { return Some(reason) };
        if is_stop {
            self.explain_prompt(kind);
        }
        None
    }

    /// Whether a submission was refused for good: also one that was under way when the server refused its
    /// private room.
    fn is_final(&self, cid: &Cid, rejection: &Rejection) -> bool {
        let is_outside = |submission: &Submission| {
            let room = &submission.room;
            room.is_private() && !self.view.display.rooms.is_joined(room)
        };
        rejection.code.is_final()
            || rejection.code == ErrorCode::NotJoined
                && self.view.unsent.find(cid).is_some_and(is_outside)
    }

    /// Discards a submission that was refused for good.
    fn refuse(&mut self, cid: &Cid, rejection: &Rejection) {
        let was_welcomed = self.view.connection.status.was_welcomed();
        let refusal = self.view.unsent.find(cid).map(|submission| {
            // Of an earlier run: refused before this one has joined any room.
            let is_in_room = !was_welcomed || self.view.display.rooms.is_joined(&submission.room);
            Refusal::new(submission, rejection, self.view.me(), is_in_room)
        });
        self.refusals.extend(refusal);
        self.view.unsent.remove(cid);
        self.client.discard(cid);
    }

    /// The submissions refused for good since the last call.
    pub(crate) fn take_refusals(&mut self) -> Vec<Refusal> {
        std::mem::take(&mut self.refusals)
    }

    /// Takes an answer to a search; shows what was found once the search is finished.
    fn on_found(
        &mut self,
        room: &RoomName,
        text: &str,
        records: Vec<Record>,
        before: u64,
        first: u64,
    ) {
        let search = self.search.take_if(|search| search.room == *room && search.text == text);
        let Some(mut search) = search else { return };
        match search.take(&self.client, records, before, first) {
            SearchStep::Continues => self.search = Some(search),
            SearchStep::Finished { is_complete } => {
                self.view.list_found(room, text, &search.records, is_complete);
            }
        }
    }

    /// Gives up a search, because the connection is lost.
    fn cancel_search(&mut self) {
        if let Some(RoomSearch { text, .. }) = self.search.take() {
            let text = format!(
                "search for {text:?} stopped: connection lost (search again when connected)"
            );
            self.view.display.error(&text);
        }
    }

    /// Does what a submitted line asks for: sends it, or runs the command. Shows why it is refused.
    pub(crate) fn submit(&mut self, line: &str) -> SubmitResult {
        self.submit_line(line).unwrap_or_else(|sentence| {
            self.view.display.error(&sentence);
            SubmitResult::Refused
        })
    }

    /// Does what a submitted line asks for.
    ///
    /// # Errors
    /// A sentence: why it is refused.
    pub(crate) fn submit_line(&mut self, line: &str) -> Result<SubmitResult, String> {
        let result = match command::parse(line)? {
            Input::Post(text) => self.post(&text, false),
            Input::Me(text) => self.post(&text, true),
            Input::Command(Command::Quit) => return Ok(SubmitResult::Quit),
            Input::Command(Command::Clear) => return Ok(SubmitResult::Clear),
            Input::Command(command) => self.execute(command),
        };
        self.save_preferences();
        result.map(|()| SubmitResult::Done)
    }

    /// Sends a text as it is, also one that begins with a slash.
    ///
    /// # Errors
    /// A sentence: why it is refused.
    pub(crate) fn submit_text(&mut self, text: &str) -> Result<SubmitResult, String> {
        self.post(text, false).map(|()| SubmitResult::Done)
    }

    /// Drops a submission that failed.
    pub(crate) fn discard(&self, cid: &Cid) {
        self.client.discard(cid);
    }

    /// Whether a submitted line contains a secret, which no file may keep.
    pub(crate) fn is_secret(&self, line: &str) -> bool {
        let secrets = [self.password.clone(), self.token.as_ref().map(Token::reveal)];
        let mut secrets = secrets.iter().flatten();
        matches!(command::parse(line), Ok(Input::Command(Command::Key)))
            || command::gives_key(line)
            || secrets.any(|secret| !secret.is_empty() && line.contains(secret.as_str()))
    }

    /// Sends that the person is typing `text`, at most once per [`limits::TYPING_EVERY`].
    pub(crate) fn send_typing(&mut self, text: &str, now: u64) {
        let is_message = !text.is_empty() && !text.starts_with('/');
        if !is_message || now < self.typing_next_at || !self.view.connection.status.is_live() {
            return;
        }
        if let Some(room) = self.view.display.rooms.current() {
            let every = u64::try_from(limits::TYPING_EVERY.as_millis()).unwrap_or(u64::MAX);
            self.typing_next_at = now.saturating_add(every);
            self.client.typing(&room.name);
        }
    }

    /// Requests the server's list of rooms, unless it was requested a moment ago.
    pub(crate) fn refresh_known_rooms(&mut self, now: u64) {
        let known = &mut self.view.display.known_rooms;
        if !known.is_fresh(now) && self.client.rooms() {
            known.note_request(now);
        }
    }

    /// Sends how far the person has read, now and then.
    pub(crate) fn send_read_markers(&mut self, now: u64) {
        self.read_markers.send_if_due(&self.client, &mut self.view, now);
    }

    /// Whether something was read that the server does not know.
    pub(crate) fn has_read_markers_to_send(&self) -> bool {
        self.read_markers.has_unsent(&self.view)
    }

    /// Closes the connection. The view then knows which submissions were stored in the last moment, and of which
    /// nothing is known. The caller holds the outbox store, and with it the locks of its files.
    pub(crate) fn close(mut self) -> (View, OutboxStore) {
        self.read_markers.send(&self.client, &mut self.view);
        self.client.close();
        let mut outbox = self.files.into_outbox();
        let unstored = self.view.unsent.unstored();
        let cids: Vec<Cid> = unstored.map(|unsent| unsent.submission.cid.clone()).collect();
        for cid in cids {
            match self.client.progress(&cid) {
                Progress::Waiting | Progress::Failed => {}
                Progress::InDoubt => self.view.unsent.set_state(&cid, SendState::InDoubt),
                Progress::Settled => {
                    self.view.unsent.remove(&cid);
                    _ = outbox.remove(&cid); // else the next start sends it again, and it is stored once
                }
            }
        }
        (self.view, outbox)
    }

    fn post(&mut self, text: &str, me: bool) -> Result<(), String> {
        let (text, room) = (self.parse_text(text)?, self.current_room()?.name.clone());
        self.send(&room, Operation::Post { text, me, reply: None });
        Ok(())
    }

    /// Checks a text against the server's limit.
    fn parse_text(&self, text: &str) -> Result<Text, String> {
        let max = self.view.connection.text_max();
        Text::parse(text, max).map_err(|rejection| rejection.to_string())
    }

    /// Saves a submission, then sends it.
    fn send(&mut self, room: &RoomName, operation: Operation) {
        let submission = self.client.compose(room, operation);
        // Without a connection the file may be the only copy for hours, so it is fsynced. With one,
        // the server has the submission in a moment and fsyncs it itself.
        let is_live = self.view.connection.status.is_live();
        if let Some(problem) = self.files.save(&submission, !is_live) {
            self.view.display.error(&problem);
        }
        self.client.send(submission.clone());
        // The client's own event comes later; until then the submission must not be missed.
        self.view.unsent.add(submission);
    }

    fn current_room(&self) -> Result<&Room, String> {
        self.view.display.rooms.require_current()
    }
}
