//! How the costs grow with the number of clients, in one room or in several.

use crate::load::{Load, Pace};
use crate::plan::{Plan, TEXT};
use crate::presence::{self, Presence};
use crate::support::plot::{Axis, HEIGHT, Line, Plot};
use crate::support::server::open_files;
use crate::support::statistics::median;
use crate::table::{Figures, Table, cell, ratio};
use crate::targets::Target;

/// The same for all sizes, and within the capacity of one CPU: only the number of clients per message differs.
const DELIVERIES_PER_SECOND: usize = 50_000;
/// Files that a process needs besides its connections; the server reserves some more.
const OTHER_FILES: usize = 64;

/// Clients, and the rooms over which they are spread.
const SIZES: [(usize, usize); 6] =
    [(10, 1), (100, 1), (1_000, 1), (10_000, 1), (1_000, 10), (1_000, 100)];

/// `wanted` connections, or as many as a process may have.
pub(crate) fn within_limits(table: &mut Table, wanted: usize) -> usize {
    let most = open_files().saturating_sub(OTHER_FILES);
    if wanted > most {
        table.line(&format!("{wanted} clients are too many for ulimit -n: {most} instead"));
    }
    wanted.min(most)
}

pub(crate) fn measure(plan: &Plan, table: &mut Table) {
    table.title("8: clients and rooms, 50,000 deliveries/s in each case");
    let sizes = SIZES.map(|(clients, rooms)| (within_limits(table, clients), rooms));
    let mut all = sizes.map(|_| (Figures::default(), Figures::default()));
    for _ in 0..plan.rounds {
        for ((clients, rooms), (talk, batch)) in sizes.into_iter().zip(&mut all) {
            let load = load(clients, rooms);
            talk.add(&load.run(Target::Talk, plan.span));
            if rooms == 1 {
                batch.add(&load.run(Target::Batch, plan.span));
            }
        }
    }
    for ((clients, rooms), (talk, batch)) in sizes.into_iter().zip(&all) {
        let s = if rooms == 1 { "" } else { "s" };
        table.row(&format!("{clients} in {rooms} room{s}"), talk);
        if rooms == 1 {
            table.row("  bare-batch", batch);
        }
    }
    table.plot("scaling.svg", costs(&sizes, &all));
    // The kernel's part grows too, with what no longer fits into the caches: the target is not to add to it.
    for ((clients, rooms), (talk, batch)) in sizes.into_iter().zip(&all).skip(2) {
        if rooms == 1 {
            let what = format!("8: CPU of a delivery to {clients}, to bare-batch");
            table.at_most(&what, ratio(&talk.cost, &batch.cost), 1.25);
        }
    }
    join_and_leave(plan, table);
}

/// The costs by clients per room: of one room, and of 1,000 clients in several rooms.
fn costs(sizes: &[(usize, usize)], all: &[(Figures, Figures)]) -> Plot {
    let point =
        |clients: usize, figures: &Figures| (clients as f64, median(&mut figures.cost.clone()));
    let (mut one, mut several, mut batch) = (Vec::new(), Vec::new(), Vec::new());
    for ((clients, rooms), (talk, bare)) in sizes.iter().zip(all) {
        if *rooms == 1 {
            one.push(point(*clients, talk));
            batch.push(point(*clients, bare));
        }
        if *clients == 1_000 {
            several.push(point(clients / rooms, talk));
        }
    }
    several.reverse(); // from left to right
    let most = one.iter().chain(&several).chain(&batch).map(|(_, cost)| *cost).fold(0.0, f64::max);
    let (first, last) = (one[0].0, one[one.len() - 1].0);
    let line =
        |name: &str, colour, points| Line { name: name.into(), colour, points, is_dotted: true };
    Plot {
        title: "CPU of a delivery, at 50,000 deliveries/s".into(),
        x: Axis::log("clients in a room", first, last),
        y: Axis::linear("CPU of the server, µs for each delivery", most),
        lines: vec![
            line("talk, one room", 0, one),
            line("bare-batch, one room", 2, batch),
            line("talk, 1,000 in rooms", 5, several),
        ],
        marks: Vec::new(),
        height: HEIGHT,
    }
}

fn load(clients: usize, rooms: usize) -> Load {
    let messages = DELIVERIES_PER_SECOND * rooms / clients;
    let pace = Pace::Open(messages.max(1) as u32);
    Load { clients, senders: clients.min(100), non_readers: 0, pace, rooms, text: TEXT }
}

fn join_and_leave(plan: &Plan, table: &mut Table) {
    table.title("8: joining and leaving one room: what each of 10 members receives, CPU of each");
    let sizes = [1_000, 10_000].map(|count| within_limits(table, count));
    let mut all = sizes.map(|_| Vec::new());
    for _ in 0..plan.rounds {
        sizes.into_iter().zip(&mut all).for_each(|(count, all)| all.push(presence::measure(count)));
    }
    let figures =
        |n: usize, of: fn(&Presence) -> f64| -> Vec<f64> { all[n].iter().map(of).collect() };
    for (n, count) in sizes.into_iter().enumerate() {
        table.line(&format!(
            "{count} join: {} messages, {} bytes, {} us; they leave: {}, {}, {} us",
            cell(&figures(n, |found| found.joining.messages), 0),
            cell(&figures(n, |found| found.joining.bytes), 0),
            cell(&figures(n, |found| found.joining.cpu_us), 0),
            cell(&figures(n, |found| found.leaving.messages), 0),
            cell(&figures(n, |found| found.leaving.bytes), 0),
            cell(&figures(n, |found| found.leaving.cpu_us), 0),
        ));
    }
    // Costs proportional to the room's members would be ten times as high.
    let grown = |of| ratio(&figures(1, of), &figures(0, of));
    table.at_most(
        &format!("8: CPU of joining and leaving, of {} to 1,000", sizes[1]),
        grown(|found| found.joining.cpu_us + found.leaving.cpu_us),
        3.0,
    );
    let bytes = grown(|found| found.joining.bytes + found.leaving.bytes);
    let what = format!("8: presence sent to a member of {}, to 1,000", sizes[1]);
    table.at_most(&what, bytes, 2.0);
}
