//! Which characters a name may hold: the rules that every name has followed since the first version.
//!
//! The standard library knows letters and digits but neither marks nor scripts, so the ranges that
//! names need are listed here; they change about as often as Unicode does.

use super::script::Script;

/// Latin, Greek or Cyrillic, if `letter` is in one of their blocks: `a` is a letter in all three.
pub(crate) fn block_of(letter: char) -> Option<Script> {
    match letter {
        'A'..='Z'
        | 'a'..='z'
        | '\u{c0}'..='\u{2af}'
        | '\u{1d00}'..='\u{1dbf}'
        | '\u{1e00}'..='\u{1eff}'
        | '\u{2c60}'..='\u{2c7f}'
        | '\u{a720}'..='\u{a7ff}'
        | '\u{ab30}'..='\u{ab6f}' => Some(Script::LATIN),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Script::GREEK),
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => {
            Some(Script::CYRILLIC)
        }
        _ => None,
    }
}

/// Whether `c` is a letter or digit of a script in which people write their names today.
pub(crate) fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || (c.is_alphanumeric()
            && !is_compatibility_form(c)
            && !is_unneeded_mark(c)
            && !is_blank(c)
            && (c < '\u{10000}' || is_modern_supplementary(c)))
}

/// Whether `c` is a mark without which its script cannot be written: vowel signs, viramas, tones,
/// subjoined letters of the scripts of South and South-East Asia. It may only follow a letter of
/// its own script.
///
/// Accents on Latin, Greek and Cyrillic letters are not among them: those letters exist composed,
/// and a name that could be spelled in two ways would be two names that look the same. The vowel
/// points of Hebrew and Arabic are not either: names are written without them.
pub(crate) fn is_needed_mark(c: char) -> bool {
    match c {
        // The nine scripts from Devanagari to Malayalam share one layout, 128 characters each.
        '\u{a70}' | '\u{a71}' => true, // only in Gurmukhi
        '\u{900}'..='\u{d7f}' => matches!(
            u32::from(c) & 0x7f,
            0x00..=0x03 | 0x3c | 0x3e..=0x4d | 0x55..=0x57 | 0x62..=0x63
        ),
        '\u{d81}'..='\u{d83}' | '\u{dca}'..='\u{ddf}' | '\u{df2}'..='\u{df3}' => true, // Sinhala
        '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' => true,             // Thai
        '\u{eb1}' | '\u{eb4}'..='\u{ebc}' | '\u{ec8}'..='\u{ece}' => true,             // Lao
        '\u{f39}' | '\u{f71}'..='\u{f84}' | '\u{f8d}'..='\u{fbc}' => true,             // Tibetan
        '\u{102b}'..='\u{103e}'
        | '\u{1056}'..='\u{1059}'
        | '\u{105e}'..='\u{1060}'
        | '\u{1062}'..='\u{1064}'
        | '\u{1067}'..='\u{106d}'
        | '\u{1071}'..='\u{1074}'
        | '\u{1082}'..='\u{108d}'
        | '\u{108f}'
        | '\u{109a}'..='\u{109d}' => true, // Myanmar
        '\u{17b6}'..='\u{17d3}' | '\u{17dd}' => true,                                  // Khmer
        '\u{7a6}'..='\u{7b0}' | '\u{7eb}'..='\u{7f3}' => true, // Thaana, N'Ko
        '\u{1712}'..='\u{1715}'
        | '\u{1732}'..='\u{1734}'
        | '\u{1752}'..='\u{1753}'
        | '\u{1772}'..='\u{1773}' => true, // the Philippines
        '\u{1920}'..='\u{193b}' | '\u{1a17}'..='\u{1a1b}' | '\u{1a55}'..='\u{1a7f}' => true, // Limbu, Buginese, Tai Tham
        '\u{1b00}'..='\u{1b04}' | '\u{1b34}'..='\u{1b44}' => true, // Balinese
        '\u{1b80}'..='\u{1b82}' | '\u{1ba1}'..='\u{1bad}' | '\u{1be6}'..='\u{1bf3}' => true, // Sundanese, Batak
        '\u{1c24}'..='\u{1c37}' => true, // Lepcha
        '\u{a802}' | '\u{a806}' | '\u{a80b}' | '\u{a823}'..='\u{a827}' => true, // Sylheti
        '\u{a880}'..='\u{a881}' | '\u{a8b4}'..='\u{a8c5}' => true, // Saurashtra
        '\u{a926}'..='\u{a92d}' | '\u{a947}'..='\u{a953}' => true, // Kayah Li, Rejang
        '\u{a980}'..='\u{a983}' | '\u{a9b3}'..='\u{a9c0}' => true, // Javanese
        '\u{aa29}'..='\u{aa36}' | '\u{aa43}' | '\u{aa4c}'..='\u{aa4d}' => true, // Cham
        '\u{aa7b}'..='\u{aa7d}' | '\u{a9e5}' => true, // Shan
        '\u{aab0}'
        | '\u{aab2}'..='\u{aab4}'
        | '\u{aab7}'..='\u{aab8}'
        | '\u{aabe}'..='\u{aabf}'
        | '\u{aac1}' => true, // Tai Viet
        '\u{aaeb}'..='\u{aaef}' | '\u{aaf5}'..='\u{aaf6}' | '\u{abe3}'..='\u{abed}' => true, // Meetei
        '\u{11100}'..='\u{11102}' | '\u{11127}'..='\u{11134}' => true, // Chakma
        '\u{1e944}'..='\u{1e94a}' => true,                             // Adlam
        _ => false,
    }
}

