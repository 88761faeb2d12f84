//! The command line and the environment, understood.
//!
//! Room: strings and values. What they name (files, servers) is looked at elsewhere.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::cli;
use talk::cli::Command;
use talk::cli::Flag;
use talk::client::Address;

use crate::script;
use crate::script::Script;
use crate::text::style::Palette;

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Wish {
    Chat(Settings),
    Script(Settings, Script),
    Check(Settings),
    /// A text, and nothing else.
    Help(String),
    Version,
}

/// How to chat.
#[derive(Debug)]
pub(crate) struct Settings {
    /// To be asked for where it is absent.
    pub(crate) user: Option<UserName>,
    pub(crate) server: Address,
    /// At least one.
    pub(crate) rooms: Vec<RoomName>,
    pub(crate) password: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) plain: bool,
    pub(crate) palette: Palette,
    /// How long a script goes without a connection.
    pub(crate) timeout: Duration,
}

const COMMAND: Command = Command {
    usage: "console [--user NAME] [--server HOST:PORT] [--room ROOM]",
    about: "Talk from a terminal.",
    flags: &[
        Flag::value("user", "NAME", "who you are; asked for when absent")
            .alias("nick")
            .env("TALK_USER"),
        Flag::value("server", "ADDRESS", "the server: HOST:PORT, ws://HOST:PORT or its page's URL")
            .env("TALK_SERVER")
            .default("127.0.0.1:8080"),
        Flag::value("room", "ROOM", "a room to join; repeat it, or part several by commas")
            .alias("join")
            .env("TALK_ROOM")
            .default("lobby"),
        Flag::value("password-file", "FILE", "a file whose first line is the server's password"),
        Flag::variable("password", "TALK_PASSWORD", "the server's password"),
        Flag::value("token-file", "FILE", "where the key of your name is kept")
            .env("TALK_TOKEN_FILE"),
        Flag::value(
            "send",
            "TEXT",
            "say this, print its number once it is stored, and end; - reads \
             the text from stdin",
        ),
        Flag::switch("follow", "print what is said as it is said, until killed; reads no stdin"),
        Flag::value(
            "since",
            "N|now|all",
            "print what was said after record N, and end; with \
             --follow, go on from there (now)",
        ),
        Flag::switch("json", "with these, print records as the protocol has them, one a line"),
        Flag::switch("check", "look at the line to the server, and say what is right or wrong"),
        Flag::value("timeout", "TIME", "a script gives up after so long without a connection")
            .env("TALK_TIMEOUT")
            .default("30s"),
        Flag::switch("plain", "lines in, lines out: no input line, no escape sequences")
            .env("TALK_PLAIN"),
        Flag::switch("no-color", "no colours; NO_COLOR does the same"),
        Flag::value("completions", "bash|zsh|fish", "print completions for that shell"),
        Flag::switch("help", "this text").short('h'),
        Flag::switch("version", "the version").short('V'),
    ],
    epilogue: "\
In the chat, /help lists the commands. Piped input is sent line by line:

  make 2>&1 | tail -1 | console --user ci --room builds

It ends once everything is stored. In scripts as well:

  console --user ci --room builds --send 'build 7 is green'
  console --room builds --since all --json | jq -r .text
  console --follow --json | while read -r record; do ...; done

Exit codes: 0, all is done, or nobody reads what is printed any more; 1, it was
refused or could not be done, and stderr says why; 2, a mistake in the command.
Who only reads needs no name. A flag wins over its $VARIABLE. Keys of names and
lines of yours that are not sent yet are kept under ~/.local/state/talk.",
};

