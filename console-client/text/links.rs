//! Links in a text, with the rules of the page's `static/text/text.js`.

/// A longer link stays text.
const MAX_LINK_CHARS: usize = 2_048;

/// The parts of a text, in order; `true`: the part is a link. Stars and names of emoji in it are part of it.
pub(super) fn split(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(start) = next_link(text, from) {
        let rest = text.get(start..).unwrap_or_default();
        let found = rest.split(ends_link).next().unwrap_or_default();
        let link = trim_punctuation(found);
        from = start + found.len();
        if found.chars().count() > MAX_LINK_CHARS || !is_address(link) {
            continue;
        }
        parts.extend(text.get(done..start).filter(|text| !text.is_empty()).map(|t| (false, t)));
        parts.push((true, link));
        done = start + link.len();
    }
    parts.extend(text.get(done..).filter(|text| !text.is_empty()).map(|t| (false, t)));
    parts
}

/// Where the next `http://` or `https://` with something after it begins, as a word of its own.
fn next_link(text: &str, from: usize) -> Option<usize> {
    let starts = |rest: &str, scheme: &str| {
        let begin = rest.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
        begin
            && rest.get(scheme.len()..).is_some_and(|r| !r.is_empty() && !r.starts_with(ends_link))
    };
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let candidates = text.get(from..)?.match_indices(['h', 'H']).map(|(at, _)| from + at);
    candidates.into_iter().find(|at| {
        let before = text.get(..*at).and_then(|head| head.chars().next_back());
        let rest = text.get(*at..).unwrap_or_default();
        !before.is_some_and(in_word) && (starts(rest, "http://") || starts(rest, "https://"))
    })
}

/// A link ends at white space, quotes, angle brackets, and invisible or direction-changing characters.
fn ends_link(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\'' | '`' | '<' | '>' | '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Whether a link has a host, and no user name: `https://www.paypal.com@evil.example/` leads to
/// evil.example.
fn is_address(link: &str) -> bool {
    let authority = link.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    !authority.is_empty() && !authority.contains('@') && !authority.starts_with(':')
}

/// Cuts punctuation that ends the sentence, not the link; a closing bracket too, unless the link
/// opened it.
fn trim_punctuation(link: &str) -> &str {
    let mut closings = [('(', ')'), ('[', ']'), ('{', '}')].map(|(opening, closing)| {
        let unopened = link.matches(closing).count().saturating_sub(link.matches(opening).count());
        (closing, unopened)
    });
    let mut end = link;
    while let Some(last) = end.chars().next_back() {
        let closing = closings.iter_mut().find(|(c, unopened)| *c == last && *unopened > 0);
        if closing.is_none() && !".,;:!?*_~…”’»".contains(last) {
            break;
        }
        closing.into_iter().for_each(|(_, unopened)| *unopened -= 1);
        end = end.get(..end.len() - last.len_utf8()).unwrap_or_default();
    }
    end
}
