//! How the program ends: exit codes, and what it prints on its way out.

use std::io;
use std::io::Write;
use std::process::ExitCode;

use crate::text::sanitize::Sanitized;

/// Why the program fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A mistake in the command line: exit 2.
    Usage(String),
    /// Something could not be done: exit 1.
    Failed(String),
    /// Something could not be done, and the reason is printed already: exit 1.
    Reported,
}

impl Failure {
    /// Prints the reason, and returns the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let (code, sentence) = match self {
            Failure::Usage(sentence) => (2, sentence),
            Failure::Failed(sentence) => (1, sentence),
            Failure::Reported => return ExitCode::from(1),
        };
        print_error(&sentence);
        ExitCode::from(code)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err passes it by value")]
pub(crate) fn cannot_start(error: io::Error) -> Failure {
    Failure::Failed(format!("cannot start: {error}"))
}

/// Prints a text on stdout. A reader that has closed it is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Failed(format!("cannot write to stdout: {error}"))),
    }
}

/// Prints a problem on stderr, sanitized: some of it may be the server's text.
pub(crate) fn print_error(sentence: &str) {
    let safe = Sanitized::one_line(sentence);
    _ = writeln!(io::stderr(), "console: {}", safe.as_str()); // stderr is the last resort
}
