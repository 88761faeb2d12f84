//! The terminal itself: raw while we draw on it, as it was when we leave it.
//!
//! Room: stdin, stdout and `stty` children: std has no other direction to a terminal's args.

use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::process::Command;
use std::process::Stdio;

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// A terminal in raw mode. Dropping it, a panic included, puts everything back.
#[derive(Debug)]
pub(crate) struct Terminal {
    saved: String,
    is_alternate: bool,
}

/// KeyDecoder come one by one and unseen, ^C is a key; what we write keeps being translated, so that a
/// message from elsewhere still has its line ends.
const RAW: [&str; 12] = [
    "-icanon", "-echo", "-isig", "-iexten", "-ixon", "-icrnl", "-inlcr", "-istrip", "min", "1",
    "time", "0",
];

/// The size of a terminal that does not tell.
const UNKNOWN: Size = Size { rows: 24, columns: 80 };

impl Terminal {
    /// Takes over the terminal; `None` where stdin and stdout are not both one, or where there is
    /// no `stty` to speak to it.
    pub(crate) fn open() -> Option<Terminal> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let terminal = Terminal { saved: stty(&["-g"])?, is_alternate: false };
        terminal.enter().then_some(terminal)
    }

    /// Stops this process as ^Z does, and comes back when the shell says so.
    pub(crate) fn suspend(&self) {
        self.leave();
        let me = std::process::id().to_string();
        let kill = Command::new("kill").args(["-TSTP", &me]).stderr(Stdio::null()).status();
        _ = kill; // here the process stands still, or there is no shell to stop for
        self.enter();
    }

    /// Turns to the terminal's other screen, or back to the first, which stands there as it was:
    /// what is to be written for that, if it is a change.
    pub(crate) fn use_alternate(&mut self, is_alternate: bool) -> Option<&'static str> {
        let was_alternate = std::mem::replace(&mut self.is_alternate, is_alternate);
        let switch = if is_alternate { "\x1b[?1049h" } else { "\x1b[?1049l" };
        (was_alternate != is_alternate).then_some(switch)
    }

    fn enter(&self) -> bool {
        // Bracketed paste: a paste comes marked, and runs nothing.
        stty(&RAW).is_some() && write("\x1b[?2004h").is_ok()
    }

    fn leave(&self) {
        _ = write("\x1b[?2004l");
        stty(&[&self.saved]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        _ = self.use_alternate(false).map(write);
        self.leave();
    }
}

/// The size of the terminal on stdin.
pub(crate) fn size() -> Size {
    let read = || {
        let answer = stty(&["size"])?;
        let (rows, columns) = answer.split_once(' ')?;
        let (rows, columns) = (rows.parse().ok()?, columns.parse().ok()?);
        (rows > 0 && columns > 0).then_some(Size { rows, columns })
    };
    read().unwrap_or(UNKNOWN)
}

/// Writes to the terminal, at once.
///
/// # Errors
/// The terminal is gone.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Runs `stty` on our stdin, and returns what it says.
fn stty(arguments: &[&str]) -> Option<String> {
    let mut stty = Command::new("stty");
    stty.args(arguments).stdin(Stdio::inherit()).stderr(Stdio::null());
    let output = stty.output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
