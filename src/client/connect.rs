//! From an address to an open WebSocket, or the reason why not.

use std::io;
use std::io::Write;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::address::Address;
use super::error::Fault;
use crate::chat::Token;
use crate::handshake::UpgradeRequest;
use crate::limits;
use crate::net::deadline::Deadline;
use crate::net::entropy::Entropy;
use crate::net::head::{HeadError, read_response};

/// An open WebSocket, and the bytes of its first frames that came with the answer.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) stream: TcpStream,
    pub(super) leftover: Vec<u8>,
    /// What a name that has none yet is claimed with.
    pub(super) token: Token,
}

/// Connects to `address` and asks for a WebSocket.
///
/// The system's resolver has a wait of its own; the connection and the answer to the upgrade each
/// have [`limits::CONNECT_WAIT`].
pub(super) fn open(address: &Address, entropy: &Entropy) -> Result<Opened, Fault> {
    let nonce = entropy.nonce().map_err(Fault::System)?;
    let token = Token::from_bytes(entropy.nonce().map_err(Fault::System)?);
    let stream = reach(address, &resolve(address)?)?;
    let no_answer = |error| Fault::NoAnswer { address: address.clone(), error };
    let failed = |source| no_answer(HeadError::Io(source));
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_write_timeout(Some(limits::STALL_WAIT)).map_err(failed)?;

    let offer = UpgradeRequest::new(address.authority(), address.target(), nonce)
        .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let deadline = Deadline::new(Instant::now(), limits::CONNECT_WAIT);
    (&stream).write_all(&offer.to_bytes()).map_err(failed)?;
    let (answer, leftover) = read_response(&mut &stream, &deadline).map_err(no_answer)?;
    offer
        .verify(&answer)
        .map_err(|mismatch| Fault::NotWebSocket { address: address.clone(), mismatch })?;
    Ok(Opened { stream, leftover, token })
}

/// The addresses of the host, at least one.
pub(super) fn resolve(address: &Address) -> Result<Vec<SocketAddr>, Fault> {
    let unresolved = |source| Fault::Unresolved { address: address.clone(), source };
    let (host, port) = address.endpoint();
    let found = (host.as_str(), port).to_socket_addrs().map_err(unresolved)?;
    let found: Vec<SocketAddr> = found.take(ADDRESSES).collect();
    let none = || unresolved(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

/// Tries every address of the host in turn: a name often has one that leads nowhere.
pub(super) fn reach(address: &Address, found: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let wait = share(limits::CONNECT_WAIT, found.len());
    let mut last = io::ErrorKind::NotFound.into();
    for socket in found {
        match TcpStream::connect_timeout(socket, wait) {
            Ok(stream) => return Ok(stream),
            Err(source) => last = source,
        }
    }
    Err(Fault::Unreachable { address: address.clone(), source: last })
}

/// Addresses of one name that are tried.
const ADDRESSES: usize = 8;

/// What each of `count` has of `wait`.
fn share(wait: Duration, count: usize) -> Duration {
    wait / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}
