//! What a submitted line means.

use super::*;

fn post(text: &str) -> Result<Input, String> {
    Ok(Input::Post(text.to_owned()))
}

#[test]
fn a_line_is_a_message_and_two_slashes_send_one() {
    assert_eq!(parse("hi /there"), post("hi /there"));
    assert_eq!(parse(" /quit"), post(" /quit"));
    assert_eq!(parse("//etc/hosts is it"), post("/etc/hosts is it"));
}

#[test]
fn a_paste_of_several_lines_runs_nothing_and_only_texts_have_lines() {
    let refusal = "/quit takes one line: nothing was sent (//… sends it as text)";
    assert_eq!(parse("/quit\n/nick eve").unwrap_err(), refusal);
    assert_eq!(parse("//quit\n/nick eve"), post("/quit\n/nick eve"));
    let to_ann = Command::Message("ann".to_owned(), Some("one\ntwo".to_owned()));
    assert_eq!(parse("/w ann one\ntwo"), Ok(Input::Command(to_ann)));
}

#[test]
fn commands_have_aliases_and_arguments() {
    for (line, command) in [
        ("/help", Command::Help(None)),
        ("/? join", Command::Help(Some("join".to_owned()))),
        ("/J  rust ", Command::Join("rust".to_owned())),
        ("/leave", Command::Part(None)),
        ("/names", Command::Who(None)),
        ("/who Jo", Command::Who(Some("Jo".to_owned()))),
        ("/list", Command::Rooms),
        ("/nick Ann", Command::Nick("Ann".to_owned())),
        ("/history", Command::History(20)),
        ("/history 5", Command::History(5)),
        ("/search red  lid", Command::Search("red  lid".into())),
        ("/lastlog lid", Command::Search("lid".into())),
        ("/exit now", Command::Quit),
        ("/topic", Command::Topic(None)),
        ("/topic tea  at four", Command::Topic(Some("tea  at four".to_owned()))),
        ("/ignore", Command::Preference(PreferenceCommand::Ignore(None))),
        ("/ignore eve", Command::Preference(PreferenceCommand::Ignore(Some("eve".to_owned())))),
        ("/unignore eve", Command::Preference(PreferenceCommand::Unignore("eve".to_owned()))),
        ("/mute", Command::Preference(PreferenceCommand::Mute(None))),
        ("/mute #dev", Command::Preference(PreferenceCommand::Mute(Some("#dev".to_owned())))),
        ("/unmute", Command::Preference(PreferenceCommand::Unmute(None))),
        ("/unmute @ann", Command::Preference(PreferenceCommand::Unmute(Some("@ann".to_owned())))),
        ("/quiet", Command::Preference(PreferenceCommand::Quiet)),
        ("/bell", Command::Preference(PreferenceCommand::Bell(None))),
        ("/bell off", Command::Preference(PreferenceCommand::Bell(Some(BellMode::Off)))),
        ("/bell mention", Command::Preference(PreferenceCommand::Bell(Some(BellMode::Mention)))),
        ("/bell all", Command::Preference(PreferenceCommand::Bell(Some(BellMode::All)))),
        (
            "/timestamp datetime",
            Command::Preference(PreferenceCommand::Timestamp(Some(TimestampStyle::DateTime))),
        ),
        ("/r yes", Command::ReplyDirect("yes".to_owned())),
    ] {
        assert_eq!(parse(line), Ok(Input::Command(command)), "{line}");
    }
    assert_eq!(parse("/me waves  twice"), Ok(Input::Me("waves  twice".to_owned())));
}

#[test]
fn a_direct_message_needs_no_text_and_the_name_no_at() {
    let to = |name: &str, text: Option<&str>| {
        Ok(Input::Command(Command::Message(name.to_owned(), text.map(str::to_owned))))
    };
    assert_eq!(parse("/msg Ann hi  there"), to("Ann", Some("hi  there")));
    for (line, text) in [("/w @ann  hi", Some("hi")), ("/query ann", None), ("/m ann ", None)] {
        assert_eq!(parse(line), to("ann", text), "{line}");
    }
    assert!(parse("/msg").is_err() && parse("/msg @").is_err());
}