/// Whether `mark` may follow `base` directly: a block of 256 characters is roughly a script, and a
/// mark of one script on a letter of another is never part of a name.
pub(crate) fn may_take_mark(base: char, mark: char) -> bool {
    (is_letter_or_digit(base) || is_needed_mark(base))
        && u32::from(base) >> 8 == u32::from(mark) >> 8
}

/// Compatibility forms of letters and digits (superscript, circled, full-width, mathematical,
/// ligatures): each looks like the plain one and is another character.
fn is_compatibility_form(c: char) -> bool {
    matches!(c,
        '\u{aa}' | '\u{b2}'..='\u{be}'
        | '\u{2b0}'..='\u{2b8}' | '\u{2e0}'..='\u{2e4}'
        | '\u{1d2c}'..='\u{1d6a}' | '\u{1d78}' | '\u{1d9b}'..='\u{1dbf}'
        | '\u{2070}'..='\u{209f}' | '\u{2100}'..='\u{218f}' | '\u{2460}'..='\u{24ff}'
        | '\u{2700}'..='\u{27bf}' | '\u{2c7c}'..='\u{2c7d}'
        | '\u{3192}'..='\u{319f}' | '\u{3200}'..='\u{33ff}'
        | '\u{a69c}'..='\u{a69d}' | '\u{a770}' | '\u{a7f2}'..='\u{a7f4}' | '\u{a7f8}'..='\u{a7f9}'
        | '\u{ab5c}'..='\u{ab5f}' | '\u{ab69}'
        | '\u{fb00}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{ff00}'..='\u{ffef}')
}

/// Marks that no name needs: they stack on any letter ("zalgo"), or spell it a second way.
fn is_unneeded_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6e4}' | '\u{6e7}'..='\u{6ed}' | '\u{711}' | '\u{730}'..='\u{74a}'
        | '\u{816}'..='\u{82d}' | '\u{859}'..='\u{85b}' | '\u{897}'..='\u{89f}'
        | '\u{8ca}'..='\u{8ff}' | '\u{135d}'..='\u{135f}' | '\u{1885}'..='\u{1886}' | '\u{18a9}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1cd0}'..='\u{1cfa}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{2cef}'..='\u{2cf1}' | '\u{2de0}'..='\u{2dff}'
        | '\u{302a}'..='\u{302f}' | '\u{3099}'..='\u{309a}' | '\u{a66f}'..='\u{a67d}'
        | '\u{a69e}'..='\u{a69f}' | '\u{a6f0}'..='\u{a6f1}' | '\u{a8e0}'..='\u{a8ff}'
        | '\u{fe00}'..='\u{fe2f}')
}

/// Characters that are letters by their Unicode category, but invisible: the Hangul fillers, and
/// two vowels of Khmer.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{3164}' | '\u{ffa0}')
}

/// The scripts above U+FFFF that are in use today. Most others there are notation, or historic
/// scripts with glyphs as wide as a line.
fn is_modern_supplementary(c: char) -> bool {
    matches!(c,
        '\u{104b0}'..='\u{104fb}' // Osage
        | '\u{10d00}'..='\u{10d39}' // Hanifi Rohingya
        | '\u{11103}'..='\u{1113f}' // Chakma
        | '\u{118a0}'..='\u{118ff}' // Warang Citi
        | '\u{1b000}'..='\u{1b16f}' // more kana
        | '\u{1e2c0}'..='\u{1e2f9}' // Wancho
        | '\u{1e900}'..='\u{1e959}' // Adlam
        | '\u{20000}'..='\u{323af}') // more Han
}
