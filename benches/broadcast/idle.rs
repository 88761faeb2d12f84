//! Idle connections: how many there may be, the memory of each, how fast they connect.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::connect_storm;
use crate::growth::within_limits;
use crate::plan::Plan;
use crate::presence;
use crate::support::client::{TIMEOUT, upgrade};
use crate::table::Table;
use crate::targets::{LOBBY, Running, Target};

/// Open files of a server that is to be filled.
const FEW_FILES: usize = 200;
/// How many clients connect at once.
const STORM: usize = 2_000;

pub(crate) fn measure(plan: &Plan, table: &mut Table) {
    table.title("7: idle connections that have joined a room");
    let is_quick = plan.span <= Duration::from_secs(1);
    hold(within_limits(table, if is_quick { 1_000 } else { 15_000 }), table);
    let count = within_limits(table, STORM);
    let (inside, passed) = connect_storm::connect_at_once(count);
    let passed = passed.as_secs_f64();
    table.line(&format!(
        "{count} simultaneous connections: {inside} have joined after {passed:.2} s"
    ));
    table.at_least("7: simultaneous connections that are served", inside as f64, count as f64);
    fill(table);
}

/// Connects so many clients, which join a room and stay idle.
fn hold(count: usize, table: &mut Table) {
    let running = Target::Talk.start();
    let (rss, cpu, begun) = (running.server.rss_kib(), running.server.cpu(), Instant::now());
    let _held = presence::connect(&running, 0, count);
    let per_second = count as f64 / begun.elapsed().as_secs_f64();
    let rss = (running.server.rss_kib() - rss) as f64 / count as f64;
    let cpu = (running.server.cpu() - cpu).as_secs_f64() * 1e6 / count as f64;
    table.line(&format!(
        "{count} connections: {rss:.1} KiB of RSS each, {per_second:.0} connected and joined a second, \
         {cpu:.0} us of CPU each"
    ));
    table.at_most("7: RSS of an idle connection, KiB", rss, 10.0);
    table.at_least("7: connected and joined a second", per_second, 5_000.0);
}

/// Connects as many clients as a server with few files has room for, and one more.
fn fill(table: &mut Table) {
    if Command::new("prlimit").arg("--version").output().is_err() {
        table.line("the answer to one connection too many is left out: prlimit is not installed");
        return;
    }
    let (running, room) = Target::start_within(FEW_FILES);
    let held: Vec<_> = (0..room).map(|place| running.client(place, LOBBY)).collect();
    let answer = ask(&running);
    let status = answer.split(' ').nth(1).unwrap_or_default();
    let let_in = held.len();
    table.line(&format!(
        "with {FEW_FILES} files: room for {room}, {let_in} accepted, the next answered with {status}"
    ));
    let what = format!("7: the answer to one connection more than {room}");
    table.target(&what, status.parse().unwrap_or(0.0), 503.0, 503.0);
}

/// The status of the answer to an upgrade request.
fn ask(running: &Running) -> String {
    let address = &running.server.address;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.write_all(upgrade(address).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
