//! Completion by Tab: of a command at the start of the line, of what it takes as its first word, of a
//! room after `#`, of a name anywhere.

use crate::command;
use crate::text::line::Line;
use crate::text::style::Style;
use crate::text::width;

/// What can be completed now, each list in the order it should be offered.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Those who wrote come first, the latest before the others.
    pub(crate) names: Vec<String>,
    /// The rooms we are in, without `#`; a private one as `@name`.
    pub(crate) joined: Vec<String>,
    /// Other rooms of the server.
    pub(crate) others: Vec<String>,
}

/// A completion under way: each Tab shows the next candidate, then what was typed again.
#[derive(Debug)]
pub(crate) struct Completion {
    /// Where the completed word starts.
    start: usize,
    /// What it can be completed to; what was typed is the last.
    candidates: Vec<String>,
    /// The candidate shown.
    at: usize,
    /// How often Tab was pressed.
    presses: usize,
}

/// What the last word of a line is the beginning of.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// With its slash, or without.
    Command(&'static str),
    /// Any room, or only one we are in.
    Room {
        is_joined: bool,
    },
    /// One of these words.
    Choice(&'static str),
    Name,
}

/// The last word of a text, and what is before it.
struct LastWord {
    start: usize,
    typed: String,
    line: String,
}

impl LastWord {
    fn of(before: &[char]) -> LastWord {
        let start = before.iter().rposition(|c| c.is_whitespace()).map_or(0, |space| space + 1);
        let line: String = before.iter().take(start).collect();
        let typed = before.iter().skip(start).collect();
        LastWord { start, typed, line: line.trim().to_owned() }
    }

    /// What it is the beginning of, and the character before it that is not part of the word.
    fn kind(&self) -> Option<(Kind, &'static str)> {
        let argument = first_argument(&self.line);
        let kind = match (self.typed.chars().next()?, argument) {
            ('/', _) if self.line.is_empty() => (Kind::Command("/"), ""),
            ('/', Some(Kind::Command(_))) => (Kind::Command("/"), ""),
            ('/', _) => return None,
            ('#', Some(Kind::Room { is_joined: true })) => (Kind::Room { is_joined: true }, "#"),
            ('#', _) => (Kind::Room { is_joined: false }, "#"),
            ('@', Some(Kind::Room { is_joined: true })) => (Kind::Room { is_joined: true }, ""),
            ('@', _) => (Kind::Name, "@"),
            (_, Some(kind)) => (kind, ""),
            (_, None) => (Kind::Name, ""),
        };
        Some(kind)
    }
}

/// What a command takes as its first word, by what `/help` says; `None` if `line` is not a command
/// alone, or takes anything. A command that can do without a room works on those we are in: `[ROOM]`.
fn first_argument(line: &str) -> Option<Kind> {
    let name = line.strip_prefix('/').filter(|name| !name.contains(char::is_whitespace))?;
    let placeholder = command::find(name)?.argument.split(' ').next()?;
    let words = placeholder.trim_matches(['[', ']']);
    let is_choice =
        words.contains('|') && words.chars().all(|c| c.is_ascii_lowercase() || c == '|');
    match words {
        "ROOM" => Some(Kind::Room { is_joined: placeholder.starts_with('[') }),
        "COMMAND" => Some(Kind::Command("")),
        _ if is_choice => Some(Kind::Choice(words)),
        _ => None,
    }
}

impl Completion {
    /// Completes the last word of `before`, the text left of the cursor; `None` if nothing matches.
    pub(crate) fn begin(before: &[char], words: &Words) -> Option<Completion> {
        let last = LastWord::of(before);
        let (kind, head) = last.kind()?;
        let tail =
            if kind == Kind::Name && head.is_empty() && last.line.is_empty() { ": " } else { " " };
        let list: Vec<String> = match kind {
            Kind::Command(slash) => {
                let names = command::TABLE.iter().flat_map(|entry| entry.names.first());
                names.map(|name| format!("{slash}{name}")).collect()
            }
            Kind::Choice(words) => words.split('|').map(str::to_owned).collect(),
            Kind::Room { is_joined: true } => words.joined.clone(),
            Kind::Room { is_joined: false } => {
                words.joined.iter().chain(&words.others).cloned().collect()
            }
            Kind::Name => words.names.clone(),
        };
        let begun = last.typed.strip_prefix(head)?.to_lowercase();
        let is_kind = |word: &&String| head != "#" || !word.starts_with('@');
        let fits = list.iter().filter(is_kind).filter(|w| w.to_lowercase().starts_with(&begun));
        let mut candidates: Vec<String> = fits.map(|word| format!("{head}{word}{tail}")).collect();
        if candidates.is_empty() {
            return None;
        }
        candidates.push(last.typed);
        let at = candidates.len() - 1;
        Some(Completion { start: last.start, candidates, at, presses: 0 })
    }

    /// Whether the word at the end of `before` may be a room that we are not in.
    pub(super) fn is_of_any_room(before: &[char]) -> bool {
        let kind = LastWord::of(before).kind();
        matches!(kind, Some((Kind::Room { is_joined: false }, _)))
    }

    /// The beginning of a name at the end of `before`, without its `@`; `None` if there is none, or something else.
    pub(super) fn begun_name(before: &[char]) -> Option<String> {
        let last = LastWord::of(before);
        let (kind, head) = last.kind()?;
        let begun = last.typed.strip_prefix(head).filter(|begun| !begun.is_empty())?;
        (kind == Kind::Name).then(|| begun.to_owned())
    }

    /// Adds candidates that have become known since it began. `line` is the text before the completed word.
    pub(super) fn extend(&mut self, line: &[char], words: &Words) {
        let Some(typed) = self.candidates.pop() else { return };
        let is_typed_shown = self.at == self.candidates.len();
        let before: Vec<char> = line.iter().copied().chain(typed.chars()).collect();
        for word in Completion::begin(&before, words).map_or(Vec::new(), |all| all.candidates) {
            if word != typed && !self.candidates.contains(&word) {
                self.candidates.push(word);
            }
        }
        self.candidates.push(typed);
        if is_typed_shown {
            self.at = self.candidates.len() - 1;
        }
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn next(&mut self) -> String {
        self.presses += 1;
        self.at = (self.at + 1) % self.candidates.len().max(1);
        self.candidates.get(self.at).cloned().unwrap_or_default()
    }

    pub(crate) fn previous(&mut self) -> String {
        self.presses += 1;
        self.at = self.at.checked_sub(1).unwrap_or(self.candidates.len().saturating_sub(1));
        self.candidates.get(self.at).cloned().unwrap_or_default()
    }

    /// From the second Tab on: the candidates around the one shown in one row of at most `columns`
    /// columns, as shells list them. `None` if there is only one.
    pub(super) fn list(&self, columns: usize) -> Option<Line> {
        let (_, all) = self.candidates.split_last()?;
        if self.presses < 2 || all.len() < 2 {
            return None;
        }
        let words = all.iter().map(|word| word.strip_suffix(": ").unwrap_or(word.trim_end()));
        let fits = columns.saturating_sub(2 * width::of_text(MORE));
        let current = if self.at < all.len() { self.at } else { 0 };
        let (mut page, mut used, mut is_first, mut is_last) = (Vec::new(), 0, true, true);
        for (at, word) in words.enumerate() {
            let takes = width::of_text(word) + GAP.len();
            if used + takes > fits && !page.is_empty() {
                if at > current {
                    is_last = false;
                    break;
                }
                (page, used, is_first) = (Vec::new(), 0, false);
            }
            page.push((at, word));
            used += takes;
        }
        let mut line = Line::default().cut().with(Style::Quiet, if is_first { "" } else { MORE });
        for (nth, (at, word)) in page.into_iter().enumerate() {
            let style = if at == self.at { Style::Bar } else { Style::Quiet };
            line = line.with(Style::Quiet, if nth == 0 { "" } else { GAP }).with(style, word);
        }
        Some(if is_last { line } else { line.with(Style::Quiet, " …") })
    }
}

/// Between two candidates in a list.
const GAP: &str = "  ";

/// In place of the candidates that do not fit.
const MORE: &str = "… ";

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let list = |words: &str| words.split(' ').map(str::to_owned).collect();
        Words {
            names: list("Alice bob albert"),
            joined: list("lobby rust @rob"),
            others: list("tea"),
        }
    }

    fn begin(before: &str) -> Option<Completion> {
        Completion::begin(&before.chars().collect::<Vec<char>>(), &words())
    }

    fn offers(before: &str) -> Vec<String> {
        let Some(mut completion) = begin(before) else { return Vec::new() };
        (0..completion.candidates.len()).map(|_| completion.next()).collect()
    }

    #[test]
    fn a_name_that_opens_the_line_gets_a_colon_and_tab_goes_round() {
        assert_eq!(offers("al"), ["Alice: ", "albert: ", "al"]);
        assert_eq!(offers("hi AL"), ["Alice ", "albert ", "AL"]);
        assert_eq!(offers("hi @b"), ["@bob ", "@b"]);
    }

    #[test]
    fn commands_and_rooms_are_completed_where_they_belong() {
        assert_eq!(offers("/he"), ["/help ", "/he"]);
        assert_eq!(offers("see #r"), ["#rust ", "#r"]);
        assert_eq!(offers("/join r"), ["rust ", "r"]);
        assert_eq!(offers("/part @r"), ["@rob ", "@r"]);
        assert_eq!(offers("/msg @b"), ["@bob ", "@b"]);
        assert!(offers("see #@").is_empty());
    }

    #[test]
    fn a_room_that_we_are_not_in_is_completed_where_it_can_be_meant() {
        for (typed, expected) in [
            ("/join t", "tea "),
            ("/join #t", "#tea "),
            ("/JOIN t", "tea "),
            ("/j t", "tea "),
            ("see #t", "#tea "),
        ] {
            assert_eq!(offers(typed).first().map(String::as_str), Some(expected), "{typed}");
        }
        for typed in ["/part t", "/part #t", "/mute t", "see t"] {
            assert!(offers(typed).is_empty(), "{typed}");
        }
        let asks =
            |before: &str| Completion::is_of_any_room(&before.chars().collect::<Vec<char>>());
        for typed in ["/join t", "/j #", "#t", "see #t"] {
            assert!(asks(typed), "{typed}");
        }
        for typed in ["", "/join ", "/part t", "t", "/jo", "/join @t", "/join x t"] {
            assert!(!asks(typed), "{typed}");
        }
    }

    #[test]
    fn the_words_that_a_command_takes_are_completed() {
        assert_eq!(offers("/bell a"), ["all ", "a"]);
        assert_eq!(offers("/timestamp o"), ["off ", "o"]);
        assert_eq!(offers("/help jo"), ["join ", "jo"]);
        assert_eq!(offers("/h /jo"), ["/join ", "/jo"]);
        assert!(offers("/bell al x").is_empty());
        assert_eq!(offers("/goto al"), ["Alice ", "albert ", "al"]);
    }

    #[test]
    fn nothing_is_completed_from_nothing_or_to_nothing() {
        assert!(offers("").is_empty());
        assert!(offers("hi ").is_empty());
        assert!(offers("zed").is_empty());
        assert!(offers("say /h").is_empty());
    }

    #[test]
    fn the_beginning_of_a_name_is_what_a_server_can_be_asked_for() {
        let begun = |before: &str| Completion::begun_name(&before.chars().collect::<Vec<char>>());
        for (typed, wanted) in [("al", "al"), ("hi @b", "b"), ("/msg Jo", "Jo"), ("/who @jo", "jo")]
        {
            assert_eq!(begun(typed).as_deref(), Some(wanted), "{typed}");
        }
        for typed in ["", "hi ", "@", "hi @", "/who", "/who ", "#al", "/join al", "/help al"] {
            assert_eq!(begun(typed), None, "{typed}");
        }
    }

    #[test]
    fn words_that_become_known_later_come_after_those_that_are_offered() {
        let names = |list: &str| Words {
            names: list.split(' ').map(str::to_owned).collect(),
            ..Words::default()
        };
        let line: Vec<char> = "hi al".chars().collect();
        let mut completion = Completion::begin(&line, &names("alf bob")).unwrap();
        assert_eq!(completion.next(), "alf ");
        completion.extend(&line[..3], &names("alf Alice albert"));
        let rest: Vec<String> = (0..4).map(|_| completion.next()).collect();
        assert_eq!(rest, ["Alice ", "albert ", "al", "alf "]);
        let mut completion = Completion::begin(&line, &names("alf")).unwrap();
        assert_eq!((completion.next(), completion.next()), ("alf ".into(), "al".into()));
        completion.extend(&line[..3], &names("ally"));
        assert_eq!((completion.next(), completion.next()), ("alf ".into(), "ally ".into()));
    }

    #[test]
    fn going_back_goes_through_the_same_candidates() {
        let mut completion = begin("al").unwrap();
        assert_eq!(completion.previous(), "albert: ");
        assert_eq!(completion.previous(), "Alice: ");
        assert_eq!(completion.previous(), "al");
    }

    /// The list after so many Tabs, the candidate shown in brackets.
    fn listed(completion: &mut Completion, tabs: usize, columns: usize) -> String {
        (0..tabs).for_each(|_| _ = completion.next());
        let rows = completion.list(columns).map_or(Vec::new(), |line| line.rows(columns));
        assert!(rows.len() <= 1, "{rows:?}");
        let piece = |(style, text)| if style == Style::Bar { format!("[{text}]") } else { text };
        rows.into_iter().flatten().map(piece).collect()
    }

    #[test]
    fn the_second_tab_lists_the_candidates_in_one_row() {
        let mut completion = begin("al").unwrap();
        assert_eq!(listed(&mut completion, 1, 80), "");
        assert_eq!(listed(&mut completion, 1, 80), "Alice  [albert]");
        assert_eq!(listed(&mut completion, 1, 80), "Alice  albert", "as it was typed");
        assert_eq!(listed(&mut begin("bo").unwrap(), 2, 80), "", "there is only one");
    }

    #[test]
    fn of_many_candidates_the_list_shows_those_around_the_current_one() {
        let names = (0..30).map(|n| format!("user{n:02}")).collect();
        let words = Words { names, ..Words::default() };
        let mut completion = Completion::begin(&['u'], &words).unwrap();
        assert_eq!(listed(&mut completion, 2, 30), "user00  [user01]  user02 …");
        assert_eq!(listed(&mut completion, 3, 30), "… user03  [user04]  user05 …");
        assert_eq!(listed(&mut completion, 25, 30), "… user27  user28  [user29]");
        assert_eq!(listed(&mut completion, 1, 30), "user00  user01  user02 …");
        assert_eq!(listed(&mut completion, 3, 12), "… [user02] …");
    }
}
