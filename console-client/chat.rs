//! The conversation: what is submitted becomes orders to the client, what is heard goes to the
//! view, and keys and unsent lines are kept.
//!
//! Room: the client, the view, the keep, the outbox. It neither reads nor draws.

use talk::chat::Act;
use talk::chat::Cid;
use talk::chat::ErrorCode;
use talk::chat::RoomName;
use talk::chat::Text;
use talk::chat::Token;
use talk::chat::UserName;
use talk::chat::close;
use talk::chat::wire::Welcome;
use talk::client::Client;
use talk::client::Notice;
use talk::client::Refusal;
use talk::client::State;
use talk::limits;

use crate::command;
use crate::command::Command;
use crate::command::Input;
use crate::keep::Keep;
use crate::outbox::Outbox;
use crate::phrases;
use crate::view::View;

/// A client and what is seen of it.
#[derive(Debug)]
pub(crate) struct Chat {
    client: Client,
    pub(crate) view: View,
    keep: Keep,
    outbox: Outbox,
    /// The outbox could not be written the last time; that is told once.
    is_leaky: bool,
    has_password: bool,
    token: Option<Token>,
    refusal: String,
    typing_again_at: u64, // Unix milliseconds
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
        has_password: bool,
    ) -> Chat {
        Chat {
            client,
            view,
            keep,
            outbox,
            is_leaky: false,
            has_password,
            token: None,
            refusal: String::new(),
            typing_again_at: 0,
        }
    }

    /// Takes a notice in. Returns why all is over, if it is.
    pub(crate) fn hear(&mut self, notice: Notice, now: u64) -> Option<String> {
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
        if let Notice::Error { message, .. } = &notice
            && self.view.known_server().is_none()
        {
            self.refusal.clone_from(message); // the answer to our hello: the end follows
            return None;
        }
        self.view.hear(notice, now);
        None
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
        match said {
            Ok(()) => Outcome::Done,
            Err(sentence) => {
                self.view.alarm(&sentence);
                Outcome::Refused
            }
        }
    }

    /// Tells the room that something is being typed, unless it was told just now.
    pub(crate) fn types(&mut self, text: &str, now: u64) {
        let is_said = !text.is_empty() && !text.starts_with('/');
        if !is_said || now < self.typing_again_at || self.view.state() != Some(State::Live) {
            return;
        }
        if let Some(room) = self.view.here() {
            let every = u64::try_from(limits::TYPING_EVERY.as_millis()).unwrap_or(u64::MAX);
            self.typing_again_at = now.saturating_add(every);
            self.client.typing(&room.name);
        }
    }

    /// Leaves the server, saying goodbye. The outbox stays ours until it is dropped.
    pub(crate) fn close(self) -> (View, Outbox) {
        self.client.close();
        (self.view, self.outbox)
    }

    fn say(&mut self, text: &str, me: bool) -> Result<(), String> {
        let text = Text::parse(text, self.view.text_max()).map_err(|unfit| unfit.to_string())?;
        let room = self.room()?;
        let line = self.client.compose(&room, Act::Post { text, me });
        // Without a connection the file may be the only copy for hours, and is worth waiting for
        // the disk. With one, the server has the line in a moment, and syncs it itself.
        let is_live = self.view.state() == Some(State::Live);
        let held = self.outbox.hold(&line, !is_live);
        self.told(held);
        self.client.say_line(line.clone());
        // The client's own notice comes later: until then nobody may think all is said and done.
        self.view.waits(line);
        Ok(())
    }

    /// Writes down what becomes of our lines, and of the name they go out under.
    fn note(&mut self, notice: &Notice) {
        let outbox = &mut self.outbox;
        let noted = match notice {
            Notice::Pending(line) => outbox.hold(line, false),
            Notice::Stored { cid, .. } | Notice::Dropped(cid) => outbox.settle(cid),
            Notice::Failed { cid, code, message } => {
                outbox.fail(cid, Refusal { code: *code, message: message.clone() })
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
            | Notice::Members { .. }
            | Notice::Rooms { .. }
            | Notice::Left(_)
            | Notice::Typing { .. }
            | Notice::Marked { .. }
            | Notice::History { .. } => Ok(()),
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

    fn obey(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Help(topic) => self.help(topic.as_deref())?,
            Command::Nick(name) => {
                let name = fit(&name)?;
                let wanted = self.outbox.want(&name);
                self.told(wanted);
                self.client.nick(name);
            }
            Command::Join(name) => {
                let room: RoomName = fit(&name)?;
                if !self.view.turn_to(&room) {
                    self.view.enter_new(room.clone());
                    self.client.join(room);
                }
            }
            Command::Part(name) => {
                let room = name.map_or_else(|| self.room(), |name| fit(&name))?;
                if !self.view.is_in(&room) {
                    return Err(format!("you are not in #{room}"));
                }
                self.client.leave(&room);
            }
            Command::Who => self.asked(self.client.who(&self.room()?))?,
            Command::Rooms => self.asked(self.client.rooms())?,
            Command::History(count) => {
                let asked = self.view.ask_history(count.min(limits::PAGE));
                let (room, before) = asked.ok_or("there is nothing before these lines")?;
                self.asked(self.client.history(&room, before))?;
            }
            Command::Resend => self.failed()?.iter().for_each(|cid| self.client.resend(cid)),
            Command::Drop => self.failed()?.iter().for_each(|cid| self.client.drop_line(cid)),
            Command::Reconnect => self.client.retry_now(),
            Command::Key => self.tell_key()?,
            Command::Version => {
                let server = self.view.known_server().map(|welcome| welcome.server.clone());
                let server = server.unwrap_or_else(|| "a server not reached yet".to_owned());
                let note = format!("console {}, on {server}", env!("CARGO_PKG_VERSION"));
                self.view.remark(phrases::note(&note));
            }
            Command::Clear | Command::Quit => {} // the screen's, and the end's
        }
        Ok(())
    }

    fn help(&mut self, topic: Option<&str>) -> Result<(), String> {
        if let Some(name) = topic {
            let name = name.trim_start_matches('/');
            let entry = command::find(name).ok_or_else(|| format!("no command /{name}"))?;
            let aliases = entry.names.iter().skip(1).map(|name| format!(", /{name}"));
            let usage = format!("{}{}: {}", entry.usage(), aliases.collect::<String>(), entry.help);
            self.view.remark(phrases::item(&usage));
            return Ok(());
        }
        self.view.remark(phrases::note("commands; //text says /text"));
        for entry in command::TABLE {
            self.view.remark(phrases::item(&format!("{:16}{}", entry.usage(), entry.help)));
        }
        self.view.remark(phrases::note("keys"));
        for keys in KEYS {
            self.view.remark(phrases::item(keys));
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
            self.view.remark(phrases::item(&row));
        }
        Ok(())
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

    fn asked(&self, is_asked: bool) -> Result<(), String> {
        let no_server = || "there is no connection to ask (it is being made)".to_owned();
        is_asked.then_some(()).ok_or_else(no_server)
    }

    fn failed(&self) -> Result<Vec<Cid>, String> {
        let failed = self.view.unstored().filter(|(_, why)| why.is_some());
        let cids: Vec<Cid> = failed.map(|(line, _)| line.cid.clone()).collect();
        if cids.is_empty() { Err("no line has failed".to_owned()) } else { Ok(cids) }
    }

    /// What the end means, and what to try.
    fn end(&self, code: u16, reason: &str) -> String {
        let me = self.view.me();
        let reason = if self.refusal.is_empty() { reason } else { &self.refusal };
        let said = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        match code {
            close::BAD_PASSWORD if self.has_password => {
                format!("the server does not take this password{said}")
            }
            close::BAD_PASSWORD => format!(
                "the server wants a password{said} (try --password-file FILE or TALK_PASSWORD)"
            ),
            close::NAME_TAKEN => format!(
                "the name {me} is taken (try another with --user, or bring its key with \
                 --token-file FILE)"
            ),
            close::KICKED => format!("you were put out of the chat{said}"),
            _ => format!("the server does not want to talk to us ({code}){said}"),
        }
    }
}

/// `/help`'s second half.
const KEYS: [&str; 7] = [
    "Enter           send; Alt-Enter breaks the line",
    "Tab             complete a name, a #room, a /command; again: the next",
    "Up, Down        what you said before",
    "Ctrl-A E W U K  start, end; delete a word, to the start, to the end; Ctrl-Y brings it back",
    "Alt-1 … Alt-9   turn to a room; Alt-A to the next with something new",
    "Ctrl-L          paint the screen anew",
    "Ctrl-C          clear the line, then leave; Ctrl-D leaves",
];

fn fit<T: std::str::FromStr<Err = talk::chat::Unfit>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|unfit| format!("{text:?}: {unfit}"))
}
