//! What a submitted line means: something to say, or a command.
//!
//! Room: strings. An unknown command is an error here and never goes out: it may be a password
//! typed with one letter too few.

use talk::chat::wire::NUMBER_MAX;
use talk::cli;

/// A submitted line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Say(String),
    /// `* bob waves`
    Me(String),
    Do(Command),
}

/// A command with its argument as typed: whether a name is a name is not decided here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help(Option<String>),
    /// A private line to somebody, or the private room with them.
    Message(String, Option<String>),
    /// A private line to the last who wrote one to us.
    Answer(String),
    /// A line that answers the one with that number.
    Reply(u64, String),
    /// The newest lines with their numbers.
    ListNewest,
    /// Other words for a line of ours: that number, or the last.
    Edit(Option<u64>, String),
    /// Our lines with their numbers.
    ListOwn,
    Delete(Option<u64>),
    /// Nothing: tell it.
    Topic(Option<String>),
    Nick(String),
    Join(String),
    Part(Option<String>),
    Who,
    Rooms,
    History(usize),
    Resend,
    Drop,
    Reconnect,
    Clear,
    Key,
    Version,
    Quit,
}

/// A row of `/help`.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The name and its aliases, without the slash.
    pub(crate) names: &'static [&'static str],
    pub(crate) argument: &'static str,
    pub(crate) help: &'static str,
    read: fn(&str) -> Option<Input>, // `None`: the argument is missing, or one too many
}

/// Every command, in the order of `/help`.
pub(crate) const TABLE: &[Entry] = &[
    entry(&["me"], "TEXT", "say what you do: * bob waves", |text| some(text).map(Input::Me)),
    entry(
        &["msg", "m", "w", "whisper", "query"],
        "NAME [TEXT]",
        "say TEXT to NAME alone, or turn to your private room",
        |rest| {
            let (name, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let name = some(name.strip_prefix('@').unwrap_or(name))?;
            Some(Input::Do(Command::Message(name, some(text.trim_start()))))
        },
    ),
    entry(&["r"], "TEXT", "answer the last who wrote to you alone", |text| {
        some(text).map(|text| Input::Do(Command::Answer(text)))
    }),
    entry(&["reply"], "[SEQ TEXT]", "answer line SEQ; alone: numbers the newest lines", reply),
    entry(&["edit"], "[SEQ] TEXT", "reword your last line, or line SEQ; alone: lists yours", edit),
    entry(&["delete"], "[SEQ]", "take your last line back, or line SEQ", |seq| match number(seq) {
        None if !seq.is_empty() => None,
        seq => Some(Input::Do(Command::Delete(seq))),
    }),
    entry(&["topic"], "[TEXT]", "what this room is about; /topic - takes it away", |text| {
        Some(Input::Do(Command::Topic(some(text))))
    }),
    entry(
        &["join", "j"],
        "ROOM",
        "join a room, or turn to one you are in; @NAME: private",
        |room| word(room).map(|room| Input::Do(Command::Join(room))),
    ),
    entry(&["part", "leave"], "[ROOM]", "leave this room, or another", |room| {
        optional(room).map(|room| Input::Do(Command::Part(room)))
    }),
    entry(&["who", "names"], "", "who is here", |rest| none(rest, Command::Who)),
    entry(&["rooms", "list"], "", "which rooms there are", |rest| none(rest, Command::Rooms)),
    entry(&["nick"], "NAME", "change your name", |name| {
        word(name).map(|name| Input::Do(Command::Nick(name)))
    }),
    entry(
        &["history"],
        "[N]",
        "show the N lines before the oldest shown (20), numbered",
        |count| {
            let count =
                if count.is_empty() { 20 } else { count.parse().ok().filter(|n| *n > 0)? };
            Some(Input::Do(Command::History(count)))
        },
    ),
    entry(&["resend"], "", "send the lines that failed once more", |rest| {
        none(rest, Command::Resend)
    }),
    entry(&["drop"], "", "give up the lines that failed", |rest| none(rest, Command::Drop)),
    entry(&["reconnect"], "", "connect now, without waiting any longer", |rest| {
        none(rest, Command::Reconnect)
    }),
    entry(&["clear"], "", "clear the screen; nothing is deleted", |rest| {
        none(rest, Command::Clear)
    }),
    entry(&["key"], "", "show the key of your name, to use it on another device", |rest| {
        none(rest, Command::Key)
    }),
    entry(&["version"], "", "the versions of this program and of the server", |rest| {
        none(rest, Command::Version)
    }),
    entry(&["help", "h", "?"], "[COMMAND]", "this list, or what one command does", |name| {
        optional(name).map(|name| Input::Do(Command::Help(name)))
    }),
    entry(&["quit", "exit", "q"], "", "leave the chat", |_| Some(Input::Do(Command::Quit))),
];

/// Understands one submitted line. Several lines at once are always something to say: a paste that
/// happens to start with a slash runs nothing.
///
/// # Errors
/// A sentence for whoever typed it: no such command, or a wrong argument.
pub(crate) fn read(line: &str) -> Result<Input, String> {
    let Some(rest) = line.strip_prefix('/').filter(|_| !line.contains('\n')) else {
        return Ok(Input::Say(line.to_owned()));
    };
    if rest.starts_with('/') {
        return Ok(Input::Say(rest.to_owned()));
    }
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let Some(entry) = find(name) else {
        let names = TABLE.iter().flat_map(|entry| entry.names).copied();
        let hint = cli::nearest(name, names)
            .map_or("/help lists them all".to_owned(), |near| format!("did you mean /{near}?"));
        return Err(format!("no command /{name}, nothing was sent ({hint})"));
    };
    (entry.read)(argument.trim()).ok_or_else(|| format!("use it like this: {}", entry.usage()))
}

/// The entry of a command, by any of its names.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    let name = name.to_lowercase();
    TABLE.iter().find(|entry| entry.names.contains(&name.as_str()))
}

