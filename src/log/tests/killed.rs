//! A machine that dies at any step: what was stored is there, in order, and it goes on.

use super::mortal::{Death, Mortal};
use super::*;
use crate::log::read_state::Health;

/// Small files that soon go: the batches below fill six of them, and drop the first four.
const SMALL: LogConfig = LogConfig { file_bytes: 1_100, retain_records: Some(6), ..RULES };

const LAST: u64 = 30;

/// How far a life came.
#[derive(Debug)]
struct Life {
    /// The newest record that was stored, as far as anybody was told.
    stored: u64,
    /// The newest record of the batch that was being stored when it ended.
    tried: u64,
}

/// Starts and stores batch after batch up to [`LAST`], until all is done or it dies.
fn live(place: &Place, mortal: &Mortal, rules: LogConfig) -> Life {
    let files: Arc<dyn Files> = Arc::new(mortal.clone());
    let room = "lobby".parse().unwrap();
    let mut life = Life { stored: 0, tried: 0 };
    let Ok((found, _)) = recover(&*files, &room, &place.dir(), String::from("fresh")) else {
        assert!(mortal.is_dead(), "a start fails only when it is over");
        return life;
    };
    let log = DiskLog::new(room, place.dir(), rules, files, found);
    assert_eq!(log.write_error(), None, "what a death leaves is no damage");
    life.stored = log.head();
    while life.stored < LAST && !mortal.is_dead() {
        life.tried = (life.stored + 1 + life.stored % 3).min(LAST);
        if log.append(&records(life.stored + 1..=life.tried)).is_ok() {
            life.stored = life.tried;
        }
        if life.stored.is_multiple_of(4) {
            log.read_state().health = Health::Uncertain(String::from("a sync has failed"));
            log.writer().verified = None;
        }
        log.maintain(0).ok();
    }
    life
}

/// What a start finds after all.
fn assert_kept(place: &Place, rules: LogConfig, at_least: u64, at_most: u64, about: &str) {
    let (log, _) = place.open_on(Arc::new(Mortal::new(place, usize::MAX)), rules);
    assert_eq!(log.write_error(), None, "{about}");
    let head = log.head();
    assert!((at_least..=at_most).contains(&head), "{about}: {head} of {at_least} to {at_most}");
    assert_eq!(all(&log), records(log.first()..=head), "{about}");
    assert!(head + 1 - log.first() >= head.min(6), "{about}: it keeps what it was asked to");
}

/// How many steps a whole life takes.
fn steps(rules: LogConfig) -> usize {
    const MANY: usize = 1_000_000;
    let place = Place::new();
    let mortal = Mortal::new(&place, MANY);
    assert_eq!(live(&place, &mortal, rules).stored, LAST);
    MANY - mortal.steps_left()
}

const DEATHS: [Death; 3] = [Death::Killed, Death::PowerCut, Death::NamesOnly];

#[test]
fn a_death_at_any_step_takes_nothing_that_was_stored() {
    let steps = steps(SMALL);
    assert!(steps > 50, "{steps}: the story has become too short");
    for death in DEATHS {
        for step in 1..=steps {
            let about = format!("{death:?} at step {step}");
            let place = Place::new();
            let mortal = Mortal::new(&place, step);
            let life = live(&place, &mortal, SMALL);
            let place = mortal.remains(place, death);
            assert_kept(&place, SMALL, life.stored, life.tried, &about);
            let again = Mortal::new(&place, usize::MAX);
            assert_eq!(live(&place, &again, SMALL).stored, LAST, "{about}");
            assert_kept(&place, SMALL, LAST, LAST, &about);
        }
    }
}

#[test]
fn what_was_handed_to_the_system_survives_a_kill_and_a_power_cut_takes_only_the_last_of_it() {
    let rules = LogConfig { sync: SyncPolicy::Interval, ..SMALL };
    for death in DEATHS {
        for step in 1..=steps(rules) {
            let about = format!("{death:?} at step {step}");
            let place = Place::new();
            let mortal = Mortal::new(&place, step);
            let life = live(&place, &mortal, rules);
            let place = mortal.remains(place, death);
            // What is written is forced to the disk before the next batch, and none is longer.
            let unforced = if death == Death::Killed { 0 } else { 3 };
            let least = life.stored.saturating_sub(unforced);
            assert_kept(&place, rules, least, life.tried, &about);
        }
    }
}

#[test]
fn a_start_that_dies_at_any_step_is_done_again_with_the_same_end() {
    let rules = LogConfig { retain_records: None, ..SMALL };
    let whole = Place::new();
    live(&whole, &Mortal::new(&whole, usize::MAX), rules);
    let last = fs::metadata(whole.files().pop().unwrap()).unwrap().len();
    for (torn, death) in [1, last / 2, last - 1].into_iter().flat_map(|at| DEATHS.map(|d| (at, d)))
    {
        let (undisturbed, _) = copy(&whole, torn).open(rules);
        for step in 1.. {
            let about = format!("torn at {torn}, {death:?} at step {step}");
            let place = copy(&whole, torn);
            let mortal = Mortal::new(&place, step);
            let room = "lobby".parse().unwrap();
            let done = recover(&mortal, &room, &place.dir(), String::new()).is_ok();
            let place = mortal.remains(place, death);
            let head = undisturbed.head();
            assert_kept(&place, rules, head, head, &about);
            if done {
                assert!(step > 4, "it took fewer steps than there are");
                break;
            }
        }
    }
}

/// The same log, whose last file ends at byte `torn`.
fn copy(place: &Place, torn: u64) -> Place {
    let copy = Place::new();
    fs::create_dir(copy.dir()).unwrap();
    for path in place.files() {
        fs::copy(&path, copy.dir().join(path.file_name().unwrap())).unwrap();
    }
    let last = fs::OpenOptions::new().write(true).open(copy.files().pop().unwrap()).unwrap();
    last.set_len(torn).unwrap();
    copy
}
