//! The command for the names of a data directory: list, release, give.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use talk::chat::{OwnerId, UserName};
use talk::cli::{Command, Flag};
use talk::log::{give_name, list_names, release_name};
use talk::time::{unix_ms, utc};

use crate::exit::Failure;

/// The command, with its arguments.
pub(crate) struct NameCommand {
    /// The data directory.
    data: PathBuf,
    /// What to do.
    task: NameTask,
}

enum NameTask {
    Help,
    List,
    Release(UserName),
    /// To the person with this id.
    Give(UserName, OwnerId),
}

/// Its flags and help.
pub(crate) const NAMES: Command = Command {
    usage: "server names [list | release NAME | give NAME OWNER] [FLAGS]",
    about: "Lists the names that are held, makes one free, or gives one to a person.",
    flags: &[
        Flag::value("data", "DIR", "the data directory of the server")
            .env("TALK_DATA")
            .default("talk-data"),
        Flag::switch("help", "print this help").short('h'),
    ],
    epilogue: "\
Each line of the list is a name: the id of its owner, until when it is held, and
whether its owner uses another name now. A person with several names has one id;
it tells nothing about their key.

release makes a name free for anyone. give reserves it for the person with this
id, who takes it with /nick; if someone else holds it, they lose it. Stop the
server before either; list may run beside it. What was said under a name stays
with the person who said it.

Examples:
  server names
  server names release ann
  server names give ann 73f740e2dc1760e844dfc19cfda5a626",
};

/// Parses the arguments after `names`.
///
/// # Errors
/// For an unknown flag, a bad name or id, or a word too many.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<NameCommand, Failure> {
    let args = NAMES.parse(arguments, env)?;
    let data = PathBuf::from(args.get("data").unwrap_or_default());
    if args.has("help") {
        return Ok(NameCommand { data, task: NameTask::Help });
    }
    let words: Vec<&str> = args.words().iter().map(|word| word.as_ref()).collect();
    let task = match words.as_slice() {
        [] | ["list"] => NameTask::List,
        ["release", name] => NameTask::Release(read_name(name)?),
        ["give", name, owner] => {
            let what = |_| {
                let what = "is not an owner id, 32 digits as server names list prints them";
                Failure::Usage(format!("{owner:?} {what}"))
            };
            NameTask::Give(read_name(name)?, owner.parse().map_err(what)?)
        }
        ["release"] => return Err(Failure::Usage("which name? server names release NAME".into())),
        ["give", ..] => {
            let what = "give which name to whom? server names give NAME OWNER";
            return Err(Failure::Usage(what.into()));
        }
        [first, ..] => {
            let what = format!("{first:?} with these words is not known: {}", NAMES.usage);
            return Err(Failure::Usage(what));
        }
    };
    Ok(NameCommand { data, task })
}

fn read_name(name: &str) -> Result<UserName, Failure> {
    name.parse().map_err(|error| Failure::Usage(format!("{name:?} is not a name: {error}")))
}

impl NameCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// When the names cannot be read or changed, for example because a server uses them.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let data = self.data.display();
        if !matches!(self.task, NameTask::Help) && !self.data.join("names.jsonl").is_file() {
            let what = format!("{data} holds no names.jsonl (--data DIR names another directory)");
            return Err(Failure::Runtime(what));
        }
        let failed = |doing: &str, error: &io::Error| {
            Failure::Runtime(format!("cannot {doing} in {data}: {error}"))
        };
        let text = match &self.task {
            NameTask::Help => NAMES.help(),
            NameTask::List => self.list().map_err(|error| failed("list the names", &error))?,
            NameTask::Release(user) => {
                let released = release_name(&self.data, user, unix_ms());
                released.map_err(|error| failed(&format!("release {user}"), &error))?;
                format!("{user}: free for anyone now\n")
            }
            NameTask::Give(user, owner) => {
                let given = give_name(&self.data, user, *owner, unix_ms());
                let name = given.map_err(|error| failed(&format!("give {user}"), &error))?;
                let name = name.as_str().escape_debug();
                format!("{user}: reserved for {name}, who takes it with /nick {user}\n")
            }
        };
        io::stdout().write_all(text.as_bytes()).ok(); // a closed output is no error
        Ok(())
    }

    fn list(&self) -> io::Result<String> {
        let mut text = String::new();
        for claim in list_names(&self.data, unix_ms())? {
            let until = claim.until.map_or_else(|| "in use".into(), utc);
            let kind = if claim.is_former { "former" } else { "current" };
            let name = claim.user.as_str().escape_debug(); // the file may have been changed by hand
            text.push_str(&format!("{}  {until:<24}  {kind:<7}  {name}\n", claim.owner));
        }
        Ok(text)
    }
}
