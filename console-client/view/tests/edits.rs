//! What is shown of edits, deletes and topics.

use talk::chat::Topic;

use talk::chat::protocol::Limits;
use talk::chat::protocol::Welcome;

use super::*;

fn edit(target: u64, said: &str) -> Operation {
    Operation::Edit { target, text: text(said) }
}

fn topic(said: &str) -> Operation {
    Operation::Topic { text: Topic::parse(said).unwrap() }
}

fn erased(seq: u64, edit_of: Option<u64>) -> Record {
    Record { kind: RecordKind::Erased { edit_of }, ..record("lobby", seq, "ann", "x") }
}

#[test]
fn an_edit_a_delete_and_a_topic_are_shown_as_a_line() {
    for mode in [OutputMode::OneRoom, OutputMode::AllRooms, OutputMode::NewOnly] {
        let mut view = view(mode, &["lobby"]);
        apply(
            &mut view,
            [
                record("lobby", 1, "ann", "helo"),
                operation("lobby", 2, "ann", edit(1, "hello\nall")),
                operation("lobby", 3, "ann", Operation::Delete { target: 1 }),
                operation("lobby", 4, "ann", topic("tea")),
                operation("lobby", 5, "ann", topic("")),
            ],
        );
        let expected = [
            "00:01 ann helo",
            "00:02 ann edited #1: hello",
            "      │ all",
            "00:03 ann deleted #1",
            "00:04 ann set the topic: tea",
            "00:05 ann removed the topic",
        ];
        assert_eq!(printed(&mut view)[1..], expected, "below the line of the day");
    }
}

#[test]
fn a_deleted_text_is_not_shown_again() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "rust"]);
    for name in ["lobby", "rust"] {
        apply(
            &mut view,
            [
                record(name, 1, "ann", "secret"),
                operation(name, 2, "ann", edit(1, "more secret")),
                record(name, 3, "ann", "bye"),
                operation(name, 4, "ann", Operation::Delete { target: 1 }),
            ],
        );
    }
    let expected = [
        "00:01 ann (deleted)",
        "00:02 ann edited #1: (deleted)",
        "00:03 ann bye",
        "00:04 ann deleted #1",
    ];
    assert_eq!(drawn(&newest(&view, 4)), expected);
    printed(&mut view);
    switch_to_unread(&mut view);
    assert_eq!(printed(&mut view)[2..], expected);
    assert!(!format!("{view:?}").contains("secret"));
}

#[test]
fn a_post_deleted_before_we_joined_keeps_its_place() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    apply(&mut view, [erased(1, None), erased(2, Some(1))]);
    assert_eq!(printed(&mut view)[1..], ["00:01 ann (deleted)", "00:02 ann edited #1: (deleted)"]);
    view.display.scroll.history.expect(room("lobby"), Purpose::List(9));
    let records = vec![erased(1, None)];
    view.apply(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    assert_eq!(printed(&mut view)[2], "00:01 #1 ann (deleted)");
}

#[test]
fn an_edit_of_ours_waits_and_fails_like_a_message() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.unsent.add(Submission { room: room("lobby"), cid: cid(1), operation: edit(7, "new") });
    let waiting =
        Submission { room: room("lobby"), cid: cid(2), operation: Operation::Delete { target: 9 } };
    view.unsent.add(waiting);
    let message = "it is not yours".to_owned();
    view.apply(
        Event::Failed { cid: cid(2), rejection: Rejection::new(ErrorCode::Forbidden, message) },
        MIDNIGHT,
    );
    let expected = [
        "  …   bob edited #7: new",
        "  ✗   bob deleted #9",
        "      not sent: it is not yours (/resend or /drop)",
    ];
    assert_eq!(drawn(&view.pending_lines()), expected);
}

#[test]
fn our_last_message_is_found_unless_another_may_be_meant() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    assert!(last_own_post(&view).unwrap_err().contains("no recent message"));
    apply(
        &mut view,
        [
            record("lobby", 1, "bob", "one"),
            record("lobby", 2, "Bob", "two"),
            record("lobby", 3, "ann", "three"),
            operation("lobby", 4, "bob", edit(1, "won")),
        ],
    );
    assert_eq!(last_own_post(&view), Ok(2));
    printed(&mut view);
    view.display.print_about_room(listing::own_posts);
    assert_eq!(
        printed(&mut view),
        [
            "-- your messages in #lobby; /history shows numbers of older ones --",
            "   #1 won",
            "   #2 two"
        ]
    );

    let delete = Operation::Delete { target: 2 };
    view.unsent.add(Submission { room: room("lobby"), cid: cid(5), operation: delete.clone() });
    assert_eq!(last_own_post(&view), Ok(1), "the other is on its way out");
    view.apply(Event::Dropped(cid(5)), MIDNIGHT);
    assert_eq!(last_own_post(&view), Ok(2));
    apply(&mut view, [operation("lobby", 5, "bob", delete)]);
    assert_eq!(last_own_post(&view), Ok(1));
    view.unsent.add(own("lobby", 6, "three"));
    assert!(last_own_post(&view).unwrap_err().contains("not stored yet"));
    view.apply(Event::Dropped(cid(6)), MIDNIGHT);
    let renamed = |from: &str, to: &str, key: &str| {
        let token = Some(key.repeat(32).parse().unwrap());
        Event::Message(ServerMessage::Renamed { user: user(from), to: user(to), token })
    };
    let welcome = ServerMessage::Welcome(Welcome {
        user: user("bob"),
        former: vec![user("bobby")],
        token: "1".repeat(32).parse().unwrap(),
        server: "talk/test".to_owned(),
        limits: Limits { text: 4096, rate: 5, burst: 20, page: 100 },
        motd: None,
        away: None,
        rooms: None,
    });
    view.apply(Event::Message(welcome), MIDNIGHT);
    apply(&mut view, [record("lobby", 6, "Bobby", "under a name that we had before")]);
    assert_eq!(last_own_post(&view), Ok(6));
    view.apply(renamed("bob", "rob", "1"), MIDNIGHT);
    apply(&mut view, [record("lobby", 7, "bob", "under the former name")]);
    assert_eq!(last_own_post(&view), Ok(7), "the same person");
    view.apply(renamed("rob", "ann", "2"), MIDNIGHT);
    assert!(last_own_post(&view).is_err(), "those were another person's");
}

#[test]
fn the_topic_is_shown_on_request() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    let ask = |view: &mut View| {
        printed(view);
        view.display.print_about_room(listing::topic);
        printed(view).concat()
    };
    assert_eq!(ask(&mut view), "-- #lobby has no topic (/topic TEXT sets one) --");
    apply(&mut view, [operation("lobby", 1, "ann", topic("tea"))]);
    assert_eq!(ask(&mut view), "-- #lobby: tea --");
    let topic = Some("coffee".to_owned());
    view.apply(
        Event::Message(ServerMessage::Joined(Joined { topic, ..welcome_to("lobby", 1) })),
        MIDNIGHT,
    );
    assert_eq!(ask(&mut view), "-- #lobby: coffee --");
    apply(&mut view, [operation("lobby", 2, "ann", self::topic(""))]);
    assert_eq!(ask(&mut view), "-- #lobby has no topic (/topic TEXT sets one) --");
}
