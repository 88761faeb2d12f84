//! The view: client events in; lines, a status line and a bell out.
//!
//! It has no terminal, no clock but the time it is given, and sends nothing to the server.
//! Depends on `room`, `editor`, `storage`, `text` and on the client's events; never on the chat or a
//! terminal.

use talk::chat::AwayMessage;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::client::SavedSubmission;

use crate::text::timezone::TimeZone;
use crate::view::connection::Connection;
use crate::view::display::Display;
use crate::view::display::output::Bell;

mod events; // client events → the parts below
mod records; // records, joins, pages of history
pub(crate) mod display; // the rooms as the person sees them, and what goes out
pub(crate) mod listing; // lists that the person asks for
mod member_questions; // questions for the members of a room
mod unsent; // our messages that are not stored yet
mod connection; // the connection and the server
mod status_line; // the status line and what is above it
pub(crate) mod format; // how everything looks

pub(crate) use display::history_loader::Purpose;
pub(crate) use display::output::Channel;
pub(crate) use display::output::OutputMode;
pub(crate) use member_questions::Asker;
pub(crate) use member_questions::MemberQuestions;
pub(crate) use status_line::StatusLine;
pub(crate) use unsent::SendState;
pub(crate) use unsent::UnsentList;

/// The lists that the person asked for and that have not come. A list that was not asked for is not shown.
#[derive(Debug, Default)]
pub(crate) struct AwaitedLists {
    /// Members of rooms.
    pub(crate) members: MemberQuestions,
    /// How many answers to `/rooms`.
    pub(crate) rooms: usize,
}

/// What is printed once the missed messages are, so that it is not scrolled away at once.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    /// The rooms that we joined since.
    topics: Vec<RoomName>,
    /// The rooms that came back, whose history is not printed.
    counted: Vec<RoomName>,
    /// The server's greeting, at the first welcome.
    motd: Option<String>,
}

/// Takes an answer into account; false if none is awaited.
fn take_awaited(count: &mut usize) -> bool {
    let is_awaited = *count > 0;
    *count = count.saturating_sub(1);
    is_awaited
}

/// The chat as it is shown.
#[derive(Debug)]
pub(crate) struct View {
    /// The rooms and their lines.
    pub(crate) display: Display,
    /// The connection and the server.
    pub(crate) connection: Connection,
    /// Our messages that are not stored yet.
    pub(crate) unsent: UnsentList,
    pub(crate) bell: Bell,
    /// Lists that the person asked for.
    pub(crate) awaited: AwaitedLists,
    /// Our away message, if we are away.
    pub(crate) own_away: Option<AwayMessage>,
    /// What is printed once we have caught up.
    greeting: Greeting,
    /// The server's address, as the person gave it.
    server: String,
}

impl View {
    pub(crate) fn new(
        me: UserName,
        server: String,
        rooms: &[RoomName],
        zone: TimeZone,
        mode: OutputMode,
    ) -> View {
        View {
            display: Display::new(me, rooms, zone, mode),
            connection: Connection::new(),
            unsent: UnsentList::default(),
            bell: Bell::default(),
            awaited: AwaitedLists::default(),
            own_away: None,
            greeting: Greeting::default(),
            server,
        }
    }

    /// Our name.
    pub(crate) fn me(&self) -> &UserName {
        &self.display.me
    }

    /// Shows what was found of an earlier run: its unsent messages come before those of now. The
    /// client reports which of them had failed.
    pub(crate) fn restore(&mut self, saved: &[SavedSubmission], problems: &[String]) {
        problems.iter().for_each(|problem| self.display.error(problem));
        saved.iter().for_each(|saved| self.unsent.add(saved.submission.clone()));
        match saved.len() {
            0 => {}
            1 => self.display.notice("1 message from an earlier run is not sent yet"),
            count => {
                let text = format!("{count} messages from an earlier run are not sent yet");
                self.display.notice(&text);
            }
        }
    }

    /// The read positions to send to the server. Only a person who sees one room at a time has read
    /// what is shown, and only a live connection can send it.
    pub(crate) fn unsent_read_positions(&self) -> Vec<(RoomName, u64)> {
        if !self.display.output.has_screen() || !self.connection.status.is_live() {
            return Vec::new();
        }
        self.display.rooms.unsent_read_positions()
    }

    /// Removes the submissions whose record was shown.
    fn remove_shown_submissions(&mut self) {
        let rooms = &self.display.rooms;
        self.unsent.remove_shown(|name| rooms.newest(name));
    }

    /// Removes a room that we are no longer in.
    fn remove_room(&mut self, name: &RoomName) {
        self.display.remove_room(name);
        self.remove_shown_submissions();
    }
}

#[cfg(test)]
mod tests;
