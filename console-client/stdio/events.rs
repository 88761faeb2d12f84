//! Everything that happens, in one queue: input, client events, the terminal's size.
//!
//! Input does not wait behind the network: the queue passes on what was typed before what a server
//! sent, however much that is. Each source has a bounded queue, which its thread waits for.

use std::io;
use std::io::Read;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use talk::client;
use talk::client::WaitError;
use talk::client::Waker;
use talk::failpoint;

use super::terminal;
use super::terminal::Size;

/// Something that happened.
#[expect(clippy::large_enum_variant, reason = "nearly all events are the client's")]
#[derive(Debug)]
pub(crate) enum Event {
    /// Bytes from stdin.
    Stdin(Vec<u8>),
    /// Stdin is at its end.
    StdinClosed,
    /// The client reports something.
    Client(client::Event),
    /// The terminal has another size. The event does not say which: the receiver asks the terminal, because
    /// the size may have changed again.
    Resized,
    /// A thread has panicked.
    Panicked,
}

/// The events of every source.
#[derive(Debug)]
pub(crate) struct EventQueue {
    /// The terminal's size and panics: few.
    notices: Receiver<Event>,
    /// What was typed or piped in.
    stdin: Receiver<Event>,
    /// What the client reports, bounded by the client itself.
    client: client::Events,
    /// The last event was input: it is the client's turn, so that a long input does not keep the
    /// answers to it waiting.
    is_clients_turn: bool,
    sender: EventSender,
}

/// Whose events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sources {
    All,
    AllButInput,
}

/// Sends to the queue.
#[derive(Debug, Clone)]
pub(crate) struct EventSender {
    notices: Sender<Event>,
    stdin: SyncSender<Event>,
    /// Ends the queue's wait for the client.
    waker: Waker,
}

/// Chunks of input that may wait, of 4 KiB each. With more, stdin is not read.
const STDIN_CHUNKS: usize = 16;

impl EventQueue {
    /// A queue of what `client` reports, and of what its senders send.
    pub(crate) fn new(client: client::Events) -> EventQueue {
        let (notices_sender, notices) = mpsc::channel();
        let (stdin_sender, stdin) = mpsc::sync_channel(STDIN_CHUNKS);
        let waker = client.waker();
        let sender = EventSender { notices: notices_sender, stdin: stdin_sender, waker };
        EventQueue { notices, stdin, client, is_clients_turn: false, sender }
    }

    pub(crate) fn sender(&self) -> EventSender {
        self.sender.clone()
    }

    /// The next event; waits for it at most for `wait`, or for ever.
    ///
    /// # Errors
    /// None came in time, or the client has ended.
    pub(crate) fn next(&mut self, wait: Option<Duration>) -> Result<Event, RecvTimeoutError> {
        self.next_of(Sources::All, wait)
    }

    /// The same without input, which stays where it is: stdin is not read any further.
    ///
    /// # Errors
    /// None came in time, or the client has ended.
    pub(crate) fn next_without_input(
        &mut self,
        wait: Option<Duration>,
    ) -> Result<Event, RecvTimeoutError> {
        self.next_of(Sources::AllButInput, wait)
    }

    fn next_of(
        &mut self,
        sources: Sources,
        wait: Option<Duration>,
    ) -> Result<Event, RecvTimeoutError> {
        let deadline = wait.map(|wait| Instant::now() + wait);
        loop {
            if let Some(event) = self.next_of_other_sources(sources) {
                return Ok(event);
            }
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            match self.client.recv_timeout(left) {
                Ok(event) => return Ok(Event::Client(event)),
                Err(WaitError::Woken) => {}
                Err(WaitError::Timeout) => return Err(RecvTimeoutError::Timeout),
                Err(WaitError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            }
        }
    }

    /// The client's next event, if one has come.
    pub(crate) fn next_of_client(&mut self) -> Option<Event> {
        self.client.try_recv().ok().map(Event::Client)
    }

    fn next_of_other_sources(&mut self, sources: Sources) -> Option<Event> {
        if let Ok(event) = self.notices.try_recv() {
            return Some(event);
        }
        if sources == Sources::AllButInput {
            return None;
        }
        if std::mem::take(&mut self.is_clients_turn)
            && let Some(event) = self.next_of_client()
        {
            return Some(event);
        }
        let event = self.stdin.try_recv().ok();
        self.is_clients_turn = event.is_some();
        event
    }
}

impl EventSender {
    /// Sends a notice, without waiting; `false` if the queue is gone.
    pub(super) fn notice(&self, event: Event) -> bool {
        let is_sent = self.notices.send(event).is_ok();
        self.waker.wake();
        is_sent
    }

    /// Sends input, and waits while much of it is unread; `false` if the queue is gone.
    fn input(&self, event: Event) -> bool {
        let is_sent = self.stdin.send(event).is_ok();
        self.waker.wake();
        is_sent
    }
}

/// How often to ask the terminal for its size while nothing else happens. The terminal sends SIGWINCH
/// when its size changes, which std cannot receive.
const SIZE_EVERY: Duration = Duration::from_millis(500);

/// Starts passing the bytes of stdin on into the queue.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn read_stdin(events: EventSender) -> io::Result<()> {
    spawn("stdin", move || {
        let mut stdin = io::stdin().lock();
        let mut chunk = [0; 4096];
        loop {
            let event = match stdin.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => Event::StdinClosed,
                Ok(count) => Event::Stdin(chunk.get(..count).unwrap_or_default().to_vec()),
            };
            let event = failpoint::check(event, "typed");
            let is_last = matches!(event, Event::StdinClosed);
            if !events.input(event) || is_last {
                return;
            }
        }
    })
}

/// Starts reporting each change of the terminal's size.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn watch_size(events: EventSender, mut known: Size) -> io::Result<()> {
    spawn("size", move || {
        loop {
            thread::sleep(SIZE_EVERY);
            let size = terminal::size().unwrap_or(known);
            if size != known && !events.notice(Event::Resized) {
                return;
            }
            known = size;
        }
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}
