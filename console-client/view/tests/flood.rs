//! What a server sends that was not asked for, or too much of it.

use super::*;

fn long_record(name: &str, seq: u64) -> Record {
    let text = Text::parse(&("\n".repeat(4_095) + "x"), 4_096).unwrap();
    operation(name, seq, "eve", Operation::Post { text, me: false, reply: None })
}

fn history(seqs: std::ops::Range<u64>) -> Event {
    let records = seqs.map(|seq| record("lobby", seq, "ann", "old")).collect();
    Event::Message(ServerMessage::History { room: room("lobby"), records, first: 1 })
}

#[test]
fn history_that_was_not_requested_is_not_shown() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    view.apply(history(1..100), MIDNIGHT);
    assert!(printed(&mut view).is_empty());
    view.display.scroll.history.expect(room("lobby"), Purpose::List(2));
    view.apply(history(1..3), MIDNIGHT);
    assert!(!printed(&mut view).is_empty());
    view.apply(history(1..3), MIDNIGHT);
    assert!(printed(&mut view).is_empty());
}

#[test]
fn the_lines_of_all_rooms_together_have_a_bound_and_the_largest_room_gives_way() {
    let names: Vec<String> = (0..40).map(|n| format!("room{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut view = view(OutputMode::OneRoom, &names);
    apply(&mut view, [record(names[39], 1, "ann", "small")]);
    // A tab is shown as four spaces: a text of 4 KB takes 16.
    let text = Text::parse(&format!("x{}x", "\t".repeat(4_000)), 4_096).unwrap();
    for seq in 1..=200 {
        for name in &names[1..5] {
            let post = Operation::Post { text: text.clone(), me: false, reply: None };
            apply(&mut view, [operation(name, seq, "eve", post)]);
        }
    }
    let size: usize = view.display.rooms.iter().map(|room| room.scrollback.size()).sum();
    assert!(size <= 8 * 1024 * 1024, "{size} bytes");
    let kept: Vec<usize> =
        view.display.rooms.iter().map(|room| room.scrollback.newest(999).len()).collect();
    assert!(kept[1..5].iter().all(|kept| *kept >= 50), "{kept:?}");
    assert!(kept[1..5].iter().sum::<usize>() < 800, "some were dropped: {kept:?}");
    assert_eq!(kept[39], 2, "its day and its message");
}

#[test]
fn a_long_message_is_shown_on_request_from_what_is_kept_or_from_the_server() {
    let mut view = view(OutputMode::OneRoom, &["lobby"]);
    apply(&mut view, [long_record("lobby", 1)]);
    let rows = |view: &mut View| {
        let lines = view.display.output.take();
        lines.iter().flat_map(|(_, line)| line.rows(80)).collect::<Vec<Row>>()
    };
    let shown = rows(&mut view);
    assert_eq!(shown.len(), 22, "a day, 20 rows and what is left out");
    assert!(format!("{shown:?}").contains("… 4076 more lines: /show 1"), "{shown:?}");
    let room = view.display.rooms.current().unwrap();
    let line = room.scrollback.line_of(1).unwrap().clone().unfolded();
    view.display.print_message(1, line);
    assert_eq!(rows(&mut view).len(), 4_098);

    view.display.scroll.history.expect(super::room("lobby"), Purpose::Show(1));
    let records = vec![long_record("lobby", 1)];
    let page = ServerMessage::History { room: super::room("lobby"), records, first: 1 };
    view.apply(Event::Message(page), MIDNIGHT);
    assert_eq!(rows(&mut view).len(), 4_098);
    view.display.scroll.history.expect(super::room("lobby"), Purpose::Show(7));
    view.apply(history(1..3), MIDNIGHT);
    assert_eq!(printed(&mut view), ["!! there is no message #7 here"]);
}
