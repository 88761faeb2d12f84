//! The script of a character, and which scripts one name may mix.

use super::script_table::SCRIPTS;

/// A script by its code in ISO 15924, like `Latn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Script(pub(super) [u8; 4]);

impl Script {
    pub(crate) const LATIN: Script = Script(*b"Latn");
    pub(crate) const GREEK: Script = Script(*b"Grek");
    pub(crate) const CYRILLIC: Script = Script(*b"Cyrl");
    /// Of no script in particular.
    pub(crate) const COMMON: Script = Script(*b"Zyyy");
    const HAN: Script = Script(*b"Hani");
    const HIRAGANA: Script = Script(*b"Hira");
    const KATAKANA: Script = Script(*b"Kana");
    const BOPOMOFO: Script = Script(*b"Bopo");
    const HANGUL: Script = Script(*b"Hang");
}

/// The scripts that people do mix in one word: those of Japanese, Chinese and Korean, each with
/// Latin. UTS 39, section 5.2, calls this "highly restrictive".
const MIXED: [&[Script]; 3] = [
    &[Script::LATIN, Script::HAN, Script::HIRAGANA, Script::KATAKANA],
    &[Script::LATIN, Script::HAN, Script::BOPOMOFO],
    &[Script::LATIN, Script::HAN, Script::HANGUL],
];

/// The script of `c`; `None` for a character that no new name may hold: phonetic and obsolete Latin
/// letters, small capitals, modifier letters, parts of Hangul syllables. [`Script::COMMON`] for the apostrophe letters U+02BB and U+02BC.
pub(crate) fn script_of(c: char) -> Option<Script> {
    let code = u32::from(c);
    let at = SCRIPTS.partition_point(|(first, _, _)| *first <= code);
    let (_, last, script) = SCRIPTS.get(at.checked_sub(1)?)?;
    (code <= *last).then_some(Script(**script))
}

/// Whether one name may have characters of all these scripts.
pub(crate) fn are_mixable(scripts: &[Script]) -> bool {
    scripts.windows(2).all(|pair| pair.first() == pair.last())
        || MIXED.iter().any(|mixed| scripts.iter().all(|script| mixed.contains(script)))
}
