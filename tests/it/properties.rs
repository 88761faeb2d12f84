//! The properties of `tests/properties/`, each on 100,000 inputs made from seeds.

use std::fs;
use std::path::Path;

use serde_json::Value;

#[path = "../properties/mod.rs"]
pub(crate) mod bodies;
#[path = "../properties/generators.rs"]
pub(crate) mod generators;

use bodies::{frames, heads, logs, messages, texts};
use generators::{INPUTS, hold};

#[test]
fn any_bytes_are_frames_alike_however_they_are_cut() {
    hold("frames", INPUTS / 2, Vec::new(), frames::any_bytes);
}

#[test]
fn valid_and_invalid_frames_are_read_as_the_model_reads_them() {
    hold("built", INPUTS / 2, Vec::new(), frames::built);
}

#[test]
fn any_bytes_are_a_head_alike_however_they_are_cut() {
    hold("heads", INPUTS, Vec::new(), heads::any_bytes);
}

#[test]
fn any_text_is_json_to_us_if_it_is_to_serde_json() {
    hold("texts", INPUTS, vectors(), texts::any_bytes);
}

#[test]
fn any_message_is_the_same_after_it_is_written_and_read_again() {
    hold("messages", INPUTS, vectors(), messages::any_bytes);
}

#[test]
fn any_bytes_as_a_log_are_served_as_a_second_reader_reads_them() {
    let data = tempfile::tempdir().unwrap();
    // An input is several lines, and each is read twice: more than 100,000 in all.
    hold("logs", INPUTS / 5, Vec::new(), |bytes| logs::any_bytes(bytes, data.path()));
}

/// The messages of the vectors for both clients.
fn vectors() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/wire");
    let mut texts = Vec::new();
    for name in ["requests", "replies"] {
        let file = fs::read(folder.join(name).with_extension("json")).unwrap();
        let file: Value = serde_json::from_slice(&file).unwrap();
        let cases = file["cases"].as_array().unwrap();
        texts.extend(cases.iter().map(|case| case["text"].as_str().unwrap().as_bytes().to_vec()));
    }
    texts.retain(|text| text.len() <= 1_024);
    texts
}
