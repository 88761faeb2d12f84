//! What a panic says, kept until the terminal is as it was: on a painted screen nobody could read it.
//!
//! Room: the panic hook.

use std::panic;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::mpsc::Sender;

use super::events::Event;

/// The words of panics, of whatever thread, from now on.
#[derive(Debug, Default, Clone)]
pub(crate) struct PanicHook {
    words: Arc<Mutex<Vec<String>>>,
}

impl PanicHook {
    /// Keeps what panics say, and makes each an event: a thread may have ended that the chat needs.
    pub(crate) fn watch(events: Sender<Event>) -> PanicHook {
        let broken = PanicHook::default();
        let kept = broken.clone();
        panic::set_hook(Box::new(move |panic| {
            kept.words().push(panic.to_string().replace('\n', " "));
            _ = events.send(Event::Panicked); // the thread that has broken may be the one that listens
        }));
        broken
    }

    /// What to say at the end, if anything has broken.
    pub(crate) fn take(&self) -> Option<String> {
        let words = std::mem::take(&mut *self.words());
        let hint = "this is a defect, please report it; lines that were not stored are kept";
        (!words.is_empty()).then(|| format!("{} ({hint})", words.join("; ")))
    }

    fn words(&self) -> MutexGuard<'_, Vec<String>> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
