//! What the chat paints: its end, or an older part of it on the alternate screen.

use std::io;

use talk::time;

use super::Tui;
use super::screen;
use crate::stdio::terminal;
use crate::text::line::Line;
use crate::view::StatusLine;

impl Tui {
    pub(super) fn paint(&mut self) -> io::Result<()> {
        self.paint_with(Vec::new())
    }

    /// Paints the end of the chat, with `above` before its new lines; or, while the person is
    /// scrolled back, an older part of it on the terminal's alternate screen.
    pub(super) fn paint_with(&mut self, above: Vec<Line>) -> io::Result<()> {
        self.update_size();
        let is_scrolled = self.display().scroll.is_active();
        let mut out = String::new();
        let switch = self.terminal.use_alternate(is_scrolled);
        if let Some(switch) = switch {
            self.screen.forget_pane();
            out.push_str(screen::BEGIN); // without it the empty screen is seen for a moment
            out.push_str(switch);
        }
        if is_scrolled {
            self.paint_pane(&mut out);
        } else {
            self.paint_end(above, &mut out);
        }
        if switch.is_some() {
            out.push_str(screen::END);
        }
        if self.chat.view.bell.take(time::unix_ms()) {
            out.insert(0, '\x07');
        }
        if out.is_empty() { Ok(()) } else { terminal::write(&out) }
    }

    /// Takes the terminal's size, if it has changed. Each painting asks for it first, because rows that are
    /// painted wider than the terminal wrap: the next painting would begin too low, and leave a second status
    /// line above.
    fn update_size(&mut self) {
        if let Some(size) = terminal::size().filter(|size| *size != self.screen.size()) {
            self.screen.resize(size);
        }
    }

    fn paint_end(&mut self, mut above: Vec<Line>, out: &mut String) {
        if self.display().output.take_forget() {
            self.screen.forget_printed();
        }
        above.extend(self.display().output.take().into_iter().map(|(_, line)| line));
        let (mut pending, status) = (self.chat.view.pending_lines(), self.status());
        if self.gate.is_open() {
            pending.extend(self.editor.candidates(self.screen.columns()));
        }
        self.screen.paint(&above, &pending, &status, self.gate.shown(&self.editor), out);
    }

    fn paint_pane(&mut self, out: &mut String) {
        let (columns, height) = (self.screen.columns(), self.pane_height());
        let display = &self.chat.view.display;
        let pane = display.scroll.pane(display.rooms.current(), columns, height);
        let day = display.scroll.day_at_top(display.rooms.current(), columns, height);
        let status = StatusLine::new(&self.chat.view, time::unix_ms()).of_day(day).line(columns);
        let below = self.more_below();
        self.screen.paint_pane(&pane, &below, &status, self.gate.shown(&self.editor), out);
    }

    /// Requests the page of history that the person will see next, if they are scrolled back.
    pub(super) fn load_history(&mut self) {
        if self.display().scroll.is_active() {
            let (columns, height) = (self.screen.columns(), self.pane_height());
            self.chat.request_history(columns, height);
        }
    }

    /// Rows for older messages while the person is scrolled back.
    pub(super) fn pane_height(&self) -> usize {
        self.screen.height(&self.more_below(), &self.status(), self.gate.shown(&self.editor))
    }

    fn more_below(&self) -> Vec<Line> {
        let display = &self.chat.view.display;
        let more = display.scroll.more_below(display.rooms.current());
        std::iter::once(more).chain(self.editor.candidates(self.screen.columns())).collect()
    }

    fn status(&self) -> Line {
        StatusLine::new(&self.chat.view, time::unix_ms()).line(self.screen.columns())
    }
}
