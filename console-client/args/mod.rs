//! The command line and the environment, parsed.
//!
//! Depends on `text` and `stdio` for what the terminal can show; never opens the files that flags name.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::cli;
use talk::cli::Command;
use talk::cli::Flag;
use talk::client::Address;

use crate::args::script::Script;
use crate::args::script::Task;
use crate::args::script::TextSource;
use crate::stdio::look::Look;
use crate::text::style::Palette;

pub(crate) mod script; // what a script wants

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Mode {
    Chat(Args),
    Script(Args, Script),
    Check(Args),
    /// Prints this text.
    Help(String),
    Version,
}

/// The settings of a chat or a script.
#[derive(Debug)]
pub(crate) struct Args {
    /// `None`: the person is asked for it.
    pub(crate) user: Option<UserName>,
    /// Where to connect.
    pub(crate) server: Address,
    /// At least one for a script. For a chat none: the rooms that the person is in already.
    pub(crate) rooms: Vec<RoomName>,
    /// The server's password, from the environment.
    pub(crate) password: Option<String>,
    /// The file with the server's password, which takes precedence.
    pub(crate) password_file: Option<PathBuf>,
    /// Where the key of the name is, or is to be saved.
    pub(crate) key_file: Option<KeySource>,
    /// Whether to print lines on a terminal too, without a screen.
    pub(crate) plain: bool,
    /// Whether lines that a program pipes in may be commands.
    pub(crate) commands: bool,
    /// What the terminal can show.
    pub(crate) look: Look,
    /// How long a script waits without a connection.
    pub(crate) timeout: Duration,
}

/// Where the key of a name is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In this file; if it does not exist, the key is saved there.
    File(PathBuf),
    /// In the first line of stdin.
    Stdin,
}

const COMMAND: Command = Command {
    usage: "console [--user NAME] [--server ADDRESS] [--room ROOM]",
    about: "Talk from a terminal.",
    flags: &[
        Flag::value("user", "NAME", "your name; the console asks if you give none")
            .alias("nick")
            .env("TALK_USER"),
        Flag::value("server", "ADDRESS", "the server: HOST:PORT, ws://HOST:PORT or its page's URL")
            .env("TALK_SERVER")
            .default("127.0.0.1:8080"),
        Flag::value(
            "room",
            "ROOM",
            "a room to join, beside those that you are in; repeat it, or separate several by commas",
        )
        .alias("join")
        .env("TALK_ROOM"),
        Flag::value("password-file", "FILE", "a file whose first line is the server's password"),
        Flag::variable("password", "TALK_PASSWORD", "the server's password"),
        Flag::value("key-file", "FILE", "the file for the key of your name; - reads it from stdin")
            .formerly("token-file", "TALK_TOKEN_FILE")
            .env("TALK_KEY_FILE"),
        Flag::value(
            "send",
            "TEXT",
            "send this message, print its number once it is stored, and \
             exit; - reads the text from stdin",
        ),
        Flag::switch("follow", "print messages as they come, until killed; reads no stdin"),
        Flag::value(
            "since",
            "N|now|all",
            "print messages after number N, and exit; with --follow, \
             go on from there (now)",
        ),
        Flag::switch("json", "with these, print records as JSON, one on each line"),
        Flag::switch("check", "test the connection to the server step by step, and exit"),
        Flag::value("timeout", "TIME", "how long a script waits without a connection")
            .env("TALK_TIMEOUT")
            .default("30s"),
        Flag::switch("commands", "run piped lines that begin with / as commands, not as text"),
        Flag::switch("plain", "plain lines: no input line, no escape sequences").env("TALK_PLAIN"),
        Flag::switch("no-color", "no colours; NO_COLOR does the same"),
        Flag::value("completions", "bash|zsh|fish", "print completions for that shell"),
        Flag::switch("help", "print this help").short('h'),
        Flag::switch("version", "print the version").short('V'),
    ],
    epilogue: "\
In the chat, /help lists the commands. Piped input is sent line by line, each
line as a message, whatever it begins with:

  make 2>&1 | tail -1 | console --user ci --room builds

The console exits once everything is stored. For scripts:

  console --user ci --room builds --send 'build 7 is green'
  console --room builds --since all --json | jq -r .text
  console --follow --json | while read -r record; do ...; done

Exit codes: 0, done, or the reader of the output has closed it; 1, refused or
failed, and stderr says why; 2, a mistake in the command line. To read only, you
need no name. A flag overrides its $VARIABLE. Keys of names and messages that
are not sent yet are saved under ~/.local/state/talk.",
};

