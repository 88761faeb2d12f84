//! The `console` binary: `talk::client` for a person at a terminal, or for a script.

// What the others use.
mod text; // text for a terminal: styled, sanitized, measured
mod stdio; // the terminal, the keyboard, stdout, and the console's events
mod storage; // files that the console keeps between runs
mod exit; // exit codes, and errors on stderr

// What the person asked for.
mod args; // the command line
mod prompt; // the name and its key, the password, the time zone

// The chat, however it is shown.
mod command; // a submitted line → what to do
mod editor; // keys → a line
mod room; // one room, as the person sees it
mod connection_status; // the connection, and what to say about it
mod view; // client events → lines and a status line
mod chat; // input → the client, events → the view

// The four ways to use it.
mod tui; // on a terminal
mod plain; // on pipes
mod script; // one message sent, or records printed
mod check; // the connection tested

// Properties of any text, tried here and by the targets of `fuzz/`.
#[cfg(test)]
#[path = "../tests/properties/generators.rs"]
mod generators;
#[cfg(test)]
#[path = "../tests/properties/sanitize.rs"]
mod shown;

// What the console and the page do alike.
#[cfg(test)]
mod vectors;

use std::env;
use std::io;
use std::io::IsTerminal;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use talk::chat::RoomName;
use talk::chat::protocol::Since;
use talk::client;
use talk::client::Config;
use talk::client::SavedSubmission;
use talk::time;

use crate::args::Args;
use crate::args::Mode;
use crate::chat::Chat;
use crate::chat::user_files::UserFiles;
use crate::exit::Failure;
use crate::exit::cannot_start;
use crate::exit::print;
use crate::exit::print_error;
use crate::plain::InputMode;
use crate::plain::Plain;
use crate::prompt::Keys;
use crate::stdio::events::EventQueue;
use crate::stdio::panic_hook::PanicHook;
use crate::stdio::terminal::Size;
use crate::stdio::terminal::Terminal;
use crate::storage::input_history::InputHistory;
use crate::storage::outbox::Adopted;
use crate::storage::outbox::OutboxStore;
use crate::storage::preferences::PreferencesFile;
use crate::tui::Tui;
use crate::tui::screen::Screen;
use crate::view::OutputMode;
use crate::view::View;

