//! The limits that the operator of a server may change, and the table that explains them.
//!
//! Room: values and words. What each limit is when nobody changes it, and why, stands in
//! [`crate::limits`].

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::limits;
use crate::{http, json, ws};

/// How much strangers may ask of one server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of a request's head.
    pub http: http::Limits,
    /// See [`limits::HEAD_WAIT`].
    pub head_wait: Duration,
    /// See [`limits::HELLO_WAIT`].
    pub hello_wait: Duration,
    /// Of a message.
    pub ws: ws::Limits,
    /// See [`limits::MESSAGE_WAIT`].
    pub message_wait: Duration,
    /// See [`limits::PARTIAL_MESSAGES`].
    pub partial_messages: usize,
    /// See [`limits::PING_EVERY`].
    pub ping_every: Duration,
    /// See [`limits::PONG_WAIT`].
    pub pong_wait: Duration,
    /// See [`limits::BACKLOG`].
    pub backlog: usize,
    /// See [`limits::STALL_WAIT`].
    pub stall_wait: Duration,
    /// See [`limits::CONTROL_RATE`].
    pub control_rate: usize,
    /// See [`limits::FLOOD_GRACE`].
    pub flood_grace: Duration,
    /// See [`limits::NEW_PER_ADDRESS`].
    pub new_per_address: usize,
    /// See [`limits::WRONG_PASSWORDS`].
    pub wrong_passwords: usize,
    /// See [`limits::ROOMS`].
    pub rooms: usize,
    /// See [`limits::PRIVATE_ROOMS`].
    pub private_rooms: usize,
    /// See [`limits::ROOMS_PER_CLIENT`].
    pub rooms_per_client: usize,
    /// Of a message's JSON.
    pub json: json::Limits,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            http: http::Limits::default(),
            head_wait: limits::HEAD_WAIT,
            hello_wait: limits::HELLO_WAIT,
            ws: ws::Limits { message: limits::MESSAGE, fragments: limits::FRAGMENTS },
            message_wait: limits::MESSAGE_WAIT,
            partial_messages: limits::PARTIAL_MESSAGES,
            ping_every: limits::PING_EVERY,
            pong_wait: limits::PONG_WAIT,
            backlog: limits::BACKLOG,
            stall_wait: limits::STALL_WAIT,
            control_rate: limits::CONTROL_RATE,
            flood_grace: limits::FLOOD_GRACE,
            new_per_address: limits::NEW_PER_ADDRESS,
            wrong_passwords: limits::WRONG_PASSWORDS,
            rooms: limits::ROOMS,
            private_rooms: limits::PRIVATE_ROOMS,
            rooms_per_client: limits::ROOMS_PER_CLIENT,
            json: json::Limits::default(),
        }
    }
}

/// One limit, as an operator meets it.
#[derive(Debug)]
pub struct TunableLimit {
    /// What `--limit` calls it.
    pub name: &'static str,
    /// What it is there for.
    pub protects: &'static str,
    /// What a peer sees that runs into it.
    pub seen: &'static str,
    /// What it may be.
    range: RangeInclusive<u64>,
    place: fn(&mut Limits) -> LimitField<'_>,
}

