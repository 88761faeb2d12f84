//! What is shown of what is done to a room's log.

use talk::chat::Topic;

use super::*;

fn edit(target: u64, said: &str) -> Operation {
    Operation::Edit { target, text: text(said) }
}

fn topic(said: &str) -> Operation {
    Operation::Topic { text: Topic::parse(said).unwrap() }
}

fn erased(seq: u64, edit_of: Option<u64>) -> Record {
    Record { kind: Kind::Erased { edit_of }, ..record("lobby", seq, "ann", "x") }
}

#[test]
fn an_edit_a_delete_and_a_topic_are_told_in_a_line() {
    for (shows, first_day) in [(Shows::Here, 1), (Shows::All, 1), (Shows::News, 0)] {
        let mut view = view(shows, &["lobby"]);
        hear(
            &mut view,
            [
                record("lobby", 1, "ann", "helo"),
                act("lobby", 2, "ann", edit(1, "hello\nall")),
                act("lobby", 3, "ann", Operation::Delete { target: 1 }),
                act("lobby", 4, "ann", topic("tea")),
                act("lobby", 5, "ann", topic("")),
            ],
        );
        let expected = [
            "00:01 ann helo",
            "00:02 ann edited #1: hello",
            "      │ all",
            "00:03 ann deleted #1",
            "00:04 ann set the topic: tea",
            "00:05 ann took the topic away",
        ];
        assert_eq!(told(&mut view)[first_day..], expected);
    }
}

#[test]
fn a_deleted_text_is_gone_from_what_is_shown_again() {
    let mut view = view(Shows::Here, &["lobby", "rust"]);
    for name in ["lobby", "rust"] {
        hear(
            &mut view,
            [
                record(name, 1, "ann", "secret"),
                act(name, 2, "ann", edit(1, "more secret")),
                record(name, 3, "ann", "bye"),
                act(name, 4, "ann", Operation::Delete { target: 1 }),
            ],
        );
    }
    let expected = [
        "00:01 ann (deleted)",
        "00:02 ann edited #1: (deleted)",
        "00:03 ann bye",
        "00:04 ann deleted #1",
    ];
    assert_eq!(drawn(&view.newest(4)), expected);
    told(&mut view);
    view.turn_to_active();
    assert_eq!(told(&mut view)[2..], expected);
    assert!(!format!("{view:?}").contains("secret"));
}

#[test]
fn what_was_deleted_before_we_came_keeps_its_place() {
    let mut view = view(Shows::Here, &["lobby"]);
    hear(&mut view, [erased(1, None), erased(2, Some(1))]);
    assert_eq!(told(&mut view)[1..], ["00:01 ann (deleted)", "00:02 ann edited #1: (deleted)"]);
    view.expect(room("lobby"), Asked::List(9));
    let records = vec![erased(1, None)];
    view.hear(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    assert_eq!(told(&mut view)[2], "00:01 #1 ann (deleted)");
}

#[test]
fn an_act_of_ours_waits_and_fails_like_a_line() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.waits(Submission { room: room("lobby"), cid: cid(1), operation: edit(7, "new") });
    let waiting =
        Submission { room: room("lobby"), cid: cid(2), operation: Operation::Delete { target: 9 } };
    view.waits(waiting);
    let message = "it is not yours".to_owned();
    view.hear(
        Event::Failed { cid: cid(2), rejection: Rejection::new(ErrorCode::Forbidden, message) },
        MIDNIGHT,
    );
    let expected = [
        "  …   bob edited #7: new",
        "  ✗   bob deleted #9",
        "      not sent: it is not yours (/resend or /drop)",
    ];
    assert_eq!(drawn(&view.waiting_lines()), expected);
}

#[test]
fn our_last_line_is_found_unless_it_is_in_doubt_which_one_that_is() {
    let mut view = view(Shows::Here, &["lobby"]);
    assert!(view.own_last().unwrap_err().contains("in sight"));
    hear(
        &mut view,
        [
            record("lobby", 1, "bob", "one"),
            record("lobby", 2, "Bob", "two"),
            record("lobby", 3, "ann", "three"),
            act("lobby", 4, "bob", edit(1, "won")),
        ],
    );
    assert_eq!(view.own_last(), Ok(2));
    told(&mut view);
    view.list_own();
    assert_eq!(told(&mut view), ["-- your lines in #lobby --", "   #1 won", "   #2 two"]);

    let delete = Operation::Delete { target: 2 };
    view.waits(Submission { room: room("lobby"), cid: cid(5), operation: delete.clone() });
    assert_eq!(view.own_last(), Ok(1), "the other is on its way out");
    view.hear(Event::Dropped(cid(5)), MIDNIGHT);
    assert_eq!(view.own_last(), Ok(2));
    hear(&mut view, [act("lobby", 5, "bob", delete)]);
    assert_eq!(view.own_last(), Ok(1));
    view.waits(own("lobby", 6, "three"));
    assert!(view.own_last().unwrap_err().contains("not stored yet"));
    view.hear(Event::Dropped(cid(6)), MIDNIGHT);
    let renamed =
        Event::Message(ServerMessage::Renamed { user: user("bob"), to: user("rob"), token: None });
    view.hear(renamed, MIDNIGHT);
    assert!(view.own_last().is_err(), "those were another name's");
}

#[test]
fn the_topic_is_told_when_asked_for() {
    let mut view = view(Shows::Here, &["lobby"]);
    let ask = |view: &mut View| {
        told(view);
        view.tell_topic();
        told(view).concat()
    };
    assert_eq!(ask(&mut view), "-- #lobby has no topic (/topic TEXT sets one) --");
    hear(&mut view, [act("lobby", 1, "ann", topic("tea"))]);
    assert_eq!(ask(&mut view), "-- #lobby: tea --");
    let topic = Some("coffee".to_owned());
    view.hear(
        Event::Message(ServerMessage::Joined(Joined { topic, ..welcome_to("lobby", 1) })),
        MIDNIGHT,
    );
    assert_eq!(ask(&mut view), "-- #lobby: coffee --");
    hear(&mut view, [act("lobby", 2, "ann", self::topic(""))]);
    assert_eq!(ask(&mut view), "-- #lobby has no topic (/topic TEXT sets one) --");
}
