//! The queue between the connection's thread and the caller, bounded in events and in bytes.
//!
//! A caller that takes no events for a while costs no memory: once the queue is full, the
//! connection's thread stops reading, the socket fills, and the server sees a slow client. It closes
//! the connection (4413), and the client resumes where it was when the caller takes events again.

use std::collections::VecDeque;
use std::sync::mpsc::{RecvError, TryRecvError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::event::Event;
use crate::limits;

/// The sending half.
#[derive(Debug)]
pub(super) struct EventSender(Arc<Queue>);

/// The events of a client, in order.
///
/// It ends when the client is dropped and its connection is closed. Dropping it first tells the
/// client to drop all events.
#[derive(Debug)]
pub struct Events(Arc<Queue>);

/// Ends a wait for an event from another thread: see [`Events::waker`].
#[derive(Debug, Clone)]
pub struct Waker(Arc<Queue>);

/// Why [`Events::recv_timeout`] returns no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitError {
    /// None came in time.
    Timeout,
    /// A [`Waker`] ended the wait.
    Woken,
    /// None will come: the client has ended.
    Disconnected,
}

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    /// Signals a new event, a wake or the end to the receiver.
    readable: Condvar,
    /// Signals space to the sender.
    writable: Condvar,
}

/// What the queue's lock protects.
#[derive(Debug, Default)]
struct State {
    /// Each event with its size.
    events: VecDeque<(Event, usize)>,
    /// The sum of these sizes.
    bytes: usize,
    /// The receiver is to return without an event.
    is_woken: bool,
    /// Nothing is added any more: the client is closed, or the receiver is dropped.
    is_closed: bool,
    /// The sender is dropped: nothing more will come.
    has_ended: bool,
}

/// A new, empty queue.
pub(super) fn event_queue() -> (EventSender, Events) {
    let (state, readable, writable) = (Mutex::default(), Condvar::new(), Condvar::new());
    let queue = Arc::new(Queue { state, readable, writable });
    (EventSender(Arc::clone(&queue)), Events(queue))
}

impl Queue {
    /// Poisoning is ignored: each change is complete.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what is queued only if `drops_queued`; wakes both sides.
    fn close(&self, drops_queued: bool) {
        let mut state = self.lock();
        state.is_closed = true;
        if drops_queued {
            (state.events, state.bytes) = (VecDeque::new(), 0);
        }
        self.writable.notify_all();
    }
}

impl State {
    fn is_full(&self) -> bool {
        !self.is_closed
            && (self.events.len() >= limits::CLIENT_EVENTS
                || self.bytes >= limits::CLIENT_EVENT_BYTES)
    }

    fn pop(&mut self) -> Option<Event> {
        let (event, size) = self.events.pop_front()?;
        self.bytes = self.bytes.saturating_sub(size);
        if self.events.is_empty() {
            self.events.shrink_to(limits::CLIENT_EVENTS);
        }
        Some(event)
    }
}

impl EventSender {
    /// Adds an event that came in a message of `bytes`. It never waits, also beyond the bounds: the
    /// caller may hold the client's lock, which the receiver takes too.
    pub(super) fn push(&self, event: Event, bytes: usize) {
        let mut state = self.0.lock();
        if !state.is_closed {
            let size = bytes.saturating_add(size_of::<Event>());
            state.events.push_back((event, size));
            state.bytes = state.bytes.saturating_add(size);
            self.0.readable.notify_one();
        }
    }

    /// Waits until the queue has space; `true` if it had none. The connection's thread calls this
    /// before each message it reads, so that the queue exceeds its bounds by the events of one message.
    /// No lock may be held.
    pub(super) fn wait_for_space(&self) -> bool {
        let state = self.0.lock();
        let was_full = state.is_full();
        let waited = self.0.writable.wait_while(state, |state| state.is_full());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        was_full
    }

    /// From now on events are dropped, and no one waits for space. Those in the queue stay.
    pub(super) fn close(&self) {
        self.0.close(false);
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.readable.notify_all();
    }
}

impl Events {
    /// Waits for the next event.
    ///
    /// # Errors
    /// The client has ended: none will come.
    pub fn recv(&self) -> Result<Event, RecvError> {
        loop {
            match self.next_before(None) {
                Ok(event) => return Ok(event),
                Err(WaitError::Disconnected) => return Err(RecvError),
                Err(WaitError::Timeout | WaitError::Woken) => {}
            }
        }
    }

