//! The end of a session: out of every room and every list.
//!
//! Room: as `verbs`. Each step is taken whatever became of the others, in a panic too.

use std::cell::RefCell;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Session;

impl Drop for Session {
    fn drop(&mut self) {
        let (id, shared) = (self.client.id, &self.shared);
        let rooms = RefCell::new(mem::take(&mut self.rooms));
        self.surely(|| rooms.borrow_mut().extend(shared.invitations.end(id)));
        let user = RefCell::new(None);
        self.surely(|| *user.borrow_mut() = Some(self.client.identity().user));
        for room in rooms.take() {
            self.surely(|| shared.carry(room.exit(id)));
        }
        if let Some(user) = user.take() {
            self.survives(|| shared.release(&user)); // twice would be once too often
        }
        self.surely(|| shared.poll.remove(id));
        self.survives(|| self.log("gone"));
    }
}

impl Session {
    /// Takes one step of the end, and takes it again if it panicked.
    fn surely(&self, step: impl Fn()) {
        if !self.survives(&step) {
            self.survives(&step);
        }
    }

    /// Takes one step of the end. A panic in it is counted, and the next step is taken all the same.
    fn survives(&self, step: impl FnOnce()) -> bool {
        let is_done = catch_unwind(AssertUnwindSafe(step)).is_ok();
        if !is_done {
            self.shared.panicked("leaving");
        }
        is_done
    }
}