impl Entry {
    /// `/join ROOM`
    pub(crate) fn usage(&self) -> String {
        let name = self.names.first().copied().unwrap_or_default();
        format!("/{name} {}", self.argument).trim_end().to_owned()
    }
}

const fn entry(
    names: &'static [&'static str],
    argument: &'static str,
    help: &'static str,
    read: fn(&str) -> Option<Input>,
) -> Entry {
    Entry { names, argument, help, read }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn word(text: &str) -> Option<String> {
    some(text).filter(|text| !text.contains(char::is_whitespace))
}

#[expect(clippy::option_option, reason = "the outer says whether the argument fits, as in `word`")]
fn optional(text: &str) -> Option<Option<String>> {
    if text.is_empty() { Some(None) } else { word(text).map(Some) }
}

/// The number of a line, with or without `#`.
fn number(text: &str) -> Option<u64> {
    let text = text.strip_prefix('#').unwrap_or(text);
    text.parse().ok().filter(|seq| (1..=NUMBER_MAX).contains(seq))
}

fn reply(rest: &str) -> Option<Input> {
    if rest.is_empty() {
        return Some(Input::Do(Command::ListNewest));
    }
    let (seq, text) = rest.split_once(char::is_whitespace)?;
    let command = Command::Reply(number(seq)?, some(text.trim_start())?);
    Some(Input::Do(command))
}

/// A number and nothing else is not guessed at: it may be a line's, or be what it should say.
fn edit(rest: &str) -> Option<Input> {
    let (first, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let command = match (number(first), more.trim_start()) {
        (Some(_), "") => return None,
        (Some(seq), text) => Command::Edit(Some(seq), text.to_owned()),
        (None, _) if rest.is_empty() => Command::ListOwn,
        (None, _) => Command::Edit(None, rest.to_owned()),
    };
    Some(Input::Do(command))
}

fn none(rest: &str, command: Command) -> Option<Input> {
    rest.is_empty().then_some(Input::Do(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Input, String> {
        Ok(Input::Say(text.to_owned()))
    }

    #[test]
    fn a_line_is_said_and_two_slashes_say_one() {
        assert_eq!(read("hi /there"), said("hi /there"));
        assert_eq!(read(" /quit"), said(" /quit"));
        assert_eq!(read("//etc/hosts is it"), said("/etc/hosts is it"));
    }

    #[test]
    fn a_paste_of_several_lines_runs_nothing() {
        assert_eq!(read("/quit\n/nick eve"), said("/quit\n/nick eve"));
    }

    #[test]
    fn commands_have_aliases_and_arguments() {
        for (line, command) in [
            ("/help", Command::Help(None)),
            ("/? join", Command::Help(Some("join".to_owned()))),
            ("/J  rust ", Command::Join("rust".to_owned())),
            ("/leave", Command::Part(None)),
            ("/names", Command::Who),
            ("/list", Command::Rooms),
            ("/nick Ann", Command::Nick("Ann".to_owned())),
            ("/history", Command::History(20)),
            ("/history 5", Command::History(5)),
            ("/exit now", Command::Quit),
            ("/topic", Command::Topic(None)),
            ("/topic tea  at four", Command::Topic(Some("tea  at four".to_owned()))),
            ("/r yes", Command::Answer("yes".to_owned())),
        ] {
            assert_eq!(read(line), Ok(Input::Do(command)), "{line}");
        }
        assert_eq!(read("/me waves  twice"), Ok(Input::Me("waves  twice".to_owned())));
    }

    #[test]
    fn a_line_to_one_person_needs_no_text_and_their_name_no_at() {
        let to = |name: &str, text: Option<&str>| {
            Ok(Input::Do(Command::Message(name.to_owned(), text.map(str::to_owned))))
        };
        assert_eq!(read("/msg Ann hi  there"), to("Ann", Some("hi  there")));
        for (line, text) in [("/w @ann  hi", Some("hi")), ("/query ann", None), ("/m ann ", None)] {
            assert_eq!(read(line), to("ann", text), "{line}");
        }
        assert!(read("/msg").is_err() && read("/msg @").is_err());
    }

    #[test]
    fn an_edit_and_a_delete_are_of_the_last_line_unless_a_number_comes_first() {
        let edit = |seq, text: &str| Ok(Input::Do(Command::Edit(seq, text.to_owned())));
        assert_eq!(read("/edit new  text"), edit(None, "new  text"));
        assert_eq!(read("/edit 7 new  text"), edit(Some(7), "new  text"));
        assert_eq!(read("/edit #7  x"), edit(Some(7), "x"));
        assert_eq!(read("/edit 7th of May"), edit(None, "7th of May"));
        assert_eq!(read("/edit"), Ok(Input::Do(Command::ListOwn)));
        assert!(read("/edit 7").is_err() && read("/edit #7 ").is_err());
        for (line, seq) in [("/delete", None), ("/delete 7", Some(7)), ("/delete #7", Some(7))] {
            assert_eq!(read(line), Ok(Input::Do(Command::Delete(seq))), "{line}");
        }
        assert!(read("/delete it").is_err() && read("/delete 0").is_err());
    }

    #[test]
    fn an_answer_names_the_line_it_answers_and_has_a_text() {
        for (line, seq, text) in
            [("/reply 7 yes  it is", 7, "yes  it is"), ("/reply #7  x", 7, "x")]
        {
            assert_eq!(read(line), Ok(Input::Do(Command::Reply(seq, text.to_owned()))), "{line}");
        }
        assert_eq!(read("/reply "), Ok(Input::Do(Command::ListNewest)));
        let too_big = "/reply 9007199254740992 x"; // 2^53: no number of this protocol
        for line in
            ["/reply 7", "/reply yes", "/reply yes it is", "/reply 0 x", "/reply #", too_big]
        {
            assert_eq!(read(line).unwrap_err(), "use it like this: /reply [SEQ TEXT]", "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_never_sent() {
        let refusal = |line| read(line).unwrap_err();
        assert_eq!(refusal("/jion x"), "no command /jion, nothing was sent (did you mean /join?)");
        assert_eq!(
            refusal("/s3cret-pass"),
            "no command /s3cret-pass, nothing was sent (/help lists them all)"
        );
        assert_eq!(refusal("/nick"), "use it like this: /nick NAME");
        assert_eq!(refusal("/nick a b"), "use it like this: /nick NAME");
        assert_eq!(refusal("/history 0"), "use it like this: /history [N]");
        assert!(read("/").is_err());
    }

    #[test]
    fn no_name_stands_for_two_commands() {
        let names = || TABLE.iter().flat_map(|entry| entry.names);
        for name in names() {
            assert_eq!(names().filter(|other| *other == name).count(), 1, "{name}");
        }
    }
}
