//! Why the program ends without success, as a sentence and an exit code.

use std::fmt;
use std::process::ExitCode;

use talk::cli;

/// Why the server does not run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A mistake in the command line: exit 2.
    Usage(String),
    /// An error outside the program: exit 1.
    Runtime(String),
}

impl Failure {
    /// 1 or 2, as the man page documents.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Runtime(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(what) if what.ends_with(')') => f.write_str(what), // it has a hint of its own
            Failure::Usage(what) => write!(f, "{what} (see server --help)"),
            Failure::Runtime(what) => f.write_str(what),
        }
    }
}

impl From<cli::Error> for Failure {
    fn from(error: cli::Error) -> Failure {
        Failure::Usage(error.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_has_one_hint() {
        let shown = |what: &str| Failure::Usage(what.into()).to_string();
        assert_eq!(shown("unknown flag --port (try --help)"), "unknown flag --port (try --help)");
        assert_eq!(shown("--rate: x is no number"), "--rate: x is no number (see server --help)");
    }
}
