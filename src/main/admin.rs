//! The commands for a data directory: verify, export, repair, remove.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;

use talk::chat::protocol::{Record, RecordKind};
use talk::chat::{Operation, RoomName, Text};
use talk::cli::{Args, Command, Flag};
use talk::json;
use talk::log::{self, LogName, LogSize, Store, Verified};
use talk::net::entropy::Entropy;
use talk::time::utc;

use crate::exit::Failure;

/// One command, with its arguments.
pub(crate) struct AdminCommand {
    /// The data directory.
    data: PathBuf,
    /// What to do.
    task: AdminTask,
}

enum AdminTask {
    Help(&'static Command),
    /// One room, or all.
    Verify(Option<String>),
    Repair(String),
    Remove {
        room: String,
        /// Whether to remove it without a question.
        is_sure: bool,
    },
    Export {
        room: String,
        since: u64,
        format: ExportFormat,
    },
}

#[derive(Clone, Copy)]
enum ExportFormat {
    Text,
    Jsonl,
}

const DATA: Flag = Flag::value("data", "DIR", "the data directory of the server")
    .env("TALK_DATA")
    .default("talk-data");
const HELP: Flag = Flag::switch("help", "print this help").short('h');

const VERIFY: Command = Command {
    usage: "server verify [ROOM] [FLAGS]",
    about: "Checks every stored line of a room, or of all rooms.",
    flags: &[DATA, HELP],
    epilogue: "\
It reports the first line that is damaged, and then exits with 1. A room whose
directory was renamed is reported as unusable: rename it back. It only reads,
and may run while a server is running: a line that is being written at that
moment is not reported.",
};

const REPAIR: Command = Command {
    usage: "server repair ROOM [FLAGS]",
    about: "Removes the damaged end of a room, after its last good line.",
    flags: &[DATA, HELP],
    epilogue: "\
Stop the server first. Nothing is deleted: the original files stay in the room's
directory, with .damaged at the end of their names. Clients that have messages
which are gone now discard their copy and load the room again. A room without
damage is not changed.",
};

const REMOVE: Command = Command {
    usage: "server remove ROOM [FLAGS]",
    about: "Removes a room with all its messages, for ever.",
    flags: &[DATA, Flag::switch("yes", "remove it without a question").short('y'), HELP],
    epilogue: "\
Stop the server first. It says how much there is and asks before it removes
anything; without a terminal, --yes is needed. Nobody is a member of the room
any more: clients that have it open leave it when they come back.

Examples:
  server export old-room > old-room.txt
  server remove old-room --yes",
};

const EXPORT: Command = Command {
    usage: "server export ROOM [FLAGS]",
    about: "Prints the messages of a room, oldest first.",
    flags: &[
        DATA,
        Flag::value(
            "format",
            "text|jsonl",
            "text for people, or each record as clients receive it",
        )
        .default("text"),
        Flag::value("since", "NUMBER", "only messages after this one").default("0"),
        HELP,
    ],
    epilogue: "\
It only reads, and may run while a server is running. It checks every line; at a
damaged one the export stops, and exits with 1.

Examples:
  server export lobby
  server export lobby --format jsonl --since 1000 | jq -r .text",
};

/// The command of this name, if there is one.
pub(crate) fn find_command(name: &OsStr) -> Option<&'static Command> {
    match name.to_str()? {
        "verify" => Some(&VERIFY),
        "repair" => Some(&REPAIR),
        "export" => Some(&EXPORT),
        "remove" => Some(&REMOVE),
        _ => None,
    }
}

