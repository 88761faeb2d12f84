//! Completion by Tab: of a command at the start of the line, of a room after `#`, of a name
//! anywhere.

/// What can be completed now, each list in the order it should be offered.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// With their slash.
    pub(crate) commands: Vec<String>,
    /// Those who wrote come first, the latest before the others.
    pub(crate) names: Vec<String>,
    /// Without `#`; a private one as `@name`.
    pub(crate) rooms: Vec<String>,
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
}

impl Completion {
    /// Completes the last word of `before`, the text left of the cursor; `None` if nothing matches.
    pub(crate) fn begin(before: &[char], words: &Words) -> Option<Completion> {
        let start = before.iter().rposition(|c| c.is_whitespace()).map_or(0, |space| space + 1);
        let line: String = before.iter().take(start).collect();
        let typed: String = before.iter().skip(start).collect();
        let (list, head, tail) = match (typed.chars().next()?, line.trim_end()) {
            ('/', "") => (&words.commands, "", " "),
            ('#', _) => (&words.rooms, "#", " "),
            (_, "/join" | "/j" | "/part" | "/leave") => (&words.rooms, "", " "),
            ('@', _) => (&words.names, "@", " "),
            (_, "") => (&words.names, "", ": "),
            _ => (&words.names, "", " "),
        };
        let begun = typed.strip_prefix(head)?.to_lowercase();
        let is_kind = |word: &&String| head != "#" || !word.starts_with('@');
        let fits = list.iter().filter(is_kind).filter(|w| w.to_lowercase().starts_with(&begun));
        let mut candidates: Vec<String> = fits.map(|word| format!("{head}{word}{tail}")).collect();
        if candidates.is_empty() {
            return None;
        }
        candidates.push(typed);
        let at = candidates.len() - 1;
        Some(Completion { start, candidates, at })
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn next(&mut self) -> String {
        self.at = (self.at + 1) % self.candidates.len().max(1);
        self.candidates.get(self.at).cloned().unwrap_or_default()
    }

    pub(crate) fn previous(&mut self) -> String {
        self.at = self.at.checked_sub(1).unwrap_or(self.candidates.len().saturating_sub(1));
        self.candidates.get(self.at).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let list = |words: &str| words.split(' ').map(str::to_owned).collect();
        Words {
            commands: list("/help /history /join"),
            names: list("Alice bob albert"),
            rooms: list("lobby rust @rob"),
        }
    }

    fn offers(before: &str) -> Vec<String> {
        let before: Vec<char> = before.chars().collect();
        let Some(mut completion) = Completion::begin(&before, &words()) else { return Vec::new() };
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
        assert_eq!(offers("/h"), ["/help ", "/history ", "/h"]);
        assert_eq!(offers("see #r"), ["#rust ", "#r"]);
        assert_eq!(offers("/join r"), ["rust ", "r"]);
        assert_eq!(offers("/join @r"), ["@rob ", "@r"]);
        assert_eq!(offers("/msg @b"), ["@bob ", "@b"]);
        assert!(offers("see #@").is_empty());
    }

    #[test]
    fn nothing_is_completed_from_nothing_or_to_nothing() {
        assert!(offers("").is_empty());
        assert!(offers("hi ").is_empty());
        assert!(offers("zed").is_empty());
        assert!(offers("say /h").is_empty());
    }

    #[test]
    fn going_back_goes_through_the_same_candidates() {
        let mut completion = Completion::begin(&['a', 'l'], &words()).unwrap();
        assert_eq!(completion.previous(), "albert: ");
        assert_eq!(completion.previous(), "Alice: ");
        assert_eq!(completion.previous(), "al");
    }
}
