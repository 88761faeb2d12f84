//! The `console` binary: a terminal on one side, `talk::client` on the other.
//!
//! Room: stdio, the terminal, exit codes. Never a protocol decision.

// What was asked for, and what is kept from run to run.
mod text; // text for a terminal: styled, sanitized, measured
mod storage; // files that the console keeps between runs
mod stdio; // the terminal, the keyboard, stdout, and the events of the console
mod args; // the command line
mod prompt; // what is still to be known

// The conversation, however it is shown.
mod chat; // the conversation
mod command; // a submitted line → what to do
mod view; // what is seen of it
mod room; // one room, as its visitor sees it
mod connection_status; // the connection, and what to say about it

// On a terminal, and on pipes.
mod tui; // the chat on a terminal
mod plain; // the chat on pipes
mod script; // one line said, or records read
mod check; // --check: tests the connection
mod editor; // keys → a line

// What holds for any text, tried here and by the targets of `fuzz/`.
#[cfg(test)]
#[path = "../tests/properties/generators.rs"]
mod generators;
#[cfg(test)]
#[path = "../tests/properties/sanitize.rs"]
mod shown;

use std::env;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use talk::time;

use talk::chat::RoomName;
use talk::chat::protocol::Since;
use talk::client;
use talk::client::Config;
use talk::client::SavedSubmission;

use crate::args::Settings;
use crate::args::Wish;
use crate::chat::Chat;
use crate::plain::Plain;
use crate::stdio::events::Event;
use crate::stdio::panic_hook::Broken;
use crate::stdio::terminal::Terminal;
use crate::storage::input_history::History;
use crate::storage::outbox::Found;
use crate::storage::outbox::Outbox;
use crate::storage::tokens::Keep;
use crate::storage::wishlist::Wishlist;
use crate::text::sanitize::Safe;
use crate::tui::Interactive;
use crate::tui::screen::Screen;
use crate::view::Shows;
use crate::view::View;

