//! The terminal: in raw mode while we draw on it, restored when we leave it.
//!
//! It runs `stty`, because std has no access to a terminal's settings.

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

impl Size {
    /// The size of a terminal that has never reported one.
    pub(crate) const UNKNOWN: Size = Size { rows: 24, columns: 80 };
}

/// A terminal in raw mode. Dropping it, also by a panic, restores everything.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// The settings before raw mode, as `stty -g` prints them.
    saved: String,
    /// The alternate screen is shown.
    is_alternate: bool,
}

/// Keys come one by one without echo, and Ctrl-C is a key. Output is still translated, so that a
/// message of another program keeps its line ends.
const RAW: [&str; 12] = [
    "-icanon", "-echo", "-isig", "-iexten", "-ixon", "-icrnl", "-inlcr", "-istrip", "min", "1",
    "time", "0",
];

impl Terminal {
    /// Puts the terminal into raw mode; `None` unless stdin and stdout are both a terminal and there is
    /// an `stty`.
    pub(crate) fn open() -> Option<Terminal> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let terminal = Terminal { saved: stty(&["-g"])?, is_alternate: false };
        terminal.enter().then_some(terminal)
    }

    /// Stops this process as Ctrl-Z does; returns when the shell continues it.
    pub(crate) fn suspend(&self) {
        self.leave();
        let me = std::process::id().to_string();
        let kill = Command::new("kill").args(["-TSTP", &me]).stderr(Stdio::null()).status();
        _ = kill; // the process is stopped here, unless it has no shell
        self.enter();
    }

    /// Switches to the terminal's alternate screen, or back to the first, which is as it was: the escape
    /// sequence to write, if this is a change.
    pub(crate) fn use_alternate(&mut self, is_alternate: bool) -> Option<&'static str> {
        let was_alternate = std::mem::replace(&mut self.is_alternate, is_alternate);
        let switch = if is_alternate { "\x1b[?1049h" } else { "\x1b[?1049l" };
        (was_alternate != is_alternate).then_some(switch)
    }

    fn enter(&self) -> bool {
        // Bracketed paste: the terminal marks a paste, so that it runs nothing.
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

/// A terminal without a screen whose keys come one by one and are not shown, while a password may be typed.
/// Dropping it, also by a panic, restores everything.
#[derive(Debug)]
pub(crate) struct HiddenInput {
    /// The settings before, as `stty -g` prints them.
    saved: String,
}

impl HiddenInput {
    /// Hides what is typed; `None` unless stdin is a terminal and there is an `stty`.
    pub(crate) fn start() -> Option<HiddenInput> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let hidden = HiddenInput { saved: stty(&["-g"])? };
        stty(&RAW).is_some().then_some(hidden)
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        stty(&[&self.saved]);
    }
}

/// The size of the terminal on stdin. `None` if the terminal does not report one, or the system starts
/// no `stty` at the moment: the size known before stays the best guess.
pub(crate) fn size() -> Option<Size> {
    let answer = stty(&["size"])?;
    let (rows, columns) = answer.split_once(' ')?;
    let (rows, columns) = (rows.parse().ok()?, columns.parse().ok()?);
    (rows > 0 && columns > 0).then_some(Size { rows, columns })
}

/// Writes to the terminal, without buffering.
///
/// # Errors
/// The terminal is gone.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Runs `stty` on our stdin, and returns its output.
fn stty(arguments: &[&str]) -> Option<String> {
    let mut stty = Command::new("stty");
    stty.args(arguments).stdin(Stdio::inherit()).stderr(Stdio::null());
    let output = stty.output().ok()?;
    let output_text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| output_text.trim().to_owned())
}
