//! The state of a room, which its lock protects.

use std::sync::Arc;
use std::time::Instant;

use crate::chat::{ClientId, Members, Outcome, OwnerId, RoomName, Sequencer};
use crate::server::clients::client::Client;

/// All live clients. Rounds share the list; it is built again only after a change.
pub(crate) type Receivers = Arc<[Receiver]>;

/// A client that receives broadcasts.
#[derive(Debug)]
pub(crate) struct Receiver {
    /// The client.
    pub(crate) client: Arc<Client>,
    /// The index of the first ephemeral event it gets.
    pub(crate) first_ephemeral: u64,
}

/// What the lock protects.
#[derive(Debug)]
pub(super) struct RoomState {
    /// Whether the log was loaded since the start: before that, its head is unknown.
    pub(super) is_open: bool,
    /// Numbers records, detects repeats, gathers the batch.
    pub(super) sequencer: Sequencer,
    /// All connections in the room.
    pub(super) clients: Vec<RoomClient>,
    /// The live ones of them; `None` after a change.
    pub(super) receivers: Option<Receivers>,
    /// The persons behind those of them that have presence.
    pub(super) members: Members,
    /// When a large room last got its count.
    pub(super) count_sent: Option<Instant>,
    /// Whether the count has changed since.
    pub(super) is_count_outdated: bool,
    /// Whether a round is running.
    pub(super) round: Round,
    /// Up to this seq, every record was written to every receiver.
    pub(super) broadcast_up_to: u64,
    /// Records that were submitted again while they were being written to receivers, and by which client.
    pub(super) repeats: Vec<(ClientId, u64)>,
}

/// One connection in the room.
#[derive(Debug)]
pub(super) struct RoomClient {
    /// The client.
    pub(super) client: Arc<Client>,
    /// The person as whose connection it counts. The client itself may be another person's already.
    pub(super) owner: OwnerId,
    /// False while it catches up: then it receives no broadcasts.
    pub(super) is_live: bool,
    /// The index of the first ephemeral event that its `joined` does not cover: earlier joins are in the
    /// list of members there.
    pub(super) first_ephemeral: u64,
}

/// What there is to say of a join or leave, beside who it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Presence {
    /// The person who has joined.
    pub(super) joined: Option<OwnerId>,
    /// The client that has caused it, and is not told.
    pub(super) cause: Option<ClientId>,
    /// Whether a person who left is still a member.
    pub(super) stays_member: bool,
}

/// Whether a round is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// No thread holds the room's [`RoundGuard`](super::RoundGuard).
    Idle,
    /// One does.
    Running,
    /// One does, and is writing to receivers.
    Broadcasting,
}

impl RoomState {
    /// The state of a room that is not open.
    pub(super) fn new(name: RoomName) -> RoomState {
        RoomState {
            is_open: false,
            broadcast_up_to: 0,
            sequencer: Sequencer::new(name, 0, 0),
            clients: Vec::new(),
            receivers: None,
            members: Members::default(),
            count_sent: None,
            is_count_outdated: false,
            round: Round::Idle,
            repeats: Vec::new(),
        }
    }

    /// Opens the room `name`, whose log ends with the record `head` of the time `at`. False if it is open.
    pub(super) fn open(&mut self, name: &RoomName, head: u64, at: u64) -> bool {
        if self.is_open {
            return false;
        }
        self.sequencer = Sequencer::new(name.clone(), head, at);
        (self.broadcast_up_to, self.is_open) = (head, true);
        true
    }

    /// A record that is stored, but not written to every receiver yet, is in flight: an answer now would
    /// overtake the records before it.
    pub(super) fn unless_in_flight(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::AlreadyStored(seq) if seq > self.broadcast_up_to => Outcome::InFlight,
            outcome @ (Outcome::Accepted
            | Outcome::AlreadyStored(_)
            | Outcome::InFlight
            | Outcome::CidConflict
            | Outcome::NoSuchTarget
            | Outcome::CidsUnknown) => outcome,
        }
    }
}
