//! The `console` binary: a terminal on one side, `talk::client` on the other.
//!
//! Room: stdio, the terminal, exit codes. Never a protocol decision.

// What was asked for, and what is kept from run to run.
mod text; // text for a terminal: styled, sanitized, measured
mod storage; // files that the console keeps between runs
mod stdio; // the terminal, the keyboard, stdout, and the events of the console
mod args; // the command line
mod exit; // exit codes and last words
mod prompt; // what is still to be known

// The conversation, however it is shown.
mod chat; // the conversation
mod command; // a submitted line → what to do
mod view; // what is seen of it
mod room; // one room, as its visitor sees it
mod connection_status; // what it means to be sent away

// On a terminal, and on pipes.
mod tui; // the chat on a terminal
mod plain; // the chat on pipes
mod script; // one line said, or records read
mod check; // the line to a server, in words
mod editor; // keys → a line

// What holds for any text, tried here and by the targets of `fuzz/`.
#[cfg(test)]
#[path = "../tests/properties/made_up.rs"]
mod made_up;
#[cfg(test)]
#[path = "../tests/properties/shown.rs"]
mod shown;

use std::env;
use std::io;
use std::io::IsTerminal;
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

use crate::args::Args;
use crate::args::Mode;
use crate::chat::Chat;
use crate::exit::Failure;
use crate::exit::cannot_start;
use crate::exit::complain;
use crate::exit::print;
use crate::plain::Plain;
use crate::stdio::events::Event;
use crate::stdio::panic_hook::PanicHook;
use crate::stdio::terminal::Terminal;
use crate::storage::input_history::InputHistory;
use crate::storage::outbox::Adopted;
use crate::storage::outbox::OutboxStore;
use crate::storage::preferences::PreferencesFile;
use crate::storage::tokens::TokenStore;
use crate::tui::Tui;
use crate::tui::screen::Screen;
use crate::view::OutputMode;
use crate::view::View;

fn main() -> ExitCode {
    let done = match args::read(env::args_os().skip(1), |name| env::var_os(name)) {
        Ok(Mode::Help(help)) => print(&help),
        Ok(Mode::Version) => print(&format!("console {}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Mode::Chat(args)) => talk(args),
        Ok(Mode::Check(args)) => script::check(&args),
        Ok(Mode::Script(args, script)) => script::run(args, &script),
        Err(error) => Err(Failure::Usage(error.to_string())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn talk(args: Args) -> Result<(), Failure> {
    let user = match args.user.clone() {
        Some(user) => user,
        None => prompt::name()?,
    };
    let password = prompt::password(&args)?;
    let secret = password.clone();
    let chosen = args.token_file.clone().map(|file| (user.clone(), file));
    let server = args.server.authority().to_string();
    let keep = TokenStore::new(&server, chosen, |name| env::var_os(name));
    let token = keep.load(&user).map_err(Failure::Failed)?;

    let terminal = if args.plain { None } else { Terminal::open() };
    let has_person = io::stdin().is_terminal();
    let shows = match (&terminal, has_person) {
        (Some(_), _) => OutputMode::OneRoom,
        (None, true) => OutputMode::AllRooms,
        (None, false) => OutputMode::NewOnly,
    };
    let Args { server: address, mut rooms, palette, timeout, .. } = args;
    let directory = storage::private_file::directory(&server, |name| env::var_os(name));
    // Lines said in earlier runs. Those of a script are neither kept nor looked for: who piped them in
    // has them still, learns from the exit code that they were not stored, and may well pipe them in
    // again, under other cids. To send both would double them. Nor does a script wish anything.
    let persons = directory.clone().filter(|_| has_person);
    let Adopted { outbox, kept, troubles } =
        Adopted::load(persons.clone(), user.clone(), time::unix_ms());
    rooms_of(&kept, &mut rooms);
    let mut view = View::new(user.clone(), server, &rooms, prompt::zone(), shows);
    let preferences_file = PreferencesFile::new(persons);
    match preferences_file.load() {
        Ok(wishes) => view.display.preferences.load(wishes),
        Err(sentence) => view.display.error(&sentence),
    }
    view.restore(&kept, &troubles);

    let (events, queue) = mpsc::channel();
    let notices = stdio::events::notices(events.clone()).map_err(cannot_start)?;
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
    let client = client::start(config, notices).map_err(cannot_start)?;
    let chat = Chat::new(client, view, keep, outbox, preferences_file, secret);
    stdio::events::read_stdin(events.clone()).map_err(cannot_start)?;

    let size = stdio::terminal::size();
    if let Some(terminal) = terminal {
        let panic_hook = PanicHook::watch(events.clone());
        stdio::events::watch_size(events, size).map_err(cannot_start)?;
        let history = InputHistory::new(directory);
        let tui = Tui::new(chat, terminal, Screen::new(size, palette), history);
        return talk_on_terminal(tui, &queue, &panic_hook);
    }
    let columns = (has_person && io::stdout().is_terminal()).then_some(size.columns);
    drop(events);
    talk_on_pipes(Plain::new(chat, has_person, columns, timeout), &queue)
}

fn talk_on_terminal(
    tui: Tui,
    queue: &Receiver<Event>,
    panic_hook: &PanicHook,
) -> Result<(), Failure> {
    // Whoever unwinds puts the terminal back on the direction.
    let ended = panic::catch_unwind(AssertUnwindSafe(|| tui.run(queue)));
    if let Some(words) = panic_hook.take() {
        return Err(Failure::Failed(words));
    }
    let Ok(ended) = ended else { return Err(Failure::Reported) };
    let (view, outbox) = ended.chat.close();
    if let Some(sentence) = &ended.failure {
        complain(sentence);
    }
    if !ended.draft.is_empty() {
        complain(&format!("you were typing: {}", ended.draft));
    }
    let lost = tell_unstored(&view, &outbox, usize::MAX);
    if lost || ended.failure.is_some() { Err(Failure::Reported) } else { Ok(()) }
}

fn talk_on_pipes(plain: Plain, queue: &Receiver<Event>) -> Result<(), Failure> {
    let ended = plain.run(queue);
    let (view, outbox) = ended.chat.close();
    if let Some(sentence) = &ended.failure {
        complain(sentence);
    }
    let lost = tell_unstored(&view, &outbox, 10);
    if lost || ended.failure.is_some() || ended.refused > 0 {
        return Err(Failure::Reported);
    }
    Ok(())
}

/// Adds the rooms that the lines are for: where one is not, nothing can be said.
fn rooms_of(kept: &[SavedSubmission], rooms: &mut Vec<RoomName>) {
    for SavedSubmission { line, .. } in kept {
        if !rooms.contains(&line.room) {
            rooms.push(line.room.clone());
        }
    }
}

/// Says which lines were not stored, so that none is lost unseen, and whether there are any. Of
/// many it shows the first: who piped them in has them still.
fn tell_unstored(view: &View, outbox: &OutboxStore, at_most: usize) -> bool {
    for (line, why) in view.unsent.iter().take(at_most) {
        let why = why.unwrap_or("it was never acknowledged");
        let (room, words) =
            (view.display.label(&line.room), view::format::text_of(&line.operation).0);
        complain(&format!("not sent to {room}: {words} ({why})"));
    }
    let more = view.unsent.iter().skip(at_most).count();
    if more > 0 {
        complain(&format!("not sent: {more} more lines"));
    }
    let is_any = view.unsent.iter().next().is_some();
    if is_any && view.unsent.iter().all(|(line, _)| outbox.holds(&line.cid)) {
        complain(&format!("that is kept for the next time you start as {}", view.me()));
    }
    is_any
}