/// Understands a command line (without the program's name) and the environment behind it.
///
/// # Errors
/// A sentence for whoever typed it.
pub(crate) fn read(
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Wish, cli::Error> {
    let args = COMMAND.parse(arguments, &env)?;
    if args.has("help") {
        return Ok(Wish::Help(COMMAND.help()));
    }
    if let Some(shell) = args.get("completions") {
        return COMMAND.completions("console", &[], shell).map(Wish::Help);
    }
    if args.has("version") {
        return Ok(Wish::Version);
    }
    if let Some(word) = args.words().first() {
        let hint = if word.parse::<UserName>().is_ok() {
            format!("--user {word}")
        } else {
            "--help".to_owned()
        };
        return Err(cli::Error(format!("{word:?} belongs to no flag (try {hint})")));
    }
    let mut rooms: Vec<RoomName> = Vec::new();
    for name in args.all("room") {
        let room = name.parse().map_err(|e| cli::Error(format!("--room: {name:?}: {e}")))?;
        if !rooms.contains(&room) {
            rooms.push(room);
        }
    }
    if rooms.is_empty() {
        rooms.push(RoomName::default());
    }
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let is_dumb = set("TERM").is_some_and(|term| term == "dumb");
    let script = script::read(&args, &rooms)?;
    let settings = Settings {
        user: args.parsed("user")?,
        server: args.parsed("server")?.unwrap_or_default(),
        rooms,
        password: args.get("password").map(str::to_owned),
        password_file: args.get("password-file").map(PathBuf::from),
        token_file: args.get("token-file").map(PathBuf::from),
        plain: args.has("plain") || is_dumb,
        palette: if args.has("no-color") { Palette::Monochrome } else { palette(set) },
        timeout: args.duration("timeout")?.unwrap_or_default(),
    };
    Ok(match script {
        None if args.has("check") => Wish::Check(settings),
        Some(_) if args.has("check") => {
            return Err(cli::Error(
                "--check says nothing and reads nothing: use it alone".to_owned(),
            ));
        }
        Some(script) => Wish::Script(settings, script),
        None => Wish::Chat(settings),
    })
}

/// What the terminal says of its colours (`NO_COLOR`: no-color.org).
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

    fn wish(line: &str, env: &[(&str, &str)]) -> Result<Wish, cli::Error> {
        let set = |name: &str| env.iter().find(|(set, _)| *set == name).map(|(_, v)| v.into());
        read(line.split_whitespace().map(OsString::from), set)
    }

    fn settings(line: &str, env: &[(&str, &str)]) -> Settings {
        let Wish::Chat(settings) = wish(line, env).unwrap() else { panic!("{line}") };
        settings
    }

    #[test]
    fn nothing_said_means_the_lobby_of_this_computer_under_a_name_to_be_asked_for() {
        let settings = settings("", &[]);
        assert_eq!(settings.user, None);
        assert_eq!(settings.server, Address::default());
        assert_eq!(settings.rooms, [RoomName::default()]);
        assert!(!settings.plain);
    }

    #[test]
    fn the_environment_says_it_too_and_flags_say_it_louder() {
        let env = [
            ("TALK_USER", "ann"),
            ("TALK_ROOM", "a,b,a"),
            ("TALK_PASSWORD", "hush"),
            ("TERM", "xterm-256color"),
        ];
        let quiet = settings("", &env);
        assert_eq!(quiet.user.unwrap().as_str(), "ann");
        assert_eq!(quiet.rooms.iter().map(RoomName::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(
            (quiet.password.as_deref(), quiet.palette),
            (Some("hush"), Palette::TwoFiftySix)
        );
        let loud = settings("--nick bob --join #c --no-color", &env);
        assert_eq!(loud.user.unwrap().as_str(), "bob");
        assert_eq!(loud.rooms.iter().map(RoomName::as_str).collect::<Vec<_>>(), ["c"]);
        assert_eq!(loud.palette, Palette::Monochrome);
    }

    #[test]
    fn a_dumb_terminal_is_used_plainly_and_no_color_is_heard() {
        assert!(settings("", &[("TERM", "dumb")]).plain);
        assert_eq!(settings("", &[("NO_COLOR", "0")]).palette, Palette::Monochrome);
        assert_eq!(settings("", &[("NO_COLOR", "")]).palette, Palette::Sixteen);
    }

    #[test]
    fn mistakes_are_answered_with_what_to_try() {
        let refusal = |line| wish(line, &[]).unwrap_err().0;
        assert_eq!(refusal("bob"), "\"bob\" belongs to no flag (try --user bob)");
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
    fn help_and_version_are_wishes_of_their_own() {
        let Wish::Help(help) = wish("-h", &[]).unwrap() else { panic!() };
        assert!(help.contains("--user NAME"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        assert!(matches!(wish("-V", &[]), Ok(Wish::Version)));
    }
}
