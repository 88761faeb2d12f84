//! The conversation: what is submitted becomes orders to the client, what is heard goes to the
//! view, and keys and unsent lines are kept.
//!
//! Room: the client, the view, the keep, the outbox. It neither reads nor draws.

use talk::chat::ErrorCode;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::Text;
use talk::chat::Token;
use talk::chat::UserName;
use talk::chat::protocol::ErrorMessage;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::Client;
use talk::client::Event;
use talk::client::State;
use talk::limits;

use crate::command;
use crate::command::Command;
use crate::command::Input;
use crate::storage::outbox::Outbox;
use crate::storage::tokens::Keep;
use crate::storage::wishlist::Wishlist;
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
    keep: Keep,
    outbox: Outbox,
    wishlist: Wishlist,
    /// The outbox could not be written the last time; that is told once.
    is_leaky: bool,
    password: Option<String>,
    token: Option<Token>,
    typing_again_at: u64,  // Unix milliseconds
    marking_again_at: u64, // and these
    /// The server has not said that it knows no read markers.
    server_marks: bool,
    search: Option<search::Search>,
}

/// What becomes of a submitted text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
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
        keep: Keep,
        outbox: Outbox,
        wishlist: Wishlist,
        password: Option<String>,
    ) -> Chat {
        Chat {
            client,
            view,
            keep,
            outbox,
            wishlist,
            is_leaky: false,
            password,
            token: None,
            typing_again_at: 0,
            marking_again_at: 0,
            server_marks: true,
            search: None,
        }
    }

    /// Takes an event in. Returns why the chat is over, if it is.
    pub(crate) fn hear(&mut self, event: Event, now: u64) -> Option<String> {
        if let Event::Message(
            ServerMessage::Welcome(Welcome { user, token, .. })
            | ServerMessage::Renamed { to: user, token: Some(token), .. },
        ) = &event
        {
            self.token = Some(token.clone());
            self.store(user, token);
        }
        self.note(&event);
        if let Event::Message(ServerMessage::Found { room, text, records, before, first }) = event {
            self.found(&room, &text, records, before, first);
            return None;
        }
        if matches!(event, Event::State(State::Offline { .. })) {
            self.give_up_search();
        }
        if let Event::Message(ServerMessage::Error(ErrorMessage { code, room: None, .. })) = &event
            && *code == ErrorCode::UnknownType
            && self.view.connection().was_welcomed()
        {
            self.server_marks = false; // of all we say, only that is not from the beginning
            return None;
        }
        self.view.hear(event, now);
        self.keep_wishes();
        self.view.connection().final_reason(self.view.me(), self.password.is_some())
    }

    /// Understands and does what a person submitted.
    pub(crate) fn submit(&mut self, line: &str) -> Outcome {
        let said = match command::read(line) {
            Ok(Input::Say(text)) => self.say(&text, false),
            Ok(Input::Me(text)) => self.say(&text, true),
            Ok(Input::Do(Command::Quit)) => return Outcome::Quit,
            Ok(Input::Do(Command::Clear)) => return Outcome::Clear,
            Ok(Input::Do(command)) => self.obey(command),
            Err(sentence) => Err(sentence),
        };
        self.keep_wishes();
        match said {
            Ok(()) => Outcome::Done,
            Err(sentence) => {
                self.view.alarm(&sentence);
                Outcome::Refused
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
    pub(crate) fn types(&mut self, text: &str, now: u64) {
        let is_said = !text.is_empty() && !text.starts_with('/');
        if !is_said || now < self.typing_again_at || !self.view.connection().is_live() {
            return;
        }
        if let Some(room) = self.view.here() {
            let every = u64::try_from(limits::TYPING_EVERY.as_millis()).unwrap_or(u64::MAX);
            self.typing_again_at = now.saturating_add(every);
            self.client.typing(&room.name);
        }
    }

    /// Leaves the server, saying goodbye. The outbox stays ours until it is dropped.
    pub(crate) fn close(mut self) -> (View, Outbox) {
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
        Text::parse(text, self.view.text_max()).map_err(|rejection| rejection.to_string())
    }

    /// Does something to a room's log, once it is written down.
    fn act(&mut self, room: &RoomName, operation: Operation) {
        let line = self.client.compose(room, operation);
        // Without a connection the file may be the only copy for hours, and is worth waiting for
        // the disk. With one, the server has the line in a moment, and syncs it itself.
        let is_live = self.view.connection().is_live();
        let held = self.outbox.hold(&line, !is_live);
        self.told(held);
        self.client.send(line.clone());
        // The client's own event comes later: until then nobody may think all is said and done.
        self.view.waits(line);
    }

    // ---- How far is read -----------------------------------------------------------------------

    /// Tells the server how far the person has read, now and then, so that other devices know.
    pub(crate) fn mark(&mut self, now: u64) {
        if now >= self.marking_again_at && self.has_read_on() {
            self.marking_again_at = now.saturating_add(MARK_EVERY);
            self.tell_read();
        }
    }

    /// Whether something was read that the server does not know.
    pub(crate) fn has_read_on(&self) -> bool {
        self.server_marks && !self.view.unmarked().is_empty()
    }

    fn tell_read(&mut self) {
        if !self.server_marks {
            return;
        }
        for (room, seq) in self.view.unmarked() {
            if self.client.mark_read(&room, seq) {
                self.view.marked(&room, seq);
            }
        }
    }

    // ---- What is kept --------------------------------------------------------------------------

    /// Writes down what becomes of our lines, and of the name they go out under.
    fn note(&mut self, event: &Event) {
        let outbox = &mut self.outbox;
        let noted = if let Event::Pending(submission) = event {
            outbox.hold(submission, false)
        } else if let Event::Stored { cid, .. } | Event::Dropped(cid) = event {
            outbox.settle(cid)
        } else if let Event::Failed { cid, rejection } = event {
            outbox.fail(cid, rejection.clone())
        } else if let Event::Message(
            ServerMessage::Welcome(Welcome { user, .. })
            | ServerMessage::Renamed { to: user, token: Some(_), .. },
        ) = event
        {
            outbox.belong_to(user)
        } else if let Event::Message(ServerMessage::Error(ErrorMessage {
            code, room: None, ..
        })) = event
            && matches!(code, ErrorCode::BadName | ErrorCode::NameTaken)
        {
            outbox.want_no_more()
        } else {
            Ok(())
        };
        self.told(noted);
    }

    /// Tells that the outbox cannot be written, unless it was so before.
    fn told(&mut self, noted: Result<(), String>) {
        let was_leaky = std::mem::replace(&mut self.is_leaky, noted.is_err());
        if let Err(sentence) = noted
            && !was_leaky
        {
            self.view.alarm(&sentence);
        }
    }

    fn store(&mut self, user: &UserName, token: &Token) {
        if let Err(sentence) = self.keep.store(user, token) {
            self.view.alarm(&sentence);
        }
    }

    fn room(&self) -> Result<RoomName, String> {
        let room = self.view.here().ok_or("you are in no room (try /join lobby)")?;
        Ok(room.name.clone())
    }
}
