//! What the commands do.

use std::path::PathBuf;

use talk::chat::AwayMessage;
use talk::chat::Cid;
use talk::chat::NamePart;
use talk::chat::NameRange;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::Token;
use talk::chat::Topic;
use talk::chat::UserName;
use talk::chat::protocol::HistoryRange;
use talk::chat::protocol::MemberState;
use talk::chat::protocol::MembersQuery;
use talk::limits;
use talk::time;

use super::Chat;
use super::search::RoomSearch;
use crate::command;
use crate::command::Command;
use crate::command::Target;
use crate::text::line::Line;
use crate::view::Asker;
use crate::view::Purpose;
use crate::view::UnsentList;
use crate::view::format;
use crate::view::listing;

/// Messages that `/goto` lists of a time where there is no screen to scroll.
const LISTED_SINCE: usize = 20;

impl Chat {
    pub(super) fn execute(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Help(topic) => self.view.display.print_all(help(topic.as_deref())?),
            Command::Nick(name) => {
                let name = parse(&name)?;
                if let Some(problem) = self.files.request_name(&name) {
                    self.view.display.error(&problem);
                }
                self.client.rename(name);
            }
            Command::Message(name, text) => {
                let room = self.room_with(&parse(&name)?)?;
                match text {
                    Some(text) => self.send_direct(&room, &text)?,
                    None => self.enter(room),
                }
            }
            Command::ReplyDirect(text) => {
                let sender = self.view.display.rooms.last_direct_sender();
                let room = self.room_with(sender.ok_or("no direct message to reply to yet")?)?;
                self.send_direct(&room, &text)?;
            }
            Command::Reply(seq, text) => {
                let (room, text) = (self.current_room()?.name.clone(), self.parse_text(&text)?);
                self.send(&room, Operation::Post { text, me: false, reply: Some(seq) });
            }
            Command::ListNewest => self.view.display.print_about_room(listing::newest_posts),
            Command::Edit(seq, text) => {
                let (room, text) = (self.current_room()?.name.clone(), self.parse_text(&text)?);
                let target = self.own_message(seq)?;
                self.send(&room, Operation::Edit { target, text });
            }
            Command::ListOwn => self.view.display.print_about_room(listing::own_posts),
            Command::Delete(seq) => {
                let room = self.current_room()?.name.clone();
                let target = self.own_message(seq)?;
                self.send(&room, Operation::Delete { target });
            }
            Command::Topic(None) => self.view.display.print_about_room(listing::topic),
            Command::Topic(Some(text)) => {
                let room = self.current_room()?.name.clone();
                let text = if text == "-" { "" } else { &text };
                let text = Topic::parse(text).map_err(|rejection| rejection.to_string())?;
                self.send(&room, Operation::Topic { text });
            }
            Command::Join(name) => self.enter(self.room_named(&name)?),
            Command::Part(name) => {
                let room = self.room_or_current(name)?;
                if !self.view.display.rooms.contains(&room) {
                    return Err(format!("you are not in {}", self.view.display.label(&room)));
                }
                self.read_markers.send(&self.client, &mut self.view);
                self.client.leave(&room);
            }
            Command::Who(prefix) => {
                let room = self.current_room()?.name.clone();
                let prefix = prefix.map(|prefix| parse(&prefix)).transpose()?;
                self.ask_members(room, prefix, Asker::Who)?;
            }
            Command::Rooms => {
                requested(self.client.rooms())?;
                self.view.awaited.rooms += 1;
            }
            Command::History(count) => {
                let room = self.current_room()?;
                let range = room.page_before().ok_or("no messages here yet")?;
                let (name, count) = (room.name.clone(), count.min(limits::HISTORY_PAGE));
                self.request_page(&name, range, Purpose::List(count))?;
            }
            Command::Search(text) => self.search(text)?,
            Command::Goto(target) => self.go_to(target)?,
            Command::Show(seq) => self.show(seq)?,
            Command::Away(text) => {
                let text = text.unwrap_or_default();
                let away = AwayMessage::parse(&text).map_err(|rejection| rejection.to_string())?;
                requested(self.client.set_away(Some(away.clone())))?;
                self.view.display.notice(&format!("you are {away} (/back ends it)"));
                self.view.own_away = Some(away);
            }
            Command::Back => {
                requested(self.client.set_away(None))?;
                self.view.display.notice("you are back");
                self.view.own_away = None;
            }
            Command::Preference(command) => self.set_preference(command)?,
            Command::Resend => {
                for (cid, room) in failed(&self.view.unsent)? {
                    self.join_in_background(&room);
                    self.client.resend(&cid);
                }
            }
            Command::Drop => {
                failed(&self.view.unsent)?.iter().for_each(|(cid, _)| self.client.discard(cid));
            }
            Command::Reconnect => self.client.retry_now(),
            Command::Key => {
                let token = self.token.as_ref();
                let token = token.ok_or("no key yet: connect first")?;
                let me = self.view.me();
                let lines = key(me, token, self.files.token_path(me));
                self.view.display.print_all(lines);
            }
            Command::KeyGiven => return Err(KEY_ELSEWHERE.to_owned()),
            Command::Version => {
                let server = self.view.connection.welcome().map(|welcome| welcome.server.clone());
                let server = server.unwrap_or_else(|| "not connected yet".to_owned());
                let text = format!("console {}, server: {server}", env!("CARGO_PKG_VERSION"));
                self.view.display.notice(&text);
            }
            Command::Clear | Command::Quit => {} // `Chat::submit` has returned them
        }
        Ok(())
    }

    // ---- Members -------------------------------------------------------------------------------

    /// Asks for the members of a room, here and not here.
    fn ask_members(
        &mut self,
        room: RoomName,
        prefix: Option<NamePart>,
        asker: Asker,
    ) -> Result<(), String> {
        let limit = match asker {
            Asker::Who => limits::MEMBERS_PAGE,
            Asker::Tab => limits::CLIENT_FOUND_MEMBERS,
        };
        for state in [MemberState::Here, MemberState::Absent] {
            let range = NameRange { prefix: prefix.clone(), after: None };
            let query = MembersQuery { state, range, limit };
            requested(self.client.who(&room, Some(query)))?;
        }
        self.view.awaited.members.expect(room, prefix, asker);
        Ok(())
    }

    /// Asks for members of the current room whose names begin so, if the room is so large that not all are known. True
    /// if the answer will bring them.
    pub(crate) fn find_members(&mut self, begun: &str) -> bool {
        let room = self.view.display.rooms.current().filter(|room| room.members.is_paged());
        match (room.map(|room| room.name.clone()), begun.parse()) {
            (Some(room), Ok(prefix)) => self.ask_members(room, Some(prefix), Asker::Tab).is_ok(),
            (None, _) | (_, Err(_)) => false,
        }
    }

    // ---- Rooms ---------------------------------------------------------------------------------

    /// Switches to a room, and joins it first if necessary.
    fn enter(&mut self, room: RoomName) {
        match self.view.display.rooms.position(&room) {
            Some(at) => _ = self.view.display.switch_to(at),
            None => {
                self.view.display.enter(room.clone());
                self.client.join(room);
            }
        }
    }

    /// Joins a room if necessary, without switching to it.
    fn join_in_background(&mut self, room: &RoomName) {
        if !self.view.display.rooms.contains(room) {
            self.view.display.rooms.add(room.clone());
            self.client.join(room.clone());
        }
    }

    fn send_direct(&mut self, room: &RoomName, text: &str) -> Result<(), String> {
        let text = self.parse_text(text)?;
        self.join_in_background(room);
        self.send(room, Operation::Post { text, me: false, reply: None });
        let away = self.view.display.rooms.away_elsewhere(room, self.view.me());
        if let Some(away) = away {
            self.view.display.notice(&away);
        }
        Ok(())
    }

    /// The private room with another user.
    fn room_with(&self, user: &UserName) -> Result<RoomName, String> {
        if user.is_same_claim(self.view.me()) {
            return Err("that is your own name".to_owned());
        }
        let known = self.view.display.rooms.with(user, self.view.me());
        Ok(known.map_or_else(|| RoomName::with_peer(user), |room| room.name.clone()))
    }

    /// A room by its name; `@bob` is the private room with bob.
    fn room_named(&self, name: &str) -> Result<RoomName, String> {
        match name.strip_prefix('@') {
            Some(user) if !user.contains('+') => self.room_with(&parse(user)?),
            Some(_) | None => {
                command::room_name(name).map_err(|rejection| format!("{name:?}: {rejection}"))
            }
        }
    }

    /// The room of this name; without a name, the current one.
    pub(super) fn room_or_current(&self, name: Option<String>) -> Result<RoomName, String> {
        match name {
            Some(name) => self.room_named(&name),
            None => Ok(self.current_room()?.name.clone()),
        }
    }

    // ---- History -------------------------------------------------------------------------------

    /// Scrolls to a message; one that is not kept here is listed with those around it.
    fn go_to(&mut self, target: Target) -> Result<(), String> {
        match target {
            Target::Time(moment) => {
                let zone = &self.view.display.clock.zone;
                let since = moment.local(zone.local(time::unix_ms()));
                let at = zone.unix_ms(since);
                if self.view.display.go_to_time(since)? {
                    return Ok(());
                }
                let name = self.current_room()?.name.clone();
                let purpose = Purpose::ListFirst(LISTED_SINCE);
                self.request_page(&name, HistoryRange::At(at), purpose)
            }
            Target::Seq(seq) if self.view.display.go_to(seq)? => Ok(()),
            Target::Seq(seq) => {
                let room = self.current_room()?;
                let (range, count) = room.page_around(seq).ok_or("no messages here yet")?;
                let name = room.name.clone();
                self.request_page(&name, range, Purpose::List(count))
            }
        }
    }

    /// Prints all lines of a message; one that is not kept here is requested first.
    fn show(&mut self, seq: u64) -> Result<(), String> {
        let room = self.current_room()?;
        if let Some(line) = room.scrollback.line_of(seq) {
            let line = line.clone().unfolded();
            self.view.display.print_message(seq, line);
            return Ok(());
        }
        let name = room.name.clone();
        self.request_page(&name, HistoryRange::Before(seq.saturating_add(1)), Purpose::Show(seq))
    }

    fn request_page(
        &mut self,
        room: &RoomName,
        range: HistoryRange,
        purpose: Purpose,
    ) -> Result<(), String> {
        requested(self.client.history(room, range))?;
        self.view.display.scroll.history.expect(room.clone(), purpose);
        Ok(())
    }

    /// Requests the page of history that a person scrolled back at `height` rows will see next.
    pub(crate) fn request_history(&mut self, columns: usize, height: usize) {
        let display = &mut self.view.display;
        let request = display.scroll.next_request(display.rooms.current(), columns, height);
        if let Some((room, range)) = request {
            // If it cannot be sent now, the view asks for it again.
            _ = self.request_page(&room, range, Purpose::Window(range));
        }
    }

    /// Starts searching the current room for `text`; a search under way is given up.
    fn search(&mut self, text: String) -> Result<(), String> {
        let room = self.current_room()?.name.clone();
        if text.len() > limits::SEARCH_WORDS {
            let max = limits::SEARCH_WORDS;
            return Err(format!("the text to search for is longer than {max} bytes"));
        }
        requested(self.client.search(&room, &text, None))?;
        self.search = Some(RoomSearch::new(room, text));
        Ok(())
    }

    // ---- Our messages --------------------------------------------------------------------------

    /// The message that `/edit` and `/delete` are about: this number, or our last message here.
    fn own_message(&self, seq: Option<u64>) -> Result<u64, String> {
        match seq {
            Some(seq) => Ok(seq),
            None => Ok(self.view.unsent.last_own_post(self.current_room()?)?),
        }
    }
}

