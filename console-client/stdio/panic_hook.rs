//! Keeps panic messages until the terminal is restored: on a painted screen they could not be read.

use std::panic;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::events::Event;
use super::events::EventSender;

/// The messages of panics in any thread since the hook was installed.
#[derive(Debug, Default, Clone)]
pub(crate) struct PanicHook {
    messages: Arc<Mutex<Vec<String>>>,
}

impl PanicHook {
    /// Installs the hook. Each panic also becomes an event: the chat may need the thread that ended.
    pub(crate) fn install(events: EventSender) -> PanicHook {
        let hook = PanicHook::default();
        let kept = hook.clone();
        panic::set_hook(Box::new(move |panic| {
            kept.messages().push(panic.to_string().replace('\n', " "));
            _ = events.notice(Event::Panicked); // it may fail: the queue's own thread may be the one
        }));
        hook
    }

    /// The messages to print at the end, if there was a panic.
    pub(crate) fn take(&self) -> Option<String> {
        let messages = std::mem::take(&mut *self.messages());
        let hint = "this is a bug, please report it; your unsent messages are saved";
        (!messages.is_empty()).then(|| format!("{} ({hint})", messages.join("; ")))
    }

    fn messages(&self) -> MutexGuard<'_, Vec<String>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
