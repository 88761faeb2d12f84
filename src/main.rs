//! The `server` binary: arguments in, a running server out.
//!
//! Room: stdio, exit codes, wiring. Never a protocol decision.

#[path = "main/args.rs"]
mod args; // flags into choices
#[path = "main/bind.rs"]
mod bind; // where to listen
#[path = "main/limit_flags.rs"]
mod limit_flags; // --limit, and the list of what it can change
#[path = "main/admin.rs"]
mod admin; // verify, export, repair
#[path = "main/hints.rs"]
mod hints; // what to do next, for people

use std::env;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write};
use std::panic;
use std::process::ExitCode;
use std::thread;

use args::{Choices, Mode};
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

/// Why the server does not run.
#[derive(Debug)]
enum Failure {
    /// The command line is not right: exit 2.
    Usage(String),
    /// Something outside of it is not: exit 1.
    Runtime(String),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Runtime(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(what) => write!(f, "{what} (see server --help)"),
            Failure::Runtime(what) => f.write_str(what),
        }
    }
}

fn run(mode: Mode) -> Result<(), Failure> {
    match mode {
        Mode::Show(text) => {
            say(&text);
            Ok(())
        }
        Mode::Serve(choices) => serve(*choices),
        Mode::AdminCommand(admin) => admin.run(),
    }
}

fn serve(choices: Choices) -> Result<(), Failure> {
    let runtime = |error: io::Error| Failure::Runtime(format!("cannot start: {error}"));
    let store = Store::open(&choices.data)
        .map_err(|error| Failure::Runtime(format!("{error}{}", hints::for_store_error(&error))))?;
    let listener = choices.bind.listen()?;
    let logger = Logger::start(choices.level, io::stderr()).map_err(runtime)?;
    log_panics(logger.clone());
    let server = Server::new(listener, choices.config, store, logger).map_err(runtime)?;
    let address = server.address().map_err(runtime)?;
    if !choices.quiet {
        say(&hints::welcome(address, choices.ceiling, &choices.data));
    }
    stop_on_quit(&server).map_err(runtime)?;
    server.run();
    Ok(())
}

/// A panic is a line of the log like any other: where it was, but not what it says, which may be somebody's
/// words. What the standard library would print could wait for ever for a reader.
fn log_panics(logger: Logger) {
    panic::set_hook(Box::new(move |panic| {
        let current = thread::current();
        let at =
            panic.location().map_or(String::new(), |at| format!("{}:{}", at.file(), at.line()));
        let thread = current.name().unwrap_or_default();
        logger.log(Level::Warn, "panicked", &[("thread", thread), ("at", &at)]);
    }));
}

/// On a terminal, a line `quit` stops the server. The end of the input never does.
fn stop_on_quit(server: &Server) -> io::Result<()> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    let handle = server.handle()?;
    let listen = move || {
        let mut lines = io::stdin().lock().lines().map_while(Result::ok);
        if lines.any(|line| line.trim() == "quit") {
            handle.stop();
        }
    };
    thread::Builder::new().name("terminal".into()).spawn(listen).map(drop)
}

/// Prints to standard output, where it is somebody's to read.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}
