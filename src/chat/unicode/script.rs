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

/// Whether `c` is of a script of Chinese, Japanese or Korean.
pub(crate) fn is_east_asian(c: char) -> bool {
    let of_one = |script| script != Script::LATIN && MIXED.iter().any(|one| one.contains(&script));
    script_of(c).is_some_and(of_one)
}

/// The characters of Chinese, Japanese and Korean that look like a line, a dot, a circle or a box: marks of
/// repetition and length, kana, Bopomofo, Hangul, and Han; the last are Han of one stroke.
const PLAIN_SHAPES: &str = "々〆〇ゝゞーヽヾノニロㄧㅁㅇㅡㅢㅣㆀㆁㆍㆎ一丨丶丿乀乁乚乛亅二口囗\
    \u{20086}\u{200ca}\u{200cb}\u{200cc}\u{200cd}\u{200d1}\u{2010c}\u{21fe8}";

/// Whether `c` is of Chinese, Japanese or Korean, and looks like a line, a dot, a circle or a box. Between
/// letters of its script it is read as what it is; beside Latin ones as `-`, as `o`, or not at all.
pub(crate) fn is_plain_shape(c: char) -> bool {
    PLAIN_SHAPES.contains(c)
}

/// Whether one name may have characters of all these scripts.
pub(crate) fn are_mixable(scripts: &[Script]) -> bool {
    scripts.windows(2).all(|pair| pair.first() == pair.last())
        || MIXED.iter().any(|mixed| scripts.iter().all(|script| mixed.contains(script)))
}
