//! The part of the view that stays put: what waits to be stored, and the status line.

use talk::client::State;

use crate::line::Line;
use crate::palette::Style;
use crate::phrases;
use crate::view::View;
use crate::view::people;

/// Waiting lines shown at once; of more, the newest.
const WAITING: usize = 6;

impl View {
    /// `[lobby] bob · live · 3 people · #1042 · Act: 2,5`, at a Unix time in milliseconds.
    pub(crate) fn status(&self, now: u64) -> Line {
        let mut parts = vec![self.me.to_string()];
        let (standing, style) = self.standing(now);
        parts.push(standing);
        if matches!(self.state, Some(State::CatchingUp | State::Live)) {
            parts.extend(self.here().filter(|room| room.count > 0).map(|room| people(room.count)));
        }
        let newest = self.here().map(|room| room.newest).filter(|seq| *seq > 0);
        parts.extend(newest.map(|seq| format!("#{seq}")));
        parts.extend(self.activity());
        let failed = self.unstored().filter(|(_, why)| why.is_some()).count();
        if failed > 0 {
            parts.push(format!("{failed} not sent: /resend or /drop"));
        }
        let typing = self.here().map_or(Vec::new(), |room| room.typing(now));
        match typing.as_slice() {
            [] => {}
            [one] => parts.push(format!("{one} is typing")),
            [one, other] => parts.push(format!("{one} and {other} are typing")),
            [..] => parts.push("several are typing".to_owned()),
        }
        parts.extend(self.hint.map(str::to_owned));
        let nowhere = || "no room: /join one".to_owned();
        let here = self.here().map_or_else(nowhere, |room| self.title(&room.name));
        Line::default().with(style, &format!("[{here}] {}", parts.join(" · ")))
    }

    /// `Act: 2,5!`: the rooms with something new, by the numbers that turn to them. One with `!` has
    /// something said to us.
    fn activity(&self) -> Option<String> {
        let numbered = self.rooms.iter().zip(1..);
        let active = numbered.filter(|(room, _)| room.lines.news() > 0 && !room.is_muted).map(
            |(room, number)| {
                let calls = if room.lines.calls() { "!" } else { "" };
                format!("{number}{calls}")
            },
        );
        let active: Vec<String> = active.collect();
        (!active.is_empty()).then(|| format!("Act: {}", active.join(",")))
    }

    /// Our lines that are not stored, as they stand above the status line.
    pub(crate) fn waiting_lines(&self) -> Vec<Line> {
        let hidden = self.waiting.len().saturating_sub(WAITING);
        let mut lines: Vec<Line> = self.comings().into_iter().collect();
        if hidden > 0 {
            lines.push(phrases::note(&format!("{hidden} more lines wait before these")));
        }
        for (own, why) in self.unstored().skip(hidden) {
            let answered = self.answered(&own.room, &own.act).map(|(_, line)| line);
            let shown = match why {
                None => vec![phrases::waiting(own, &self.me)],
                Some(why) => phrases::failed(own, &self.me, why),
            };
            let shown = answered.into_iter().chain(shown);
            let is_here = self.is_here(&own.room);
            let tag = || phrases::tag(&own.room, &self.me);
            lines.extend(shown.map(|l| if is_here { l } else { l.after(tag()) }));
        }
        lines
    }

    /// Whether what the status line says changes by itself as time goes by.
    pub(crate) fn is_ticking(&self, now: u64) -> bool {
        let is_waiting = matches!(self.state, Some(State::Offline { .. }));
        is_waiting || self.here().is_some_and(|room| !room.typing(now).is_empty())
    }

    fn standing(&self, now: u64) -> (String, Style) {
        match self.state {
            None | Some(State::Connecting) => ("connecting".to_owned(), Style::Alarm),
            Some(State::CatchingUp) => ("catching up".to_owned(), Style::Bar),
            Some(State::Live) => ("live".to_owned(), Style::Bar),
            Some(State::Offline { .. }) => {
                let seconds = self.retry_at.saturating_sub(now).div_ceil(1000);
                (format!("offline, trying again in {seconds} s"), Style::Alarm)
            }
        }
    }
}
