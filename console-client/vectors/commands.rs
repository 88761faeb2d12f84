//! What a typed line means: `tests/vectors/commands.json`.

use serde_json::Value;
use serde_json::json;

use talk::chat::AwayMessage;
use talk::chat::NamePart;
use talk::chat::Text;
use talk::chat::Topic;
use talk::chat::UserName;
use talk::limits;
use talk::time;

use super::check;
use super::list;
use super::table;
use super::text;
use super::with_fields;
use crate::command;
use crate::command::Command;
use crate::command::Day;
use crate::command::Input;
use crate::command::Moment;
use crate::command::PreferenceCommand;
use crate::command::Target;
use crate::storage::preferences::BellMode;
use crate::storage::preferences::TimestampStyle;
use crate::text::timezone::TimeZone;

/// What a typed line means. The chat checks names, rooms and texts only when it runs a command, so
/// that check is here too.
fn meaning(typed: &str) -> Value {
    let input = match command::parse(typed) {
        Ok(input) => input,
        Err(sentence) => return refusal(&sentence),
    };
    let meaning = match input {
        Input::Post(text) => text_of(&text).map(|text| json!({ "post": text })),
        Input::Me(text) => text_of(&text).map(|text| json!({ "post": text, "me": true })),
        Input::Command(command) => command_meaning(command),
    };
    meaning.unwrap_or_else(|| json!({ "refused": true }))
}

fn command_meaning(command: Command) -> Option<Value> {
    let (name, arguments) = match command {
        Command::Help(None) => ("help", json!({})),
        Command::Help(Some(about)) => ("help", json!({ "about": about.trim_start_matches('/') })),
        Command::Message(name, None) => ("msg", json!({ "name": user(&name)? })),
        Command::Message(name, Some(text)) => {
            ("msg", json!({ "name": user(&name)?, "text": text_of(&text)? }))
        }
        Command::ReplyDirect(text) => ("r", json!({ "text": text_of(&text)? })),
        Command::Reply(seq, text) => ("reply", json!({ "seq": seq, "text": text_of(&text)? })),
        Command::ListNewest => ("list newest", json!({})),
        Command::Edit(None, text) => ("edit", json!({ "text": text_of(&text)? })),
        Command::Edit(Some(seq), text) => ("edit", json!({ "seq": seq, "text": text_of(&text)? })),
        Command::ListOwn => ("list own", json!({})),
        Command::Delete(None) => ("delete", json!({})),
        Command::Delete(Some(seq)) => ("delete", json!({ "seq": seq })),
        Command::Topic(None) => ("topic", json!({})),
        Command::Topic(Some(text)) => {
            let text = if text == "-" { "" } else { &text };
            ("topic", json!({ "text": Topic::parse(text).ok()?.to_string() }))
        }
        Command::Nick(name) => ("nick", json!({ "name": user(&name)? })),
        Command::Join(name) => match name.strip_prefix('@').filter(|name| !name.contains('+')) {
            Some(name) => ("msg", json!({ "name": user(name)? })),
            None => ("join", json!({ "room": room(&name)? })),
        },
        Command::Part(name) => ("leave", optional_room(name)?),
        Command::Who(None) => ("who", json!({})),
        Command::Who(Some(prefix)) => {
            ("who", json!({ "prefix": prefix.parse::<NamePart>().ok()?.as_str() }))
        }
        Command::Rooms => ("rooms", json!({})),
        Command::History(count) => ("history", json!({ "count": count })),
        Command::Search(words) if words.len() > limits::SEARCH_WORDS => return None,
        Command::Search(words) => ("search", json!({ "words": words })),
        Command::Goto(Target::Seq(seq)) => ("goto", json!({ "seq": seq })),
        Command::Goto(Target::Time(moment)) => ("goto", moment_fields(moment)),
        Command::Show(seq) => ("show", json!({ "seq": seq })),
        Command::Away(text) => {
            AwayMessage::parse(text.as_deref().unwrap_or_default()).ok()?;
            ("away", json!({ "text": text.unwrap_or_default() }))
        }
        Command::Back => ("back", json!({})),
        Command::Preference(command) => preference(command)?,
        Command::Resend => ("resend", json!({})),
        Command::Drop => ("drop", json!({})),
        Command::Reconnect => ("reconnect", json!({})),
        Command::Clear => ("clear", json!({})),
        Command::Key => ("key", json!({})),
        Command::KeyGiven => ("key given", json!({})),
        Command::Version => ("version", json!({})),
        Command::Quit => ("quit", json!({})),
    };
    Some(with_fields(json!({ "command": name }), &arguments))
}

fn moment_fields(Moment { day, minutes }: Moment) -> Value {
    let mut fields = json!({});
    if let Some(day) = day {
        fields["day"] = match day {
            Day::Today => json!("today"),
            Day::Yesterday => json!("yesterday"),
            Day::Date(year, month, day) => json!([year, month, day]),
        };
    }
    if let Some(minutes) = minutes {
        fields["minutes"] = json!(minutes);
    }
    fields
}