#[test]
fn an_edit_and_a_delete_are_of_the_last_message_unless_a_number_comes_first() {
    let edit = |seq, text: &str| Ok(Input::Command(Command::Edit(seq, text.to_owned())));
    assert_eq!(parse("/edit new  text"), edit(None, "new  text"));
    assert_eq!(parse("/edit 7 new  text"), edit(Some(7), "new  text"));
    assert_eq!(parse("/edit #7  x"), edit(Some(7), "x"));
    assert_eq!(parse("/edit 7th of May"), edit(None, "7th of May"));
    assert_eq!(parse("/edit"), Ok(Input::Command(Command::ListOwn)));
    assert!(parse("/edit 7").is_err() && parse("/edit #7 ").is_err());
    for (line, seq) in [("/delete", None), ("/delete 7", Some(7)), ("/delete #7", Some(7))] {
        assert_eq!(parse(line), Ok(Input::Command(Command::Delete(seq))), "{line}");
    }
    assert!(parse("/delete it").is_err() && parse("/delete 0").is_err());
}

#[test]
fn a_reply_has_the_number_of_a_message_and_a_text() {
    for (line, seq, text) in [("/reply 7 yes  it is", 7, "yes  it is"), ("/reply #7  x", 7, "x")] {
        assert_eq!(parse(line), Ok(Input::Command(Command::Reply(seq, text.to_owned()))), "{line}");
    }
    assert_eq!(parse("/reply "), Ok(Input::Command(Command::ListNewest)));
    let too_big = "/reply 9007199254740992 x"; // 2^53: no number of this protocol
    for line in ["/reply 7", "/reply yes", "/reply yes it is", "/reply 0 x", "/reply #", too_big] {
        assert_eq!(parse(line).unwrap_err(), "usage: /reply [NUMBER TEXT]", "{line}");
    }
}

#[test]
fn a_message_to_go_to_is_named_by_its_number_or_a_time() {
    for (line, target) in [
        ("/goto 1042", Target::Seq(1042)),
        ("/goto #7", Target::Seq(7)),
        ("/goto 13:05", Target::Time(Moment { day: None, minutes: Some(785) })),
        ("/goto 0:00", Target::Time(Moment { day: None, minutes: Some(0) })),
        ("/goto today", Target::Time(Moment { day: Some(Day::Today), minutes: None })),
    ] {
        assert_eq!(parse(line), Ok(Input::Command(Command::Goto(target))), "{line}");
    }
    for line in ["/goto", "/goto 0", "/goto 24:00", "/goto 1:60", "/goto +1:00", "/goto 1:2:3"] {
        assert_eq!(parse(line).unwrap_err(), "usage: /goto NUMBER|DATE", "{line}");
    }
}

#[test]
fn an_unknown_command_is_never_sent() {
    let error_of = |line| parse(line).unwrap_err();
    assert_eq!(
        error_of("/jion x"),
        "there is no command /jion: nothing was sent (did you mean /join?)"
    );
    assert_eq!(
        error_of("/s3cret-pass"),
        "there is no command /s3cret-pass: nothing was sent (/help lists all commands)"
    );
    assert_eq!(error_of("/nick"), "usage: /nick NAME");
    assert_eq!(error_of("/bell on"), "usage: /bell [off|mention|all]");
    assert_eq!(error_of("/timestamp now"), "usage: /timestamp [time|datetime|off]");
    assert_eq!(error_of("/nick a b"), "usage: /nick NAME");
    assert_eq!(error_of("/history 0"), "usage: /history [N]");
    assert!(parse("/").is_err());
}

#[test]
fn a_row_of_the_help_keeps_its_parts_apart_and_fits_a_terminal() {
    for entry in TABLE {
        let row = entry.row();
        assert!(row.contains(&format!("{} ", entry.usage())), "{row}");
        assert!(row.len() + "   ".len() < 80, "{row}");
    }
}

#[test]
fn no_name_is_for_two_commands() {
    let names = || TABLE.iter().flat_map(|entry| entry.names);
    for name in names() {
        assert_eq!(names().filter(|other| *other == name).count(), 1, "{name}");
    }
}

#[test]
fn the_manual_page_has_every_command_as_the_help_has_it() {
    let row = |entry: &CommandInfo| {
        let aliases = entry.names.iter().skip(1).map(|name| format!(" , /{name}"));
        let usage = format!("/{}{}", entry.names[0], aliases.collect::<String>());
        let argument = match entry.argument {
            "" => String::new(),
            argument => format!(" Ar \"{argument}\""),
        };
        format!(".It Ic {usage}{argument}\n{}.\n", entry.help)
    };
    let rows: String = TABLE.iter().map(row).collect();
    let wanted = format!(".Bl -tag -width indent\n{rows}.El\n.Sh KEYS\n");
    let manual = include_str!("../../docs/console.1");
    assert!(manual.contains(&wanted), "the section COMMANDS should have:\n{wanted}");
}