    /// Waits for the next event, at most for `wait`; without one, for ever.
    ///
    /// # Errors
    /// There is none: see [`WaitError`].
    pub fn recv_timeout(&self, wait: impl Into<Option<Duration>>) -> Result<Event, WaitError> {
        let deadline = wait.into().and_then(|wait| Instant::now().checked_add(wait));
        self.next_before(deadline)
    }

    /// The next event, if one has come.
    ///
    /// # Errors
    /// There is none now, or none will come.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        let mut state = self.0.lock();
        let ended = if state.has_ended { TryRecvError::Disconnected } else { TryRecvError::Empty };
        let event = state.pop().ok_or(ended);
        self.0.writable.notify_one();
        event
    }

    /// A handle that ends waits of this receiver, so that one thread can wait for events and for
    /// something else. A wake is kept until the next wait.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.0))
    }

    fn next_before(&self, deadline: Option<Instant>) -> Result<Event, WaitError> {
        let mut state = self.0.lock();
        loop {
            if std::mem::take(&mut state.is_woken) {
                return Err(WaitError::Woken);
            }
            if let Some(event) = state.pop() {
                self.0.writable.notify_one();
                return Ok(event);
            }
            if state.has_ended {
                return Err(WaitError::Disconnected);
            }
            state = match deadline {
                None => self.0.readable.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(WaitError::Timeout);
                    }
                    let woken = self.0.readable.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Iterator for &Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.recv().ok()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.0.close(true);
    }
}

impl Waker {
    /// Ends the wait for an event that is under way, or else the next.
    pub fn wake(&self) {
        self.0.lock().is_woken = true;
        self.0.readable.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ConnectionState;
    use std::sync::mpsc::channel;
    use std::thread;

    const LIVE: Event = Event::State(ConnectionState::Live);

    #[test]
    fn it_is_full_by_events_and_by_bytes_and_takes_the_events_of_one_more_message() {
        let (sender, events) = event_queue();
        (1..limits::CLIENT_EVENTS).for_each(|_| sender.push(LIVE, 0));
        assert!(!sender.wait_for_space());
        sender.push(LIVE, 0);
        assert!(sender.0.lock().is_full());
        sender.push(LIVE, 0);
        assert_eq!(events.0.lock().events.len(), limits::CLIENT_EVENTS + 1);
        while events.try_recv().is_ok() {}
        assert_eq!(events.0.lock().bytes, 0);

        sender.push(LIVE, limits::CLIENT_EVENT_BYTES);
        assert!(sender.0.lock().is_full());
        assert!(events.recv().is_ok());
        assert!(!sender.wait_for_space());
    }

    #[test]
    fn a_sender_that_waits_goes_on_when_an_event_is_taken_the_client_closed_or_the_receiver_dropped()
     {
        let full = || {
            let (sender, events) = event_queue();
            sender.push(LIVE, limits::CLIENT_EVENT_BYTES);
            (Arc::new(sender), events)
        };
        let waits = |sender: &Arc<EventSender>| {
            let ((done, is_done), sender) = (channel(), Arc::clone(sender));
            let wait = move || done.send(sender.wait_for_space()).unwrap();
            thread::Builder::new().spawn(wait).unwrap();
            is_done
        };
        let wait = Duration::from_secs(20);
        let (sender, events) = full();
        let done = waits(&sender);
        assert!(done.try_recv().is_err());
        assert!(events.recv().is_ok());
        assert!(done.recv_timeout(wait).is_ok());

        let (sender, events) = full();
        let done = waits(&sender);
        sender.close();
        assert!(done.recv_timeout(wait).is_ok());
        sender.push(LIVE, 0);
        assert!(events.try_recv().is_ok(), "what came before stays");
        assert_eq!(events.try_recv().unwrap_err(), TryRecvError::Empty);

        let (sender, events) = full();
        let done = waits(&sender);
        drop(events);
        assert!(done.recv_timeout(wait).is_ok());
    }

    #[test]
    fn a_wake_ends_one_wait_also_a_later_one_and_comes_before_events() {
        let (sender, events) = event_queue();
        sender.push(LIVE, 0);
        events.waker().wake();
        assert_eq!(events.recv_timeout(None).unwrap_err(), WaitError::Woken);
        assert!(events.recv_timeout(None).is_ok());
        assert_eq!(events.recv_timeout(Duration::ZERO).unwrap_err(), WaitError::Timeout);
        drop(sender);
        assert_eq!(events.recv_timeout(None).unwrap_err(), WaitError::Disconnected);
        assert!(events.recv().is_err() && (&events).next().is_none());
    }
}
