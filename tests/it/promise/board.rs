//! What the people of a run and whoever torments them know of each other: how far everybody is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ROOMS;

/// The one place where threads wait for each other.
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

/// Where a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Connections are cut and the server is killed while people talk.
    War,
    /// Nothing happens any more; nobody says anything new.
    Peace,
    /// Everybody goes home.
    Over,
}

pub(super) struct State {
    phase: Phase,
    /// Lines that may be said yet.
    allowance: u64,
    /// Lines acknowledged so far.
    pub(super) acknowledged: u64,
    /// Somebody saw what may never happen.
    broken: bool,
    pub(super) people: Vec<Standing>,
}

/// How far one person is.
#[derive(Clone, Default, Debug)]
pub(super) struct Standing {
    /// Lines said that are neither stored nor given up.
    pub(super) unsettled: usize,
    /// The newest record seen of each room.
    pub(super) ends: [u64; ROOMS.len()],
}

impl Board {
    pub(super) fn new(people: usize) -> Board {
        let state = State {
            phase: Phase::War,
            allowance: 0,
            acknowledged: 0,
            broken: false,
            people: vec![Standing::default(); people],
        };
        Board { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self) -> Phase {
        self.state().phase
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.state().phase = phase;
        self.changed.notify_all();
    }

    /// Sends everybody home when it is dropped, by a panic too.
    pub(super) fn send_home_at_last(&self) -> impl Drop {
        struct Home<'b>(&'b Board);
        impl Drop for Home<'_> {
            fn drop(&mut self) {
                self.0.enter(Phase::Over);
            }
        }
        Home(self)
    }

    /// So many lines more may be said: what is said stays far from the window of known cids.
    pub(super) fn allow(&self, lines: u64) {
        self.state().allowance += lines;
    }

    /// Whether one more line may be said; it counts as said then.
    pub(super) fn may_say(&self) -> bool {
        let mut state = self.state();
        let may = state.phase == Phase::War && state.allowance > 0;
        state.allowance -= u64::from(may);
        may
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.state().acknowledged
    }

    /// A line of somebody's was acknowledged.
    pub(super) fn acknowledge(&self) {
        self.state().acknowledged += 1;
        self.changed.notify_all();
    }

    pub(super) fn report(&self, person: usize, standing: Standing) {
        self.state().people[person] = standing;
        self.changed.notify_all();
    }

    /// Ends the run: there is nothing left to prove.
    pub(super) fn give_up(&self) {
        self.state().broken = true;
        self.changed.notify_all();
    }

    pub(super) fn is_broken(&self) -> bool {
        self.state().broken
    }

    /// Waits until `enough`; whether it came to that in time, and nobody gave up.
    pub(super) fn wait(&self, patience: Duration, enough: impl Fn(&State) -> bool) -> bool {
        let start = Instant::now();
        let mut state = self.state();
        while !enough(&state) && !state.broken {
            let left = patience.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            (state, _) =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        !state.broken
    }

    /// Who is where, for whoever waited in vain.
    pub(super) fn describe(&self) -> String {
        let state = self.state();
        format!("{:?}, {:?}", state.phase, state.people)
    }
}
