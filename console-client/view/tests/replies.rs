//! What is shown of replies.

use super::*;

fn answer(seq: u64, said: &str) -> Operation {
    Operation::Post { text: text(said), me: false, reply: Some(seq) }
}

#[test]
fn a_reply_is_shown_below_the_message_it_replies_to() {
    for mode in [OutputMode::OneRoom, OutputMode::AllRooms] {
        let mut view = view(mode, &["lobby"]);
        let me = Operation::Post { text: text("waves"), me: true, reply: None };
        apply(
            &mut view,
            [
                record("lobby", 1, "ann", "tea\nor not"),
                operation("lobby", 2, "bob", answer(1, "yes")),
                operation("lobby", 3, "ann", me),
                operation("lobby", 4, "bob", answer(3, "hi")),
                operation("lobby", 5, "ann", Operation::Edit { target: 1, text: text("coffee?") }),
                operation("lobby", 6, "bob", answer(1, "no")),
                operation("lobby", 7, "bob", answer(5, "to an edit")),
            ],
        );
        let expected = [
            "↳ #1 ann: tea or not",
            "00:02 bob yes",
            "00:03 * ann waves",
            "↳ #3 * ann waves",
            "00:04 bob hi",
            "00:05 ann edited #1: coffee?",
            "↳ #1 ann: coffee?",
            "00:06 bob no",
            "↳ #5",
            "00:07 bob to an edit",
        ];
        assert_eq!(printed(&mut view)[3..], expected);
    }
}

#[test]
fn a_reply_keeps_nothing_of_a_deleted_text() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    apply(
        &mut view,
        [
            record("lobby", 1, "ann", "secret"),
            operation("lobby", 2, "bob", answer(1, "yes")),
            operation("lobby", 3, "ann", Operation::Delete { target: 1 }),
            operation("lobby", 4, "bob", answer(1, "still")),
        ],
    );
    printed(&mut view);
    let expected = [
        "00:01 ann (deleted)",
        "↳ #1 (deleted)",
        "00:02 bob yes",
        "00:03 ann deleted #1",
        "↳ #1 (deleted)",
        "00:04 bob still",
    ];
    assert_eq!(drawn(&newest(&view, 6)), expected);
    assert!(!format!("{view:?}").contains("secret"));
}

#[test]
fn a_message_that_is_not_loaded_is_a_number_until_it_is() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    apply(&mut view, [operation("lobby", 3, "ann", answer(1, "late"))]);
    assert_eq!(printed(&mut view)[1..], ["↳ #1", "00:03 ann late"]);
    view.display.scroll.history.expect(room("lobby"), Purpose::List(9));
    let records =
        vec![record("lobby", 1, "ann", "old"), operation("lobby", 2, "ann", answer(1, "x"))];
    view.apply(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    let expected = ["00:01 #1 ann old", "↳ #1 ann: old", "00:02 #2 ann x"];
    assert_eq!(printed(&mut view)[2..5], expected);
    apply(&mut view, [operation("lobby", 4, "ann", answer(1, "later"))]);
    assert_eq!(printed(&mut view), ["↳ #1 ann: old", "00:04 ann later"]);
    view.apply(Event::Reset(room("lobby")), MIDNIGHT);
    printed(&mut view);
    apply(&mut view, [operation("lobby", 2, "ann", answer(1, "again"))]);
    assert_eq!(printed(&mut view)[1..], ["↳ #1", "00:02 ann again"]);
}

#[test]
fn a_reply_of_ours_waits_below_the_message_it_replies_to() {
    let mut view = view(OutputMode::OneRoom, &["lobby", "rust"]);
    apply(&mut view, [record("lobby", 1, "ann", "tea?")]);
    view.unsent.add(Submission { room: room("lobby"), cid: cid(2), operation: answer(1, "yes") });
    view.unsent.add(Submission { room: room("rust"), cid: cid(3), operation: answer(9, "there") });
    let message = "no record".to_owned();
    view.apply(
        Event::Failed { cid: cid(3), rejection: Rejection::new(ErrorCode::NoSuchRecord, message) },
        MIDNIGHT,
    );
    let expected = [
        "↳ #1 ann: tea?",
        "  …   bob yes",
        "[rust] ↳ #9",
        "[rust]   ✗   bob there",
        "[rust]       not sent: no record (/resend or /drop)",
    ];
    assert_eq!(drawn(&view.pending_lines()), expected);
}

#[test]
fn the_newest_messages_are_listed_with_their_numbers() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.display.print_about_room(listing::newest_posts);
    assert_eq!(
        printed(&mut view),
        ["-- no recent messages in #lobby; /history shows numbers of older ones --"]
    );
    apply(&mut view, (1..=12).map(|seq| record("lobby", seq, "ann", &format!("line {seq}"))));
    apply(&mut view, [operation("lobby", 13, "ann", Operation::Delete { target: 11 })]);
    printed(&mut view);
    view.display.print_about_room(listing::newest_posts);
    let rows = printed(&mut view);
    assert_eq!(
        rows[0],
        "-- the newest messages in #lobby; /history shows numbers of older ones --"
    );
    assert_eq!(rows[1..3], ["   #2 ann: line 2", "   #3 ann: line 3"]);
    assert_eq!(rows[9..], ["   #10 ann: line 10", "   #12 ann: line 12"]);
}