/// Where a limit's value is kept, by its kind.
enum LimitField<'l> {
    Bytes(&'l mut usize),
    Count(&'l mut usize),
    Wait(&'l mut Duration),
}

/// A limit's value, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitValue {
    /// So many bytes.
    Bytes(u64),
    /// So many of whatever the limit counts.
    Count(u64),
    /// So long.
    Wait(Duration),
}

use LimitField::{Bytes, Count, Wait};

/// Milliseconds of an hour: no wait is longer.
const HOUR: u64 = 3_600_000;
const MIB: u64 = 1024 * 1024;

/// Every limit that `--limit` can change. Those with a flag of their own are not among them.
pub const LIMITS: &[TunableLimit] = &[
    TunableLimit {
        name: "request-line",
        protects: "memory and time of whoever reads heads",
        seen: "414",
        range: 64..=MIB,
        place: |l| Bytes(&mut l.http.first_line),
    },
    TunableLimit {
        name: "header-line",
        protects: "the same",
        seen: "431",
        range: 64..=MIB,
        place: |l| Bytes(&mut l.http.header_line),
    },
    TunableLimit {
        name: "headers",
        protects: "the same",
        seen: "431",
        range: 8..=10_000,
        place: |l| Count(&mut l.http.headers),
    },
    TunableLimit {
        name: "head",
        protects: "the same; never is more of a head read",
        seen: "431",
        range: 256..=16 * MIB,
        place: |l| Bytes(&mut l.http.head),
    },
    TunableLimit {
        name: "head-wait",
        protects: "places from those who only connect; counted from accept, not from the last byte",
        seen: "408",
        range: 10..=HOUR,
        place: |l| Wait(&mut l.head_wait),
    },
    TunableLimit {
        name: "hello-wait",
        protects: "places from those who never say who they are",
        seen: "close 4400",
        range: 10..=HOUR,
        place: |l| Wait(&mut l.hello_wait),
    },
    TunableLimit {
        name: "message",
        protects: "memory; shorter than six times --max-text, some texts do not fit",
        seen: "close 1009, from the header alone",
        range: 256..=16 * MIB,
        place: |l| Bytes(&mut l.ws.message),
    },
    TunableLimit {
        name: "fragments",
        protects: "time: each frame costs some, even an empty one",
        seen: "close 1008",
        range: 1..=1_000_000,
        place: |l| Count(&mut l.ws.fragments),
    },
    TunableLimit {
        name: "message-wait",
        protects: "memory from messages that are never finished",
        seen: "close 1008",
        range: 10..=HOUR,
        place: |l| Wait(&mut l.message_wait),
    },
    TunableLimit {
        name: "unfinished",
        protects: "memory from many unfinished messages at once",
        seen: "close 1013 for whoever sends the byte that is one too many",
        range: 1024..=1024 * MIB,
        place: |l| Bytes(&mut l.partial_messages),
    },
    TunableLimit {
        name: "ping-every",
        protects: "places from peers that vanished; keep it below a proxy's time-out",
        seen: "a ping after so long a silence",
        range: 10..=HOUR,
        place: |l| Wait(&mut l.ping_every),
    },
    TunableLimit {
        name: "pong-wait",
        protects: "the same",
        seen: "close 4408",
        range: 10..=HOUR,
        place: |l| Wait(&mut l.pong_wait),
    },
    TunableLimit {
        name: "backlog",
        protects: "memory from those who read more slowly than the room talks",
        seen: "close 4413; whoever returns gets the rest from the log",
        range: 1024..=1024 * MIB,
        place: |l| Bytes(&mut l.backlog),
    },
    TunableLimit {
        name: "stall-wait",
        protects: "the same from those who read nothing at all",
        seen: "the end of the connection",
        range: 10..=HOUR,
        place: |l| Wait(&mut l.stall_wait),
    },
    TunableLimit {
        name: "nuisances",
        protects: "time: control, empty and refused messages a second",
        seen: "slower answers, and close 4429 when it goes on",
        range: 1..=1_000_000,
        place: |l| Count(&mut l.control_rate),
    },
    TunableLimit {
        name: "abuse-wait",
        protects: "the same, and the rate of posts: so long is patience",
        seen: "close 4429",
        range: 10..=HOUR,
        place: |l| Wait(&mut l.flood_grace),
    },
    TunableLimit {
        name: "new-per-address",
        protects: "new WebSockets of one address in a minute, for a --max-per-address of 64; another \
                   scales it",
        seen: "429 with Retry-After",
        range: 1..=1_000_000,
        place: |l| Count(&mut l.new_per_address),
    },
    TunableLimit {
        name: "wrong-passwords",
        protects: "the password from guessing: so many of one address in a minute",
        seen: "429 with Retry-After, for a right one too",
        range: 1..=1_000_000,
        place: |l| Count(&mut l.wrong_passwords),
    },
    TunableLimit {
        name: "rooms",
        protects: "memory and directories",
        seen: "error too_many_rooms",
        range: 1..=1_000_000,
        place: |l| Count(&mut l.rooms),
    },
    TunableLimit {
        name: "private-rooms",
        protects: "the same",
        seen: "error too_many_rooms",
        range: 1..=1_000_000,
        place: |l| Count(&mut l.private_rooms),
    },
    TunableLimit {
        name: "rooms-per-client",
        protects: "memory and time",
        seen: "error too_many_rooms",
        range: 1..=10_000,
        place: |l| Count(&mut l.rooms_per_client),
    },
    TunableLimit {
        name: "json-depth",
        protects: "the stack: reading recurses once for each level",
        seen: "error bad_json",
        range: 3..=128,
        place: |l| Count(&mut l.json.depth),
    },
    TunableLimit {
        name: "json-members",
        protects: "time: each key is compared with those before it",
        seen: "error bad_json",
        range: 12..=10_000,
        place: |l| Count(&mut l.json.members),
    },
];

impl TunableLimit {
    /// The limit of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static TunableLimit> {
        LIMITS.iter().find(|limit| limit.name == name)
    }

    /// Its value among `limits`.
    #[must_use]
    pub fn of(&self, mut limits: Limits) -> LimitValue {
        let number = |count: &usize| u64::try_from(*count).unwrap_or(u64::MAX);
        match (self.place)(&mut limits) {
            Bytes(bytes) => LimitValue::Bytes(number(bytes)),
            Count(count) => LimitValue::Count(number(count)),
            Wait(wait) => LimitValue::Wait(*wait),
        }
    }

    /// Sets it, if it may be so: bytes, a count, or milliseconds.
    ///
    /// # Errors
    /// The least and the most that it may be.
    pub fn set(&self, limits: &mut Limits, value: u64) -> Result<(), [LimitValue; 2]> {
        let amount = |value| match self.of(*limits) {
            LimitValue::Bytes(_) => LimitValue::Bytes(value),
            LimitValue::Count(_) => LimitValue::Count(value),
            LimitValue::Wait(_) => LimitValue::Wait(Duration::from_millis(value)),
        };
        if !self.range.contains(&value) {
            return Err([amount(*self.range.start()), amount(*self.range.end())]);
        }
        let count = usize::try_from(value).unwrap_or(usize::MAX);
        match (self.place)(limits) {
            Bytes(place) | Count(place) => *place = count,
            Wait(place) => *place = Duration::from_millis(value),
        }
        Ok(())
    }
}

