//! How the program ends: exit codes, and what it prints on its way out.

use std::io;
use std::io::Write;
use std::process::ExitCode;

use crate::text::sanitize::Sanitized;

/// What ends the program badly.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was called wrongly: exit 2.
    Usage(String),
    /// It could not do what it was called for: exit 1.
    Failed(String),
    /// That, and all has been told already.
    Reported,
}

impl Failure {
    pub(crate) fn report(self) -> ExitCode {
        let (code, sentence) = match self {
            Failure::Usage(sentence) => (2, sentence),
            Failure::Failed(sentence) => (1, sentence),
            Failure::Reported => return ExitCode::from(1),
        };
        complain(&sentence);
        ExitCode::from(code)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
pub(crate) fn cannot_start(error: io::Error) -> Failure {
    Failure::Failed(format!("cannot start: {error}"))
}

pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Failed(format!("cannot write: {error}"))),
    }
}

/// Says what is wrong on stderr, through the one door: some of it may be a server's words.
pub(crate) fn complain(sentence: &str) {
    let safe = Sanitized::one_line(sentence);
    _ = writeln!(io::stderr(), "console: {}", safe.as_str()); // where nobody listens, nothing helps
}
