//! A machine that crashes at any step: what was stored is there, in order, and the log goes on.

use super::crashing_files::{Crash, CrashingFiles};
use super::*;
use crate::log::read_state::Health;

/// Small segments with retention: the batches below fill six of them, and drop the first four.
const SMALL: LogConfig = LogConfig { file_bytes: 1_100, retain_records: Some(6), ..CONFIG };

const LAST: u64 = 30;

/// How far a run came.
#[derive(Debug)]
struct Run {
    /// The newest record whose append returned success.
    stored: u64,
    /// The newest record of the batch in progress when it ended.
    tried: u64,
}

/// Starts and stores batch after batch up to [`LAST`], until all are done or the machine crashes.
fn run_until_crash(data: &TempDataDir, machine: &CrashingFiles, config: LogConfig) -> Run {
    let files: Arc<dyn Files> = Arc::new(machine.clone());
    let room = "lobby".parse().unwrap();
    let mut run = Run { stored: 0, tried: 0 };
    let Ok((found, _)) = recover(&*files, &room, &data.dir(), String::from("fresh")) else {
        assert!(machine.has_crashed(), "a start fails only when it is over");
        return run;
    };
    let log = DiskLog::new(room, data.dir(), config, files, found);
    assert_eq!(log.write_error(), None, "what a crash leaves is not corruption");
    run.stored = log.head();
    while run.stored < LAST && !machine.has_crashed() {
        run.tried = (run.stored + 1 + run.stored % 3).min(LAST);
        if log.append(&records(run.stored + 1..=run.tried)).is_ok() {
            run.stored = run.tried;
        }
        if run.stored.is_multiple_of(4) {
            log.read_state().health = Health::Uncertain(String::from("a sync has failed"));
            log.writer().verified = None;
        }
        log.maintain(0).ok();
    }
    run
}

/// Asserts what a start finds afterwards.
fn assert_stored(data: &TempDataDir, config: LogConfig, at_least: u64, at_most: u64, about: &str) {
    let (log, _) = data.open_on(Arc::new(CrashingFiles::new(data, usize::MAX)), config);
    assert_eq!(log.write_error(), None, "{about}");
    let head = log.head();
    assert!((at_least..=at_most).contains(&head), "{about}: {head} of {at_least} to {at_most}");
    assert_eq!(all(&log), records(log.first()..=head), "{about}");
    assert!(head + 1 - log.first() >= head.min(6), "{about}: it keeps what it was asked to");
}

/// How many steps a whole run takes.
fn steps(config: LogConfig) -> usize {
    const MANY: usize = 1_000_000;
    let data = TempDataDir::new();
    let machine = CrashingFiles::new(&data, MANY);
    assert_eq!(run_until_crash(&data, &machine, config).stored, LAST);
    MANY - machine.steps_left()
}

const CRASHES: [Crash; 3] = [Crash::Killed, Crash::PowerCut, Crash::NamesOnly];

#[test]
fn a_crash_at_any_step_loses_nothing_that_was_stored() {
    let steps = steps(SMALL);
    assert!(steps > 50, "{steps}: the story has become too short");
    for crash in CRASHES {
        for step in 1..=steps {
            let about = format!("{crash:?} at step {step}");
            let data = TempDataDir::new();
            let machine = CrashingFiles::new(&data, step);
            let run = run_until_crash(&data, &machine, SMALL);
            let data = machine.remains(data, crash);
            assert_stored(&data, SMALL, run.stored, run.tried, &about);
            let again = CrashingFiles::new(&data, usize::MAX);
            assert_eq!(run_until_crash(&data, &again, SMALL).stored, LAST, "{about}");
            assert_stored(&data, SMALL, LAST, LAST, &about);
        }
    }
}

#[test]
fn records_handed_to_the_system_survive_a_kill_and_a_power_cut_loses_only_the_last() {
    let config = LogConfig { sync: SyncPolicy::Interval, ..SMALL };
    for crash in CRASHES {
        for step in 1..=steps(config) {
            let about = format!("{crash:?} at step {step}");
            let data = TempDataDir::new();
            let machine = CrashingFiles::new(&data, step);
            let run = run_until_crash(&data, &machine, config);
            let data = machine.remains(data, crash);
            // Written records are fsynced before the next batch, and no batch is longer.
            let unforced = if crash == Crash::Killed { 0 } else { 3 };
            let least = run.stored.saturating_sub(unforced);
            assert_stored(&data, config, least, run.tried, &about);
        }
    }
}

#[test]
fn a_start_that_crashes_at_any_step_is_repeated_with_the_same_result() {
    let config = LogConfig { retain_records: None, ..SMALL };
    let whole = TempDataDir::new();
    run_until_crash(&whole, &CrashingFiles::new(&whole, usize::MAX), config);
    let last = fs::metadata(whole.files().pop().unwrap()).unwrap().len();
    for (torn, crash) in [1, last / 2, last - 1].into_iter().flat_map(|at| CRASHES.map(|d| (at, d)))
    {
        let (undisturbed, _) = copy(&whole, torn).open(config);
        for step in 1.. {
            let about = format!("torn at {torn}, {crash:?} at step {step}");
            let data = copy(&whole, torn);
            let machine = CrashingFiles::new(&data, step);
            let room = "lobby".parse().unwrap();
            let done = recover(&machine, &room, &data.dir(), String::new()).is_ok();
            let data = machine.remains(data, crash);
            let head = undisturbed.head();
            assert_stored(&data, config, head, head, &about);
            if done {
                assert!(step > 4, "it took fewer steps than there are");
                break;
            }
        }
    }
}

/// The same log, whose last segment ends at byte `torn`.
fn copy(data: &TempDataDir, torn: u64) -> TempDataDir {
    let copy = TempDataDir::new();
    fs::create_dir(copy.dir()).unwrap();
    for path in data.files() {
        fs::copy(&path, copy.dir().join(path.file_name().unwrap())).unwrap();
    }
    let last = fs::OpenOptions::new().write(true).open(copy.files().pop().unwrap()).unwrap();
    last.set_len(torn).unwrap();
    copy
}
