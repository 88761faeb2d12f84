//! Styles and colours: escape sequences for the kinds of text that a chat shows.
//!
//! Bold, dim and reverse are not colours, and are used without colours too.

use std::fmt::Write;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Style {
    #[default]
    Plain,
    /// Time stamps, joins and leaves.
    Quiet,
    Strong,
    /// A name, in the colour that its hash picks.
    Name(u64),
    /// Something failed.
    Alarm,
    /// The status line.
    Bar,
}

/// One row of a screen: pieces with their style, no wider than requested.
pub(crate) type Row = Vec<(Style, String)>;

/// The colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Palette {
    /// Not even bold: for a file, a pipe, a dumb terminal.
    Bare,
    Monochrome,
    Sixteen,
    TwoFiftySix,
    True,
}

/// Of the 16, those that most themes keep readable on their own background.
const SIXTEEN: [u8; 6] = [31, 32, 33, 34, 35, 36];

/// Of the 256, those with a contrast of at least 3.3 to both black and white.
const TWO_FIFTY_SIX: [u8; 24] = [
    26, 28, 29, 31, 32, 33, 61, 63, 64, 67, 68, 93, 94, 97, 98, 99, 127, 130, 131, 132, 133, 134,
    163, 166,
];

/// Red, green and blue at 24 hues, strong and pale: as much contrast to black as to white, 4.5.
#[rustfmt::skip]
const TRUE: [u32; 48] = [
    0xEC0606, 0xD93B06, 0xB65D05, 0x947004, 0x797903, 0x608003, 0x448403, 0x248803,
    0x048904, 0x048925, 0x038845, 0x038665, 0x038383, 0x047FA7, 0x0673E1, 0x396AFA,
    0x6161FB, 0x7F55FB, 0x9E41FA, 0xBD0BF9, 0xCF05CF, 0xDB06A5, 0xE40675, 0xEA063F,
    0xCA4949, 0xBC5836, 0xA2692F, 0x8C7329, 0x7A7A23, 0x677E24, 0x548226, 0x3E8526,
    0x278827, 0x27873F, 0x278656, 0x26846C, 0x268282, 0x2D7F9A, 0x3679BB, 0x5271CD,
    0x6969D4, 0x7E62D2, 0x9458CF, 0xAB4ACB, 0xC138C1, 0xC63BA4, 0xC84285, 0xCA4767,
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
    /// The colours of a terminal, by its environment: `COLORTERM` names those that `TERM` cannot.
    pub(crate) fn of_terminal(term: &str, colorterm: &str) -> Palette {
        let is_true = matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct");
        let is_old = term.starts_with("vt") && !term.contains("color");
        if is_true {
            Palette::True
        } else if term.contains("256") || !colorterm.is_empty() {
            Palette::TwoFiftySix
        } else if is_old {
            Palette::Monochrome
        } else {
            Palette::Sixteen
        }
    }

    /// Appends a row with its escape sequences. Its text is sanitized: it comes from a `Line`.
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
        match (self, style) {
            (Palette::Bare, _) | (_, Style::Plain) => {}
            (_, Style::Quiet) => out.push_str("\x1b[2m"),
            (_, Style::Strong) | (Palette::Monochrome, Style::Name(_) | Style::Alarm) => {
                out.push_str("\x1b[1m");
            }
            (_, Style::Bar) => out.push_str("\x1b[7m"),
            (Palette::Sixteen | Palette::TwoFiftySix | Palette::True, Style::Alarm) => {
                out.push_str("\x1b[1;31m");
            }
            (Palette::Sixteen, Style::Name(hash)) => {
                _ = write!(out, "\x1b[1;{}m", pick(&SIXTEEN, hash));
            }
            (Palette::TwoFiftySix, Style::Name(hash)) => {
                _ = write!(out, "\x1b[1;38;5;{}m", pick(&TWO_FIFTY_SIX, hash));
            }
            (Palette::True, Style::Name(hash)) => {
                let [_, red, green, blue] = pick(&TRUE, hash).to_be_bytes();
                _ = write!(out, "\x1b[1;38;2;{red};{green};{blue}m");
            }
        }
    }
}

fn pick<T: Copy + Default>(colours: &[T], hash: u64) -> T {
    let at = usize::try_from(hash % colours.len().max(1) as u64).unwrap_or(0);
    colours.get(at).copied().unwrap_or_default()
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

    #[test]
    fn a_terminal_gets_the_colours_it_has() {
        for (term, colorterm, palette) in [
            ("xterm-256color", "truecolor", Palette::True),
            ("xterm", "24bit", Palette::True),
            ("xterm-direct", "", Palette::True),
            ("xterm-256color", "", Palette::TwoFiftySix),
            ("xterm", "yes", Palette::TwoFiftySix),
            ("linux", "", Palette::Sixteen),
            ("", "", Palette::Sixteen),
            ("vt220", "", Palette::Monochrome),
        ] {
            assert_eq!(Palette::of_terminal(term, colorterm), palette, "{term} {colorterm}");
        }
        let bob = painted(Palette::True, Style::of_name("bob"));
        assert!(bob.starts_with("\x1b[1;38;2;") && bob.ends_with("mbob\x1b[0m"), "{bob:?}");
    }

    /// The contrast of a colour to black and to white, the lesser of both (WCAG 2).
    fn contrast([red, green, blue]: [u8; 3]) -> f64 {
        let channel = |level: u8| {
            let level = f64::from(level) / 255.0;
            if level <= 0.03928 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
        f64::min((luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05))
    }

    /// A colour of xterm's 6×6×6 cube.
    fn of_cube(colour: u8) -> [u8; 3] {
        let cube = colour - 16;
        let level = |step: u8| [0_u8, 95, 135, 175, 215, 255][usize::from(step)];
        [cube / 36, cube / 6 % 6, cube % 6].map(level)
    }

    #[test]
    fn every_colour_of_a_name_can_be_read_on_black_and_on_white() {
        for colour in TWO_FIFTY_SIX {
            assert!(contrast(of_cube(colour)) > 3.3, "{colour}");
        }
        for colour in TRUE {
            let [_, red, green, blue] = colour.to_be_bytes();
            assert!(contrast([red, green, blue]) > 4.5, "{colour:06X}");
        }
    }
}
