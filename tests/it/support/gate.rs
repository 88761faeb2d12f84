//! An address that stays while servers come and go behind it, and a test decides who gets through.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// A way to a server, open or closed. Whoever connects while it is closed waits.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    way: Arc<(Mutex<Option<SocketAddr>>, Condvar)>,
}

impl Gate {
    /// One that is closed.
    pub(crate) fn new() -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let way = Arc::new((Mutex::new(None), Condvar::new()));
        let shared = Arc::clone(&way);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (way, opened) = &*shared;
                let closed = |way: &mut Option<SocketAddr>| way.is_none();
                let server = opened.wait_while(way.lock().unwrap(), closed).unwrap().unwrap();
                pass(stream.unwrap(), server);
            }
        });
        Gate { address, way }
    }

    /// Lets everybody who waits, and everybody who comes, through to `server`.
    pub(crate) fn open(&self, server: SocketAddr) {
        *self.way.0.lock().unwrap() = Some(server);
        self.way.1.notify_all();
    }

    /// Lets nobody else through.
    pub(crate) fn close(&self) {
        *self.way.0.lock().unwrap() = None;
    }
}

/// Carries bytes both ways until either end has had enough.
fn pass(from: TcpStream, server: SocketAddr) {
    let Ok(to) = TcpStream::connect(server) else { return };
    for stream in [&from, &to] {
        stream.set_nodelay(true).unwrap();
    }
    let (from, to) = (Arc::new(from), Arc::new(to));
    for (one, other) in [(Arc::clone(&from), Arc::clone(&to)), (to, from)] {
        thread::spawn(move || {
            io::copy(&mut &*one, &mut &*other).ok();
            other.shutdown(Shutdown::Both).ok(); // either may be gone already
            one.shutdown(Shutdown::Both).ok();
        });
    }
}