/// Parses a command line (without the program's name) and the environment.
///
/// # Errors
/// A sentence for the person who typed it.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Mode, cli::Error> {
    let flags = COMMAND.parse(arguments, &env)?;
    if flags.has("help") {
        return Ok(Mode::Help(COMMAND.help()));
    }
    if let Some(shell) = flags.get("completions") {
        return COMMAND.completions("console", &[], shell).map(Mode::Help);
    }
    if flags.has("version") {
        return Ok(Mode::Version);
    }
    if let Some(word) = flags.words().first() {
        let hint = if word.parse::<UserName>().is_ok() {
            format!("--user {word}")
        } else {
            "--help".to_owned()
        };
        return Err(cli::Error(format!("{word:?} is not a flag (try {hint})")));
    }
    let mut rooms: Vec<RoomName> = Vec::new();
    for name in flags.all("room") {
        let room = name.parse().map_err(|e| cli::Error(format!("--room: {name:?}: {e}")))?;
        if !rooms.contains(&room) {
            rooms.push(room);
        }
    }
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let is_dumb = set("TERM").is_some_and(|term| term == "dumb");
    let palette = if flags.has("no-color") { Palette::Monochrome } else { palette(set) };
    let script = script::read(&flags, &rooms)?;
    let key_file = key_source(&flags, script.as_ref())?;
    if rooms.is_empty() && (script.is_some() || flags.has("check")) {
        rooms.push(RoomName::default());
    }
    let args = Args {
        user: flags.parsed("user")?,
        server: flags.parsed("server")?.unwrap_or_default(),
        rooms,
        password: flags.get("password").map(str::to_owned),
        password_file: flags.get("password-file").map(PathBuf::from),
        key_file,
        plain: flags.has("plain") || is_dumb,
        commands: flags.has("commands"),
        look: Look::of_terminal(palette, |name| {
            set(name).map_or(String::new(), |value| value.to_string_lossy().into_owned())
        }),
        timeout: flags.duration("timeout")?.unwrap_or_default(),
    };
    Ok(match script {
        None if flags.has("check") => Mode::Check(args),
        Some(_) if flags.has("check") => {
            return Err(cli::Error("--check neither sends nor reads: use it alone".to_owned()));
        }
        Some(script) => Mode::Script(args, script),
        None => Mode::Chat(args),
    })
}

/// Where the key is. Stdin can hold it only where nothing else reads stdin.
fn key_source(flags: &cli::Args, script: Option<&Script>) -> Result<Option<KeySource>, cli::Error> {
    let refuse = |sentence: &str| Err(cli::Error(sentence.to_owned()));
    let source = match flags.get("key-file") {
        None => return Ok(None),
        Some("-") => KeySource::Stdin,
        Some(file) => KeySource::File(PathBuf::from(file)),
    };
    match (&source, script.map(|script| &script.task)) {
        (KeySource::Stdin, Some(Task::Send(TextSource::Stdin))) => {
            refuse("--key-file - and --send - both read stdin: put the key in a file")
        }
        (KeySource::Stdin, None) if !flags.has("check") => refuse(
            "--key-file - reads stdin, where a chat's messages come from: put the key in a file \
             (on a terminal the console asks for the key when it needs it)",
        ),
        (KeySource::Stdin | KeySource::File(_), _) => Ok(Some(source)),
    }
}