/// Parses the arguments of a command.
///
/// # Errors
/// For an unknown flag, a bad value, a missing room or one too many.
pub(crate) fn parse(
    command: &'static Command,
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<AdminCommand, Failure> {
    let args = command.parse(arguments, env)?;
    let data = PathBuf::from(args.get("data").unwrap_or_default());
    if args.has("help") {
        return Ok(AdminCommand { data, task: AdminTask::Help(command) });
    }
    let room = match args.words() {
        [] => None,
        [room] => Some(check_room(room)?),
        [_, more, ..] => {
            return Err(Failure::Usage(format!("only one room, not {more:?} as well")));
        }
    };
    let needed = || {
        let what = format!("which room? {}", command.usage);
        room.clone().ok_or(Failure::Usage(what))
    };
    let task = match command.usage {
        usage if usage == REPAIR.usage => AdminTask::Repair(needed()?),
        usage if usage == REMOVE.usage => {
            AdminTask::Remove { room: needed()?, is_sure: args.has("yes") }
        }
        usage if usage == EXPORT.usage => AdminTask::Export {
            room: needed()?,
            since: parse_since(&args)?,
            format: parse_format(&args)?,
        },
        _ => AdminTask::Verify(room),
    };
    Ok(AdminCommand { data, task })
}

/// Checks that an argument may be a room: a room name, or the name of a private room's log.
fn check_room(room: &str) -> Result<String, Failure> {
    let (name, _) = room.split_once('~').unwrap_or((room, ""));
    let fits = name.parse::<RoomName>().map(|_| String::from(room));
    fits.map_err(|error| Failure::Usage(format!("{room:?} is not a room name: {error}")))
}

fn parse_since(args: &Args) -> Result<u64, Failure> {
    Ok(args.number("since", 0..=u64::MAX)?.unwrap_or(0))
}

fn parse_format(args: &Args) -> Result<ExportFormat, Failure> {
    match args.get("format") {
        None | Some("text") => Ok(ExportFormat::Text),
        Some("jsonl") => Ok(ExportFormat::Jsonl),
        Some(other) => {
            Err(Failure::Usage(format!("--format must be text or jsonl, not {other:?}")))
        }
    }
}

impl AdminCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// When the data is damaged or cannot be read.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if !matches!(self.task, AdminTask::Help(_)) && !self.data.join("rooms").is_dir() {
            let data = self.data.display();
            let what = format!("{data} is not a data directory (--data DIR names another)");
            return Err(Failure::Runtime(what));
        }
        if matches!(self.task, AdminTask::Remove { is_sure: false, .. })
            && !io::stdin().is_terminal()
        {
            let what = "remove asks before it removes anything; without a terminal, add --yes";
            return Err(Failure::Usage(what.into()));
        }
        let done = match &self.task {
            AdminTask::Help(command) => {
                io::stdout().write_all(command.help().as_bytes()).ok(); // a closed output is no error
                Ok(())
            }
            AdminTask::Verify(None) => {
                Store::logs_in(&self.data).and_then(|logs| self.verify(&logs))
            }
            AdminTask::Verify(Some(room)) => {
                self.log_name(room).and_then(|log| self.verify(&[log]))
            }
            AdminTask::Repair(room) => self.log_name(room).and_then(|log| self.repair(&log)),
            AdminTask::Remove { room, is_sure } => {
                self.log_name(room).and_then(|log| self.remove(&log, *is_sure))
            }
            AdminTask::Export { room, since, format } => {
                self.log_name(room).and_then(|log| self.export(&log, *since, *format))
            }
        };
        match done {
            // The program that reads the output has ended, and knows why.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::Runtime(error.to_string())),
            Ok(()) => Ok(()),
        }
    }

    fn log_name(&self, room: &str) -> io::Result<LogName> {
        Store::find_log(&self.data, room)
    }

    fn verify(&self, rooms: &[LogName]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let (mut bad, mut is_any_damaged) = (0, false);
        for room in rooms {
            let verified = log::verify(&self.data, room)?;
            let Verified { first, head, files, .. } = verified;
            let kept = match head + 1 - first {
                0 => String::from("no records"),
                _ => format!("records {first} to {head}"),
            };
            let verdict = self.verdict(room, &verified);
            bad += usize::from(verdict.is_err());
            let kind = verified.corruption.as_ref().map(|corruption| &corruption.kind);
            is_any_damaged |= verdict.is_err() && kind.is_some_and(|kind| kind.cure().is_none());
            let verdict = verdict.unwrap_or_else(|what| what);
            let noun = if files == 1 { "file" } else { "files" };
            writeln!(out, "{room}: {kept} in {files} {noun}: {verdict}")?;
        }
        if bad > 0 {
            let how = if is_any_damaged { "damaged" } else { "unusable" };
            let what = format!("{bad} of {} rooms are {how}", rooms.len());
            return Err(io::Error::other(what));
        }
        Ok(())
    }

    /// The result for one room: `Err` if it is damaged.
    fn verdict(&self, room: &LogName, verified: &Verified) -> Result<String, String> {
        match &verified.corruption {
            None => Ok(String::from("intact")),
            Some(_) if verified.torn && Store::is_in_use(&self.data) => {
                Ok(String::from("intact, and more is being written"))
            }
            Some(corruption) if verified.torn => Err(format!(
                "the last line is incomplete, as after a kill during a write ({corruption}); \
                 the server removes it when it starts"
            )),
            Some(corruption) => Err(match corruption.kind.cure() {
                Some(cure) => format!("UNUSABLE: {corruption}; its records are intact ({cure})"),
                None => format!(
                    "DAMAGED at {corruption} (server repair {room} removes the damaged end)"
                ),
            }),
        }
    }

    fn repair(&self, room: &LogName) -> io::Result<()> {
        let new_id = Entropy::open()?.token()?;
        let mut out = io::stdout().lock();
        let Some(done) = log::repair(&self.data, room, new_id)? else {
            return writeln!(out, "{room}: intact, nothing to repair");
        };
        writeln!(out, "{room}: was damaged at {}", done.corruption)?;
        writeln!(out, "{room}: ends with record {} now; the original files are", done.head)?;
        done.backups.iter().try_for_each(|path| writeln!(out, "  {}", path.display()))
    }

    fn remove(&self, room: &LogName, is_sure: bool) -> io::Result<()> {
        let LogSize { records, bytes } = log::log_size(&self.data, room)?;
        let noun = if records == 1 { "record" } else { "records" };
        let mut out = io::stdout().lock();
        if !is_sure {
            write!(out, "Remove {room}, {records} {noun} in {bytes} bytes, for ever? [y/N] ")?;
            out.flush()?;
            let mut answer = String::new();
            io::stdin().lock().read_line(&mut answer)?;
            if !matches!(answer.trim(), "y" | "Y" | "yes") {
                return Err(io::Error::other("nothing was removed"));
            }
        }
        log::remove(&self.data, room)?;
        writeln!(out, "{room}: removed {records} {noun} in {bytes} bytes")
    }

    fn export(&self, room: &LogName, since: u64, format: ExportFormat) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        let format = |json: &str| match format {
            ExportFormat::Jsonl => format!("{json}\n"),
            ExportFormat::Text => format_record(json),
        };
        let verified = log::export(&self.data, room, since, format, &mut out)?;
        out.flush()?;
        match self.verdict(room, &verified) {
            Ok(_) => Ok(()),
            Err(_) if verified.torn => Ok(()), // an incomplete line was never sent to anyone
            Err(what) => Err(io::Error::other(format!("{room}: {what}"))),
        }
    }
}

