//! The built server as a command that ends by itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Runs the server with these arguments on this data directory, to its end.
pub(crate) fn server(args: &[&str], data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_server"))
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What the command prints; it must succeed.
pub(crate) fn printed(args: &[&str], data: &Path) -> String {
    let output = server(args, data);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What the command prints on standard output and on standard error; it must fail with 1.
pub(crate) fn failed(args: &[&str], data: &Path) -> (String, String) {
    let output = server(args, data);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// The records of the lobby.
pub(crate) fn exported(data: &Path) -> Vec<Value> {
    let text = printed(&["export", "lobby", "--format", "jsonl"], data);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The one file of the lobby's log.
pub(crate) fn log_file(data: &Path) -> PathBuf {
    data.join("rooms/lobby/0000000000000001.jsonl")
}
