//! The fuzz targets: each tries one property on the fuzzer's input.
//!
//! The properties are in `tests/properties/`; `cargo test` tries them too.
#![forbid(unsafe_code)]

use std::sync::LazyLock;

use tempfile::TempDir;

#[path = "../../tests/properties/mod.rs"]
mod properties;

// The console is a binary: its filter is taken from its files.
#[path = "../../tests/properties/sanitize.rs"]
mod shown;
#[path = "../../console-client/text/mod.rs"]
#[allow(dead_code, reason = "a target needs some of it")]
mod text;

/// Any bytes from a peer, to a server and to a client.
pub fn frames(input: &[u8]) {
    properties::frames::any_bytes(input);
}

/// Frames built from choices that the input makes.
pub fn built(input: &[u8]) {
    properties::frames::built(input);
}

/// Any bytes as a request and as a response.
pub fn heads(input: &[u8]) {
    properties::heads::any_bytes(input);
}

/// Any bytes as JSON.
pub fn texts(input: &[u8]) {
    properties::texts::any_bytes(input);
}

/// Any text as a message, of a client and of a server.
pub fn messages(input: &[u8]) {
    properties::messages::any_bytes(input);
}

/// Any bytes as the files of a room's log.
pub fn logs(input: &[u8]) {
    static DATA: LazyLock<TempDir> =
        LazyLock::new(|| tempfile::tempdir().expect("a directory for a log"));
    properties::logs::any_bytes(input, DATA.path());
}

/// Any bytes as text for a terminal.
pub fn shown(input: &[u8]) {
    shown::any_bytes(input);
}
