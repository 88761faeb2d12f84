//! The promise, checked: every acknowledged message is stored once, in one order, and seen once by every
//! client, whatever is cut or killed.
//!
//! ```sh
//! cargo test --test it promise                                    # 50 kills
//! TALK_PROMISE_KILLS=1000 cargo test --test it promise::every -- --nocapture
//! TALK_PROMISE_SEED=… cargo test --test it promise::every         # the decisions of that run again
//! TALK_PROMISE_KILLS=300 cargo test --test it promise::lost_records -- --nocapture
//! ```
//!
//! A seed repeats every decision (which connection is cut at which byte, when the server is killed); it
//! cannot repeat what the operating system's scheduler does in between.

mod history; // what one client sent and saw
mod fault_proxy; // cuts, delays and swallows bytes
mod own_client; // clients with our library
mod third_party_client; // clients with another
mod lost_records; // restored backups, power cuts
mod lost_welcome; // the first answer to a name, lost

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use std::{env, thread};

use tempfile::TempDir;

use self::fault_proxy::FaultProxy;
use self::history::{ClientConfig, ClientHistory, Library, ROOMS};
use crate::common::checker::{Outcome, RoomHistory, check};
use crate::common::coordinator::{Coordinator, Phase};
use crate::common::restarting_server::RestartingServer;
use crate::common::rng::Rng;

/// Kills of a run, unless TALK_PROMISE_KILLS says otherwise.
const KILLS: u64 = 50;

/// Messages that may be sent for each life of the server. A message is unsettled for a few lives at most,
/// so it stays far within the 10,000 records among which its cid is known.
const MESSAGES: u64 = 300;

/// Longer than anything takes that is not stuck.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The clients of a run: some write and some only read, with our library and with another.
fn clients() -> Vec<ClientConfig> {
    use Library::{Own, ThirdParty};
    let clients = [
        ("ann", 0, 3, Own),
        ("ann", 1, 1, Own),
        ("bob", 0, 6, Own),
        ("eve", 0, 1, Own),
        ("ned", 0, 0, Own),
        ("fay", 0, 1, ThirdParty),
        ("gus", 0, 20, ThirdParty),
        ("hal", 0, 0, ThirdParty),
        ("ida", 0, 0, ThirdParty),
    ];
    let config = |(number, (user, device, window, library))| ClientConfig {
        number,
        user,
        device,
        window,
        library,
        may_reset: false,
    };
    clients.into_iter().enumerate().map(config).collect()
}

#[test]
fn every_message_is_stored_once_and_seen_in_one_order_whatever_is_cut_or_killed() {
    let seed = number_from("TALK_PROMISE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let kills = number_from("TALK_PROMISE_KILLS").unwrap_or(KILLS);
    print(&format!("TALK_PROMISE_SEED={seed} TALK_PROMISE_KILLS={kills} repeats this run"));
    let home = tempfile::tempdir().unwrap();
    let mut run = Run::new(seed, home.path());
    let configs = clients();
    let coordinator = Coordinator::new(configs.len());
    let histories = run.with_clients(&configs, &coordinator, |run| {
        run.inject_faults(&coordinator, kills);
    });
    let violations = run.conclude(&coordinator, histories, kills);
    fail_on(&violations, seed, home);
}

/// Keeps the data of a run with violations.
fn fail_on(violations: &[String], seed: u64, home: TempDir) {
    if !violations.is_empty() {
        let kept = home.keep();
        let count = violations.len();
        let first: Vec<&str> = violations.iter().map(String::as_str).take(30).collect();
        panic!("seed {seed}: {count} violations, data kept in {kept:?}:\n{}", first.join("\n"));
    }
}

fn number_from(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable}={value} is not a number")))
}

#[expect(
    clippy::print_stderr,
    reason = "the seed and the figures are for the person who runs the test"
)]
fn print(what: &str) {
    eprintln!("promise: {what}");
}

