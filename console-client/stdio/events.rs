//! Everything that happens, in one queue: input, client events, the terminal's size.
//!
//! Each source has a thread, which ends with the source or with the program.

use std::io;
use std::io::Read;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use talk::client;
use talk::failpoint;

use super::terminal;
use super::terminal::Size;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// Bytes from stdin.
    Stdin(Vec<u8>),
    /// Stdin is at its end.
    StdinClosed,
    /// The client reports something.
    Client(client::Event),
    /// The terminal has this size now.
    Resized(Size),
    /// A thread has panicked.
    Panicked,
}

/// How often to ask the terminal for its size. It sends SIGWINCH when that changes, which std cannot
/// receive.
const SIZE_EVERY: Duration = Duration::from_millis(500);

/// Starts passing the bytes of stdin on into the queue.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn read_stdin(events: Sender<Event>) -> io::Result<()> {
    spawn("stdin", move || {
        let mut stdin = io::stdin().lock();
        let mut chunk = [0; 4096];
        loop {
            let event = match stdin.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => Event::StdinClosed,
                Ok(count) => Event::Stdin(chunk.get(..count).unwrap_or_default().to_vec()),
            };
            let is_last = matches!(event, Event::StdinClosed);
            if events.send(event).is_err() || is_last {
                return;
            }
        }
    })
}

/// Starts passing the client's events on into the queue; the sender for the client.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn from_client(events: Sender<Event>) -> io::Result<Sender<client::Event>> {
    let (sender, from_client): (_, Receiver<client::Event>) = mpsc::channel();
    spawn("client-events", move || {
        let mut from_client = from_client.into_iter().map(Event::Client);
        from_client.all(|event| events.send(failpoint::check(event, "told")).is_ok());
    })?;
    Ok(sender)
}

/// Starts reporting each new size of the terminal.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn watch_size(events: Sender<Event>, mut known: Size) -> io::Result<()> {
    spawn("size", move || {
        loop {
            thread::sleep(SIZE_EVERY);
            let size = terminal::size();
            if size != known && events.send(Event::Resized(size)).is_err() {
                return;
            }
            known = size;
        }
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}
