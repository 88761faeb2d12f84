//! What styles look like: escape sequences for the kinds of text a chat shows.
//!
//! Room: constants and one hash. Bold, dim and reverse are no colours, and stay without them.

use std::fmt::Write;

use crate::line::Row;

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Style {
    #[default]
    Plain,
    /// Clocks, comings and goings.
    Quiet,
    Strong,
    /// A name, in the colour that its hash picks.
    Name(u64),
    /// Something failed.
    Alarm,
    /// The status line.
    Bar,
}

/// The colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Palette {
    /// Not even bold: for a file, a pipe, a dumb terminal.
    Bare,
    Monochrome,
    Sixteen,
    TwoFiftySix,
}

/// Of the 16, those that most themes keep readable on their own background.
const SIXTEEN: [u8; 6] = [31, 32, 33, 34, 35, 36];

/// Of the 256, those with a contrast of at least 3.3 to both black and white.
const TWO_FIFTY_SIX: [u8; 24] = [
    26, 28, 29, 31, 32, 33, 61, 63, 64, 67, 68, 93, 94, 97, 98, 99, 127, 130, 131, 132, 133, 134,
    163, 166,
];

impl Style {
    /// The style of a name: the same for all its spellings.
    pub(crate) fn of_name(name: &str) -> Style {
        let bytes = name.to_lowercase().into_bytes();
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Style::Name(bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)) // FNV-1a
    }
}

impl Palette {
    /// A row as it is written to the terminal. Its text is safe: it comes from a `Line`.
    pub(crate) fn paint(self, row: &Row, out: &mut String) {
        for (style, text) in row.iter().filter(|(_, text)| !text.is_empty()) {
            let before = out.len();
            self.begin(*style, out);
            let is_styled = out.len() > before;
            out.push_str(text);
            if is_styled {
                out.push_str("\x1b[0m");
            }
        }
    }

    fn begin(self, style: Style, out: &mut String) {
        let of = |colours: &[u8], hash: u64| {
            let at = usize::try_from(hash % colours.len().max(1) as u64).unwrap_or(0);
            colours.get(at).copied().unwrap_or_default()
        };
        match (self, style) {
            (Palette::Bare, _) | (_, Style::Plain) => {}
            (_, Style::Quiet) => out.push_str("\x1b[2m"),
            (_, Style::Strong) | (Palette::Monochrome, Style::Name(_) | Style::Alarm) => {
                out.push_str("\x1b[1m");
            }
            (_, Style::Bar) => out.push_str("\x1b[7m"),
            (Palette::Sixteen | Palette::TwoFiftySix, Style::Alarm) => out.push_str("\x1b[1;31m"),
            (Palette::Sixteen, Style::Name(hash)) => {
                _ = write!(out, "\x1b[1;{}m", of(&SIXTEEN, hash));
            }
            (Palette::TwoFiftySix, Style::Name(hash)) => {
                _ = write!(out, "\x1b[1;38;5;{}m", of(&TWO_FIFTY_SIX, hash));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(palette: Palette, style: Style) -> String {
        let mut out = String::new();
        palette.paint(&vec![(style, "bob".to_owned())], &mut out);
        out
    }

    #[test]
    fn a_bare_palette_writes_nothing_but_the_text() {
        for style in [Style::Quiet, Style::of_name("bob"), Style::Alarm, Style::Bar] {
            assert_eq!(painted(Palette::Bare, style), "bob");
        }
    }

    #[test]
    fn a_name_keeps_its_colour_in_every_spelling() {
        let bob = painted(Palette::TwoFiftySix, Style::of_name("bob"));
        assert_eq!(bob, painted(Palette::TwoFiftySix, Style::of_name("BOB")));
        assert_ne!(bob, painted(Palette::TwoFiftySix, Style::of_name("alice")));
    }

    #[test]
    fn without_colours_names_are_bold_and_the_status_stands_out() {
        assert_eq!(painted(Palette::Monochrome, Style::of_name("bob")), "\x1b[1mbob\x1b[0m");
        assert_eq!(painted(Palette::Monochrome, Style::Bar), "\x1b[7mbob\x1b[0m");
    }

    /// WCAG 2's relative luminance of a colour of xterm's 6×6×6 cube.
    fn luminance(colour: u8) -> f64 {
        let cube = colour - 16;
        let channel = |step: u8| {
            let level = f64::from([0_u8, 95, 135, 175, 215, 255][usize::from(step)]) / 255.0;
            if level <= 0.03928 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(cube / 36) + 0.7152 * channel(cube / 6 % 6) + 0.0722 * channel(cube % 6)
    }

    #[test]
    fn every_colour_of_a_name_can_be_read_on_black_and_on_white() {
        for colour in TWO_FIFTY_SIX {
            let light = luminance(colour) + 0.05;
            assert!(light / 0.05 > 3.3 && 1.05 / light > 3.3, "{colour}: {:.2}", light / 0.05);
        }
    }
}
