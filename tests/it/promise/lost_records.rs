//! The promise where the server itself loses records: a backup is restored, or a power cut takes what
//! `--sync interval` had not fsynced. Other clients post new records under the same seqs before a client
//! returns. What each client shows then is a contiguous part of the log that is there, each record once.

use std::hash::{BuildHasher, RandomState};
use std::thread;

use super::history::{ClientConfig, ClientHistory, ROOMS};
use super::{Run, clients, fail_on, number_from, print, total};
use crate::common::checker::{Outcome, RoomHistory, check};
use crate::common::coordinator::Coordinator;

/// Lives of the server in a run, unless TALK_PROMISE_KILLS says otherwise.
const LIVES: u64 = 30;

/// Messages that may be sent for each life of the server.
const MESSAGES: u64 = 200;

/// How often a run has made the server lose records.
#[derive(Default)]
struct Losses {
    restored: u64,
    power_cuts: u64,
    records_cut: u64,
}

#[test]
fn whatever_a_backup_or_a_power_cut_takes_every_client_shows_the_log_that_is_there() {
    let seed = number_from("TALK_PROMISE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let lives = number_from("TALK_PROMISE_KILLS").unwrap_or(LIVES);
    print(&format!("TALK_PROMISE_SEED={seed} TALK_PROMISE_KILLS={lives} repeats this run"));
    let home = tempfile::tempdir().unwrap();
    let mut run = Run::new(seed, home.path());
    let configs: Vec<ClientConfig> =
        clients().into_iter().map(|config| ClientConfig { may_reset: true, ..config }).collect();
    let coordinator = Coordinator::new(configs.len());
    let mut losses = Losses::default();
    let histories = run.with_clients(&configs, &coordinator, |run| {
        losses = lose_records(run, &coordinator, lives);
    });
    let violations = conclude(run, &coordinator, histories, &losses);
    fail_on(&violations, seed, home);
}

/// Starts the server and kills it, again and again. While it is down it may get older data.
fn lose_records(run: &mut Run, coordinator: &Coordinator, lives: u64) -> Losses {
    let (mut losses, mut has_backup) = (Losses::default(), false);
    for life in 0..lives {
        let sync = if run.rng.one_in(2) { "interval" } else { "always" };
        coordinator.add_budget(MESSAGES);
        run.server.start(&["--rate", "0", "--sync", sync]);
        run.server.wait_until_up();
        run.proxy.set_server_up(true);
        run.let_run(coordinator, life);
        run.server.kill();
        run.proxy.set_server_up(false);
        run.kills += 1;
        if coordinator.is_violated() {
            break;
        }
        let is_complete = ROOMS.iter().all(|room| run.server.export(room).is_some());
        match run.rng.below(4) {
            0 if has_backup => {
                run.server.restore();
                losses.restored += 1;
            }
            1 | 2 if sync == "interval" => {
                for room in ROOMS {
                    let count = run.rng.below(40) as usize;
                    losses.records_cut += run.server.lose_records(room, count) as u64;
                }
                losses.power_cuts += 1;
            }
            _ if is_complete => {
                run.server.back_up();
                has_backup = true;
            }
            _ => {}
        }
        if run.rng.one_in(2) {
            thread::sleep(run.rng.millis_below(60)); // down for a while
        }
    }
    coordinator.add_budget(MESSAGES);
    run.start();
    run.server.wait_until_up();
    run.proxy.set_server_up(true);
    losses
}

/// Checks what each client showed at the end, and prints the figures. Earlier views may be of histories that
/// are gone, and acknowledged messages with them.
fn conclude(
    mut run: Run,
    coordinator: &Coordinator,
    clients: Vec<ClientHistory>,
    losses: &Losses,
) -> Vec<String> {
    run.verify("after the end");
    run.violations.extend(coordinator.violations().1);
    let [resets, ahead] = [0, 1].map(|kind| total(&clients, |client| client.resets[kind]));
    let mut rooms: [RoomHistory; ROOMS.len()] = Default::default();
    for client in clients {
        for (room, (sent, mut views)) in
            client.submissions.into_iter().zip(client.views).enumerate()
        {
            let is_acknowledged = |outcome| matches!(outcome, Outcome::Stored(_));
            rooms[room].submissions.extend(sent.into_iter().map(|mut sent| {
                if is_acknowledged(sent.outcome) {
                    sent.outcome = Outcome::Unknown;
                }
                sent
            }));
            rooms[room].views.extend(views.pop());
        }
    }
    let mut shown = 0;
    for (room, name) in rooms.iter_mut().zip(ROOMS) {
        room.log = run.export(name);
        run.violations.extend(check(room).iter().map(|violation| format!("{name}: {violation}")));
        shown += room.views.iter().map(|view| view.shown.len()).sum::<usize>();
    }
    for (what, count, least) in [
        ("restored backups", losses.restored, run.kills / 30),
        ("power cuts", losses.power_cuts, run.kills / 30),
        ("resets", resets, run.kills / 2),
        ("resets with others ahead", ahead, run.kills / 15),
    ] {
        if count < least {
            run.violations.push(format!("nothing is proved: {count} {what}, not {least}"));
        }
    }
    run.violations.extend(run.server.panics());
    let Losses { restored, power_cuts, records_cut } = losses;
    print(&format!(
        "{} kills, {restored} restored backups, {power_cuts} power cuts took {records_cut} records; {resets} \
         resets, {ahead} of them with others ahead; {shown} records shown at the end; {} violations; {:.1} s",
        run.kills,
        run.violations.len(),
        run.start.elapsed().as_secs_f64(),
    ));
    run.violations
}
