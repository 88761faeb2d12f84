//! Two clients that send in turn: no batching, only the round trip.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::load::{cid, said};
use crate::support::statistics::median;
use crate::targets::{LOBBY, Target};

const TEXT: usize = 64;

/// The median, in us, from sending a message until both clients have it.
pub(crate) fn round(target: Target, span: Duration) -> f64 {
    let running = target.start();
    let mut clients = [running.client(0, LOBBY), running.client(1, LOBBY)];
    let text = "x".repeat(TEXT);
    let (mut rounds, begun) = (Vec::new(), Instant::now());
    for count in 0.. {
        let place = count % 2;
        let post = target.post(place, LOBBY, &cid(place, count as u64), &text);
        let start = Instant::now();
        clients[place].send(&post);
        for place in [1 - place, place] {
            let is_it =
                |payload: &[u8]| said(payload, TEXT).is_some_and(|said| said.nanos == count as u64);
            clients[place].wait(is_it);
        }
        if begun.elapsed() > span / 5 {
            rounds.push(start.elapsed().as_secs_f64() * 1e6);
        }
        if begun.elapsed() > span {
            break;
        }
    }
    median(&mut rounds)
}

/// The median, in us, of writing a line to a file and its fsync.
pub(crate) fn bare_sync(span: Duration) -> f64 {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = data.path().join("bare");
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    let (mut waits, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < span {
        let start = Instant::now();
        file.write_all(&[b'x'; 250]).unwrap();
        file.sync_data().unwrap();
        waits.push(start.elapsed().as_secs_f64() * 1e6);
    }
    median(&mut waits)
}
