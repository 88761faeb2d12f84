//! The conversation: what is submitted becomes orders to the client, what is heard goes to the
//! view, and keys and unsent lines are kept.
//!
//! Room: the client, the view, the keep, the outbox. It neither reads nor draws.

use talk::chat::ErrorCode;
use talk::chat::Operation;
use talk::chat::Rejection;
use talk::chat::RoomName;
use talk::chat::Text;
use talk::chat::Token;
use talk::chat::UserName;
use talk::chat::protocol::Welcome;
use talk::client::Client;
use talk::client::Notice;
use talk::client::State;
use talk::limits;

use crate::command;
use crate::command::Command;
use crate::command::Input;
use crate::connection_status;
use crate::room::Room;
use crate::storage::outbox::OutboxStore;
use crate::storage::preferences::PreferencesFile;
use crate::storage::tokens::TokenStore;
use crate::view::View;

mod commands; // what the commands do
mod search; // what may take several questions
mod preferences; // and those that nobody else hears of

/// Whoever reads on tells it this often, in milliseconds.
const MARK_EVERY: u64 = 2_000;

/// A client and what is seen of it.
#[derive(Debug)]
pub(crate) struct Chat {
    client: Client,
    pub(crate) view: View,
    keep: TokenStore,
    outbox: OutboxStore,
    preferences_file: PreferencesFile,
    /// The outbox could not be written the last time; that is told once.
    outbox_failing: bool,
    password: Option<String>,
    token: Option<Token>,
    refusal: String,
    typing_again_at: u64,  // Unix milliseconds
    marking_again_at: u64, // and these
    /// The server has not said that it knows no read markers.
    server_marks: bool,
    search: Option<search::RoomSearch>,
}

/// What becomes of a submitted text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SubmitResult {
    Done,
    /// It was refused, and why has been said: it can be mended.
    Refused,
    /// It asked for an empty screen.
    Clear,
    /// It asked for the end.
    Quit,
}

impl Chat {
    pub(crate) fn new(
        client: Client,
        view: View,
        keep: TokenStore,
        outbox: OutboxStore,
        preferences_file: PreferencesFile,
        password: Option<String>,
    ) -> Chat {
        Chat {
            client,
            view,
            keep,
            outbox,
            preferences_file,
            outbox_failing: false,
            password,
            token: None,
            refusal: String::new(),
            typing_again_at: 0,
            marking_again_at: 0,
            server_marks: true,
            search: None,
        }
    }

    /// Takes a notice in. Returns why all is over, if it is.
    pub(crate) fn apply(&mut self, notice: Notice, now: u64) -> Option<String> {
        if let Notice::Stopped { code, reason } = &notice {
            return Some(self.end(*code, reason));
        }
        if let Notice::Welcome(Welcome { user, token, .. })
        | Notice::Renamed { to: user, token: Some(token), .. } = &notice
        {
            self.token = Some(token.clone());
            self.store(user, token);
        }
        self.note(&notice);
        if let Notice::Found { room, text, records, before, first } = notice {
            self.found(&room, &text, records, before, first);
            return None;
        }
        if matches!(notice, Notice::State(State::Offline { .. })) {
            self.give_up_search();
        }
        if let Notice::Error { message, .. } = &notice
            && self.view.connection.welcome().is_none()
        {
            self.refusal.clone_from(message); // the answer to our hello: the end follows
            return None;
        }
        if let Notice::Error { code: ErrorCode::UnknownType, room: None, .. } = &notice {
            self.server_marks = false; // of all we say, only that is not from the beginning
            return None;
        }
        self.view.apply(notice, now);
        self.save_preferences();
        None
    }

    /// Understands and does what a person submitted.
    pub(crate) fn submit(&mut self, line: &str) -> SubmitResult {
        let said = match command::read(line) {
            Ok(Input::Say(text)) => self.say(&text, false),
            Ok(Input::Me(text)) => self.say(&text, true),
            Ok(Input::Do(Command::Quit)) => return SubmitResult::Quit,
            Ok(Input::Do(Command::Clear)) => return SubmitResult::Clear,
            Ok(Input::Do(command)) => self.execute(command),
            Err(sentence) => Err(sentence),
        };
        self.save_preferences();
        match said {
            Ok(()) => SubmitResult::Done,
            Err(sentence) => {
                self.view.display.error(&sentence);
                SubmitResult::Refused
            }
        }
    }

    /// Whether a submitted line gives something away that no file may keep.
    pub(crate) fn is_secret(&self, line: &str) -> bool {
        let secrets = [self.password.clone(), self.token.as_ref().map(Token::reveal)];
        let mut secrets = secrets.iter().flatten();
        matches!(command::read(line), Ok(Input::Do(Command::Key)))
            || secrets.any(|secret| !secret.is_empty() && line.contains(secret.as_str()))
    }

