//! The `server` binary: arguments in, a running server out.
//!
//! Room: stdio, exit codes, wiring. Never a protocol decision.

#[path = "main/args.rs"]
mod args; // flags into choices
#[path = "main/bind.rs"]
mod bind; // where to listen
#[path = "main/limit.rs"]
mod limit; // --limit, and the list of what it can change
#[path = "main/look.rs"]
mod look; // verify, export, repair
#[path = "main/hints.rs"]
mod hints; // what to do next, for people

use std::env;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write};
use std::panic;
use std::process::ExitCode;
use std::thread;

use args::{Choices, Wish};
use talk::log::Store;
use talk::server::{Level, Logger, Server};

fn main() -> ExitCode {
    let wish = args::parse(env::args_os().skip(1), |name| env::var_os(name));
    match wish.and_then(fulfil) {
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
    /// Something in the world is not: exit 1.
    World(String),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::World(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(what) => write!(f, "{what} (see server --help)"),
            Failure::World(what) => f.write_str(what),
        }
    }
}

fn fulfil(wish: Wish) -> Result<(), Failure> {
    match wish {
        Wish::Show(text) => {
            say(&text);
            Ok(())
        }
        Wish::Serve(choices) => serve(*choices),
        Wish::Look(look) => look.run(),
    }
}

fn serve(choices: Choices) -> Result<(), Failure> {
    let world = |error: io::Error| Failure::World(format!("cannot start: {error}"));
    let store = Store::open(&choices.data)
        .map_err(|error| Failure::World(format!("{error}{}", hints::for_store_error(&error))))?;
    let listener = choices.bind.listen()?;
    let logger = Logger::start(choices.level, io::stderr()).map_err(world)?;
    tell_of_panics(logger.clone());
    let server = Server::new(listener, choices.config, store, logger).map_err(world)?;
    let address = server.address().map_err(world)?;
    if !choices.quiet {
        say(&hints::welcome(address, choices.ceiling, &choices.data));
    }
    stop_on_quit(&server).map_err(world)?;
    server.run();
    Ok(())
}

/// A panic is a line of the log like any other: where it was, but not what it says, which may be somebody's
/// words. What the standard library would print could wait for ever for a reader.
fn tell_of_panics(logger: Logger) {
    panic::set_hook(Box::new(move |panic| {
        let current = thread::current();
        let at =
            panic.location().map_or(String::new(), |at| format!("{}:{}", at.file(), at.line()));
        let thread = current.name().unwrap_or_default();
        logger.tell(Level::Warn, "panicked", &[("thread", thread), ("at", &at)]);
    }));
}

/// On a terminal, a line `quit` stops the server. The end of the input never does.
fn stop_on_quit(server: &Server) -> io::Result<()> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    let stopper = server.stopper()?;
    let listen = move || {
        let mut lines = io::stdin().lock().lines().map_while(Result::ok);
        if lines.any(|line| line.trim() == "quit") {
            stopper.stop();
        }
    };
    thread::Builder::new().name("terminal".into()).spawn(listen).map(drop)
}

/// Prints to standard output, where it is somebody's to read.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}
