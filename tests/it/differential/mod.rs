//! Differential tests: our parsers and others' on inputs made from seeds. `docs/differences.md` explains
//! each difference with the sentence of the RFC; a difference that it does not explain fails a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

mod frames; // tungstenite
mod heads; // httparse

/// How many inputs of each kind.
const INPUTS: u32 = 50_000;

/// A kind of difference, as the table names it, and an input that has it.
type Difference = (&'static str, &'static [u8]);

#[test]
fn every_difference_is_in_the_table_and_every_line_of_the_table_is_a_difference() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md");
    let text = fs::read_to_string(path).unwrap();
    let ours = text.split("\n## Lists that others have made").next().unwrap(); // the rest is for tests/lists
    let lines = ours.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<&str> = lines.map(|(name, _)| name).collect();
    let known = [heads::REQUESTS, heads::RESPONSES, frames::FRAMES].concat();
    assert_eq!(listed, known.iter().map(|(name, _)| *name).collect());
}

fn explained(known: &[Difference], input: &[u8], kind: Option<&str>) {
    let is_known = kind.is_none_or(|kind| known.iter().any(|(name, _)| *name == kind));
    assert!(
        is_known,
        "{kind:?}, which no line of docs/differences.md explains: {:?}",
        input.escape_ascii().to_string()
    );
}

fn shown_by_its_example(known: &[Difference], kind_of: fn(&[u8]) -> Option<&'static str>) {
    for (name, input) in known {
        assert_eq!(kind_of(input), Some(*name), "{}", input.escape_ascii());
    }
}
