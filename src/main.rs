//! The `server` binary: parses arguments, starts the server, prints, and sets the exit code.

#[path = "main/exit.rs"]
mod exit; // what went wrong, and the exit code
#[path = "main/args.rs"]
mod args; // flags to a configuration
#[path = "main/bind.rs"]
mod bind; // where to listen
#[path = "main/limit_flags.rs"]
mod limit_flags; // --limit and server limits
#[path = "main/admin.rs"]
mod admin; // verify, export, repair, remove
#[path = "main/name_commands.rs"]
mod name_commands; // names: list, release, give
#[path = "main/hints.rs"]
mod hints; // hints for the person who starts it

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};
use std::panic;
use std::process::ExitCode;
use std::thread;

use args::{Mode, ServerOptions};
use exit::Failure;
use hints::Reader;
use talk::log::Store;
use talk::server::{Level, Logger, Server};

fn main() -> ExitCode {
    let mode = args::parse(env::args_os().skip(1), |name| env::var_os(name));
    match mode.and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            writeln!(io::stderr(), "server: {failure}").ok();
            failure.exit_code()
        }
    }
}

fn run(mode: Mode) -> Result<(), Failure> {
    match mode {
        Mode::Print(text) => {
            print(&text);
            Ok(())
        }
        Mode::Serve(options) => serve(*options),
        Mode::Admin(command) => command.run(),
        Mode::Names(command) => command.run(),
    }
}

fn serve(options: ServerOptions) -> Result<(), Failure> {
    let runtime = |error: io::Error| Failure::Runtime(format!("cannot start: {error}"));
    let store = Store::open(&options.data)
        .map_err(|error| Failure::Runtime(format!("{error}{}", hints::for_store_error(&error))))?;
    let listener = options.bind.listen()?;
    let logger = Logger::start(options.level, io::stderr()).map_err(runtime)?;
    log_panics(logger.clone());
    let server = Server::new(listener, options.config, store, logger).map_err(runtime)?;
    let address = server.address().map_err(runtime)?;
    if !options.quiet {
        let reader = if io::stdout().is_terminal() { Reader::Person } else { Reader::Program };
        let console = hints::console_command();
        print(&hints::welcome(address, options.ceiling, &options.data, reader, &console));
    }
    answer_terminal(&server).map_err(runtime)?;
    server.run();
    Ok(())
}

/// Logs each panic with its place, but without its message, which may contain text of a user. The default
/// hook of the standard library would write to stderr itself, and could block for ever there.
fn log_panics(logger: Logger) {
    panic::set_hook(Box::new(move |panic| {
        let current = thread::current();
        let at =
            panic.location().map_or(String::new(), |at| format!("{}:{}", at.file(), at.line()));
        let thread = current.name().unwrap_or_default();
        logger.log(Level::Warn, "panicked", &[("thread", thread), ("at", &at)]);
    }));
}

/// Answers what is typed into the terminal, if there is one: `quit` stops the server. The end of the input
/// does not.
fn answer_terminal(server: &Server) -> io::Result<()> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    let handle = server.handle()?;
    let answer_lines = move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            match hints::answer(&line) {
                Some(text) => print(text),
                None => return handle.stop(),
            }
        }
    };
    thread::Builder::new().name("terminal".into()).spawn(answer_lines).map(drop)
}

/// Prints to standard output. A closed output is no error.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}
