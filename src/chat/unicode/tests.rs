//! The generated tables against the data of the Unicode Consortium, and properties of skeletons.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script as UnicodeScript, UnicodeScript as _};
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType as Type;

use super::confusables::CONFUSABLES;
use super::script::Script;
use super::script_table::SCRIPTS;
use super::*;
use crate::chat::UserName;

/// Modifier letters with which names are written: the Hawaiian ʻokina, the Ukrainian apostrophe.
const APOSTROPHES: [char; 2] = ['\u{2bb}', '\u{2bc}'];

/// The characters of names.
fn characters() -> impl Iterator<Item = char> {
    ('\0'..=char::MAX).filter(|c| is_letter_or_digit(*c) || is_needed_mark(*c))
}

/// The script of a character of a new name, from the data.
fn script_by_unicode(c: char) -> Option<Script> {
    use UnicodeScript as S;
    let script = match c {
        _ if APOSTROPHES.contains(&c) => S::Common,
        '\u{30fc}' => S::Katakana, // the mark of a long vowel
        '\u{3006}' => S::Han,      // an abbreviation
        _ if c.is_ascii_digit() => return None,
        _ => c.script(),
    };
    let has_accents = matches!(script, S::Latin | S::Greek | S::Cyrillic);
    let fits = match c.identifier_type() {
        _ if script == S::Unknown || script == S::Inherited => false,
        _ if script == S::Common => APOSTROPHES.contains(&c),
        Some(Type::Inclusion | Type::Recommended) => true,
        // Which scripts are in use is the choice of `characters.rs`.
        Some(Type::Limited_Use | Type::Uncommon_Use | Type::Exclusion) => true,
        // The parts of Hangul syllables, from which syllables could be spelled a second way.
        Some(Type::Obsolete) => !matches!(script, S::Latin | S::Hangul),
        // Letters that keyboards produce in this form; their skeletons are those of the other form.
        Some(Type::Not_NFKC) => {
            matches!(
                script,
                S::Devanagari
                    | S::Bengali
                    | S::Gurmukhi
                    | S::Oriya
                    | S::Thai
                    | S::Lao
                    | S::Tibetan
                    | S::Hangul
            )
        }
        None => !has_accents, // the crate has no type for characters with two types
        Some(_) => false,
    };
    let code: [u8; 4] = script.short_name().as_bytes().try_into().unwrap();
    fits.then_some(Script(code))
}

/// What `c` looks like, from the data: UTS 39's prototype without case.
fn likeness_by_unicode(c: char) -> String {
    if APOSTROPHES.contains(&c) || matches!(c, '\u{a78b}' | '\u{a78c}') {
        return String::new();
    }
    if matches!(c, 'ɛ' | 'Ɛ') {
        return String::from("e"); // a letter of African languages, and no name needs both it and `e`
    }
    if ('\u{ac00}'..='\u{d7a3}').contains(&c) {
        return c.into(); // a Hangul syllable: what it consists of cannot be part of a name
    }
    let likeness: String = unicode_security::skeleton(&c.to_string()).flat_map(small).collect();
    // Accented letters are composed in names; the marks of the other scripts are not.
    if likeness.chars().any(is_needed_mark) { likeness } else { likeness.nfc().collect() }
}

/// A character of a prototype in lower case, unless the small letter looks like something else.
fn small(c: char) -> Vec<char> {
    match c {
        'i' | 'I' | '丨' => vec!['l'],
        'm' | 'M' => vec!['r', 'n'],
        'w' | 'W' => vec!['v', 'v'],
        'Ɛ' => vec!['e'],
        _ if c.is_ascii() => vec![c.to_ascii_lowercase()],
        _ => {
            let lower: String = c.to_lowercase().collect();
            let is_alone = unicode_security::skeleton(&lower).eq(lower.nfd());
            if is_alone && !lower.contains(['i', 'm', 'w']) {
                lower.chars().collect()
            } else {
                vec![c]
            }
        }
    }
}

/// The row of the table of confusables that this character needs: one of a new name, or one whose
/// small letter may be of a new name.
fn confusable_by_unicode(c: char) -> Option<String> {
    let is_capital = !c.to_lowercase().eq([c]);
    let is_named = c.is_ascii_digit() || is_capital || script_by_unicode(c).is_some();
    let likeness = likeness_by_unicode(c);
    (is_named && !likeness.chars().eq(c.to_lowercase())).then_some(likeness)
}

