//! The built console between pipes, as a command that ends by itself.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A console between pipes, and the directory for its keys.
pub(crate) fn console(server: SocketAddr, flags: &[&str]) -> (Command, TempDir) {
    let state = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_console"));
    command.args(["--server", &server.to_string()]).args(flags);
    command.env("XDG_STATE_HOME", state.path()).env("TZ", "UTC");
    for name in
        ["TALK_USER", "TALK_ROOM", "TALK_PASSWORD", "TALK_SERVER", "TALK_TIMEOUT", "TALK_KEY_FILE"]
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    (command, state)
}

pub(crate) fn feed(mut child: Child, input: &[u8]) -> Output {
    let fed = child.stdin.take().unwrap().write_all(input);
    // A console that was refused may have ended before that.
    assert!(fed.is_ok() || fed.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe));
    child.wait_with_output().unwrap()
}

pub(crate) fn run(server: SocketAddr, flags: &[&str], input: &[u8]) -> (i32, String, String) {
    let (mut command, _state) = console(server, flags);
    let output = feed(command.spawn().unwrap(), input);
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().unwrap(), out, err)
}