/// As `--limit` reads it, for people: the largest unit that divides it.
impl fmt::Display for LimitValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            LimitValue::Bytes(bytes) if bytes > 0 && bytes.is_multiple_of(MIB) => {
                write!(f, "{}MiB", bytes / MIB)
            }
            LimitValue::Bytes(bytes) if bytes > 0 && bytes.is_multiple_of(1024) => {
                write!(f, "{}KiB", bytes / 1024)
            }
            LimitValue::Bytes(count) | LimitValue::Count(count) => write!(f, "{count}"),
            LimitValue::Wait(wait) if wait.subsec_millis() == 0 => write!(f, "{}s", wait.as_secs()),
            LimitValue::Wait(wait) => write!(f, "{}ms", wait.as_millis()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_own_place_and_keeps_to_its_range() {
        for limit in LIMITS {
            let mut limits = Limits::default();
            let (least, most) = (*limit.range.start(), *limit.range.end());
            assert!(limit.set(&mut limits, least - 1).is_err(), "{}", limit.name);
            assert!(limit.set(&mut limits, most + 1).is_err(), "{}", limit.name);
            limit.set(&mut limits, least).unwrap();
            let changed = LIMITS.iter().filter(|other| {
                let before = other.of(Limits::default());
                other.of(limits) != before
            });
            assert_eq!(changed.map(|other| other.name).collect::<Vec<_>>(), [limit.name]);
        }
    }

    #[test]
    fn an_amount_is_said_in_the_largest_unit_that_fits() {
        let said = |name: &str| TunableLimit::find(name).unwrap().of(Limits::default()).to_string();
        assert_eq!(said("message"), "64KiB");
        assert_eq!(said("backlog"), "1MiB");
        assert_eq!(said("fragments"), "1024");
        assert_eq!(said("head-wait"), "10s");
        assert_eq!(LimitValue::Wait(Duration::from_millis(1_500)).to_string(), "1500ms");
        assert_eq!(LimitValue::Bytes(1_500).to_string(), "1500");
    }
}
