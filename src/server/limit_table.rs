//! The table of limits that `--limit` can change: their names, what each protects, what a client sees.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::tunable_limits::Limits;

/// One limit, as an operator sees it.
#[derive(Debug)]
pub struct TunableLimit {
    /// Its name for `--limit`.
    pub name: &'static str,
    /// What it protects.
    pub protects: &'static str,
    /// What a client sees that exceeds it.
    pub seen: &'static str,
    /// The values it may have.
    range: RangeInclusive<u64>,
    /// Where its value is stored.
    field: fn(&mut Limits) -> LimitField<'_>,
}

/// Where a limit's value is stored, by its kind.
enum LimitField<'l> {
    Bytes(&'l mut usize),
    Count(&'l mut usize),
    Wait(&'l mut Duration),
}

/// A limit's value, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitValue {
    /// Bytes.
    Bytes(u64),
    /// A number.
    Count(u64),
    /// A time.
    Wait(Duration),
}

use LimitField::{Bytes, Count, Wait};

/// An hour in milliseconds: the longest wait.
const HOUR: u64 = 3_600_000;
const MIB: u64 = 1024 * 1024;

/// Every limit that `--limit` can change. Limits with a flag of their own are not in it.
pub const LIMITS: &[TunableLimit] = &[
    TunableLimit {
        name: "request-line",
        protects: "memory and time for reading HTTP heads",
        seen: "414",
        range: 64..=MIB,
        field: |l| Bytes(&mut l.http.first_line),
    },
    TunableLimit {
        name: "header-line",
        protects: "the same",
        seen: "431",
        range: 64..=MIB,
        field: |l| Bytes(&mut l.http.header_line),
    },
    TunableLimit {
        name: "headers",
        protects: "the same",
        seen: "431",
        range: 8..=10_000,
        field: |l| Count(&mut l.http.headers),
    },
    TunableLimit {
        name: "head",
        protects: "the same; the server never reads more of a head",
        seen: "431",
        range: 256..=16 * MIB,
        field: |l| Bytes(&mut l.http.head),
    },
    TunableLimit {
        name: "head-wait",
        protects: "connection slots from clients that send nothing; counted from accept, not from the last byte",
        seen: "408",
        range: 10..=HOUR,
        field: |l| Wait(&mut l.timeouts.head),
    },
    TunableLimit {
        name: "hello-wait",
        protects: "connection slots from clients that never say hello",
        seen: "close 4400",
        range: 10..=HOUR,
        field: |l| Wait(&mut l.timeouts.hello),
    },
    TunableLimit {
        name: "message",
        protects: "memory; below six times --max-text, some texts do not fit",
        seen: "close 1009, after the frame header",
        range: 256..=16 * MIB,
        field: |l| Bytes(&mut l.ws.message),
    },
    TunableLimit {
        name: "fragments",
        protects: "time: each frame costs some, even an empty one",
        seen: "close 1008",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.ws.fragments),
    },
    TunableLimit {
        name: "message-wait",
        protects: "memory from messages that are never finished",
        seen: "close 1008",
        range: 10..=HOUR,
        field: |l| Wait(&mut l.timeouts.message),
    },
    TunableLimit {
        name: "partial-messages",
        protects: "memory from many partial messages at once, beyond 8 KiB of each; one address may \
                   have a sixteenth of it",
        seen: "close 1013 for the client with the longest, or whose address exceeds its part",
        range: 1024..=1024 * MIB,
        field: |l| Bytes(&mut l.partial_messages),
    },
    TunableLimit {
        name: "ping-every",
        protects: "connection slots from peers that are gone; keep it below the timeout of a proxy",
        seen: "a ping after this time without data",
        range: 10..=HOUR,
        field: |l| Wait(&mut l.timeouts.ping_every),
    },
    TunableLimit {
        name: "pong-wait",
        protects: "the same",
        seen: "close 4408",
        range: 10..=HOUR,
        field: |l| Wait(&mut l.timeouts.pong),
    },
    TunableLimit {
        name: "backlog",
        protects: "memory from clients that read more slowly than the room posts",
        seen: "close 4413; after reconnecting, the rest from the log",
        range: 1024..=1024 * MIB,
        field: |l| Bytes(&mut l.backlog),
    },
    TunableLimit {
        name: "stall-wait",
        protects: "the same, from clients that read nothing at all",
        seen: "the connection ends",
        range: 10..=HOUR,
        field: |l| Wait(&mut l.timeouts.stall),
    },
    TunableLimit {
        name: "control-rate",
        protects: "time: control, empty and refused messages per second",
        seen: "slower answers; close 4429 if it continues",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.flood.control_rate),
    },
    TunableLimit {
        name: "flood-grace",
        protects: "the same, and the rate of posts: how long a client may exceed them",
        seen: "close 4429",
        range: 10..=HOUR,
        field: |l| Wait(&mut l.flood.grace),
    },
    TunableLimit {
        name: "new-per-address",
        protects: "new WebSockets of one address per minute, for a --max-per-address of 64; other \
                   values scale it",
        seen: "429 with Retry-After",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.per_address.websockets),
    },
    TunableLimit {
        name: "wrong-passwords",
        protects: "the password from guessing: tries of one address per minute",
        seen: "429 with Retry-After, even with the right password",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.per_address.wrong_passwords),
    },
    TunableLimit {
        name: "posted-bytes",
        protects: "the disk, and slow readers: bytes of texts of one address at once; they come \
                   back within 64 s",
        seen: "error rate_limited",
        range: 1024..=1024 * 1024 * MIB,
        field: |l| Bytes(&mut l.per_address.posted_bytes),
    },
    TunableLimit {
        name: "answer-bytes",
        protects: "the network and time: bytes of history, joins, searches and lists for one address \
                   at once; they come back within 4 s",
        seen: "slower answers",
        range: 64 * 1024..=1024 * 1024 * MIB,
        field: |l| Bytes(&mut l.per_address.answer_bytes),
    },
    TunableLimit {
        name: "rooms",
        protects: "memory and directories; one address may create a tenth of them, and lobby is not \
                   counted",
        seen: "error too_many_rooms, once no room can be given back: see below",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.rooms.public),
    },
    TunableLimit {
        name: "new-rooms",
        protects: "the same: new rooms of one address at once; they come back within an hour",
        seen: "error too_many_rooms",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.per_address.new_rooms),
    },
    TunableLimit {
        name: "private-rooms",
        protects: "the same; one address may create a tenth of them",
        seen: "the same",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.rooms.private),
    },
    TunableLimit {
        name: "new-private-rooms",
        protects: "the same: new private rooms of one address at once; they come back within an hour",
        seen: "error too_many_rooms",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.per_address.new_private_rooms),
    },
    TunableLimit {
        name: "rooms-per-client",
        protects: "memory and time: public rooms of a person on all devices, a fifth fewer private ones, and \
                   of a client as many private ones",
        seen: "error too_many_rooms; the private room that was silent the longest is no longer listed; left, \
               from a private room that others have begun",
        range: 1..=10_000,
        field: |l| Count(&mut l.rooms.per_client),
    },
    TunableLimit {
        name: "names",
        protects: "memory and disk: names held at a time; one address may hold a hundredth of them",
        seen: "the name is free again: of those that no one uses now, the least used first",
        range: 16..=100_000_000,
        field: |l| Count(&mut l.rooms.names),
    },
    TunableLimit {
        name: "new-names",
        protects: "the same: new names of one address at once, for a --max-per-address of 64; a larger \
                   one scales it; they come back within an hour",
        seen: "error rate_limited, and close 1013 after a hello",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.per_address.new_names),
    },
    TunableLimit {
        name: "edits-per-post",
        protects: "the newest page of a room, which would hold only edits",
        seen: "error forbidden",
        range: 1..=1_000_000,
        field: |l| Count(&mut l.rooms.edits_per_post),
    },
    TunableLimit {
        name: "room-memory",
        protects: "memory: what all rooms together keep of their logs; what is released is read again \
                   when it is needed",
        seen: "a slower first answer of a room that was idle",
        range: 1024..=1024 * 1024 * MIB,
        field: |l| Bytes(&mut l.rooms.memory),
    },
    TunableLimit {
        name: "json-depth",
        protects: "the stack: the parser recurses once per level",
        seen: "error bad_json",
        range: 3..=128,
        field: |l| Count(&mut l.json.depth),
    },
    TunableLimit {
        name: "json-members",
        protects: "time: each key is compared with those before it",
        seen: "error bad_json",
        range: 12..=10_000,
        field: |l| Count(&mut l.json.members),
    },
];

