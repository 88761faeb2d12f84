//! Skeletons: what a name looks like. Two names with one skeleton can be mistaken for each other.
//!
//! UTS 39, section 4, with the Unicode Consortium's `confusables.txt`, and five changes:
//!
//! - Case does not count. So `i` and `l` look alike, as `I` and `l` do, and `0` and `o`, as `0` and
//!   `O` do. Otherwise the owner of `aiice` could show it as `aIice`.
//! - `_`, `-` and `.` look alike, one of them as many, and none at the start and the end.
//! - The apostrophe letters do not count.
//! - `w` looks like `vv`, as `m` looks like `rn` in Unicode's table, and the Han stroke `丨` like `l`.
//! - `ɛ`, which names of Ghana and Togo have, looks like `e`, not like an obsolete letter.

use super::confusables::CONFUSABLES;

/// The skeleton of `text`. It is for comparing, never for showing.
pub(crate) fn skeleton(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    for c in text.chars() {
        match CONFUSABLES.binary_search_by_key(&u32::from(c), |(code, _)| *code) {
            Ok(at) => shape.push_str(CONFUSABLES.get(at).map_or("", |(_, like)| like)),
            Err(_) => shape.extend(c.to_lowercase()),
        }
    }
    let mut parts = shape.split(['_', '-', '.']).filter(|part| !part.is_empty());
    let mut out = String::from(parts.next().unwrap_or_default());
    for part in parts {
        out.push('-');
        out.push_str(part);
    }
    out
}

/// The skeletons of the name with the key `key`: one to three.
///
/// Its owner may spell it in lower case, in capitals, or with one capital, and in Greek and Cyrillic
/// a letter and its capital may look like two different Latin letters: `ν` like `v`, `Ν` like `N`.
pub(crate) fn skeletons(key: &str) -> Vec<String> {
    let mut rest = key.chars();
    let capital = rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect();
    let mut all = Vec::with_capacity(3);
    for spelling in [String::from(key), key.to_uppercase(), capital] {
        let skeleton = skeleton(&spelling);
        if !all.contains(&skeleton) {
            all.push(skeleton);
        }
    }
    all
}