/// The palette of the terminal (`NO_COLOR`: no-color.org).
fn palette(set: impl Fn(&str) -> Option<OsString>) -> Palette {
    if set("NO_COLOR").is_some() {
        return Palette::Monochrome;
    }
    let [term, colorterm] = ["TERM", "COLORTERM"].map(|name| set(name).unwrap_or_default());
    Palette::of_terminal(&term.to_string_lossy(), &colorterm.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(line: &str, env: &[(&str, &str)]) -> Result<Mode, cli::Error> {
        let set = |name: &str| env.iter().find(|(set, _)| *set == name).map(|(_, v)| v.into());
        parse(line.split_whitespace().map(OsString::from), set)
    }

    fn args(line: &str, env: &[(&str, &str)]) -> Args {
        let Mode::Chat(args) = mode(line, env).unwrap() else { panic!("{line}") };
        args
    }

    #[test]
    fn no_flags_mean_the_lobby_of_this_computer_and_a_question_for_the_name() {
        let args = args("", &[]);
        assert_eq!(args.user, None);
        assert_eq!(args.server, Address::default());
        assert!(args.rooms.is_empty(), "those that the person is in");
        assert!(!args.plain);
    }

    #[test]
    fn the_environment_counts_and_flags_override_it() {
        let env = [
            ("TALK_USER", "ann"),
            ("TALK_ROOM", "a,b,a"),
            ("TALK_PASSWORD", "hush"),
            ("TERM", "xterm-256color"),
        ];
        let quiet = args("", &env);
        assert_eq!(quiet.user.unwrap().as_str(), "ann");
        assert_eq!(quiet.rooms.iter().map(RoomName::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(
            (quiet.password.as_deref(), quiet.look.palette),
            (Some("hush"), Palette::TwoFiftySix)
        );
        let loud = args("--nick bob --join #c --no-color", &env);
        assert_eq!(loud.user.unwrap().as_str(), "bob");
        assert_eq!(loud.rooms.iter().map(RoomName::as_str).collect::<Vec<_>>(), ["c"]);
        assert_eq!(loud.look.palette, Palette::Monochrome);
    }

    #[test]
    fn a_dumb_terminal_is_used_plainly_and_no_color_is_respected() {
        assert!(args("", &[("TERM", "dumb")]).plain);
        assert_eq!(args("", &[("NO_COLOR", "0")]).look.palette, Palette::Monochrome);
        assert_eq!(args("", &[("NO_COLOR", "")]).look.palette, Palette::Sixteen);
    }

    #[test]
    fn errors_say_what_to_try() {
        let refusal = |line| mode(line, &[]).unwrap_err().0;
        assert_eq!(refusal("bob"), "\"bob\" is not a flag (try --user bob)");
        assert_eq!(
            refusal("--user b/b"),
            "--user: \"b/b\": a name can hold only letters, digits, _ - and . (accented letters composed), not U+002F"
        );
        assert!(refusal("--room A").starts_with("--room: \"A\": "));
        assert!(refusal("--server wss://x").starts_with("--server: \"wss://x\": TLS"));
        assert_eq!(
            refusal("--password x"),
            "unknown flag --password (did you mean --password-file?)"
        );
    }

    #[test]
    fn a_key_comes_from_stdin_only_where_nothing_else_reads_it() {
        let file = Some(KeySource::File("k".into()));
        assert_eq!(args("--key-file k", &[]).key_file, file);
        assert_eq!(args("", &[("TALK_KEY_FILE", "k"), ("TALK_TOKEN_FILE", "old")]).key_file, file);
        assert_eq!(args("--token-file k", &[]).key_file, file, "of earlier versions");
        assert_eq!(args("", &[("TALK_TOKEN_FILE", "k")]).key_file, file);
        let help = COMMAND.help() + &COMMAND.completions("console", &[], "bash").unwrap();
        assert!(!help.contains("token-file") && !help.contains("TOKEN_FILE"), "{help}");

        for line in ["--key-file -", "--key-file - --send -", "--key-file - --commands"] {
            let refusal = mode(line, &[]).unwrap_err().0;
            assert!(refusal.contains("put the key in a file"), "{line}: {refusal}");
        }
        for line in ["--send hi", "--follow", "--since all"] {
            let Ok(Mode::Script(args, _)) = mode(&format!("{line} --key-file -"), &[]) else {
                panic!("{line}")
            };
            assert_eq!(args.key_file, Some(KeySource::Stdin));
        }
    }

    #[test]
    fn help_and_version_are_modes_of_their_own() {
        let Mode::Help(help) = mode("-h", &[]).unwrap() else { panic!() };
        assert!(help.contains("--user NAME"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        assert!(matches!(mode("-V", &[]), Ok(Mode::Version)));
    }
}