/// One run with faults.
struct Run {
    seed: u64,
    server: RestartingServer,
    proxy: FaultProxy,
    rng: Rng,
    start: Instant,
    kills: u64,
    /// Kills before the server had printed its URL.
    early_kills: u64,
    /// Torn writes left in the log.
    torn_writes: u64,
    violations: Vec<String>,
}

impl Run {
    fn new(seed: u64, home: &Path) -> Run {
        let server = RestartingServer::new(Path::new(env!("CARGO_BIN_EXE_server")), home);
        Run {
            seed,
            proxy: FaultProxy::new(server.address, seed),
            server,
            rng: Rng::of(seed, "killer", 0),
            start: Instant::now(),
            kills: 0,
            early_kills: 0,
            torn_writes: 0,
            violations: Vec::new(),
        }
    }

    /// Lets these clients take part while `inject` runs, and until they have caught up: what each saw.
    fn with_clients(
        &mut self,
        configs: &[ClientConfig],
        coordinator: &Coordinator,
        inject: impl FnOnce(&mut Run),
    ) -> Vec<ClientHistory> {
        let addresses: Vec<_> =
            configs.iter().map(|config| self.proxy.add_address(&config.name())).collect();
        thread::scope(|scope| {
            let _end = coordinator.end_on_drop();
            let mut clients = Vec::new();
            for (config, address) in configs.iter().zip(addresses) {
                let rng = Rng::of(self.seed, &config.name(), 0);
                clients.push(scope.spawn(move || match config.library {
                    Library::Own => own_client::run(config, address, coordinator, rng),
                    Library::ThirdParty => {
                        third_party_client::run(config, address, coordinator, rng)
                    }
                }));
            }
            inject(self);
            self.catch_up(coordinator);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        })
    }

    /// Starts the server and kills it, again and again, and starts it once more.
    fn inject_faults(&mut self, coordinator: &Coordinator, kills: u64) {
        for life in 0..kills {
            coordinator.add_budget(MESSAGES);
            self.start();
            if life > 0 && self.rng.one_in(8) {
                thread::sleep(self.rng.millis_below(30)); // somewhere in its start
                self.early_kills += 1;
            } else {
                self.server.wait_until_up();
                self.proxy.set_server_up(true);
                self.let_run(coordinator, life);
            }
            self.server.kill();
            self.proxy.set_server_up(false);
            self.kills += 1;
            if self.rng.one_in(4) {
                let room = self.rng.pick(&ROOMS);
                self.torn_writes += u64::from(self.server.tear(room, &mut self.rng));
            }
            if self.rng.one_in(2) {
                thread::sleep(self.rng.millis_below(60)); // down for a while
            }
            if coordinator.is_violated() {
                break;
            }
        }
        self.start();
        self.server.wait_until_up();
        self.proxy.set_server_up(true);
    }

    fn start(&mut self) {
        let sync = if self.rng.one_in(3) { "interval" } else { "always" };
        self.server.start(&["--rate", "0", "--sync", sync]);
    }

    /// Lets the server run until some messages are stored, or for some time.
    fn let_run(&mut self, coordinator: &Coordinator, life: u64) {
        if life == 0 || self.rng.one_in(2) {
            let enough = coordinator.acknowledged() + 1 + self.rng.below(200);
            let came = coordinator.wait(TIMEOUT, |state| state.acknowledged >= enough);
            if !came && !coordinator.is_violated() {
                let progress = coordinator.describe();
                coordinator.report_violation(format!("nothing is stored any more: {progress}"));
            }
        } else {
            thread::sleep(self.rng.millis_below(400));
        }
        if life % 10 == 9 {
            self.verify("beside the running server");
        }
    }

    fn verify(&mut self, when: &str) {
        let (is_sound, output) = self.server.verify();
        if !is_sound {
            self.violations.push(format!("{when}, verify says {output}"));
        }
    }