/// The lines of `/help`: all commands and keys, or one command.
fn help(topic: Option<&str>) -> Result<Vec<Line>, String> {
    if let Some(name) = topic {
        let name = name.trim_start_matches('/');
        let entry = command::find(name).ok_or_else(|| format!("there is no command /{name}"))?;
        let aliases = entry.names.iter().skip(1).map(|name| format!(", /{name}"));
        let usage = format!("{}{}: {}", entry.usage(), aliases.collect::<String>(), entry.help);
        return Ok(vec![format::item(&usage)]);
    }
    let mut lines = vec![format::notice("commands; //text sends /text")];
    lines.extend(command::TABLE.iter().map(|entry| format::item(&entry.row())));
    lines.push(format::notice("keys"));
    lines.extend(KEYS.map(format::item));
    Ok(lines)
}

/// The answer to a `/key` with a key: the person wants to go by it.
const KEY_ELSEWHERE: &str = "a key is not entered here, and was not sent or kept: start the console with the \
                             name, and paste the key when asked, or give it with --key-file FILE";

/// The lines of `/key`.
fn key(me: &UserName, token: &Token, path: Option<PathBuf>) -> Vec<Line> {
    let key = format!("key for {me}: {}", token.reveal());
    let warning = format!(
        "it makes you {me} on any device, and anyone who has it can post as {me}: keep it secret"
    );
    let path = path.map(|path| format!("saved in {}", path.display()));
    let hint = "to use it: on the page, “I have a key for this name” below the name; in a console, \
                paste it when asked, or start with --key-file FILE";
    let rows = [Some(key), Some(warning), path, Some(hint.to_owned())];
    rows.into_iter().flatten().map(|row| format::item(&row)).collect()
}