    /// Tells the room that something is being typed, unless it was told just now.
    pub(crate) fn send_typing(&mut self, text: &str, now: u64) {
        let is_said = !text.is_empty() && !text.starts_with('/');
        if !is_said || now < self.typing_again_at || !self.view.connection.is_live() {
            return;
        }
        if let Some(room) = self.view.display.rooms.current() {
            let every = u64::try_from(limits::TYPING_EVERY.as_millis()).unwrap_or(u64::MAX);
            self.typing_again_at = now.saturating_add(every);
            self.client.typing(&room.name);
        }
    }

    /// Leaves the server, saying goodbye. The outbox stays ours until it is dropped.
    pub(crate) fn close(mut self) -> (View, OutboxStore) {
        self.tell_read();
        self.client.close();
        (self.view, self.outbox)
    }

    fn say(&mut self, text: &str, me: bool) -> Result<(), String> {
        let (text, room) = (self.text(text)?, self.room()?);
        self.act(&room, Operation::Post { text, me, reply: None });
        Ok(())
    }

    fn text(&self, text: &str) -> Result<Text, String> {
        Text::parse(text, self.view.connection.text_max())
            .map_err(|rejection| rejection.to_string())
    }

    /// Does something to a room's log, once it is written down.
    fn act(&mut self, room: &RoomName, operation: Operation) {
        let line = self.client.compose(room, operation);
        // Without a connection the file may be the only copy for hours, and is worth waiting for
        // the disk. With one, the server has the line in a moment, and syncs it itself.
        let is_live = self.view.connection.is_live();
        let held = self.outbox.hold(&line, !is_live);
        self.told(held);
        self.client.say_line(line.clone());
        // The client's own notice comes later: until then nobody may think all is said and done.
        self.view.unsent.add(line);
    }

    // ---- How far is read -----------------------------------------------------------------------

    /// Tells the server how far the person has read, now and then, so that other devices know.
    pub(crate) fn send_read_markers(&mut self, now: u64) {
        if now >= self.marking_again_at && self.has_read_markers_to_send() {
            self.marking_again_at = now.saturating_add(MARK_EVERY);
            self.tell_read();
        }
    }

    /// Whether something was read that the server does not know.
    pub(crate) fn has_read_markers_to_send(&self) -> bool {
        self.server_marks && !self.view.unsent_read_positions().is_empty()
    }

    fn tell_read(&mut self) {
        if !self.server_marks {
            return;
        }
        for (room, seq) in self.view.unsent_read_positions() {
            if self.client.mark(&room, seq) {
                self.view.display.rooms.mark_read(&room, seq);
            }
        }
    }

    // ---- What is kept --------------------------------------------------------------------------

    /// Writes down what becomes of our lines, and of the name they go out under.
    fn note(&mut self, notice: &Notice) {
        let outbox = &mut self.outbox;
        let noted = match notice {
            Notice::Pending(line) => outbox.hold(line, false),
            Notice::Stored { cid, .. } | Notice::Dropped(cid) => outbox.settle(cid),
            Notice::Failed { cid, code, message } => {
                outbox.fail(cid, Rejection { code: *code, message: message.clone().into() })
            }
            Notice::Welcome(Welcome { user, .. })
            | Notice::Renamed { to: user, token: Some(_), .. } => outbox.belong_to(user),
            Notice::Error {
                code: ErrorCode::BadName | ErrorCode::NameTaken, room: None, ..
            } => outbox.want_no_more(),
            Notice::Error { .. }
            | Notice::Renamed { .. }
            | Notice::State(_)
            | Notice::Trouble(_)
            | Notice::Stopped { .. }
            | Notice::Joined(_)
            | Notice::Record(_)
            | Notice::Reset(_)
            | Notice::Gap { .. }
            | Notice::Presence { .. }
            | Notice::Away { .. }
            | Notice::Members { .. }
            | Notice::Rooms { .. }
            | Notice::Left(_)
            | Notice::Typing { .. }
            | Notice::Marked { .. }
            | Notice::History { .. }
            | Notice::Found { .. } => Ok(()),
        };
        self.told(noted);
    }

    /// Tells that the outbox cannot be written, unless it was so before.
    fn told(&mut self, noted: Result<(), String>) {
        let was_leaky = std::mem::replace(&mut self.outbox_failing, noted.is_err());
        if let Err(sentence) = noted
            && !was_leaky
        {
            self.view.display.error(&sentence);
        }
    }

    fn store(&mut self, user: &UserName, token: &Token) {
        if let Err(sentence) = self.keep.store(user, token) {
            self.view.display.error(&sentence);
        }
    }

    /// The current room.
    fn current(&self) -> Result<&Room, String> {
        let room = self.view.display.rooms.current();
        room.ok_or_else(|| "you are in no room (try /join lobby)".to_owned())
    }

    fn room(&self) -> Result<RoomName, String> {
        Ok(self.current()?.name.clone())
    }

    fn end(&self, code: u16, reason: &str) -> String {
        let said = if self.refusal.is_empty() { reason } else { &self.refusal };
        connection_status::sentence(code, said, self.view.me(), self.password.is_some())
    }
}
