//! The built server as a child process, on a port of its own.

use std::net::{SocketAddr, TcpListener};
use std::ops::{Deref, DerefMut};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use super::{RawClient, TIMEOUT};
use crate::common::server_process::ServerProcess;

/// A server that runs until this is dropped.
pub(crate) struct TestServer {
    process: ServerProcess,
    pub(crate) address: SocketAddr,
    /// Its data directory, if that is removed with it.
    data: Option<TempDir>,
}

impl TestServer {
    /// Starts the server with these flags, and without limits for an address or on posts unless they set them:
    /// all clients of a test have one address.
    pub(crate) fn start(flags: &[&str]) -> TestServer {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("data");
        let mut running = TestServer::start_in(&path, flags);
        running.data = Some(data);
        running
    }

    /// The same on a data directory of the test, which is kept.
    pub(crate) fn start_in(data: &Path, flags: &[&str]) -> TestServer {
        TestServer::start_by(&mut Command::new(env!("CARGO_BIN_EXE_server")), data, flags)
    }

    /// The same with a command that execs the server with the arguments it is given.
    pub(crate) fn start_by(command: &mut Command, data: &Path, flags: &[&str]) -> TestServer {
        command.args(["--bind", "127.0.0.1:0"]).stdin(Stdio::null());
        TestServer::spawn(command, data, flags)
    }

    /// The same on a listening socket of the test, which stays open.
    pub(crate) fn start_on(listener: &TcpListener, data: &Path, flags: &[&str]) -> TestServer {
        let socket = listener.as_fd().try_clone_to_owned().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(["--bind", "fd:0"]).stdin(socket);
        TestServer::spawn(&mut command, data, flags)
    }

    /// Waits until every room was loaded once, so that damage and torn tails are found.
    pub(crate) fn wait_until_checked(&self) {
        let since = Instant::now();
        while RawClient::connect(self.address).count("talk_logs_unchecked") > 0.0 {
            assert!(since.elapsed() < TIMEOUT, "the check of the rooms does not end");
        }
    }

    fn spawn(command: &mut Command, data: &Path, flags: &[&str]) -> TestServer {
        command.args(["--max-per-address", "0", "--rate", "0"]);
        command.arg("--data").arg(data).args(flags);
        let (process, address) = ServerProcess::start(command);
        TestServer { process, address, data: None }
    }
}

impl Deref for TestServer {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}

impl DerefMut for TestServer {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.process
    }
}
