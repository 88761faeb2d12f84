//! Where the server listens: at an address, or on a socket that whoever started it has opened.
//!
//! Room: `--bind` into a listener. What might help when an address cannot be had, `hints` says.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;

use crate::{Failure, hints};

/// What `--bind` asks for.
pub(crate) enum Bind {
    /// An address of this computer.
    Address(SocketAddr),
    /// The socket that is standard input, and its address.
    Given(TcpListener, SocketAddr),
}

impl Bind {
    /// Reads `fd:0`, or `HOST:PORT`, where a host may be a name; `:8080` and `8080` are ports of this
    /// computer.
    pub(crate) fn read(text: &str) -> Result<Bind, Failure> {
        match text.strip_prefix("fd:") {
            Some("0") => given().map_err(|error| {
                Failure::Runtime(format!(
                    "--bind fd:0: standard input is no TCP socket that listens: {error} (with \
                     systemd: StandardInput=socket and a .socket unit)"
                ))
            }),
            Some(_) => {
                let what = format!("--bind: {text:?}: a socket can only be given as fd:0");
                Err(Failure::Usage(what))
            }
            None => address(text).map(Bind::Address),
        }
    }

    /// The address, before or after listening.
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Bind::Address(address) | Bind::Given(_, address) => *address,
        }
    }

    /// Listens there.
    pub(crate) fn listen(self) -> Result<TcpListener, Failure> {
        match self {
            Bind::Given(listener, _) => Ok(listener),
            Bind::Address(address) => TcpListener::bind(address).map_err(|error| {
                let hint = hints::for_bind_error(&error, address);
                Failure::Runtime(format!("cannot listen on {address}: {error}{hint}"))
            }),
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, Failure> {
    let full = match text.strip_prefix(':').unwrap_or(text) {
        port if port.parse::<u16>().is_ok() => format!("127.0.0.1:{port}"),
        _ => String::from(text),
    };
    let found = full.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| {
        Failure::Usage(format!("--bind: {text:?} is not an address like 127.0.0.1:8080"))
    })
}

/// Takes the listening socket that is standard input.
fn given() -> io::Result<Bind> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?; // fails for what is no socket, and of another family
    // There is no asking a socket whether it listens. But of all sockets with such an address only
    // one that is connected to nobody has nobody to hear from; a datagram socket hears anybody.
    listener.set_nonblocking(true)?;
    let stream = TcpStream::from(listener.as_fd().try_clone_to_owned()?);
    let heard = stream.peek(&mut [0]);
    // Whoever opened it may have wanted it so for their own sake: accept would spin.
    listener.set_nonblocking(false)?;
    match heard {
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(Bind::Given(listener, address)),
        Ok(_) | Err(_) => Err(io::Error::other("it is a connection, or takes datagrams")),
    }
}
