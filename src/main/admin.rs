//! The commands that look at what is kept: verify, export, repair.
//!
//! Room: a data directory, standard output, and its own command lines.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use talk::chat::protocol::{Kind, Record};
use talk::chat::{Operation, RoomName, Text};
use talk::cli::{Args, Command, Flag};
use talk::json;
use talk::log::{self, LogName, Store, Verified};
use talk::net::entropy::Entropy;
use talk::time::utc;

use crate::Failure;
use crate::args::{Mode, usage};

/// What to look at, and how.
pub(crate) struct AdminCommand {
    data: PathBuf,
    task: Task,
}

enum Task {
    /// One room, or all.
    Verify(Option<String>),
    Repair(String),
    Export {
        room: String,
        since: u64,
        form: Form,
    },
}

#[derive(Clone, Copy)]
enum Form {
    Text,
    Jsonl,
}

const DATA: Flag = Flag::value("data", "DIR", "the data directory of the server")
    .env("TALK_DATA")
    .default("talk-data");
const HELP: Flag = Flag::switch("help", "print this").short('h');

const VERIFY: Command = Command {
    usage: "server verify [ROOM] [FLAGS]",
    about: "Checks every line that is kept of a room, or of all rooms.",
    flags: &[DATA, HELP],
    epilogue: "\
It names the first line that is not as it was written, and then exits with 1.
It reads only, and may run beside a server: a line that is being written just
then is not damage.",
};

const REPAIR: Command = Command {
    usage: "server repair ROOM [FLAGS]",
    about: "Cuts a damaged room back to its last good line.",
    flags: &[DATA, HELP],
    epilogue: "\
Stop the server first. What is cut off is not deleted: the files stay in the
room's directory as they were, with .damaged at the end of their names. Clients
that have seen lines which are gone then drop what they have and begin anew.
A room without damage is left alone.",
};

const EXPORT: Command = Command {
    usage: "server export ROOM [FLAGS]",
    about: "Prints what was said in a room, the oldest line first.",
    flags: &[
        DATA,
        Flag::value("format", "text|jsonl", "for people, or each record as clients receive it")
            .default("text"),
        Flag::value("since", "SEQ", "only what follows this record").default("0"),
        HELP,
    ],
    epilogue: "\
It reads only, and may run beside a server. Every line is checked on the way; at
one that is not as it was written the export ends, and exits with 1.

Examples:
  server export lobby
  server export lobby --format jsonl --since 1000 | jq -r .text",
};

/// The command of this name, if there is one.
pub(crate) fn command(name: &OsStr) -> Option<&'static Command> {
    match name.to_str()? {
        "verify" => Some(&VERIFY),
        "repair" => Some(&REPAIR),
        "export" => Some(&EXPORT),
        _ => None,
    }
}

