//! Many clients join a room and leave it: what the members receive, and what it costs.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::client::{Client, TIMEOUT, is};
use crate::support::client_pool::ClientPool;
use crate::targets::{LOBBY, Running, Target};

/// Members that are in the room all the time.
const MEMBERS: usize = 10;
/// Threads that connect at the same time: enough to keep the server busy.
const CONNECTING: usize = 4;
/// The longest wait for an event.
const WAIT: Duration = Duration::from_millis(100);

pub(crate) struct Presence {
    pub(crate) joining: PresenceCost,
    pub(crate) leaving: PresenceCost,
}

/// What one member receives, and what one join or leave costs.
pub(crate) struct PresenceCost {
    pub(crate) messages: f64,
    pub(crate) bytes: f64,
    pub(crate) cpu_us: f64,
}

pub(crate) fn measure(count: usize) -> Presence {
    let running = Target::Talk.start();
    let mut members = ClientPool::new();
    (0..MEMBERS).for_each(|place| members.add(running.client(place, LOBBY)));
    let mut come = Vec::new();
    let joining = watch(&running, &mut members, count, MEMBERS + count, || {
        come = connect(&running, MEMBERS, count);
    });
    let leaving = watch(&running, &mut members, count, MEMBERS, || drop(come));
    Presence { joining, leaving }
}

/// Connects so many clients to the lobby.
pub(crate) fn connect(running: &Running, first: usize, count: usize) -> Vec<Client> {
    let connected = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for start in 0..CONNECTING {
            let connected = &connected;
            scope.spawn(move || {
                for place in (start..count).step_by(CONNECTING) {
                    let client = running.client(first + place, LOBBY);
                    connected.lock().unwrap().push(client);
                }
            });
        }
    });
    connected.into_inner().unwrap()
}

/// Receives until the members know that so many clients are in the room.
fn watch(
    running: &Running,
    members: &mut ClientPool,
    count: usize,
    in_the_end: usize,
    change: impl FnOnce() + Send,
) -> PresenceCost {
    let (cpu, begun) = (running.server.cpu(), Instant::now());
    let (mut messages, mut bytes, mut know) = (0, 0, [false; MEMBERS]);
    let ending = format!("\"count\":{in_the_end}}}");
    thread::scope(|scope| {
        let changing = scope.spawn(change);
        while !changing.is_finished() || know.contains(&false) {
            members.poll(WAIT, |place, payload, _| {
                if is(payload, "presence") {
                    messages += 1;
                    bytes += payload.len();
                    know[place] = payload.ends_with(ending.as_bytes());
                }
            });
            assert!(begun.elapsed() < TIMEOUT, "no member learns that {in_the_end} are here");
        }
    });
    let cpu = running.server.cpu() - cpu;
    PresenceCost {
        messages: f64::from(messages) / MEMBERS as f64,
        bytes: bytes as f64 / MEMBERS as f64,
        cpu_us: cpu.as_secs_f64() * 1e6 / count as f64,
    }
}