impl TunableLimit {
    /// The limit of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static TunableLimit> {
        LIMITS.iter().find(|limit| limit.name == name)
    }

    /// The value of this limit in `limits`.
    #[must_use]
    pub fn of(&self, mut limits: Limits) -> LimitValue {
        let number = |count: &usize| u64::try_from(*count).unwrap_or(u64::MAX);
        match (self.field)(&mut limits) {
            Bytes(bytes) => LimitValue::Bytes(number(bytes)),
            Count(count) => LimitValue::Count(number(count)),
            Wait(wait) => LimitValue::Wait(*wait),
        }
    }

    /// Sets this limit in `limits`: to bytes, a number, or milliseconds.
    ///
    /// # Errors
    /// The smallest and the largest value allowed, if `value` is not between them.
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
        match (self.field)(limits) {
            Bytes(field) | Count(field) => *field = count,
            Wait(field) => *field = Duration::from_millis(value),
        }
        Ok(())
    }
}

/// As `--limit` reads it, in the largest unit that divides it.
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
    fn each_limit_has_its_own_field_and_stays_in_its_range() {
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
    fn a_value_is_printed_in_the_largest_unit_that_fits() {
        let printed =
            |name: &str| TunableLimit::find(name).unwrap().of(Limits::default()).to_string();
        assert_eq!(printed("message"), "64KiB");
        assert_eq!(printed("backlog"), "1MiB");
        assert_eq!(printed("fragments"), "1024");
        assert_eq!(printed("head-wait"), "10s");
        assert_eq!(LimitValue::Wait(Duration::from_millis(1_500)).to_string(), "1500ms");
        assert_eq!(LimitValue::Bytes(1_500).to_string(), "1500");
    }
}