/// Reads the rest of a command's line.
///
/// # Errors
/// A flag that is not one, a value that does not fit, a room that is missing or one too many.
pub(crate) fn parse(
    command: &'static Command,
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Mode, Failure> {
    let args = command.parse(arguments, env).map_err(usage)?;
    if args.has("help") {
        return Ok(Mode::Show(command.help()));
    }
    let room = match args.words() {
        [] => None,
        [room] => Some(checked(room)?),
        [_, more, ..] => return Err(Failure::Usage(format!("one room at a time: {more:?}"))),
    };
    let needed = || {
        let what = format!("which room? {}", command.usage);
        room.clone().ok_or(Failure::Usage(what))
    };
    let task = match command.usage {
        usage if usage == REPAIR.usage => Task::Repair(needed()?),
        usage if usage == EXPORT.usage => {
            Task::Export { room: needed()?, since: since(&args)?, form: form(&args)? }
        }
        _ => Task::Verify(room),
    };
    let data = PathBuf::from(args.get("data").unwrap_or_default());
    Ok(Mode::AdminCommand(AdminCommand { data, task }))
}

/// What may be a room: its name, or that of a private room's log.
fn checked(room: &str) -> Result<String, Failure> {
    let (name, _) = room.split_once('~').unwrap_or((room, ""));
    let fits = name.parse::<RoomName>().map(|_| String::from(room));
    fits.map_err(|error| Failure::Usage(format!("{room:?} is no room: {error}")))
}

fn since(args: &Args) -> Result<u64, Failure> {
    Ok(args.number("since", 0..=u64::MAX).map_err(usage)?.unwrap_or(0))
}

fn form(args: &Args) -> Result<Form, Failure> {
    match args.get("format") {
        None | Some("text") => Ok(Form::Text),
        Some("jsonl") => Ok(Form::Jsonl),
        Some(other) => Err(Failure::Usage(format!("--format is text or jsonl, not {other:?}"))),
    }
}

impl AdminCommand {
    /// Does it.
    ///
    /// # Errors
    /// What is not good, or kept it from being looked at.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if !self.data.join("rooms").is_dir() {
            let data = self.data.display();
            let what = format!("{data} is not a data directory (--data DIR names another)");
            return Err(Failure::Runtime(what));
        }
        let done = match &self.task {
            Task::Verify(None) => Store::logs_in(&self.data).and_then(|logs| self.verify(&logs)),
            Task::Verify(Some(room)) => self.meant(room).and_then(|log| self.verify(&[log])),
            Task::Repair(room) => self.meant(room).and_then(|log| self.repair(&log)),
            Task::Export { room, since, form } => {
                self.meant(room).and_then(|log| self.export(&log, *since, *form))
            }
        };
        match done {
            // Whoever read our output has gone, and knows why.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::Runtime(error.to_string())),
            Ok(()) => Ok(()),
        }
    }

    fn meant(&self, room: &str) -> io::Result<LogName> {
        Store::meant(&self.data, room)
    }

    fn verify(&self, rooms: &[LogName]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let mut bad = 0;
        for room in rooms {
            let verified = log::verify(&self.data, room)?;
            let Verified { first, head, files, .. } = verified;
            let kept = match head + 1 - first {
                0 => String::from("no records"),
                _ => format!("records {first} to {head}"),
            };
            let verdict = self.verdict(room, &verified);
            bad += usize::from(verdict.is_err());
            let verdict = verdict.unwrap_or_else(|what| what);
            let noun = if files == 1 { "file" } else { "files" };
            writeln!(out, "{room}: {kept} in {files} {noun}: {verdict}")?;
        }
        if bad > 0 {
            let what = format!("{bad} of {} rooms are not sound", rooms.len());
            return Err(io::Error::other(what));
        }
        Ok(())
    }

    /// What is to be said of a room: `Err` if it is not sound.
    fn verdict(&self, room: &LogName, verified: &Verified) -> Result<String, String> {
        match &verified.damage {
            None => Ok(String::from("sound")),
            Some(_) if verified.torn && Store::is_in_use(&self.data) => {
                Ok(String::from("sound, and more is being written"))
            }
            Some(damage) if verified.torn => Err(format!(
                "the end is torn, as a kill in the middle of a write leaves it ({damage}); \
                 the server cuts it off when it starts"
            )),
            Some(damage) => Err(format!("DAMAGED at {damage} (server repair {room} cuts it off)")),
        }
    }

    fn repair(&self, room: &LogName) -> io::Result<()> {
        let fresh = Entropy::open()?.token()?;
        let mut out = io::stdout().lock();
        let Some(done) = log::repair(&self.data, room, fresh)? else {
            return writeln!(out, "{room}: sound, nothing to repair");
        };
        writeln!(out, "{room}: was damaged at {}", done.damage)?;
        writeln!(out, "{room}: ends with record {} now; as they were, its files are", done.head)?;
        done.kept.iter().try_for_each(|path| writeln!(out, "  {}", path.display()))
    }

    fn export(&self, room: &LogName, since: u64, form: Form) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        let form = |json: &str| match form {
            Form::Jsonl => format!("{json}\n"),
            Form::Text => text(json),
        };
        let verified = log::export(&self.data, room, since, form, &mut out)?;
        out.flush()?;
        match self.verdict(room, &verified) {
            Ok(_) => Ok(()),
            Err(_) if verified.torn => Ok(()), // what is torn was never said
            Err(what) => Err(io::Error::other(format!("{room}: {what}"))),
        }
    }
}

/// A record for people: when, who, what. The lines of a paste but the first are indented, so that
/// none can pass for another's.
fn text(json: &str) -> String {
    let record = json::parse(json).ok().and_then(|value| Record::from_json(&value).ok().flatten());
    let Some(Record { at, user, kind, .. }) = record else { return format!("{json}\n") };
    let at = utc(at);
    let indented = |text: &Text| text.as_str().replace('\n', "\n    ");
    match kind {
        Kind::Operation(Operation::Post { text, me, reply }) => {
            let answers = reply.map_or_else(String::new, |seq| format!("↳ {seq} "));
            let user = if me { format!("* {user}") } else { format!("<{user}>") };
            format!("{at} {answers}{user} {}\n", indented(&text))
        }
        Kind::Operation(Operation::Edit { target, text }) => {
            format!("{at} -- {user} edited {target}: {}\n", indented(&text))
        }
        Kind::Operation(Operation::Delete { target }) => {
            format!("{at} -- {user} deleted {target}\n")
        }
        Kind::Operation(Operation::Topic { text }) => {
            format!("{at} -- {user} set the topic: {text}\n")
        }
        Kind::Erased { edit_of: None } => format!("{at} <{user}> (deleted)\n"),
        Kind::Erased { edit_of: Some(target) } => {
            format!("{at} -- {user} edited {target}: (deleted)\n")
        }
    }
}
