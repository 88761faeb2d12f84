//! The start of the server: its flags, its output, its errors and exit codes.

use std::net::TcpListener;
use std::process::{Command, Output};

use crate::support::{RawClient, TestServer};

fn server(args: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.args(args).env("TALK_DATA", data.path()).output().unwrap()
}

/// The exit code and the one line on standard error; standard output must be empty.
fn refused(args: &[&str]) -> (i32, String) {
    let output = server(args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty(), "{args:?}: {output:?}", output = output.stdout);
    assert_eq!(error.lines().count(), 1, "{args:?}: {error:?}");
    (output.status.code().unwrap(), error)
}

#[test]
fn help_and_version_go_to_standard_output_and_are_a_success() {
    let help = server(&["--help"]);
    assert!(help.status.success() && help.stderr.is_empty());
    let help = String::from_utf8(help.stdout).unwrap();
    for flag in [
        "--bind",
        "--data",
        "--motd",
        "--password-file",
        "--allow-origin",
        "--allow-host",
        "--trust-proxy",
        "--max-clients",
        "--max-per-address",
        "--rate",
        "--burst",
        "--max-text",
        "--sync",
        "--retain-days",
        "--retain-records",
        "--hold-names",
        "--version",
        "-q",
        "-v",
        "TALK_BIND",
    ] {
        assert!(help.contains(flag), "{flag} is not in the help");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    assert_eq!(server(&["--version"]).stdout, b"talk 0.1.0\n");
}

#[test]
fn a_wrong_command_line_is_one_line_and_exit_2() {
    for (args, part) in [
        (&["--bnid", "x"][..], "did you mean --bind?"),
        (&["--bind"], "--bind needs a value"),
        (&["--bind", "no such data"], "is not an address like"),
        (&["--bind", "fd:3"], "the only socket it can use is fd:0"),
        (&["--rate", "fast"], "is not a number"),
        (&["--max-text", "0"], "between 1 and"),
        (&["--hold-names", "long"], "7d"),
        (&["--allow-origin", "chat.example"], "https://a.example"),
        (&["--trust-proxy", "10.0.0.1/8"], "a network like 10.0.0.0/8"),
        (&["--trust-proxy", "::1,talk.example"], "\"talk.example\" is not an address"),
        (&["--sync", "never"], "always or interval"),
        (&["verfy"], "unknown command"),
    ] {
        let (code, error) = refused(args);
        assert_eq!(code, 2, "{args:?}: {error}");
        assert!(error.starts_with("server: ") && error.contains(part), "{args:?}: {error}");
    }
}

#[test]
fn a_runtime_error_is_one_line_and_exit_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let cases = [
        (vec!["--bind", &address], "cannot listen on"),
        (vec!["--motd", "/dev/zero"], "cannot read /dev/zero: it has more than 32768 bytes"),
        (vec!["--motd", "/no/such/file"], "--motd: cannot read /no/such/file"),
        (vec!["--password-file", "/dev/null"], "is empty"),
        (vec!["--max-clients", "99000000"], "more than this machine can hold"),
    ];
    for (args, part) in cases {
        let (code, error) = refused(&args);
        assert_eq!(code, 1, "{args:?}: {error}");
        assert!(error.contains(part), "{args:?}: {error}");
    }
}

#[test]
fn a_busy_port_is_reported_with_a_free_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_, error) = refused(&["--bind", &taken.local_addr().unwrap().to_string()]);
    assert!(error.contains("try --bind 127.0.0.1:"), "{error}");
}

#[test]
fn environment_variables_set_what_flags_do_not() {
    let output = Command::new(env!("CARGO_BIN_EXE_server"))
        .env("TALK_BIND", "no such data")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no such data"));
    let flag_wins = Command::new(env!("CARGO_BIN_EXE_server"))
        .env("TALK_BIND", "no such data")
        .args(["--bind", "127.0.0.1:0", "--version"])
        .output();
    assert!(flag_wins.unwrap().status.success());
}

#[test]
fn a_port_is_free_again_the_moment_its_server_is_killed() {
    let mut first = TestServer::start(&[]);
    let address = first.address.to_string();
    drop(RawClient::welcomed(first.address, "bob")); // leaves a connection in TIME_WAIT
    first.kill();
    let second = TestServer::start(&["--bind", &address]);
    assert_eq!(second.address.to_string(), address);
}