fn main() -> ExitCode {
    let done = match args::read(env::args_os().skip(1), |name| env::var_os(name)) {
        Ok(Wish::Help(help)) => print(&help),
        Ok(Wish::Version) => print(&format!("console {}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Wish::Chat(settings)) => talk(settings),
        Ok(Wish::Check(settings)) => script::check(&settings),
        Ok(Wish::Script(settings, script)) => script::run(settings, &script),
        Err(error) => Err(Failure::Usage(error.to_string())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

/// What ends the program badly.
#[derive(Debug)]
enum Failure {
    /// It was called wrongly: exit 2.
    Usage(String),
    /// It could not do what it was called for: exit 1.
    Failed(String),
    /// That, and all has been told already.
    Told,
}

impl Failure {
    fn tell(self) -> ExitCode {
        let (code, sentence) = match self {
            Failure::Usage(sentence) => (2, sentence),
            Failure::Failed(sentence) => (1, sentence),
            Failure::Told => return ExitCode::from(1),
        };
        complain(&sentence);
        ExitCode::from(code)
    }
}

fn talk(settings: Settings) -> Result<(), Failure> {
    let user = match settings.user.clone() {
        Some(user) => user,
        None => prompt::name()?,
    };
    let password = prompt::password(&settings)?;
    let secret = password.clone();
    let chosen = settings.token_file.clone().map(|file| (user.clone(), file));
    let server = settings.server.authority().to_string();
    let keep = Keep::new(&server, chosen, |name| env::var_os(name));
    let token = keep.load(&user).map_err(Failure::Failed)?;

    let terminal = if settings.plain { None } else { Terminal::open() };
    let has_person = io::stdin().is_terminal();
    let shows = match (&terminal, has_person) {
        (Some(_), _) => Shows::Here,
        (None, true) => Shows::All,
        (None, false) => Shows::News,
    };
    let Settings { server: address, mut rooms, palette, timeout, .. } = settings;
    let directory = storage::private_file::directory(&server, |name| env::var_os(name));
    // Lines said in earlier runs. Those of a script are neither kept nor looked for: who piped them in
    // has them still, learns from the exit code that they were not stored, and may well pipe them in
    // again, under other cids. To send both would double them. Nor does a script wish anything.
    let persons = directory.clone().filter(|_| has_person);
    let Found { outbox, kept, troubles } =
        Found::look(persons.clone(), user.clone(), time::unix_ms());
    rooms_of(&kept, &mut rooms);
    let mut view = View::new(user.clone(), server, &rooms, prompt::zone(), shows);
    let wishlist = Wishlist::new(persons);
    match wishlist.load() {
        Ok(wishes) => view.set_wishes(wishes),
        Err(sentence) => view.alarm(&sentence),
    }
    view.found(&kept, &troubles);

    let (events, queue) = mpsc::channel();
    let from_client = stdio::events::from_client(events.clone()).map_err(cannot_start)?;
    let agent = "console";
    let config = Config {
        server: address,
        user,
        token,
        password,
        rooms,
        since: Since::Newest,
        agent,
        outbox: kept,
    };
    let client = client::start(config, from_client).map_err(cannot_start)?;
    let chat = Chat::new(client, view, keep, outbox, wishlist, secret);
    stdio::events::read_stdin(events.clone()).map_err(cannot_start)?;

    let size = stdio::terminal::size();
    if let Some(terminal) = terminal {
        let broken = Broken::watch(events.clone());
        stdio::events::watch_size(events, size).map_err(cannot_start)?;
        let history = History::new(directory);
        let interactive = Interactive::new(chat, terminal, Screen::new(size, palette), history);
        return talk_on_terminal(interactive, &queue, &broken);
    }
    let columns = (has_person && io::stdout().is_terminal()).then_some(size.columns);
    drop(events);
    talk_on_pipes(Plain::new(chat, has_person, columns, timeout), &queue)
}

fn talk_on_terminal(
    interactive: Interactive,
    queue: &Receiver<Event>,
    broken: &Broken,
) -> Result<(), Failure> {
    // Whoever unwinds puts the terminal back on the way.
    let ended = panic::catch_unwind(AssertUnwindSafe(|| interactive.run(queue)));
    if let Some(words) = broken.take() {
        return Err(Failure::Failed(words));
    }
    let Ok(ended) = ended else { return Err(Failure::Told) };
    let (view, outbox) = ended.chat.close();
    if let Some(sentence) = &ended.failure {
        complain(sentence);
    }
    if !ended.draft.is_empty() {
        complain(&format!("you were typing: {}", ended.draft));
    }
    let lost = tell_unstored(&view, &outbox, usize::MAX);
    if lost || ended.failure.is_some() { Err(Failure::Told) } else { Ok(()) }
}

fn talk_on_pipes(plain: Plain, queue: &Receiver<Event>) -> Result<(), Failure> {
    let ended = plain.run(queue);
    let (view, outbox) = ended.chat.close();
    if let Some(sentence) = &ended.failure {
        complain(sentence);
    }
    let lost = tell_unstored(&view, &outbox, 10);
    if lost || ended.failure.is_some() || ended.refused > 0 {
        return Err(Failure::Told);
    }
    Ok(())
}

/// Adds the rooms that the lines are for: where one is not, nothing can be said.
fn rooms_of(kept: &[SavedSubmission], rooms: &mut Vec<RoomName>) {
    for SavedSubmission { submission, .. } in kept {
        if !rooms.contains(&submission.room) {
            rooms.push(submission.room.clone());
        }
    }
}

/// Says which lines were not stored, so that none is lost unseen, and whether there are any. Of
/// many it shows the first: who piped them in has them still.
fn tell_unstored(view: &View, outbox: &Outbox, at_most: usize) -> bool {
    for (line, why) in view.unstored().take(at_most) {
        let why = why.unwrap_or("it was never acknowledged");
        let (room, words) = (view.label(&line.room), view::format::words(&line.operation).0);
        complain(&format!("not sent to {room}: {words} ({why})"));
    }
    let more = view.unstored().skip(at_most).count();
    if more > 0 {
        complain(&format!("not sent: {more} more lines"));
    }
    let is_any = view.unstored().next().is_some();
    if is_any && view.unstored().all(|(line, _)| outbox.holds(&line.cid)) {
        complain(&format!("that is kept for the next time you start as {}", view.me()));
    }
    is_any
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn cannot_start(error: io::Error) -> Failure {
    Failure::Failed(format!("cannot start: {error}"))
}

fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Failed(format!("cannot write: {error}"))),
    }
}

/// Says what is wrong on stderr, through the one door: some of it may be a server's words.
fn complain(sentence: &str) {
    let safe = Safe::one_line(sentence);
    _ = writeln!(io::stderr(), "console: {}", safe.as_str()); // where nobody listens, nothing helps
}
