//! Everything that can happen, in one queue: keys, client events, the terminal's size.
//!
//! Room: threads and channels. Each thread ends with its source, or with the program.

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
use crate::tui::screen::Size;

/// Something happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// Bytes from stdin.
    Typed(Vec<u8>),
    /// Stdin has ended.
    TypedAll,
    Client(client::Event),
    Size(Size),
    /// A thread has panicked.
    Broken,
}

/// How often the terminal is asked for its size. It would say so by a signal, which std cannot hear.
const SIZE_EVERY: Duration = Duration::from_millis(500);

/// Passes on what is typed.
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
                Ok(0) | Err(_) => Event::TypedAll,
                Ok(count) => Event::Typed(chunk.get(..count).unwrap_or_default().to_vec()),
            };
            let is_last = matches!(event, Event::TypedAll);
            if events.send(event).is_err() || is_last {
                return;
            }
        }
    })
}

/// A channel for the client, passed on into the queue.
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

/// Reports each new size of the terminal.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn watch_size(events: Sender<Event>, mut known: Size) -> io::Result<()> {
    spawn("size", move || {
        loop {
            thread::sleep(SIZE_EVERY);
            let size = terminal::size();
            if size != known && events.send(Event::Size(size)).is_err() {
                return;
            }
            known = size;
        }
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}
