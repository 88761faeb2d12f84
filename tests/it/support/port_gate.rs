//! A TCP proxy with a fixed address: servers behind it come and go, and a test opens and closes it.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// A proxy to one server, open or closed. A client that connects while it is closed waits.
pub(crate) struct PortGate {
    pub(crate) address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    server: Option<SocketAddr>,
    /// Both sockets of each forwarded connection.
    connections: Vec<Arc<TcpStream>>,
}

impl PortGate {
    /// A gate that is closed.
    pub(crate) fn new() -> PortGate {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (state, opened) = &*shared;
                let closed = |state: &mut State| state.server.is_none();
                let mut state = opened.wait_while(state.lock().unwrap(), closed).unwrap();
                if let Ok(to) = TcpStream::connect(state.server.unwrap()) {
                    state.connections.extend(forward(stream.unwrap(), to));
                }
            }
        });
        PortGate { address, state }
    }

    /// Forwards waiting and new connections to `server`.
    pub(crate) fn open(&self, server: SocketAddr) {
        self.state.0.lock().unwrap().server = Some(server);
        self.state.1.notify_all();
    }

    /// Closes the gate, and cuts every forwarded connection.
    pub(crate) fn close(&self) {
        let mut state = self.state.0.lock().unwrap();
        state.server = None;
        for stream in state.connections.drain(..) {
            stream.shutdown(Shutdown::Both).ok(); // it may be closed already
        }
    }
}

/// Forwards bytes in both directions until either end closes.
fn forward(from: TcpStream, to: TcpStream) -> [Arc<TcpStream>; 2] {
    let ends = [Arc::new(from), Arc::new(to)];
    for at in [0, 1] {
        let (one, other) = (Arc::clone(&ends[at]), Arc::clone(&ends[1 - at]));
        one.set_nodelay(true).unwrap();
        thread::spawn(move || {
            io::copy(&mut &*one, &mut &*other).ok();
            other.shutdown(Shutdown::Both).ok();
            one.shutdown(Shutdown::Both).ok();
        });
    }
    ends
}
