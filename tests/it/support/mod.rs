//! Servers, clients and terminals for tests. One client sends raw bytes, the other speaks the protocol with
//! a WebSocket library that is not ours.

pub(crate) mod test_server; // the server, until it is dropped
pub(crate) mod commands; // the server as a command that ends by itself
pub(crate) mod fixtures; // data directories
pub(crate) mod test_client; // speaks the protocol
pub(crate) mod raw_client; // sends bytes
pub(crate) mod under_attack; // bystanders chat while a test attacks
pub(crate) mod server_log; // what a server writes to standard error
pub(crate) mod wall_clock; // a clock that a test moves
pub(crate) mod port_gate; // a proxy that a test opens and closes
pub(crate) mod scripted_server; // for our client library
pub(crate) mod terminal; // a pseudo-terminal and an emulator
pub(crate) mod piped_console; // the console between pipes

pub(crate) use port_gate::PortGate;
pub(crate) use raw_client::RawClient;
pub(crate) use server_log::ServerLog;
pub(crate) use test_client::TestClient;
pub(crate) use test_server::TestServer;

use std::io::Read;
use std::time::Duration;

/// How long a test waits for what must come, on a busy machine. No test waits for what must not come.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// Reads the head of an HTTP request or answer, with the empty line that ends it, and nothing after it.
pub(crate) fn read_head(stream: &mut impl Read) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    head
}
