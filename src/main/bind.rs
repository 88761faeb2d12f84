//! `--bind`: listening on an address, or on a socket that the parent process has opened.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;

use crate::exit::Failure;
use crate::hints;

/// The value of `--bind`.
pub(crate) enum BindAddress {
    /// An address of this computer.
    Address(SocketAddr),
    /// The socket on standard input, and its address.
    Inherited(TcpListener, SocketAddr),
}

impl BindAddress {
    /// Parses `fd:0`, or `HOST:PORT`, where the host may be a name; `:8080` and `8080` mean 127.0.0.1.
    pub(crate) fn read(text: &str) -> Result<BindAddress, Failure> {
        match text.strip_prefix("fd:") {
            Some("0") => inherit_socket().map_err(|error| {
                Failure::Runtime(format!(
                    "--bind fd:0: standard input is not a listening TCP socket: {error} (with \
                     systemd: StandardInput=socket and a .socket unit)"
                ))
            }),
            Some(_) => {
                let what =
                    format!("--bind: {text:?}: the only socket it can use is fd:0, standard input");
                Err(Failure::Usage(what))
            }
            None => parse_address(text).map(BindAddress::Address),
        }
    }

    /// The address that it listens on, or will.
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            BindAddress::Address(address) | BindAddress::Inherited(_, address) => *address,
        }
    }

    /// Starts to listen.
    pub(crate) fn listen(self) -> Result<TcpListener, Failure> {
        match self {
            BindAddress::Inherited(listener, _) => Ok(listener),
            BindAddress::Address(address) => TcpListener::bind(address).map_err(|error| {
                let hint = hints::for_bind_error(&error, address);
                Failure::Runtime(format!("cannot listen on {address}: {error}{hint}"))
            }),
        }
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, Failure> {
    let full = match text.strip_prefix(':').unwrap_or(text) {
        port if port.parse::<u16>().is_ok() => format!("127.0.0.1:{port}"),
        _ => String::from(text),
    };
    let found = full.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| {
        Failure::Usage(format!("--bind: {text:?} is not an address like 127.0.0.1:8080"))
    })
}

/// The listening socket on standard input.
fn inherit_socket() -> io::Result<BindAddress> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?; // an error for anything but an IP socket
    // std cannot ask a socket whether it listens. But of the sockets with an IP address only an unconnected
    // stream socket answers a read with ENOTCONN; a datagram socket would wait for any sender.
    listener.set_nonblocking(true)?;
    let stream = TcpStream::from(listener.as_fd().try_clone_to_owned()?);
    let peeked = stream.peek(&mut [0]);
    // Not back to what it was: with a non-blocking listener the accept loop would spin.
    listener.set_nonblocking(false)?;
    match peeked {
        Err(error) if error.kind() == ErrorKind::NotConnected => {
            Ok(BindAddress::Inherited(listener, address))
        }
        Ok(_) | Err(_) => Err(io::Error::other("it is a connection or a datagram socket")),
    }
}