fn preference(command: PreferenceCommand) -> Option<(&'static str, Value)> {
    Some(match command {
        PreferenceCommand::Ignore(None) => ("list ignored", json!({})),
        PreferenceCommand::Ignore(Some(name)) => ("ignore", json!({ "name": user(&name)? })),
        PreferenceCommand::Unignore(name) => ("unignore", json!({ "name": user(&name)? })),
        PreferenceCommand::Mute(name) => ("mute", optional_room(name)?),
        PreferenceCommand::Unmute(name) => ("unmute", optional_room(name)?),
        PreferenceCommand::Quiet => ("quiet", json!({})),
        PreferenceCommand::Bell(None) => ("bell", json!({})),
        PreferenceCommand::Bell(Some(mode)) => {
            let mode = match mode {
                BellMode::Off => "off",
                BellMode::Mention => "mention",
                BellMode::All => "all",
            };
            ("bell", json!({ "mode": mode }))
        }
        PreferenceCommand::Timestamp(None) => ("timestamp", json!({})),
        PreferenceCommand::Timestamp(Some(style)) => {
            let style = match style {
                TimestampStyle::Time => "time",
                TimestampStyle::DateTime => "datetime",
                TimestampStyle::Off => "off",
            };
            ("timestamp", json!({ "style": style }))
        }
    })
}

/// An unknown command and the suggestion, or a wrong argument.
fn refusal(sentence: &str) -> Value {
    let Some((word, hint)) = sentence
        .strip_prefix("there is no command /")
        .and_then(|rest| rest.split_once(": nothing was sent"))
    else {
        return json!({ "refused": true });
    };
    let near = hint.strip_prefix(" (did you mean /").and_then(|near| near.strip_suffix("?)"));
    json!({ "unknown": word, "suggestion": near })
}

fn text_of(typed: &str) -> Option<String> {
    Some(Text::parse(typed, limits::TEXT).ok()?.to_string())
}

fn user(typed: &str) -> Option<String> {
    Some(typed.parse::<UserName>().ok()?.to_string())
}

fn room(typed: &str) -> Option<String> {
    Some(command::room_name(typed).ok()?.to_string())
}

/// A room, the private room with a user, or the room on the screen.
fn optional_room(typed: Option<String>) -> Option<Value> {
    let Some(typed) = typed else { return Some(json!({})) };
    match typed.strip_prefix('@').filter(|name| !name.contains('+')) {
        Some(name) => Some(json!({ "with": user(name)? })),
        None => Some(json!({ "room": room(&typed)? })),
    }
}

/// What a row of the table says of the console: a text for both clients, or one for each.
fn of_console(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("console")?.as_str())
}

#[test]
fn a_typed_line_means_what_the_table_says() {
    check("commands", |case| meaning(text(&case["typed"])));
}

/// `2026-11-28T14:30Z` in Unix milliseconds.
fn unix_ms(text: &str) -> u64 {
    let part = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let days = time::days(part(0, 4), part(5, 7), part(8, 10));
    let seconds = days * time::DAY + part(11, 13) * 3_600 + part(14, 16) * 60;
    u64::try_from(seconds).unwrap() * 1_000
}

#[test]
fn goto_means_the_time_that_the_table_says() {
    check("goto", |case| {
        let zone = TimeZone::from_rule(text(&case["rule"])).unwrap();
        let typed = format!("/goto {}", text(&case["typed"]));
        let Ok(Input::Command(Command::Goto(Target::Time(moment)))) = command::parse(&typed) else {
            return json!("refused");
        };
        let at = zone.unix_ms(moment.local(zone.local(unix_ms(text(&case["now"])))));
        json!(time::utc(at).replace(":00.000Z", "Z"))
    });
}

#[test]
fn every_command_is_in_the_table_with_the_aliases_the_argument_and_the_help_that_the_console_shows()
{
    let table = table("commands");
    let shown = |row: &Value| {
        let names = list(row, "names").iter().map(|name| text(name).to_owned()).collect();
        Some((
            names,
            of_console(&row["argument"])?.to_owned(),
            of_console(&row["help"])?.to_owned(),
        ))
    };
    let wanted: Vec<(Vec<String>, String, String)> =
        list(&table, "commands").iter().filter_map(shown).collect();
    let known: Vec<(Vec<String>, String, String)> = command::TABLE
        .iter()
        .map(|entry| {
            let names = entry.names.iter().map(|name| (*name).to_owned()).collect();
            (names, entry.argument.to_owned(), entry.help.to_owned())
        })
        .collect();
    assert_eq!(known, wanted);
}

#[test]
fn every_name_of_a_command_has_a_case() {
    let table = table("commands");
    let cases = list(&table, "cases");
    for word in command::TABLE.iter().flat_map(|entry| entry.names) {
        let is_typed = |case: &Value| {
            text(&case["typed"]).split_whitespace().next() == Some(&format!("/{word}"))
        };
        assert!(cases.iter().any(is_typed), "no case for /{word}");
    }
}

#[test]
fn a_command_that_is_not_the_same_in_both_clients_says_why() {
    for row in list(&table("commands"), "commands") {
        let differs = row["argument"].is_object() || row["help"].is_object();
        assert_eq!(row.get("difference").is_some(), differs, "{row}");
    }
}
