//! The part of the view that stays put: what waits to be stored, and the status line.

use talk::client::State;

use super::View;
use super::format;
use super::people;
use crate::text::line::Line;
use crate::text::style::Style;
use crate::text::width;

/// Waiting lines shown at once; of more, the newest.
const WAITING: usize = 6;

/// What of the status line can be done without, the first before the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Typing,
    People,
    Number,
    Name,
    Needed,
}

impl View {
    /// `[lobby] bob · live · 3 people · #1042 · Operation: 2,5`, at a Unix time in milliseconds. Where that
    /// is wider than `columns`, what matters least goes first.
    pub(crate) fn status(&self, now: u64, columns: usize) -> Line {
        let (standing, style) = self.standing(now);
        let is_there = self.connection.is_connected();
        let here = self.here();
        let count = here.map(|room| room.count).filter(|count| is_there && *count > 0);
        let newest = here.map(|room| room.newest).filter(|seq| *seq > 0);
        let failed = self.unstored().filter(|(_, why)| why.is_some()).count();
        let failed = (failed > 0).then(|| format!("{failed} not sent: /resend or /drop"));
        let name =
            self.away.as_ref().map_or(self.me.to_string(), |_| format!("{} (away)", self.me));
        let mut parts = [
            (Some(name), Rank::Name),
            (Some(standing), Rank::Needed),
            (count.map(people), Rank::People),
            (newest.map(|seq| format!("#{seq}")), Rank::Number),
            (self.activity(), Rank::Needed),
            (failed, Rank::Needed),
            (self.typing(now).or_else(|| self.away_here()), Rank::Typing),
            (self.hint.map(str::to_owned), Rank::Needed),
        ];
        let nowhere = || "no room: /join one".to_owned();
        let here = here.map_or_else(nowhere, |room| self.title(&room.name));
        let all = |parts: &[(Option<String>, Rank)]| {
            let parts: Vec<&str> = parts.iter().filter_map(|(part, _)| part.as_deref()).collect();
            format!("[{here}] {}", parts.join(" · "))
        };
        for rank in [Rank::Typing, Rank::People, Rank::Number, Rank::Name] {
            if width::of_text(&all(&parts)) > columns {
                let those = parts.iter_mut().filter(|(_, of_part)| *of_part == rank);
                those.for_each(|(part, _)| *part = None);
            }
        }
        Line::default().with(style, &all(&parts))
    }

    fn typing(&self, now: u64) -> Option<String> {
        match self.here()?.typing(now).as_slice() {
            [] => None,
            [one] => Some(format!("{one} is typing")),
            [one, other] => Some(format!("{one} and {other} are typing")),
            [..] => Some("several are typing".to_owned()),
        }
    }

    /// `Operation: 2,5!`: the rooms with something new, by the numbers that turn to them. One with `!` has
    /// something said to us.
    fn activity(&self) -> Option<String> {
        let numbered = self.rooms.iter().zip(1..);
        let active = numbered
            .filter(|(room, _)| room.lines.news() > 0 && !self.wishes.is_muted(&room.name))
            .map(|(room, number)| {
                let calls = if room.lines.calls() { "!" } else { "" };
                format!("{number}{calls}")
            });
        let active: Vec<String> = active.collect();
        (!active.is_empty()).then(|| format!("Act: {}", active.join(",")))
    }

    /// Our lines that are not stored, as they stand above the status line.
    pub(crate) fn waiting_lines(&self) -> Vec<Line> {
        let hidden = self.waiting.len().saturating_sub(WAITING);
        let mut lines: Vec<Line> = self.comings().into_iter().collect();
        if hidden > 0 {
            lines.push(format::note(&format!("{hidden} more lines wait before these")));
        }
        for (own, why) in self.unstored().skip(hidden) {
            let answered = self.answered(&own.room, &own.operation).map(|(_, line)| line);
            let shown = match why {
                None => vec![format::waiting(own, &self.me)],
                Some(why) => format::failed(own, &self.me, why),
            };
            let shown = answered.into_iter().chain(shown);
            let is_here = self.is_here(&own.room);
            let tag = || format::tag(&own.room, &self.me);
            lines.extend(shown.map(|l| if is_here { l } else { l.after(tag()) }));
        }
        lines
    }

    /// Whether what the status line says changes by itself as time goes by.
    pub(crate) fn is_ticking(&self, now: u64) -> bool {
        let is_waiting = matches!(self.connection.state(), Some(State::Offline { .. }));
        is_waiting || self.here().is_some_and(|room| !room.typing(now).is_empty())
    }

    fn standing(&self, now: u64) -> (String, Style) {
        match self.connection.state() {
            None | Some(State::Connecting) => ("connecting".to_owned(), Style::Alarm),
            Some(State::Stopped) => ("not connected".to_owned(), Style::Alarm),
            Some(State::CatchingUp) => ("catching up".to_owned(), Style::Bar),
            Some(State::Live) => ("live".to_owned(), Style::Bar),
            Some(State::Offline { .. }) => {
                let seconds = self.retry_at.saturating_sub(now).div_ceil(1000);
                (format!("offline, trying again in {seconds} s"), Style::Alarm)
            }
        }
    }
}