    /// Lets every client settle what it sent and see what is stored, and ends the run.
    fn catch_up(&mut self, coordinator: &Coordinator) {
        coordinator.enter(Phase::Quiet);
        self.proxy.enter_quiet();
        let is_settled = coordinator
            .wait(TIMEOUT, |state| state.clients.iter().all(|client| client.unsettled == 0));
        let mut heads = self.heads();
        let all_seen = is_settled
            && loop {
                let seen = coordinator
                    .wait(TIMEOUT, |state| state.clients.iter().all(|client| client.seen == heads));
                let now = self.heads(); // a message from a cut connection may have come last
                if !seen || now == heads {
                    break seen;
                }
                heads = now;
            };
        if !all_seen && !coordinator.is_violated() {
            let what = if is_settled { "seen" } else { "settled" };
            let progress = coordinator.describe();
            self.violations.push(format!("not every client has {what} all: {heads:?}, {progress}"));
        }
        self.verify("at the end");
        self.server.kill();
        coordinator.enter(Phase::Done);
    }

    /// The newest seq of each room.
    fn heads(&self) -> [u64; ROOMS.len()] {
        ROOMS.map(|room| self.export(room).len() as u64)
    }

    fn export(&self, room: &str) -> Vec<String> {
        self.server.export(room).unwrap_or_else(|| panic!("there is no log of room {room}"))
    }

    /// Runs the checker, and prints the figures. A run that proves nothing is a violation, too.
    fn conclude(
        mut self,
        coordinator: &Coordinator,
        clients: Vec<ClientHistory>,
        kills: u64,
    ) -> Vec<String> {
        self.verify("after the end");
        self.violations.extend(coordinator.violations().1);
        let late = total(&clients, |client| client.late_acknowledgements);
        let is_own = |client: &ClientHistory| client.config.library == Library::Own;
        let own = total(&clients, |client| u64::from(is_own(client)) * client.connections);
        let others = total(&clients, |client| u64::from(!is_own(client)) * client.connections);
        let mut rooms: [RoomHistory; ROOMS.len()] = Default::default();
        for client in clients {
            for (room, (sent, views)) in
                client.submissions.into_iter().zip(client.views).enumerate()
            {
                rooms[room].submissions.extend(sent);
                rooms[room].views.extend(views);
            }
        }
        let [mut stored, mut acknowledged, mut shown, mut view_count] = [0; 4];
        for (room, name) in rooms.iter_mut().zip(ROOMS) {
            room.log = self.export(name);
            self.violations
                .extend(check(room).iter().map(|violation| format!("{name}: {violation}")));
            stored += room.log.len();
            let is_stored = |outcome| matches!(outcome, Outcome::Stored(_));
            acknowledged += room.submissions.iter().filter(|sent| is_stored(sent.outcome)).count();
            shown += room.views.iter().map(|view| view.shown.len()).sum::<usize>();
            view_count += room.views.len();
        }
        let (counts, ended) = (self.proxy.counts(), self.proxy.counts().ended());
        let connections = counts.connections.load(Ordering::Relaxed);
        for (what, count, least) in [
            ("kills", self.kills, kills),
            ("connections ended by the proxy", ended, kills),
            ("connections", connections, 3 * kills),
            ("connections of our library that became live", own, kills),
            ("connections of the other that became live", others, kills),
            ("acknowledged messages", acknowledged as u64, 10 * kills),
            ("acknowledgements that came late", late, kills / 5),
            ("records seen", shown as u64, 50 * kills),
        ] {
            if count < least {
                self.violations.push(format!("nothing is proved: {count} {what}, not {least}"));
            }
        }
        self.violations.extend(self.server.panics());
        print(&format!(
            "{} kills ({} during the start), {} torn writes; {}; {own} and {others} times live; {stored} \
             messages stored, {acknowledged} acknowledged ({late} late); {shown} records seen in \
             {view_count} views; {} violations; {:.1} s",
            self.kills,
            self.early_kills,
            self.torn_writes,
            counts.describe(),
            self.violations.len(),
            self.start.elapsed().as_secs_f64(),
        ));
        self.violations
    }
}

fn total(clients: &[ClientHistory], count: impl Fn(&ClientHistory) -> u64) -> u64 {
    clients.iter().map(count).sum()
}
