//! An address that stays while servers come and go behind it, and a test decides who gets through.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// A way to a server, open or closed. Whoever connects while it is closed waits.
pub(crate) struct PortGate {
    pub(crate) address: SocketAddr,
    way: Arc<(Mutex<Way>, Condvar)>,
}

#[derive(Default)]
struct Way {
    server: Option<SocketAddr>,
    /// Both ends of who went through.
    inside: Vec<Arc<TcpStream>>,
}

impl PortGate {
    /// One that is closed.
    pub(crate) fn new() -> PortGate {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let way: Arc<(Mutex<Way>, Condvar)> = Arc::default();
        let shared = Arc::clone(&way);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (way, opened) = &*shared;
                let closed = |way: &mut Way| way.server.is_none();
                let mut way = opened.wait_while(way.lock().unwrap(), closed).unwrap();
                if let Ok(to) = TcpStream::connect(way.server.unwrap()) {
                    way.inside.extend(pass(stream.unwrap(), to));
                }
            }
        });
        PortGate { address, way }
    }

    /// Lets everybody who waits, and everybody who comes, through to `server`.
    pub(crate) fn open(&self, server: SocketAddr) {
        self.way.0.lock().unwrap().server = Some(server);
        self.way.1.notify_all();
    }

    /// Lets nobody else through, and cuts whoever is.
    pub(crate) fn close(&self) {
        let mut way = self.way.0.lock().unwrap();
        way.server = None;
        for stream in way.inside.drain(..) {
            stream.shutdown(Shutdown::Both).ok(); // it may be gone already
        }
    }
}

/// Carries bytes both ways until either end has had enough.
fn pass(from: TcpStream, to: TcpStream) -> [Arc<TcpStream>; 2] {
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