/// To change the tables, change the functions above, run this test, and copy what it has written.
#[test]
fn the_tables_are_those_of_the_unicode_consortium() {
    let table: BTreeMap<u32, &str> = CONFUSABLES.iter().copied().collect();
    let differing = characters().find(|&c| {
        let like = table.get(&u32::from(c)).map(|like| String::from(*like));
        script_of(c) != script_by_unicode(c) || like != confusable_by_unicode(c)
    });
    if let Some(c) = differing {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/out/unicode");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("script_table.rs"), script_table()).unwrap();
        fs::write(folder.join("confusables.rs"), confusables()).unwrap();
        panic!("U+{:04X} differs: copy {} to src/chat/unicode", u32::from(c), folder.display());
    }
    assert!(SCRIPTS.is_sorted() && CONFUSABLES.is_sorted(), "both are searched by halves");
}

fn script_table() -> String {
    let mut ranges: Vec<(u32, u32, Option<Script>)> = Vec::new();
    for c in characters() {
        let (code, script) = (u32::from(c), script_by_unicode(c));
        match ranges.last_mut() {
            Some((_, last, same)) if *same == script => *last = code,
            _ => ranges.push((code, code, script)),
        }
    }
    let rows = ranges.iter().filter_map(|(first, last, script)| {
        let Script(code) = (*script)?;
        let code = String::from_utf8(code.to_vec()).unwrap();
        Some(format!("(0x{first:x}, 0x{last:x}, b\"{code}\")"))
    });
    let (major, minor, patch) = unicode_script::UNICODE_VERSION;
    let about = format!(
        "//! Generated from Scripts.txt of Unicode {major}.{minor}.{patch} (Unicode License v3): see \
         `mod.rs`."
    );
    let item = "/// The first and last character of each range, and its script: characters of new names only.\n\
                pub(super) static SCRIPTS: &[(u32, u32, &[u8; 4])]";
    file(&about, item, rows)
}

fn confusables() -> String {
    let rows = characters().filter_map(|c| {
        let like = confusable_by_unicode(c)?;
        let like: String = like
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() })
            .map(|c| if c == "\\" { String::from("\\\\") } else { c })
            .collect();
        Some(format!("(0x{:x}, \"{like}\")", u32::from(c)))
    });
    let (major, minor, patch) = unicode_security::UNICODE_VERSION;
    let about = format!(
        "//! Generated from confusables.txt of Unicode {major}.{minor}.{patch} (Unicode License v3): see \
         `mod.rs`."
    );
    let item = "/// What a character looks like, where that is not its own small letter.\n\
                pub(super) static CONFUSABLES: &[(u32, &str)]";
    file(&about, item, rows)
}

/// A file with one table, as many rows on a line as fit in 100 columns.
fn file(about: &str, item: &str, rows: impl Iterator<Item = String>) -> String {
    let mut out = format!("{about}\n\n{item} = &[");
    let mut column = 100;
    for row in rows {
        if column + row.len() + 2 > 100 {
            out.push_str("\n   ");
            column = 3;
        }
        write!(out, " {row},").unwrap();
        column += row.len() + 2;
    }
    out.push_str("\n];\n");
    out
}

proptest! {
    #[test]
    fn a_skeleton_is_its_own_skeleton(text in "\\PC{0,24}", letters in "[0-9a-zA-Zα-ωА-я_.-]{0,24}") {
        for text in [text, letters] {
            let once = skeleton(&text);
            prop_assert_eq!(&skeleton(&once), &once);
        }
    }

    /// However the owner of a name of common Latin letters spells it, the server has compared that look.
    #[test]
    fn every_spelling_of_a_name_has_its_skeleton(
        name in "[a-zA-Z0-9éÉłŁçÇı_.-]{1,24}", capitals in any::<u32>()
    ) {
        let turned = name.chars().enumerate().map(|(at, c)| {
            let is_capital = capitals >> at & 1 == 1;
            if is_capital { c.to_uppercase().to_string() } else { c.to_lowercase().to_string() }
        });
        let spelling = UserName::from_trusted(&turned.collect::<String>());
        let name = UserName::from_trusted(&name);
        prop_assert_eq!(spelling.key(), name.key());
        prop_assert_eq!(spelling.skeletons(), name.skeletons());
        prop_assert!(name.skeletons().contains(&skeleton(spelling.as_str())), "{} {}", spelling, name);
    }
}

#[test]
fn the_likeness_of_every_character_is_final() {
    for c in characters() {
        let once = skeleton(&c.to_string());
        assert_eq!(skeleton(&once), once, "U+{:04X}", u32::from(c));
    }
}