/// A record for people: when, who, what. Further lines of a message are indented, so that none can look like
/// a message of another user.
fn format_record(json: &str) -> String {
    let record = json::parse(json).ok().and_then(|value| Record::from_json(&value).ok().flatten());
    let Some(Record { at, user, kind, new_owner, .. }) = record else { return format!("{json}\n") };
    let at = utc(at);
    let mark = if new_owner { " (new owner)" } else { "" };
    let indented = |text: &Text| text.as_str().replace('\n', "\n    ");
    match kind {
        RecordKind::Operation(Operation::Post { text, me, reply }) => {
            let answers = reply.map_or_else(String::new, |seq| format!("↳ {seq} "));
            let user = if me { format!("* {user}{mark}") } else { format!("<{user}{mark}>") };
            format!("{at} {answers}{user} {}\n", indented(&text))
        }
        RecordKind::Operation(Operation::Edit { target, text }) => {
            format!("{at} -- {user} edited {target}: {}\n", indented(&text))
        }
        RecordKind::Operation(Operation::Delete { target }) => {
            format!("{at} -- {user} deleted {target}\n")
        }
        RecordKind::Operation(Operation::Topic { text }) => {
            format!("{at} -- {user} set the topic: {text}\n")
        }
        RecordKind::Erased { edit_of: None } => format!("{at} <{user}{mark}> (deleted)\n"),
        RecordKind::Erased { edit_of: Some(target) } => {
            format!("{at} -- {user} edited {target}: (deleted)\n")
        }
    }
}
