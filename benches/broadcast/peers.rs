//! Other servers to compare with: tokio-tungstenite's chat example, and a thread for each connection with
//! tungstenite.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::{StreamExt, TryStreamExt, future, pin_mut};
use tungstenite::protocol::{Message, Role, WebSocket};

type Peers = Arc<Mutex<HashMap<SocketAddr, UnboundedSender<Message>>>>;

/// Like tokio-tungstenite's `examples/server.rs`: a task and a queue for each connection, a lock around all
/// queues. Here the sender gets its own messages too, and nothing is printed.
pub(crate) fn tokio() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clients = Peers::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        while let Ok((stream, address)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(converse(Arc::clone(&clients), stream, address));
        }
    });
}

async fn converse(clients: Peers, stream: tokio::net::TcpStream, address: SocketAddr) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let (sender, receiver) = unbounded();
    clients.lock().unwrap().insert(address, sender);
    let (outgoing, incoming) = socket.split();
    let broadcast = incoming.try_for_each(|message| {
        for client in clients.lock().unwrap().values() {
            client.unbounded_send(message.clone()).ok();
        }
        future::ok(())
    });
    let receive = receiver.map(Ok).forward(outgoing);
    pin_mut!(broadcast, receive);
    future::select(broadcast, receive).await;
    clients.lock().unwrap().remove(&address);
}

/// A thread for each connection reads, and writes to all connections under one lock; with a `file`, it
/// fsyncs each message first.
pub(crate) fn threads(file: Option<&str>) {
    let file = file.map(|path| OpenOptions::new().create(true).append(true).open(path).unwrap());
    let file = Arc::new(file);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    let sockets = Arc::new(Mutex::new(Vec::new()));
    while let Ok((stream, _)) = listener.accept() {
        let (sockets, file) = (Arc::clone(&sockets), Arc::clone(&file));
        thread::spawn(move || {
            stream.set_nodelay(true).unwrap();
            let writing = stream.try_clone().unwrap();
            let Ok(mut reading) = tungstenite::accept(stream) else { return };
            sockets.lock().unwrap().push(WebSocket::from_raw_socket(writing, Role::Server, None));
            while let Ok(message) = reading.read() {
                if message.is_text() {
                    let mut sockets = sockets.lock().unwrap();
                    if let Some(mut file) = file.as_ref().as_ref() {
                        file.write_all(&message.clone().into_data()).unwrap();
                        file.sync_data().unwrap();
                    }
                    for socket in sockets.iter_mut() {
                        socket.send(message.clone()).ok();
                    }
                }
            }
        });
    }
}
