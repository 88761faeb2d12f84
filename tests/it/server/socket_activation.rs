//! A listening socket that another process has opened, as standard input (`--bind fd:0`).

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use crate::support::raw_client::{SWITCHING, UPGRADE, text};
use crate::support::{RawClient, TestServer};

fn listener(address: &str) -> TcpListener {
    TcpListener::bind(address).unwrap()
}

/// The status of `GET /` with this Host.
fn status(server: &TestServer, host: &str) -> String {
    let mut raw = RawClient::connect(server.address);
    raw.send(format!("HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    String::from_utf8(raw.read_to_end()).unwrap().split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn connections_during_a_restart_wait_for_the_next_server() {
    let (socket, data) = (listener("127.0.0.1:0"), tempfile::tempdir().unwrap());
    let address = socket.local_addr().unwrap();
    for round in 0..3 {
        let mut waiting: Vec<RawClient> = (0..20).map(|_| RawClient::connect(address)).collect();
        for (n, raw) in waiting.iter_mut().enumerate() {
            let hello = format!(r#"{{"type":"hello","user":"user{round}-{n}"}}"#);
            raw.send(&[UPGRADE.as_bytes(), &text(&hello)].concat());
        }
        let mut server = TestServer::start_on(&socket, data.path(), &[]);
        assert_eq!(server.address, address);
        for raw in &mut waiting {
            assert_eq!(raw.read_switching(), SWITCHING);
            assert!(raw.read_text().starts_with(r#"{"type":"welcome""#));
        }
        server.kill();
    }
}

#[test]
fn the_accepted_hosts_are_those_of_the_socket() {
    let data = tempfile::tempdir().unwrap();
    for (address, elsewhere) in [("127.0.0.1:0", "421"), ("0.0.0.0:0", "200")] {
        let mut server = TestServer::start_on(&listener(address), data.path(), &[]);
        server.address.set_ip([127, 0, 0, 1].into());
        assert_eq!(status(&server, "localhost"), "200", "{address}");
        assert_eq!(status(&server, "192.0.2.1"), elsewhere, "{address}");
        assert_eq!(status(&server, "evil.example"), "421", "{address}");
        server.kill();
    }
}

#[test]
fn a_nonblocking_listening_socket_is_made_blocking() {
    let (socket, data) = (listener("127.0.0.1:0"), tempfile::tempdir().unwrap());
    socket.set_nonblocking(true).unwrap();
    let server = TestServer::start_on(&socket, data.path(), &[]);
    // O_NONBLOCK belongs to the open file description, which both processes share.
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", socket.as_raw_fd())).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    assert_eq!(u32::from_str_radix(flags.trim(), 8).unwrap() & 0o4_000, 0, "{info}");
    assert_eq!(status(&server, "localhost"), "200");
}

#[test]
fn standard_output_may_be_the_same_socket() {
    let (socket, data) = (listener("127.0.0.1:0"), tempfile::tempdir().unwrap());
    let address = socket.local_addr().unwrap();
    let fd = OwnedFd::from(socket);
    let mut server = Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["--bind", "fd:0", "--data"])
        .arg(data.path())
        .stdin(fd.try_clone().unwrap())
        .stdout(fd)
        .spawn()
        .unwrap();
    drop(RawClient::welcomed(address, "bob"));
    drop(RawClient::welcomed(address, "ann"));
    assert!(server.try_wait().unwrap().is_none());
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn standard_input_that_is_no_listening_socket_is_one_line_and_exit_1() {
    let folder = tempfile::tempdir().unwrap();
    let socket = listener("127.0.0.1:0");
    let connected = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
    let accepted = socket.accept().unwrap().0;
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let local = UnixListener::bind(folder.path().join("local")).unwrap();
    for (what, input) in [
        ("nothing", Stdio::null()),
        ("a pipe", Stdio::piped()),
        ("a connection", Stdio::from(OwnedFd::from(connected))),
        ("an accepted connection", Stdio::from(OwnedFd::from(accepted))),
        ("datagrams", Stdio::from(OwnedFd::from(datagrams))),
        ("a local socket", Stdio::from(OwnedFd::from(local))),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(["--bind", "fd:0", "--data"]).arg(folder.path().join("data")).stdin(input);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut welcome = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut welcome).unwrap();
        if !welcome.is_empty() {
            server.kill().unwrap(); // it runs until it is killed
        }
        let output = server.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{what}: {error}");
        assert_eq!(error.lines().count(), 1, "{what}: {error}");
        assert!(error.starts_with("server: --bind fd:0: standard input is no"), "{what}: {error}");
    }
}
