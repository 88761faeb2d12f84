//! Styles and colours: escape sequences for the kinds of text that a chat shows.
//!
//! Bold, dim and reverse are not colours, and are used without colours too.

use std::fmt::Write;

use super::pieces::Marks;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Style {
    #[default]
    Plain,
    /// Time stamps, joins and leaves.
    Quiet,
    Strong,
    /// Emphasis: italic.
    Em,
    StrongEm,
    Code,
    /// Struck out, and what else its marks say.
    Struck(Marks),
    /// The person's own name in a message of another user.
    Mention,
    /// A name, in the colour of this number, of [`HUES`].
    Name(u8),
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

/// The hues of names, 22.5° apart, as the page has them (`hue` in `static/text/text.js`).
const HUES: usize = 16;

/// Of the 16 colours, the one nearest to each hue, without those that many themes make unreadable.
const SIXTEEN: [u8; HUES] = [31, 31, 31, 33, 33, 33, 32, 32, 36, 36, 36, 34, 34, 34, 35, 35];

/// Of the 256, the one nearest to each hue, of those with a contrast of at least 3.3 to both black and
/// white.
const TWO_FIFTY_SIX: [u8; HUES] =
    [198, 167, 166, 130, 136, 100, 64, 29, 30, 31, 32, 33, 63, 99, 134, 200];

/// Red, green and blue of each hue in OKLCH, as the page has them, but as dark as gives as much contrast
/// to black as to white, 4.5: a terminal does not say which of them is behind the text.
#[rustfmt::skip]
const TRUE: [u32; HUES] = [
    0xC34B78, 0xC94B4D, 0xC4530F, 0xA76702, 0x907201, 0x767B00, 0x448501, 0x008752,
    0x008574, 0x00838B, 0x0280A1, 0x007AC8, 0x546FD5, 0x7F63CF, 0x9E59BB, 0xB5509D,
];

impl Style {
    /// The style of a name, by its key: the same for all its spellings, and the hue of the page.
    pub(crate) fn of_name(key: &str) -> Style {
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let hash = key.bytes().fold(0x811c_9dc5, mix); // FNV-1a
        // Its lowest bits hardly mix.
        let mixed = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
        Style::Name((mixed >> 28) as u8)
    }

    /// The style of a piece of text with these marks. What is quiet or failed stays so.
    pub(crate) fn marked(self, marks: Marks) -> Style {
        let is_strong = self == Style::Strong || marks.has(Marks::STRONG);
        let is_code = marks.has(Marks::CODE) || marks.has(Marks::BLOCK);
        match self {
            Style::Plain if marks.has(Marks::DEL) => Style::Struck(marks),
            Style::Strong if marks.has(Marks::DEL) => Style::Struck(marks.with(Marks::STRONG)),
            Style::Quiet if marks.has(Marks::DEL) => Style::Struck(Marks::DEL.with(Marks::QUOTE)),
            Style::Plain | Style::Strong if is_code => Style::Code,
            Style::Plain | Style::Strong => match (is_strong, marks.has(Marks::EM)) {
                (true, true) => Style::StrongEm,
                (false, true) => Style::Em,
                (true, false) => Style::Strong,
                (false, false) if marks.has(Marks::QUOTE) => Style::Quiet,
                (false, false) => Style::Plain,
            },
            Style::Quiet
            | Style::Em
            | Style::StrongEm
            | Style::Code
            | Style::Struck(_)
            | Style::Mention
            | Style::Name(_)
            | Style::Alarm
            | Style::Bar => self,
        }
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
            (_, Style::Quiet | Style::Code) => out.push_str("\x1b[2m"),
            (_, Style::Em) => out.push_str("\x1b[3m"),
            (_, Style::Struck(marks)) => {
                let is_code = marks.has(Marks::CODE) || marks.has(Marks::BLOCK);
                let is_dim = is_code || marks.has(Marks::QUOTE) && !marks.has(Marks::STRONG);
                let is_strong = !is_code && marks.has(Marks::STRONG);
                out.push_str("\x1b[");
                for (code, _) in [("2;", is_dim), ("1;", is_strong), ("3;", marks.has(Marks::EM))]
                    .into_iter()
                    .filter(|(_, is_said)| *is_said)
                {
                    out.push_str(code);
                }
                out.push_str("9m");
            }
            (_, Style::StrongEm) => out.push_str("\x1b[1;3m"),
            (_, Style::Strong) | (Palette::Monochrome, Style::Name(_) | Style::Alarm) => {
                out.push_str("\x1b[1m");
            }
            (Palette::Monochrome, Style::Mention) => out.push_str("\x1b[1;4m"),
            (_, Style::Bar) => out.push_str("\x1b[7m"),
            (Palette::Sixteen | Palette::TwoFiftySix | Palette::True, Style::Alarm) => {
                out.push_str("\x1b[1;31m");
            }
            (Palette::Sixteen | Palette::TwoFiftySix | Palette::True, Style::Mention) => {
                out.push_str("\x1b[1;33m");
            }
            (Palette::Sixteen, Style::Name(hue)) => {
                _ = write!(out, "\x1b[1;{}m", pick(&SIXTEEN, hue));
            }
            (Palette::TwoFiftySix, Style::Name(hue)) => {
                _ = write!(out, "\x1b[1;38;5;{}m", pick(&TWO_FIFTY_SIX, hue));
            }
            (Palette::True, Style::Name(hue)) => {
                let [_, red, green, blue] = pick(&TRUE, hue).to_be_bytes();
                _ = write!(out, "\x1b[1;38;2;{red};{green};{blue}m");
            }
        }
    }
}

fn pick<T: Copy + Default>(colours: &[T; HUES], hue: u8) -> T {
    colours.get(usize::from(hue)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::markup::Markup;

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
        let key = "BOB".parse::<talk::chat::UserName>().unwrap().key();
        assert_eq!(bob, painted(Palette::TwoFiftySix, Style::of_name(&key)));
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

    #[test]
    fn what_marks_say_is_bold_italic_dim_or_struck_and_what_is_quiet_stays_so() {
        let both = Markup::Styled { emoji: true }.parse("***a***");
        assert_eq!(Style::Plain.marked(both[0].marks), Style::StrongEm);
        assert_eq!(Style::Quiet.marked(both[0].marks), Style::Quiet);
        assert_eq!(painted(Palette::Sixteen, Style::StrongEm), "\x1b[1;3mbob\x1b[0m");
        assert_eq!(
            painted(Palette::Sixteen, Style::Plain.marked(Marks::CODE)),
            "\x1b[2mbob\x1b[0m"
        );
        assert_eq!(
            painted(Palette::Monochrome, Style::Mention),
            "\x1b[1;4mbob\x1b[0m",
            "no colour"
        );
        for (text, codes) in
            [("~~a~~", "9"), ("***~~a~~***", "1;3;9"), ("~~`a`~~", "2;9"), ("> ~~a~~", "2;9")]
        {
            let pieces = Markup::Styled { emoji: true }.parse(text);
            let style = Style::Plain.marked(pieces.last().unwrap().marks);
            assert_eq!(painted(Palette::Monochrome, style), format!("\x1b[{codes}mbob\x1b[0m"));
            assert_eq!(painted(Palette::Bare, style), "bob");
        }
        assert_eq!(painted(Palette::Sixteen, Style::Mention), "\x1b[1;33mbob\x1b[0m");
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
