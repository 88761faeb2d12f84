//! From an address to an open WebSocket.

use std::io;
use std::io::Write;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::address::Address;
use super::error::ConnectionError;
use crate::chat::Token;
use crate::handshake::{Mismatch, REFUSED_HEADER, UpgradeRequest, WRONG_PASSWORDS};
use crate::http::Headers;
use crate::limits;
use crate::net::deadline::Deadline;
use crate::net::entropy::Entropy;
use crate::net::head::{HeadError, read_response};

/// Addresses of one host that are tried.
const ADDRESSES: usize = 8;

/// An open WebSocket.
#[derive(Debug)]
pub(super) struct OpenWebSocket {
    /// The socket, after the upgrade.
    pub(super) stream: TcpStream,
    /// Bytes of the first frames, read together with the answer to the upgrade.
    pub(super) leftover: Vec<u8>,
    /// A new token, for a name that has none.
    pub(super) token: Token,
}

/// The answer to an upgrade request.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it opens the WebSocket that was requested.
    pub(super) verified: Result<(), Mismatch>,
    pub(super) headers: Headers,
    /// Bytes after the head.
    pub(super) leftover: Vec<u8>,
}

/// Connects to `address` and upgrades the connection to a WebSocket.
///
/// The system's resolver has a timeout of its own. Connecting and the answer to the upgrade each
/// have [`limits::CONNECT_WAIT`].
pub(super) fn open(address: &Address, entropy: &Entropy) -> Result<OpenWebSocket, ConnectionError> {
    let nonce = entropy.nonce().map_err(ConnectionError::System)?;
    let token = Token::from_bytes(entropy.nonce().map_err(ConnectionError::System)?);
    let stream = connect(address, &resolve(address)?)?;
    let Answer { verified, headers, leftover } = request_upgrade(address, &stream, nonce)?;
    verified.map_err(|mismatch| no_websocket(address, mismatch, &headers))?;
    Ok(OpenWebSocket { stream, leftover, token })
}

/// Requests a WebSocket, and waits for the answer up to [`limits::CONNECT_WAIT`].
pub(super) fn request_upgrade(
    address: &Address,
    mut stream: &TcpStream,
    nonce: [u8; 16],
) -> Result<Answer, ConnectionError> {
    let no_answer = |error| ConnectionError::NoAnswer { address: address.clone(), error };
    let failed = |source| no_answer(HeadError::Io(source));
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_write_timeout(Some(limits::STALL_WAIT)).map_err(failed)?;
    let request = UpgradeRequest::new(address.authority(), address.target(), nonce)
        .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let deadline = Deadline::new(Instant::now(), limits::CONNECT_WAIT);
    stream.write_all(&request.to_bytes()).map_err(failed)?;
    let (response, leftover) = read_response(&mut stream, &deadline).map_err(no_answer)?;
    Ok(Answer { verified: request.verify(&response), headers: response.headers, leftover })
}

/// Why an answer with these headers opened no WebSocket.
pub(super) fn no_websocket(
    address: &Address,
    mismatch: Mismatch,
    headers: &Headers,
) -> ConnectionError {
    let is_locked_out = matches!(mismatch, Mismatch::Status { .. })
        && headers.values(REFUSED_HEADER).any(|reason| reason == WRONG_PASSWORDS);
    if is_locked_out {
        return ConnectionError::LockedOut { wait: retry_after(headers) };
    }
    ConnectionError::NotWebSocket { address: address.clone(), mismatch }
}

/// The seconds in `Retry-After`, at least one and at most [`limits::RETRY_AFTER_MAX`], which also counts if
/// there are none. Our server names no date.
fn retry_after(headers: &Headers) -> Duration {
    let named = headers.values("Retry-After").next().and_then(|seconds| seconds.parse().ok());
    let wait = named.map_or(limits::RETRY_AFTER_MAX, Duration::from_secs);
    wait.clamp(Duration::from_secs(1), limits::RETRY_AFTER_MAX)
}

/// The addresses of the host, at least one.
pub(super) fn resolve(address: &Address) -> Result<Vec<SocketAddr>, ConnectionError> {
    let unresolved = |source| ConnectionError::Unresolved { address: address.clone(), source };
    let (host, port) = address.endpoint();
    let resolved = (host.as_str(), port).to_socket_addrs().map_err(unresolved)?;
    let resolved: Vec<SocketAddr> = resolved.take(ADDRESSES).collect();
    let none = || unresolved(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    if resolved.is_empty() { Err(none()) } else { Ok(resolved) }
}

/// Tries every address of the host in turn, because often one of them cannot be reached.
pub(super) fn connect(
    address: &Address,
    resolved: &[SocketAddr],
) -> Result<TcpStream, ConnectionError> {
    let wait = share_of(limits::CONNECT_WAIT, resolved.len());
    let mut last = io::ErrorKind::NotFound.into();
    for socket in resolved {
        match TcpStream::connect_timeout(socket, wait) {
            Ok(stream) => return Ok(stream),
            Err(source) => last = source,
        }
    }
    Err(ConnectionError::Unreachable { address: address.clone(), source: last })
}

/// What each of `count` attempts gets of `wait`.
fn share_of(wait: Duration, count: usize) -> Duration {
    wait / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}
