//! The server under measurement, or another one to compare with.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::server_process::ServerProcess;

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    process: ServerProcess,
    /// `host:port`.
    pub(crate) address: String,
}

impl Server {
    /// The server under measurement, with its rooms in `data`, without limits that a bench would meet:
    /// the one just built, or with `-- --server=FILE` another, to compare with.
    pub(crate) fn start(data: &Path, flags: &[&str]) -> Server {
        Server::run(Server::measured(data, flags))
    }

    /// The same, where a process may have only so many files open; and how many connections it reports to
    /// have room for.
    pub(crate) fn start_within(files: usize, data: &Path) -> (Server, usize) {
        let measured = Server::measured(data, &[]);
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={files}"));
        command.arg(measured.get_program()).args(measured.get_args());
        let mut server = Server::run(command);
        let mut line = server.process.read_line();
        while !line.contains("capacity") {
            line = server.process.read_line();
            assert!(
                !line.is_empty(),
                "the server does not say how many connections it has room for"
            );
        }
        let room = line.split_whitespace().find_map(|word| word.parse().ok());
        (server, room.unwrap())
    }

    fn measured(data: &Path, flags: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(["--bind", "127.0.0.1:0", "--max-per-address", "0", "--rate", "0"]);
        command.args(flags).arg("--data").arg(data);
        command
    }

    /// Another server: this bench's own binary, called with these arguments.
    pub(crate) fn reference(args: &[&str]) -> Server {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(args);
        Server::run(command)
    }

    /// Any command whose first line of output is its URL or address.
    pub(crate) fn run(mut command: Command) -> Server {
        let (process, address) = ServerProcess::start(command.stdin(Stdio::null()));
        Server { process, address: address.to_string() }
    }

    /// Returns once it has answered a request.
    pub(crate) fn wait_until_ready(&self) {
        wait_until_ready(self.address.parse().unwrap());
    }
}

impl Deref for Server {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}

/// The program under measurement.
pub(crate) fn program() -> PathBuf {
    let other = env::args().find_map(|word| word.strip_prefix("--server=").map(PathBuf::from));
    other.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_server")))
}

/// Returns once the server has answered a request.
pub(crate) fn wait_until_ready(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// How many files, and so sockets, this process and those that it starts may have open.
pub(crate) fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let soft = line.split_whitespace().next().unwrap();
    soft.parse().unwrap_or(usize::MAX) // "unlimited"
}
