//! What the commands do.

use talk::chat::AwayMessage;
use talk::chat::Cid;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::Topic;
use talk::chat::UserName;
use talk::chat::protocol::Range;
use talk::limits;
use talk::time;

use super::Chat;
use crate::command;
use crate::command::Command;
use crate::command::Goal;
use crate::view::Asked;
use crate::view::format;

impl Chat {
    pub(super) fn obey(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Help(topic) => self.help(topic.as_deref())?,
            Command::Nick(name) => {
                let name = fit(&name)?;
                let wanted = self.outbox.want(&name);
                self.told(wanted);
                self.client.rename(name);
            }
            Command::Message(name, text) => {
                let room = self.room_with(&fit(&name)?)?;
                match text {
                    Some(text) => self.say_directly(&room, &text)?,
                    None => self.enter(room),
                }
            }
            Command::Answer(text) => {
                let writer =
                    self.view.last_writer().ok_or("nobody has written to you alone yet")?;
                let room = self.room_with(writer)?;
                self.say_directly(&room, &text)?;
            }
            Command::Reply(seq, text) => {
                let (room, text) = (self.room()?, self.text(&text)?);
                self.act(&room, Operation::Post { text, me: false, reply: Some(seq) });
            }
            Command::ListNewest => self.view.list_newest(),
            Command::Edit(seq, text) => {
                let (room, text) = (self.room()?, self.text(&text)?);
                let target = seq.map_or_else(|| self.view.own_last(), Ok)?;
                self.act(&room, Operation::Edit { target, text });
            }
            Command::ListOwn => self.view.list_own(),
            Command::Delete(seq) => {
                let room = self.room()?;
                let target = seq.map_or_else(|| self.view.own_last(), Ok)?;
                self.act(&room, Operation::Delete { target });
            }
            Command::Topic(None) => self.view.tell_topic(),
            Command::Topic(Some(text)) => {
                let room = self.room()?;
                let text = if text == "-" { "" } else { &text };
                let text = Topic::parse(text).map_err(|rejection| rejection.to_string())?;
                self.act(&room, Operation::Topic { text });
            }
            Command::Join(name) => self.enter(self.room_named(&name)?),
            Command::Part(name) => {
                let room = self.room_meant(name)?;
                if !self.view.is_in(&room) {
                    return Err(format!("you are not in {}", self.view.label(&room)));
                }
                self.tell_read();
                self.client.leave(&room);
            }
            Command::Who => self.asked(self.client.who(&self.room()?))?,
            Command::Rooms => self.asked(self.client.rooms())?,
            Command::History(count) => {
                let asked = self.view.before_shown();
                let (room, range) = asked.ok_or("there is nothing before these lines")?;
                self.ask_history(&room, range, Asked::List(count.min(limits::HISTORY_PAGE)))?;
            }
            Command::Search(text) => self.search(text)?,
            Command::Goto(goal) => self.go_to(goal)?,
            Command::Away(text) => {
                let text = text.unwrap_or_default();
                let away = AwayMessage::parse(&text).map_err(|rejection| rejection.to_string())?;
                self.asked(self.client.set_away(Some(away.clone())))?;
                self.view.confirm(&format!("you are {away} (/back when you are back)"));
                self.view.set_away(Some(away));
            }
            Command::Back => {
                self.asked(self.client.set_away(None))?;
                self.view.confirm("you are back");
                self.view.set_away(None);
            }
            Command::Wish(wish) => self.fulfil(wish)?,
            Command::Resend => {
                for (cid, room) in self.failed()? {
                    self.be_in(&room);
                    self.client.resend(&cid);
                }
            }
            Command::Drop => {
                self.failed()?.iter().for_each(|(cid, _)| self.client.discard(cid));
            }
            Command::Reconnect => self.client.retry_now(),
            Command::Key => self.tell_key()?,
            Command::Version => {
                let server = self.view.known_server().map(|welcome| welcome.server.clone());
                let server = server.unwrap_or_else(|| "a server not reached yet".to_owned());
                let note = format!("console {}, on {server}", env!("CARGO_PKG_VERSION"));
                self.view.remark(format::note(&note));
            }
            Command::Clear | Command::Quit => {} // the screen's, and the end's
        }
        Ok(())
    }

    /// Turns to a room, joining it first if need be.
    fn enter(&mut self, room: RoomName) {
        if !self.view.turn_to(&room) {
            self.view.enter_new(room.clone());
            self.client.join(room);
        }
    }

    /// Joins a room without turning to it, so that something can be said there.
    fn be_in(&mut self, room: &RoomName) {
        if !self.view.is_in(room) {
            self.view.add(room.clone());
            self.client.join(room.clone());
        }
    }

    fn say_directly(&mut self, room: &RoomName, text: &str) -> Result<(), String> {
        let text = self.text(text)?;
        self.be_in(room);
        self.act(room, Operation::Post { text, me: false, reply: None });
        if let Some(away) = self.view.away_there(room) {
            self.view.confirm(&away);
        }
        Ok(())
    }

    /// The private room of us and somebody else.
    fn room_with(&self, user: &UserName) -> Result<RoomName, String> {
        RoomName::of_two(self.view.me(), user).ok_or_else(|| format!("you are {user} yourself"))
    }

    /// A room by its name; `@bob` is the private room with bob.
    fn room_named(&self, name: &str) -> Result<RoomName, String> {
        match name.strip_prefix('@') {
            Some(user) if !user.contains('+') => self.room_with(&fit(user)?),
            Some(_) | None => fit(name),
        }
    }

    /// That, or of no name the room one is in.
    pub(super) fn room_meant(&self, name: Option<String>) -> Result<RoomName, String> {
        name.map_or_else(|| self.room(), |name| self.room_named(&name))
    }

    fn help(&mut self, topic: Option<&str>) -> Result<(), String> {
        if let Some(name) = topic {
            let name = name.trim_start_matches('/');
            let entry = command::find(name).ok_or_else(|| format!("no command /{name}"))?;
            let aliases = entry.names.iter().skip(1).map(|name| format!(", /{name}"));
            let usage = format!("{}{}: {}", entry.usage(), aliases.collect::<String>(), entry.help);
            self.view.remark(format::item(&usage));
            return Ok(());
        }
        self.view.remark(format::note("commands; //text says /text"));
        for entry in command::TABLE {
            self.view.remark(format::item(&entry.row()));
        }
        self.view.remark(format::note("keys"));
        for keys in KEYS {
            self.view.remark(format::item(keys));
        }
        Ok(())
    }

    fn tell_key(&mut self) -> Result<(), String> {
        let token = self.token.as_ref().ok_or("no key yet: the server gives it")?;
        let me = self.view.me();
        let key = format!("the key of {me}, and as good as being {me}: {}", token.reveal());
        let place = self.keep.path(me).map(|path| format!("kept in {}", path.display()));
        let hint = "on another device, put it in a file and name that with --token-file".to_owned();
        for row in [Some(key), place, Some(hint)].into_iter().flatten() {
            self.view.remark(format::item(&row));
        }
        Ok(())
    }

    /// Looks back at a line; one that is not kept here is asked for, with those around it.
    fn go_to(&mut self, goal: Goal) -> Result<(), String> {
        match goal {
            Goal::Clock(minutes) => self.view.look_at_clock(minutes, time::unix_ms()),
            Goal::Seq(seq) if self.view.look_at(seq)? => Ok(()),
            Goal::Seq(seq) => {
                let asked = self.view.around(seq);
                let (room, range, count) = asked.ok_or("there is nothing before these lines")?;
                self.ask_history(&room, range, Asked::List(count))
            }
        }
    }

    fn ask_history(&mut self, room: &RoomName, range: Range, asked: Asked) -> Result<(), String> {
        self.asked(self.client.history(room, range))?;
        self.view.expect(room.clone(), asked);
        Ok(())
    }

    /// Asks for what whoever looks back at `height` rows will see next.
    pub(crate) fn look_further(&mut self, columns: usize, height: usize) {
        if let Some((room, range)) = self.view.wants(columns, height) {
            _ = self.ask_history(&room, range, Asked::Stretch(range)); // or later, once it can be
        }
    }

    pub(super) fn asked(&self, is_asked: bool) -> Result<(), String> {
        let no_server = || "there is no connection to ask (it is being made)".to_owned();
        is_asked.then_some(()).ok_or_else(no_server)
    }

    /// The lines that failed, and their rooms.
    fn failed(&self) -> Result<Vec<(Cid, RoomName)>, String> {
        let failed = self.view.unstored().filter(|(_, why)| why.is_some());
        let failed: Vec<_> =
            failed.map(|(line, _)| (line.cid.clone(), line.room.clone())).collect();
        if failed.is_empty() { Err("no line has failed".to_owned()) } else { Ok(failed) }
    }
}

/// `/help`'s second half.
const KEYS: [&str; 9] = [
    "Enter           send; Alt-Enter breaks the line",
    "Tab             complete a name, a #room, a /command; again: the next",
    "Up, Down        what you said before; Ctrl-R finds it by a part, Enter takes it",
    "Ctrl-A E W U K  start, end; delete a word, to the start, to the end; Ctrl-Y brings it back",
    "Alt-1 … Alt-9   turn to a room; Alt-Left, Alt-Right (Ctrl-X) beside it; Alt-A: with news",
    "PgUp, PgDn      look back, as far as there is something, and on again; also Alt-P, Alt-N",
    "Alt-Home, -End  where the room begins; what is new (Enter or End on no text); Alt-U: unread",
    "Ctrl-L          paint the screen anew",
    "Ctrl-C          clear the line, then leave; Ctrl-D leaves",
];

pub(super) fn fit<T: std::str::FromStr<Err = talk::chat::Rejection>>(
    text: &str,
) -> Result<T, String> {
    text.parse().map_err(|rejection| format!("{text:?}: {rejection}"))
}
