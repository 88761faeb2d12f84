//! What the terminal can show, and how it behaves, by the environment.

use crate::text::markup::Markup;
use crate::text::style::Palette;

/// What decides how the screen is painted, besides the terminal's size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) palette: Palette,
    /// How the markup of messages is shown.
    pub(crate) markup: Markup,
    pub(crate) on_resize: OnResize,
}

impl Look {
    /// The look of the terminal that set these variables; one that is not set is empty.
    pub(crate) fn of_terminal(palette: Palette, env: impl Fn(&str) -> String) -> Look {
        let markup = Markup::of_locale(&env("LC_ALL"), &env("LC_CTYPE"), &env("LANG"));
        Look { palette, markup, on_resize: OnResize::of_terminal(env) }
    }
}

/// What a terminal does with its rows when it becomes narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnResize {
    /// It wraps every row again: nothing is lost, and the place of each row can be computed.
    WrapsAgain,
    /// It may wrap rows again, or cut them off. What may have been lost is printed again.
    Unknown,
}

impl OnResize {
    /// What the terminal does, by the variables that it sets.
    pub(crate) fn of_terminal(env: impl Fn(&str) -> String) -> OnResize {
        let is_set = |name: &str| !env(name).is_empty();
        let term = env("TERM");
        let is_own_term = ["tmux", "alacritty", "foot", "xterm-kitty", "xterm-ghostty", "wezterm"]
            .iter()
            .any(|name| term.starts_with(name));
        // tmux keeps the TERM of GNU screen, which cuts rows off and sets STY.
        let is_tmux = term.starts_with("screen") && is_set("TMUX") && !is_set("STY");
        // An xterm started from another terminal inherits the variables of that one.
        let is_xterm = is_set("XTERM_VERSION") || !term.starts_with("xterm");
        let is_named = matches!(env("TERM_PROGRAM").as_str(), "iTerm.app" | "WezTerm" | "ghostty");
        if is_own_term || is_tmux || !is_xterm && (is_set("VTE_VERSION") || is_named) {
            OnResize::WrapsAgain
        } else {
            OnResize::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_wraps_rows_again_is_known_by_what_it_sets() {
        let of = |set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(each, _)| *each == name).map(|(_, v)| *v);
            OnResize::of_terminal(|name| value(name).unwrap_or_default().to_owned())
        };
        for (wraps, set) in [
            (true, &[("TERM", "tmux-256color")][..]),
            (true, &[("TERM", "screen"), ("TMUX", "/tmp/x"), ("XTERM_VERSION", "1")]),
            (true, &[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]),
            (true, &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")]),
            (true, &[("TERM", "xterm-kitty")]),
            (false, &[("TERM", "screen"), ("TMUX", "/tmp/x"), ("STY", "1.x")]),
            (false, &[("TERM", "xterm"), ("VTE_VERSION", "7600"), ("XTERM_VERSION", "1")]),
            (false, &[("TERM", "xterm-256color")]),
            (false, &[("TERM", "linux"), ("VTE_VERSION", "7600")]),
        ] {
            assert_eq!(of(set) == OnResize::WrapsAgain, wraps, "{set:?}");
        }
    }
}
