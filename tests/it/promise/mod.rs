//! The promise, checked: every acknowledged line is stored once, in one order, and seen once by
//! everybody, whatever is cut or killed.
//!
//! ```sh
//! cargo test --test it promise                                    # 50 kills
//! TALK_PROMISE_KILLS=1000 cargo test --test it promise::every -- --nocapture
//! TALK_PROMISE_SEED=… cargo test --test it promise::every         # the decisions of that run again
//! ```
//!
//! A seed repeats every decision (who is cut at which byte, when the server is killed); what the
//! machine's scheduler does in between it cannot repeat.

mod board; // who is how far
mod chance; // decisions from a seed
mod diary; // what one person said and saw
mod first_hello; // the first answer a name gets, lost
mod foreign; // people with somebody else's library
mod judge; // what was broken
mod native; // people with ours
mod proxy; // the bad line
mod victim; // the server, killed again and again

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use std::{env, thread};

use self::board::{Board, Phase};
use self::chance::Chance;
use self::diary::{Diary, Library, Person};
use self::judge::{Fate, History, judge};
use self::proxy::Proxy;
use self::victim::Victim;

/// Where people talk.
const ROOMS: [&str; 2] = ["lobby", "attic"];

fn room_number(name: &str) -> usize {
    ROOMS.iter().position(|room| *room == name).unwrap()
}

/// Kills of a run that nobody asked to be longer.
const KILLS: u64 = 50;

/// Lines that may be said for each life of the server. A line waits for its fate for a few lives at
/// most, so that it stays far within the 10,000 records among which its cid is known.
const LINES: u64 = 300;

/// Longer than anything takes that takes less than for ever.
const PATIENCE: Duration = Duration::from_secs(90);

/// Who takes part: writers and readers, with our library and with another.
fn people() -> Vec<Person> {
    use Library::{Foreign, Ours};
    let people = [
        ("ann", 0, 3, Ours),
        ("ann", 1, 1, Ours),
        ("bob", 0, 6, Ours),
        ("eve", 0, 1, Ours),
        ("ned", 0, 0, Ours),
        ("fay", 0, 1, Foreign),
        ("gus", 0, 20, Foreign),
        ("hal", 0, 0, Foreign),
        ("ida", 0, 0, Foreign),
    ];
    let person = |(number, (user, device, window, library))| Person {
        number,
        user,
        device,
        window,
        library,
    };
    people.into_iter().enumerate().map(person).collect()
}

#[test]
fn every_line_is_stored_once_and_seen_in_one_order_whatever_is_cut_or_killed() {
    let seed = asked("TALK_PROMISE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let kills = asked("TALK_PROMISE_KILLS").unwrap_or(KILLS);
    say(&format!("TALK_PROMISE_SEED={seed} TALK_PROMISE_KILLS={kills} repeats this run"));
    let home = tempfile::tempdir().unwrap();
    let mut run = Run::new(seed, Victim::new(home.path()));
    let people = people();
    let board = Board::new(people.len());
    let doors: Vec<_> = people.iter().map(|person| run.proxy.open_door(&person.name())).collect();
    let diaries: Vec<Diary> = thread::scope(|scope| {
        let _home = board.send_home_at_last();
        let mut lives = Vec::new();
        for (person, door) in people.iter().zip(doors) {
            let (board, chance) = (&board, Chance::of(seed, &person.name(), 0));
            lives.push(scope.spawn(move || match person.library {
                Library::Ours => native::live(person, door, board, chance),
                Library::Foreign => foreign::live(person, door, board, chance),
            }));
        }
        run.torment(&board, kills);
        run.make_peace(&board);
        lives.into_iter().map(|life| life.join().unwrap()).collect()
    });
    let breaches = run.conclude(diaries, kills);
    if !breaches.is_empty() {
        let kept = home.keep();
        let count = breaches.len();
        let first: Vec<&str> = breaches.iter().map(String::as_str).take(30).collect();
        panic!("seed {seed}: {count} breaches, kept in {kept:?}:\n{}", first.join("\n"));
    }
}

fn asked(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable}={value} is no number")))
}

#[expect(clippy::print_stderr, reason = "the seed and the figures are for whoever ran the test")]
fn say(what: &str) {
    eprintln!("promise: {what}");
}

/// One run of torments.
struct Run {
    victim: Victim,
    proxy: Proxy,
    chance: Chance,
    start: Instant,
    kills: u64,
    /// Kills before the server had said where it is.
    early: u64,
    /// Torn writes left behind for it.
    tears: u64,
    breaches: Vec<String>,
}

impl Run {
    fn new(seed: u64, victim: Victim) -> Run {
        let proxy = Proxy::new(victim.address, seed);
        let (chance, start) = (Chance::of(seed, "killer", 0), Instant::now());
        Run { victim, proxy, chance, start, kills: 0, early: 0, tears: 0, breaches: Vec::new() }
    }

    /// Starts the server and kills it, again and again, and starts it once more.
    fn torment(&mut self, board: &Board, kills: u64) {
        for life in 0..kills {
            board.allow(LINES);
            self.start();
            if life > 0 && self.chance.one_in(8) {
                thread::sleep(self.chance.millis(30)); // somewhere on its way up
                self.early += 1;
            } else {
                self.victim.wait_until_up();
                self.proxy.tell(true);
                self.let_live(board, life);
            }
            self.victim.kill();
            self.proxy.tell(false);
            self.kills += 1;
            if self.chance.one_in(4) {
                let room = ROOMS[self.chance.below(ROOMS.len() as u64) as usize];
                self.tears += u64::from(self.victim.tear(room, &mut self.chance));
            }
            if self.chance.one_in(2) {
                thread::sleep(self.chance.millis(60)); // away for a while
            }
            if board.is_broken() {
                break;
            }
        }
        self.start();
        self.victim.wait_until_up();
        self.proxy.tell(true);
    }