fn main() -> ExitCode {
    let done = match args::parse(env::args_os().skip(1), |name| env::var_os(name)) {
        Ok(Mode::Help(help)) => print(&help),
        Ok(Mode::Version) => print(&format!("console {}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Mode::Chat(args)) => chat(args),
        Ok(Mode::Check(args)) => script::check(&args),
        Ok(Mode::Script(args, script)) => script::run(args, &script),
        Err(error) => Err(Failure::Usage(error.to_string())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn chat(args: Args) -> Result<(), Failure> {
    let user = match args.user.clone() {
        Some(user) => user,
        None => prompt::ask_name()?,
    };
    let password = prompt::load_password(&args)?;
    let secret = password.clone();
    let (is_plain, takes_commands) = (args.plain, args.commands);
    let Args { server: address, mut rooms, look, timeout, key_file, .. } = args;
    let server = address.authority().to_string();
    let Keys { tokens, token, is_given: is_key_given } =
        prompt::load_keys(key_file, &server, &user)?;

    let terminal = if is_plain { None } else { Terminal::open() };
    let has_person = io::stdin().is_terminal();
    let mode = match (&terminal, has_person) {
        (Some(_), _) => OutputMode::OneRoom,
        (None, true) => OutputMode::AllRooms,
        (None, false) => OutputMode::NewOnly,
    };
    let input = match (has_person, takes_commands) {
        (true, _) => InputMode::Person,
        (false, true) => InputMode::Commands,
        (false, false) => InputMode::Texts,
    };
    let directory = storage::private_file::directory(&server, |name| env::var_os(name));
    // Unsent submissions of a script are neither saved nor taken over. The program that piped them in
    // still has them, learns from the exit code that they were not stored, and may pipe them in
    // again, under other cids: then they would be stored twice. A script has no preferences either.
    let person_directory = directory.clone().filter(|_| has_person);
    let Adopted { outbox, saved, problems } =
        Adopted::load(person_directory.clone(), user.clone(), time::unix_ms());
    add_rooms_of(&saved, &mut rooms);
    let has_rooms = !rooms.is_empty();
    let lobby = [RoomName::default()];
    if !has_rooms && !has_person {
        rooms.extend(lobby.clone()); // a script is in no rooms of the person
    }
    let shown = if has_rooms { &*rooms } else { &lobby };
    let mut view = View::new(user.clone(), server, shown, prompt::load_time_zone(), mode);
    if !has_rooms {
        view.display.rooms.set_only_default();
    }
    if is_key_given {
        view.connection.status.set_key_given();
    }
    let preferences_file = PreferencesFile::new(person_directory);
    match preferences_file.load() {
        Ok(preferences) => view.display.preferences.load(preferences),
        Err(sentence) => view.display.error(&sentence),
    }
    view.restore(&saved, &problems);

    let agent = "console";
    let config = Config {
        server: address,
        user,
        token,
        password,
        rooms,
        since: Since::Newest,
        agent,
        presence: has_person,
        follows_rooms: has_person,
        outbox: saved,
    };
    let (client, events) = client::start(config).map_err(cannot_start)?;
    let mut queue = EventQueue::new(events);
    let mut chat =
        Chat::new(client, view, UserFiles::new(tokens, outbox, preferences_file), secret);
    stdio::events::read_stdin(queue.sender()).map_err(cannot_start)?;

    let size = stdio::terminal::size().unwrap_or(Size::UNKNOWN);
    if let Some(terminal) = terminal {
        let panic_hook = PanicHook::install(queue.sender());
        stdio::events::watch_size(queue.sender(), size).map_err(cannot_start)?;
        let history = InputHistory::new(directory);
        chat.view.display.scroll.set_markup(look.markup);
        let tui = Tui::new(chat.asking_person(), terminal, Screen::new(size, look), history);
        return run_on_terminal(tui, &mut queue, &panic_hook);
    }
    let columns = (has_person && io::stdout().is_terminal()).then_some(size.columns);
    if columns.is_some() {
        stdio::events::watch_size(queue.sender(), size).map_err(cannot_start)?;
    }
    run_on_pipes(Plain::new(chat, input, columns, timeout), &mut queue, has_person)
}

fn run_on_terminal(
    tui: Tui,
    queue: &mut EventQueue,
    panic_hook: &PanicHook,
) -> Result<(), Failure> {
    // A panic that unwinds drops the terminal, which restores it.
    let ended = panic::catch_unwind(AssertUnwindSafe(|| tui.run(queue)));
    if let Some(messages) = panic_hook.take() {
        return Err(Failure::Failed(messages));
    }
    let Ok(ended) = ended else { return Err(Failure::Reported) };
    let (view, outbox) = ended.chat.close();
    if let Some(sentence) = &ended.failure {
        print_error(sentence);
    }
    if !ended.draft.is_empty() && !command::gives_key(&ended.draft) {
        print_error(&format!("your unfinished message: {}", ended.draft));
    }
    let is_any_unsent = report_unsent(&view, &outbox);
    if is_any_unsent || ended.failure.is_some() { Err(Failure::Reported) } else { Ok(()) }
}

fn run_on_pipes(plain: Plain, queue: &mut EventQueue, has_person: bool) -> Result<(), Failure> {
    let ended = plain.run(queue);
    if let Some(sentence) = &ended.failure {
        print_error(sentence);
    }
    let is_all_sent = if has_person {
        !report_unsent(&ended.view, &ended.outbox) && !ended.is_any_refused()
    } else {
        ended.report_unsent_lines()
    };
    if is_all_sent && ended.failure.is_none() { Ok(()) } else { Err(Failure::Reported) }
}

/// Adds the rooms of the submissions: only a member can send there.
fn add_rooms_of(saved: &[SavedSubmission], rooms: &mut Vec<RoomName>) {
    for SavedSubmission { submission, .. } in saved {
        if !rooms.contains(&submission.room) {
            rooms.push(submission.room.clone());
        }
    }
}

/// Reports the submissions of a person that were not stored, so that none is lost silently; true if there are
/// any.
fn report_unsent(view: &View, outbox: &OutboxStore) -> bool {
    for unsent in view.unsent.unstored() {
        let reason = unsent.reason().unwrap_or("the server did not confirm it");
        let room = view.display.label(&unsent.submission.room);
        let text = view::format::text_of(&unsent.submission.operation).0;
        print_error(&format!("not sent to {room}: {text} ({reason})"));
    }
    let is_any = view.unsent.unstored().next().is_some();
    if is_any && view.unsent.unstored().all(|unsent| outbox.contains(&unsent.submission.cid)) {
        let me = view.me();
        print_error(&format!("saved: they are sent when you start the console as {me} again"));
    }
    is_any
}
