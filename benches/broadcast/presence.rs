//! Many people who come into a room and leave it, and what those hear of it who were there.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::client::{Client, PATIENCE, is};
use crate::support::client_pool::ClientPool;
use crate::targets::{LOBBY, Running, Target};

/// Who was there.
const WATCHERS: usize = 10;
/// Threads that connect at the same time: enough to keep the server busy.
const CONNECTING: usize = 4;
/// The longest wait for something to happen.
const WAIT: Duration = Duration::from_millis(100);

pub(crate) struct Presence {
    pub(crate) joining: PresenceCost,
    pub(crate) leaving: PresenceCost,
}

/// What one who was there is told, and what one who comes or leaves costs.
pub(crate) struct PresenceCost {
    pub(crate) messages: f64,
    pub(crate) bytes: f64,
    pub(crate) cpu_us: f64,
}

pub(crate) fn measure(count: usize) -> Presence {
    let running = Target::Talk.start();
    let mut watchers = ClientPool::new();
    (0..WATCHERS).for_each(|place| watchers.add(running.client(place, LOBBY)));
    let mut come = Vec::new();
    let joining = watch(&running, &mut watchers, count, WATCHERS + count, || {
        come = connect(&running, WATCHERS, count);
    });
    let leaving = watch(&running, &mut watchers, count, WATCHERS, || drop(come));
    Presence { joining, leaving }
}

/// So many clients in the lobby.
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

/// Hears what is told until those who watch know that so many are in the room.
fn watch(
    running: &Running,
    watchers: &mut ClientPool,
    count: usize,
    in_the_end: usize,
    change: impl FnOnce() + Send,
) -> PresenceCost {
    let (cpu, begun) = (running.server.cpu(), Instant::now());
    let (mut messages, mut bytes, mut know) = (0, 0, [false; WATCHERS]);
    let ending = format!("\"count\":{in_the_end}}}");
    thread::scope(|scope| {
        let changing = scope.spawn(change);
        while !changing.is_finished() || know.contains(&false) {
            watchers.poll(WAIT, |place, payload, _| {
                if is(payload, "presence") {
                    messages += 1;
                    bytes += payload.len();
                    know[place] = payload.ends_with(ending.as_bytes());
                }
            });
            assert!(begun.elapsed() < PATIENCE, "nobody is told that {in_the_end} are here");
        }
    });
    let cpu = running.server.cpu() - cpu;
    PresenceCost {
        messages: f64::from(messages) / WATCHERS as f64,
        bytes: bytes as f64 / WATCHERS as f64,
        cpu_us: cpu.as_secs_f64() * 1e6 / count as f64,
    }
}
