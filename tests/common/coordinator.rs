//! The coordinator of a run: its phase, how far each client is, and what was violated.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Violations whose text is kept; more are only counted.
const KEPT: usize = 20;

/// The one place where the threads of a run wait for each other.
#[derive(Debug)]
pub(crate) struct Coordinator {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Connections are cut and the server is killed while clients send.
    Faults,
    /// No more faults, and no new messages: every client catches up.
    Quiet,
    /// Every client stops.
    Done,
}

#[derive(Debug)]
pub(crate) struct State {
    phase: Phase,
    /// Messages that may still be sent.
    budget: u64,
    /// Messages acknowledged so far.
    pub(crate) acknowledged: u64,
    violations: Vec<String>,
    violation_count: u64,
    pub(crate) clients: Vec<Progress>,
}

/// How far one client is.
#[derive(Clone, Default, Debug)]
pub(crate) struct Progress {
    /// Connected, and has seen all that its rooms held when it joined them.
    pub(crate) is_live: bool,
    /// Messages sent that are neither stored nor given up.
    pub(crate) unsettled: usize,
    /// The newest seq seen in each of its rooms.
    pub(crate) seen: Vec<u64>,
}

impl Coordinator {
    pub(crate) fn new(clients: usize) -> Coordinator {
        let state = State {
            phase: Phase::Faults,
            budget: 0,
            acknowledged: 0,
            violations: Vec::new(),
            violation_count: 0,
            clients: vec![Progress::default(); clients],
        };
        Coordinator { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state().phase
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.state().phase = phase;
        self.changed.notify_all();
    }

    /// Ends the run when it is dropped, by a panic too.
    pub(crate) fn end_on_drop(&self) -> impl Drop {
        struct End<'c>(&'c Coordinator);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.enter(Phase::Done);
            }
        }
        End(self)
    }

    /// Allows so many messages more: what is in flight stays far from the window of known cids.
    pub(crate) fn add_budget(&self, messages: u64) {
        self.state().budget += messages;
    }

    /// Whether one more message may be sent; it counts as sent then.
    pub(crate) fn take_budget(&self) -> bool {
        let mut state = self.state();
        let may = state.phase == Phase::Faults && state.budget > 0;
        state.budget -= u64::from(may);
        may
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.state().acknowledged
    }

    /// A message was acknowledged.
    pub(crate) fn acknowledge(&self) {
        self.state().acknowledged += 1;
        self.changed.notify_all();
    }

    pub(crate) fn report_progress(&self, client: usize, progress: Progress) {
        self.state().clients[client] = progress;
        self.changed.notify_all();
    }

    /// What each client has reported.
    pub(crate) fn progress(&self) -> Vec<Progress> {
        self.state().clients.clone()
    }

    /// Something happened that must never happen, whatever is cut or killed.
    pub(crate) fn report_violation(&self, what: String) {
        let mut state = self.state();
        state.violation_count += 1;
        if state.violations.len() < KEPT {
            state.violations.push(what);
        }
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn is_violated(&self) -> bool {
        self.state().violation_count > 0
    }

    /// How many violations there were, and the first of them.
    pub(crate) fn violations(&self) -> (u64, Vec<String>) {
        let state = self.state();
        (state.violation_count, state.violations.clone())
    }

    /// Waits until `is_so`: whether it came to that in time, and nothing was violated.
    pub(crate) fn wait(&self, timeout: Duration, is_so: impl Fn(&State) -> bool) -> bool {
        let start = Instant::now();
        let mut state = self.state();
        while !is_so(&state) && state.violation_count == 0 {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            (state, _) =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state.violation_count == 0
    }

    /// The phase and each client's progress, for the message of a wait that failed.
    pub(crate) fn describe(&self) -> String {
        let state = self.state();
        format!("{:?}, {:?}", state.phase, state.clients)
    }
}
