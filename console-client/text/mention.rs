//! A name in a text: where it stands as a whole word, in any case.

/// Whether `c` is part of a word: `bob` is no word of `b-bob` and `bobby`.
fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// The parts of a text, in order; `true`: the part is the name whose key this is, with an `@` before it.
pub(crate) fn split<'a>(text: &'a str, key: &str) -> Vec<(bool, &'a str)> {
    let key = key.trim_matches(|c| !is_in_word(c));
    let mut parts = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(start) = text.get(from..).and_then(|rest| rest.find(is_in_word)) {
        let start = from + start;
        let rest = text.get(start..).unwrap_or_default();
        let word = rest.split(|c| !is_in_word(c)).next().unwrap_or_default();
        from = start + word.len();
        if key.is_empty() || word.to_lowercase() != key {
            continue;
        }
        let head = text.get(done..start).unwrap_or_default();
        let begin = start - usize::from(head.ends_with('@'));
        parts.extend(text.get(done..begin).filter(|head| !head.is_empty()).map(|h| (false, h)));
        parts.extend(text.get(begin..from).map(|name| (true, name)));
        done = from;
    }
    parts.extend(text.get(done..).filter(|tail| !tail.is_empty()).map(|tail| (false, tail)));
    parts
}

/// Whether a text contains the name whose key this is.
pub(crate) fn contains(text: &str, key: &str) -> bool {
    split(text, key).iter().any(|(is_name, _)| *is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word_in_any_case_and_not_inside_another() {
        for (text, found) in
            [("bob: hi", true), ("hi @BOB!", true), ("bobby", false), ("b-bob", false), ("", false)]
        {
            assert_eq!(contains(text, "bob"), found, "{text}");
            assert_eq!(split(text, "bob").iter().any(|(is_name, _)| *is_name), found, "{text}");
        }
        assert_eq!(
            split("a @Bob, bob", "bob"),
            [(false, "a "), (true, "@Bob"), (false, ", "), (true, "bob")]
        );
    }
}