    fn start(&mut self) {
        let sync = if self.chance.one_in(3) { "interval" } else { "always" };
        self.victim.start(sync);
    }

    /// Lets the server live until something happens: some lines stored, or some time.
    fn let_live(&mut self, board: &Board, life: u64) {
        if life == 0 || self.chance.one_in(2) {
            let enough = board.acknowledged() + 1 + self.chance.below(200);
            let came = board.wait(PATIENCE, |state| state.acknowledged >= enough);
            if !came && !board.is_broken() {
                self.breaches.push(format!("nothing is stored any more: {}", board.describe()));
                board.give_up();
            }
        } else {
            thread::sleep(self.chance.millis(400));
        }
        if life % 10 == 9 {
            self.verify("beside the running server");
        }
    }

    fn verify(&mut self, when: &str) {
        let (sound, words) = self.victim.verify();
        if !sound {
            self.breaches.push(format!("{when}, verify says {words}"));
        }
    }

    /// Lets everybody settle what they said and see what there is, and sends them home.
    fn make_peace(&mut self, board: &Board) {
        board.enter(Phase::Peace);
        self.proxy.make_peace();
        let settled = board.wait(PATIENCE, |state| state.people.iter().all(|p| p.unsettled == 0));
        let mut heads = self.heads();
        let all_seen = settled
            && loop {
                let seen =
                    board.wait(PATIENCE, |state| state.people.iter().all(|p| p.ends == heads));
                let now = self.heads(); // a line from a cut connection may have come last
                if !seen || now == heads {
                    break seen;
                }
                heads = now;
            };
        if !all_seen && !board.is_broken() {
            let what = if settled { "has seen" } else { "knows the fate of" };
            let standings = board.describe();
            self.breaches.push(format!("not everybody {what} all: {heads:?}, {standings}"));
        }
        self.verify("at the end");
        self.victim.kill();
        board.enter(Phase::Over);
    }

    fn heads(&self) -> [u64; ROOMS.len()] {
        ROOMS.map(|room| self.victim.export(room).len() as u64)
    }

    /// Lets the judge speak, and says the figures. A run that proves nothing is a breach, too.
    fn conclude(mut self, diaries: Vec<Diary>, kills: u64) -> Vec<String> {
        self.verify("after the end");
        let rescued = total(&diaries, |diary| diary.rescued);
        let is_ours = |diary: &Diary| diary.person.library == Library::Ours;
        let ours = total(&diaries, |diary| u64::from(is_ours(diary)) * diary.lives);
        let theirs = total(&diaries, |diary| u64::from(!is_ours(diary)) * diary.lives);
        let mut histories: [History; ROOMS.len()] = Default::default();
        for diary in diaries {
            self.breaches.extend(diary.complaints);
            for (room, (said, views)) in diary.said.into_iter().zip(diary.views).enumerate() {
                histories[room].said.extend(said);
                histories[room].views.extend(views);
            }
        }
        let [mut stored, mut acknowledged, mut shown, mut sittings] = [0; 4];
        for (history, room) in histories.iter_mut().zip(ROOMS) {
            history.log = self.victim.export(room);
            self.breaches.extend(judge(history).iter().map(|breach| format!("{room}: {breach}")));
            stored += history.log.len();
            let is_stored = |fate| matches!(fate, Fate::Stored(_));
            acknowledged += history.said.iter().filter(|said| is_stored(said.fate)).count();
            shown += history.views.iter().map(|view| view.shown.len()).sum::<usize>();
            sittings += history.views.len();
        }
        let (tally, ended) = (self.proxy.tally(), self.proxy.tally().ended());
        let connections = tally.connections.load(Ordering::Relaxed);
        for (what, count, least) in [
            ("kills", self.kills, kills),
            ("connections ended by the proxy", ended, kills),
            ("connections", connections, 3 * kills),
            ("times that our library was live", ours, kills),
            ("times that the other was live", theirs, kills),
            ("acknowledged lines", acknowledged as u64, 10 * kills),
            ("acknowledgements that came late", rescued, kills / 5),
            ("records seen", shown as u64, 50 * kills),
        ] {
            if count < least {
                self.breaches.push(format!("nothing is proved: {count} {what}, not {least}"));
            }
        }
        let words = self.victim.all_words();
        self.breaches
            .extend(words.lines().filter(|line| line.contains("panicked")).map(str::to_owned));
        say(&format!(
            "{} kills ({} on the way up), {} torn writes; {}; {ours} and {theirs} times live; {stored} lines \
             stored, {acknowledged} acknowledged ({rescued} late); {shown} seen in {sittings} \
             sittings; {} breaches; {:.1} s",
            self.kills,
            self.early,
            self.tears,
            tally.describe(),
            self.breaches.len(),
            self.start.elapsed().as_secs_f64(),
        ));
        self.breaches
    }
}

fn total(diaries: &[Diary], count: impl Fn(&Diary) -> u64) -> u64 {
    diaries.iter().map(count).sum()
}
