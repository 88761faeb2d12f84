//! What a person wants to hear, and how: comings and goings, the bell, whom to ignore.

use crate::support::{Peer, Running};
use crate::terminal::Terminal;

fn rings(terminal: &Terminal) -> usize {
    terminal.bytes().iter().filter(|byte| **byte == 0x07).count()
}

#[test]
fn comings_and_goings_are_one_line_until_somebody_speaks() {
    let server = Running::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = Peer::joined(server.address, "ann", "lobby");
    bob.shows(" --> ann joined");
    let (eve, _) = Peer::joined(server.address, "eve", "lobby");
    bob.shows(" --> ann, eve joined");
    drop(eve);
    let folded = " --> ann joined · <-- eve came and left";
    let rows = bob.shows(folded);
    assert_eq!(rows.iter().filter(|row| row.contains("joined")).count(), 1, "{rows:#?}");
    ann.post("lobby", "1", "here I am");
    let rows =
        bob.until("ann speaks", |rows| rows.iter().any(|row| row.ends_with(" ann here I am")));
    let at = rows.iter().position(|row| row.ends_with(folded)).unwrap();
    assert!(rows[at + 1..].iter().any(|row| row.ends_with(" ann here I am")), "{rows:#?}");

    bob.type_in("/quiet\r");
    bob.shows("-- comings and goings are no longer told --");
    let (mut zoe, _) = Peer::joined(server.address, "zoe", "lobby");
    zoe.post("lobby", "1", "hi");
    let rows = bob.until("zoe speaks", |rows| rows.iter().any(|row| row.ends_with(" zoe hi")));
    assert!(!rows.concat().contains("zoe joined"), "{rows:#?}");
}

#[test]
fn the_bell_rings_for_ones_name_and_not_for_whom_one_ignores() {
    let server = Running::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = Peer::joined(server.address, "ann", "lobby");
    let (mut eve, _) = Peer::joined(server.address, "eve", "lobby");
    let said = |bob: &mut Terminal, end: &str| {
        bob.until(end, |rows| rows.iter().any(|row| row.ends_with(end)))
    };
    ann.post("lobby", "1", "hello all");
    said(&mut bob, " ann hello all");
    assert_eq!(rings(&bob), 0);
    bob.type_in("/ignore eve\r");
    bob.shows("-- nothing of eve's is shown from now on");
    eve.post("lobby", "1", "bob, bob, bob!");
    eve.hear_own("eve", "1");
    ann.post("lobby", "2", "and bob?");
    let rows = said(&mut bob, " ann and bob?");
    assert_eq!(rings(&bob), 1);
    assert!(!rows.concat().contains("bob, bob"), "{rows:#?}");
    bob.type_in("/unignore eve\r/bell off\r");
    bob.shows("-- nothing rings --");
    eve.post("lobby", "2", "bob!");
    said(&mut bob, " eve bob!");
    assert_eq!(rings(&bob), 1);
}
