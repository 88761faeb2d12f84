//! The rooms a client takes part in, and how far each is shown: the rejection to show a hole.
//!
//! Room: seqs and the ids of logs. Nothing here is sent or shown; the verdicts say what to do.

use crate::chat::RoomName;
use crate::chat::protocol::{Join, Joined, Since};

/// The rooms a person asked for, in the order they did.
#[derive(Debug)]
pub(super) struct Places {
    places: Vec<Place>,
    /// Where a room begins of which nothing is shown yet.
    since: Since,
}

/// One room.
#[derive(Debug)]
struct Place {
    room: RoomName,
    /// How far it is shown; nothing before its first `joined`.
    shown: Option<Shown>,
    standing: Standing,
}

/// The highest seq shown with nothing missing before it, and the log it counts in.
#[derive(Debug, Clone)]
struct Shown {
    log: String,
    seq: u64,
}

/// How a room stands on the present connection.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// Not asked for on this connection.
    Out,
    /// Asked for, and not yet answered. `hole` is the seq before a hole, if one is why.
    Asked { hole: Option<u64> },
    /// Joined; shown as far as `head`, it is caught up. `hole` is where a join should have filled
    /// a hole.
    In { head: u64, hole: Option<u64> },
}

/// What a `joined` means for what is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It goes on where what is shown ends.
    GoesOn,
    /// What is shown belongs to another log: drop it.
    Reset,
    /// What follows what is shown is no longer kept; it goes on at `first`.
    Gap { first: u64 },
    /// Nobody asked for this room, and it is not a private one.
    Unasked,
}

/// What a record's seq means for what is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The next one: show it.
    Next,
    /// Shown before.
    Repeat,
    /// There is a hole before it; ask for what is missing.
    Hole(Join),
    /// There is a hole before it, and what is missing has been asked for.
    HoleAsked,
    /// There is a hole before it that asking did not fill.
    HoleStays,
    /// The room is not one that is shown.
    Elsewhere,
}

impl Places {
    pub(super) fn new(rooms: Vec<RoomName>) -> Places {
        let mut places = Places { places: Vec::new(), since: Since::Newest };
        for room in rooms {
            places.add(room);
        }
        places
    }

    /// Rooms of which nothing is shown yet begin at `since` from now on.
    pub(super) fn begin(&mut self, since: Since) {
        self.since = since;
    }

    /// Adds a room; `false` if it was there.
    pub(super) fn add(&mut self, room: RoomName) -> bool {
        let is_new = self.find(&room).is_none();
        if is_new {
            self.places.push(Place { room, shown: None, standing: Standing::Out });
        }
        is_new
    }

    /// Forgets a room and how far it was shown; `false` if it was not there.
    pub(super) fn forget(&mut self, room: &RoomName) -> bool {
        let before = self.places.len();
        self.places.retain(|place| place.room != *room);
        self.places.len() < before
    }

    /// The connection is gone, and every room has to be asked for again.
    pub(super) fn cut(&mut self) {
        for place in &mut self.places {
            place.standing = Standing::Out;
        }
    }

    /// Asks for every room.
    pub(super) fn ask_all(&mut self) -> Vec<Join> {
        let since = self.since;
        self.places.iter_mut().map(|place| place.ask(None, since)).collect()
    }

    /// Asks for one room.
    pub(super) fn ask(&mut self, room: &RoomName) -> Option<Join> {
        let since = self.since;
        self.find(room).map(|place| place.ask(None, since))
    }

    /// Whether the room was asked for and is not answered yet.
    pub(super) fn is_asked(&self, room: &RoomName) -> bool {
        self.places
            .iter()
            .any(|place| place.room == *room && matches!(place.standing, Standing::Asked { .. }))
    }

    /// Whether every room is joined and shown as far as its head was then.
    pub(super) fn is_caught_up(&self) -> bool {
        self.places.iter().all(|place| match (place.standing, &place.shown) {
            (Standing::In { head, .. }, Some(shown)) => shown.seq >= head,
            (Standing::In { .. }, None) | (Standing::Out | Standing::Asked { .. }, _) => false,
        })
    }

    /// Takes the answer to a join.
    pub(super) fn join(&mut self, joined: &Joined) -> Fit {
        if joined.room.is_private() {
            self.add(joined.room.clone()); // the server brings us where somebody writes to us
        }
        let Some(place) = self.find(&joined.room) else { return Fit::Unasked };
        let hole = match place.standing {
            Standing::Out => None,
            Standing::Asked { hole } | Standing::In { hole, .. } => hole,
        };
        place.standing = Standing::In { head: joined.head, hole };
        let fit = match &place.shown {
            Some(shown) if joined.reset || shown.log != joined.log => Fit::Reset,
            Some(shown) if joined.since > shown.seq => Fit::Gap { first: joined.first },
            Some(_) => return Fit::GoesOn,
            None => Fit::GoesOn,
        };
        place.shown = Some(Shown { log: joined.log.clone(), seq: joined.since });
        fit
    }

    /// Judges a record by its place, and takes the place where it is the next.
    pub(super) fn place(&mut self, room: &RoomName, seq: u64) -> Verdict {
        let since = self.since;
        let Some(place) = self.find(room) else { return Verdict::Elsewhere };
        let Some(shown) = &mut place.shown else { return Verdict::Elsewhere };
        if seq <= shown.seq {
            return Verdict::Repeat;
        }
        if seq - shown.seq == 1 {
            shown.seq = seq;
            return Verdict::Next;
        }
        let before_hole = shown.seq;
        match place.standing {
            Standing::Out | Standing::Asked { .. } => Verdict::HoleAsked,
            Standing::In { hole, .. } if hole == Some(before_hole) => Verdict::HoleStays,
            Standing::In { .. } => Verdict::Hole(place.ask(Some(before_hole), since)),
        }
    }

    fn find(&mut self, room: &RoomName) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| place.room == *room)
    }
}

impl Place {
    fn ask(&mut self, hole: Option<u64>, since: Since) -> Join {
        self.standing = Standing::Asked { hole };
        let since = self.shown.as_ref().map_or(since, |shown| Since::After(shown.seq));
        let log = self.shown.as_ref().map(|shown| shown.log.clone());
        Join { room: self.room.clone(), since, log }
    }
}
