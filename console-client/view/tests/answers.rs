//! What is shown of a line that answers another.

use super::*;

fn answer(seq: u64, said: &str) -> Operation {
    Operation::Post { text: text(said), me: false, reply: Some(seq) }
}

#[test]
fn an_answer_is_shown_under_what_it_answers() {
    for shows in [Shows::Here, Shows::All] {
        let mut view = view(shows, &["lobby"]);
        let me = Operation::Post { text: text("waves"), me: true, reply: None };
        hear(
            &mut view,
            [
                record("lobby", 1, "ann", "tea\nor not"),
                act("lobby", 2, "bob", answer(1, "yes")),
                act("lobby", 3, "ann", me),
                act("lobby", 4, "bob", answer(3, "hi")),
                act("lobby", 5, "ann", Operation::Edit { target: 1, text: text("coffee?") }),
                act("lobby", 6, "bob", answer(1, "no")),
                act("lobby", 7, "bob", answer(5, "to an edit")),
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
        assert_eq!(told(&mut view)[3..], expected);
    }
}

#[test]
fn what_answers_a_deleted_text_keeps_nothing_of_it() {
    let mut view = view(Shows::Here, &["lobby"]);
    hear(
        &mut view,
        [
            record("lobby", 1, "ann", "secret"),
            act("lobby", 2, "bob", answer(1, "yes")),
            act("lobby", 3, "ann", Operation::Delete { target: 1 }),
            act("lobby", 4, "bob", answer(1, "still")),
        ],
    );
    told(&mut view);
    let expected = [
        "00:01 ann (deleted)",
        "↳ #1 (deleted)",
        "00:02 bob yes",
        "00:03 ann deleted #1",
        "↳ #1 (deleted)",
        "00:04 bob still",
    ];
    assert_eq!(drawn(&view.newest(6)), expected);
    assert!(!format!("{view:?}").contains("secret"));
}

#[test]
fn what_is_not_loaded_is_a_number_until_it_is() {
    let mut view = view(Shows::Here, &["lobby"]);
    hear(&mut view, [act("lobby", 3, "ann", answer(1, "late"))]);
    assert_eq!(told(&mut view)[1..], ["↳ #1", "00:03 ann late"]);
    view.expect(room("lobby"), Asked::List(9));
    let records = vec![record("lobby", 1, "ann", "old"), act("lobby", 2, "ann", answer(1, "x"))];
    view.hear(
        Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 }),
        MIDNIGHT,
    );
    let expected = ["00:01 #1 ann old", "↳ #1 ann: old", "00:02 #2 ann x"];
    assert_eq!(told(&mut view)[2..5], expected);
    hear(&mut view, [act("lobby", 4, "ann", answer(1, "later"))]);
    assert_eq!(told(&mut view), ["↳ #1 ann: old", "00:04 ann later"]);
    view.hear(Event::Reset(room("lobby")), MIDNIGHT);
    told(&mut view);
    hear(&mut view, [act("lobby", 2, "ann", answer(1, "anew"))]);
    assert_eq!(told(&mut view)[1..], ["↳ #1", "00:02 ann anew"]);
}

#[test]
fn an_answer_of_ours_waits_under_what_it_answers() {
    let mut view = view(Shows::Here, &["lobby", "rust"]);
    hear(&mut view, [record("lobby", 1, "ann", "tea?")]);
    view.waits(Submission { room: room("lobby"), cid: cid(2), operation: answer(1, "yes") });
    view.waits(Submission { room: room("rust"), cid: cid(3), operation: answer(9, "there") });
    let message = "no record".to_owned();
    view.hear(
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
    assert_eq!(drawn(&view.waiting_lines()), expected);
}

#[test]
fn the_newest_lines_are_listed_with_their_numbers() {
    let mut view = view(Shows::Here, &["lobby"]);
    view.list_newest();
    assert_eq!(told(&mut view), ["-- no line is in sight in #lobby (/history has numbers too) --"]);
    hear(&mut view, (1..=12).map(|seq| record("lobby", seq, "ann", &format!("line {seq}"))));
    hear(&mut view, [act("lobby", 13, "ann", Operation::Delete { target: 11 })]);
    told(&mut view);
    view.list_newest();
    let rows = told(&mut view);
    assert_eq!(rows[0], "-- the newest lines in #lobby; /history numbers older ones --");
    assert_eq!(rows[1..3], ["   #2 ann: line 2", "   #3 ann: line 3"]);
    assert_eq!(rows[9..], ["   #10 ann: line 10", "   #12 ann: line 12"]);
}
