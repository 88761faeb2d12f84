//! What is painted: the end of the chat, or an older part of it on the terminal's other screen.

use std::io;
use talk::time;

use super::Interactive;
use super::screen;
use crate::stdio::terminal;
use crate::text::line::Line;

impl Interactive {
    pub(crate) fn paint(&mut self) -> io::Result<()> {
        self.paint_with(Vec::new())
    }

    pub(crate) fn paint_with(&mut self, above: Vec<Line>) -> io::Result<()> {
        let is_back = self.chat.view.is_looking_back();
        let mut out = String::new();
        let turns = self.terminal.turn(is_back);
        if let Some(turns) = turns {
            self.screen.forget_pane();
            out.push_str(screen::BEGIN); // or the other screen is seen empty for a moment
            out.push_str(turns);
        }
        if is_back {
            self.paint_pane(&mut out);
        } else {
            self.paint_end(above, &mut out);
        }
        if turns.is_some() {
            out.push_str(screen::END);
        }
        if self.chat.view.take_bell(time::unix_ms()) {
            out.insert(0, '\x07');
        }
        if out.is_empty() { Ok(()) } else { terminal::write(&out) }
    }

    fn paint_end(&mut self, mut above: Vec<Line>, out: &mut String) {
        let view = &mut self.chat.view;
        above.extend(view.take().into_iter().map(|(_, line)| line));
        let (waiting, status) =
            (view.waiting_lines(), view.status(time::unix_ms(), self.screen.columns()));
        self.screen.paint(&above, &waiting, &status, &self.editor, out);
    }

    fn paint_pane(&mut self, out: &mut String) {
        let (below, status) = self.below_pane();
        let pane = self.chat.view.pane(self.screen.columns(), self.height());
        self.screen.paint_pane(&pane, &below, &status, &self.editor, out);
    }

    /// Asks for what will be seen next, if one looks back.
    pub(crate) fn look_further(&mut self) {
        if self.chat.view.is_looking_back() {
            let (columns, height) = (self.screen.columns(), self.height());
            self.chat.look_further(columns, height);
        }
    }

    /// Rows for looking back.
    pub(crate) fn height(&self) -> usize {
        let (below, status) = self.below_pane();
        self.screen.height(&below, &status, &self.editor)
    }

    /// What stands below them, and the status line.
    fn below_pane(&self) -> (Vec<Line>, Line) {
        let view = &self.chat.view;
        (vec![view.more_below()], view.status(time::unix_ms(), self.screen.columns()))
    }
}