/// The submissions that failed, and their rooms.
fn failed(unsent: &UnsentList) -> Result<Vec<(Cid, RoomName)>, String> {
    let failed = unsent.failed().map(|failed| (failed.cid.clone(), failed.room.clone()));
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() { Err("no message has failed".to_owned()) } else { Ok(failed) }
}

/// An error if a request could not be sent.
pub(super) fn requested(is_sent: bool) -> Result<(), String> {
    let offline = || "you are offline: try again when connected".to_owned();
    is_sent.then_some(()).ok_or_else(offline)
}

/// The second half of `/help`.
const KEYS: [&str; 9] = [
    "Enter           send; Alt-Enter starts a new line",
    "Tab             complete names, #rooms, /commands; again: the next, and a list",
    "Up, Down        earlier input; Ctrl-R searches it, Enter takes the match",
    "Ctrl-A E W U K  to start, end; delete word, to start, to end; Ctrl-Y undeletes",
    "Alt-1 … Alt-9   switch room; Alt-Left, Alt-Right: room beside; Alt-A: next unread",
    "PgUp, PgDn      older messages, and back to newer; also Alt-P, Alt-N",
    "Alt-Home, -End  start of the room; newest messages (or Enter); Alt-U: unread",
    "Ctrl-L          redraw the screen",
    "Ctrl-C          clear the input, again: leave; Ctrl-D leaves",
];

/// Parses a name that the person typed.
pub(super) fn parse<T: std::str::FromStr<Err = talk::chat::Rejection>>(
    text: &str,
) -> Result<T, String> {
    text.parse().map_err(|rejection| format!("{text:?}: {rejection}"))
}
