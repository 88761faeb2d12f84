//! The limits that an operator may change; `limit_table` has their names. The defaults and their reasons
//! are in [`crate::limits`].

use std::time::Duration;

use crate::limits;
use crate::{http, json, ws};

/// How much clients may use of one server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of an HTTP head.
    pub http: http::Limits,
    /// Of a WebSocket message.
    pub ws: ws::Limits,
    /// Of a message's JSON.
    pub json: json::Limits,
    /// How long the server waits.
    pub timeouts: Timeouts,
    /// See [`limits::PARTIAL_MESSAGES`].
    pub partial_messages: usize,
    /// See [`limits::BACKLOG`].
    pub backlog: usize,
    /// Of messages that are not posts.
    pub flood: FloodLimits,
    /// Of one address.
    pub per_address: AddressLimits,
    /// Of rooms.
    pub rooms: RoomLimits,
    /// Of the disk.
    pub disk: DiskLimits,
}

/// How long the server waits for a peer.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// See [`limits::HEAD_WAIT`].
    pub head: Duration,
    /// See [`limits::HELLO_WAIT`].
    pub hello: Duration,
    /// See [`limits::MESSAGE_WAIT`].
    pub message: Duration,
    /// See [`limits::PING_EVERY`].
    pub ping_every: Duration,
    /// See [`limits::PONG_WAIT`].
    pub pong: Duration,
    /// See [`limits::STALL_WAIT`].
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            head: limits::HEAD_WAIT,
            hello: limits::HELLO_WAIT,
            message: limits::MESSAGE_WAIT,
            ping_every: limits::PING_EVERY,
            pong: limits::PONG_WAIT,
            stall: limits::STALL_WAIT,
        }
    }
}

/// Limits of control, empty and refused messages.
#[derive(Debug, Clone, Copy)]
pub struct FloodLimits {
    /// See [`limits::CONTROL_RATE`].
    pub control_rate: usize,
    /// See [`limits::FLOOD_GRACE`].
    pub grace: Duration,
}

/// Limits of one address.
#[derive(Debug, Clone, Copy)]
pub struct AddressLimits {
    /// New WebSockets in a minute, see [`limits::NEW_PER_ADDRESS`].
    pub websockets: usize,
    /// In a minute, see [`limits::WRONG_PASSWORDS`].
    pub wrong_passwords: usize,
    /// See [`limits::POSTED_BYTES`].
    pub posted_bytes: usize,
    /// See [`limits::ANSWER_BYTES`].
    pub answer_bytes: usize,
    /// See [`limits::NEW_ROOMS`].
    pub new_rooms: usize,
    /// See [`limits::NEW_PRIVATE_ROOMS`].
    pub new_private_rooms: usize,
    /// See [`limits::NEW_NAMES`].
    pub new_names: usize,
}

/// How many rooms and names there may be, and how many changes of one post.
#[derive(Debug, Clone, Copy)]
pub struct RoomLimits {
    /// See [`limits::ROOMS`].
    pub public: usize,
    /// See [`limits::PRIVATE_ROOMS`].
    pub private: usize,
    /// See [`limits::ROOMS_PER_CLIENT`].
    pub per_client: usize,
    /// Names that are held, see [`limits::NAMES`].
    pub names: usize,
    /// See [`limits::EDITS_PER_POST`].
    pub edits_per_post: usize,
    /// See [`limits::ROOM_MEMORY`].
    pub memory: usize,
}

/// What the server may use of the disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskLimits {
    /// Bytes of the data directory from which on posts are refused (`--max-data`).
    pub max_data: Option<u64>,
    /// Free bytes of the disk below which posts are refused (`--min-free`); `None`: the smaller of
    /// [`limits::DISK_RESERVE`] and a [`limits::DISK_RESERVE_SHARE`]th of it.
    pub min_free: Option<u64>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            http: http::Limits::default(),
            ws: ws::Limits { message: limits::MESSAGE, fragments: limits::FRAGMENTS },
            json: json::Limits::default(),
            timeouts: Timeouts::default(),
            partial_messages: limits::PARTIAL_MESSAGES,
            backlog: limits::BACKLOG,
            flood: FloodLimits { control_rate: limits::CONTROL_RATE, grace: limits::FLOOD_GRACE },
            per_address: AddressLimits {
                websockets: limits::NEW_PER_ADDRESS,
                wrong_passwords: limits::WRONG_PASSWORDS,
                posted_bytes: limits::POSTED_BYTES,
                answer_bytes: limits::ANSWER_BYTES,
                new_rooms: limits::NEW_ROOMS,
                new_private_rooms: limits::NEW_PRIVATE_ROOMS,
                new_names: limits::NEW_NAMES,
            },
            rooms: RoomLimits {
                public: limits::ROOMS,
                private: limits::PRIVATE_ROOMS,
                per_client: limits::ROOMS_PER_CLIENT,
                names: limits::NAMES,
                edits_per_post: limits::EDITS_PER_POST,
                memory: limits::ROOM_MEMORY,
            },
            disk: DiskLimits::default(),
        }
    }
}
