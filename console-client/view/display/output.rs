//! What goes out to the person: lines in order, a hint on the status line, the bell.

use crate::text::line::Line;

/// Lines to print, the hint to show, and which lines come out at all.
#[derive(Debug)]
pub(crate) struct OutputQueue {
    /// Which lines come out.
    mode: OutputMode,
    /// Lines not printed yet.
    lines: Vec<(Channel, Line)>,
    /// The memory these take.
    size: usize,
    /// A short text on the status line, until the next key.
    hint: Option<&'static str>,
    /// A text was deleted: what was printed is not to be printed again.
    must_forget: bool,
}

/// Bytes of lines after which they are printed: of a flood of long messages, no more wait in memory.
const LARGE: usize = 256 * 1024;

/// Which lines come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputMode {
    /// On a screen: the current room; the others wait until the person switches to them. Joins and
    /// leaves too.
    OneRoom,
    /// All rooms in one stream.
    AllRooms,
    /// All rooms in one stream, and only messages from now on.
    NewOnly,
}

/// Where a line goes when there is no screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Part of a room: to stdout.
    Chat,
    /// For the person alone: to stderr.
    Notice,
    /// The answer to a question: for a person to stderr, for a program that has asked to stdout.
    Answer,
}

impl OutputQueue {
    pub(in crate::view) fn new(mode: OutputMode) -> OutputQueue {
        OutputQueue { mode, lines: Vec::new(), size: 0, hint: None, must_forget: false }
    }

    pub(in crate::view) fn mode(&self) -> OutputMode {
        self.mode
    }

    /// Whether a screen shows one room at a time, which the person can scroll.
    pub(in crate::view) fn has_screen(&self) -> bool {
        self.mode == OutputMode::OneRoom
    }

    pub(in crate::view) fn push(&mut self, channel: Channel, line: Line) {
        self.size += line.size();
        self.lines.push((channel, line));
    }

    /// Adds lines of a room that came while the person looked elsewhere.
    pub(in crate::view) fn push_unseen(&mut self, lines: Vec<Line>) {
        lines.into_iter().for_each(|line| self.push(Channel::Chat, line));
    }

    /// Whether the lines are to be printed before more are added.
    pub(crate) fn is_large(&self) -> bool {
        self.size > LARGE
    }

    /// Removes and returns the lines not printed yet.
    pub(crate) fn take(&mut self) -> Vec<(Channel, Line)> {
        self.size = 0;
        std::mem::take(&mut self.lines)
    }

    /// Notes that a text was deleted, which may have been printed.
    pub(in crate::view) fn forget_printed(&mut self) {
        self.must_forget = true;
    }

    /// Whether a text was deleted since the last call.
    pub(crate) fn take_forget(&mut self) -> bool {
        std::mem::take(&mut self.must_forget)
    }

    pub(crate) fn set_hint(&mut self, hint: Option<&'static str>) {
        self.hint = hint;
    }

    pub(in crate::view) fn hint(&self) -> Option<&'static str> {
        self.hint
    }
}

/// The terminal's bell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// It is to ring.
    is_due: bool,
    /// When it may ring again, in Unix milliseconds.
    silent_until: u64,
}

/// Milliseconds between two rings.
const BELL_EVERY: u64 = 2_000;

impl Bell {
    pub(in crate::view) fn ring(&mut self) {
        self.is_due = true;
    }

    /// Whether to ring now. At most one ring every 2 s, however many messages came, so that no
    /// other user can make this terminal an alarm clock.
    pub(crate) fn take(&mut self, now: u64) -> bool {
        let rings = std::mem::take(&mut self.is_due) && now >= self.silent_until;
        if rings {
            self.silent_until = now.saturating_add(BELL_EVERY);
        }
        rings
    }
}
