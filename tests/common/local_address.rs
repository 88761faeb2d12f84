//! Connections from a local address of choice: a server gives each address its own share.

use std::io;
use std::net::{SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

/// Connects to `address` from the local address `host`.
pub(crate) fn connect_from(host: [u8; 4], address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((host, 0)).into())?;
    socket.connect(&address.into())?;
    Ok(socket.into())
}
