//! Links in a text, with the rules of the page's `static/text/text.js`.

use super::width;

/// A longer link stays text.
const MAX_LINK_CHARS: usize = 2_048;

/// The longest parts of a mail address (RFC 5321, 4.5.3.1; RFC 1035, 2.3.4).
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;
const MAX_LABELS: usize = 9;

/// The parts of a text, in order; `true`: the part is a link. Signs and names of emoji in it are part of it.
pub(super) fn split(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut done = 0;
    let (mut site, mut mail) = (next_site(text, 0), next_mail(text, 0));
    while let Some((start, end, link)) = first_of(text, site, mail) {
        if let Some(link) = link {
            parts.extend(text.get(done..start).filter(|text| !text.is_empty()).map(|t| (false, t)));
            parts.push((true, link));
            done = start + link.len();
        }
        // Only the kind that was passed is looked for again: no character is looked at twice.
        if site.is_some_and(|at| at < end) {
            site = next_site(text, end);
        }
        if mail.is_some_and(|(at, _)| at < end) {
            mail = next_mail(text, end);
        }
    }
    parts.extend(text.get(done..).filter(|text| !text.is_empty()).map(|t| (false, t)));
    parts
}

/// The first of two candidates: where it begins and ends, and the link in it.
fn first_of(
    text: &str,
    site: Option<usize>,
    mail: Option<(usize, usize)>,
) -> Option<(usize, usize, Option<&str>)> {
    let mail = mail.filter(|(at, _)| site.is_none_or(|site| *at < site));
    if let Some((start, end)) = mail {
        // With `www.` it is the address of a site with a user name: none.
        let link = text.get(start..end).filter(|link| !starts_with(link, "www."));
        return Some((start, end, link));
    }
    let start = site?;
    let found = text.get(start..)?.split(ends_link).next()?;
    let is_short = found.chars().count() <= MAX_LINK_CHARS;
    let link = Some(trim_punctuation(found)).filter(|link| is_short && is_address(link));
    Some((start, start + found.len(), link))
}

/// Where the next `http://`, `https://` or `www.` with something after it begins, as a word of its own.
fn next_site(text: &str, from: usize) -> Option<usize> {
    let starts = |rest: &str, scheme: &str| {
        starts_with(rest, scheme)
            && rest.get(scheme.len()..).is_some_and(|r| !r.is_empty() && !r.starts_with(ends_link))
    };
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let in_address = |c: char| c.is_alphanumeric() || "_@/.:\\-".contains(c);
    let mut candidates =
        text.get(from..)?.match_indices(['h', 'H', 'w', 'W']).map(|(at, _)| from + at);
    candidates.find(|at| {
        let before = text.get(..*at).and_then(|head| head.chars().next_back());
        let rest = text.get(*at..).unwrap_or_default();
        let is_scheme = starts(rest, "http://") || starts(rest, "https://");
        is_scheme && !before.is_some_and(in_word)
            || starts(rest, "www.") && !before.is_some_and(in_address)
    })
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// Where the next mail address begins and ends: a word of its own, in ASCII, and not the beginning of
/// `git@host.example:path`.
fn next_mail(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut ats = text.get(from..)?.match_indices('@').map(|(at, _)| from + at);
    ats.find_map(|at| {
        let start = start_of_mail(text.get(..at)?).filter(|start| *start >= from)?;
        let after = text.get(at + 1..)?;
        Some((start, at + 1 + length_of_domain(after)?))
    })
}

/// Where the address begins whose `@` comes after `head`.
fn start_of_mail(head: &str) -> Option<usize> {
    let of_local = |b: &u8| b.is_ascii_alphanumeric() || b"_.+-".contains(b);
    let length = head.bytes().rev().take(MAX_LOCAL + 1).take_while(of_local).count();
    let mut start = head.len() - length;
    if length > MAX_LOCAL || !head.as_bytes().get(start)?.is_ascii_alphanumeric() {
        return None;
    }
    let scheme = start.checked_sub("mailto:".len());
    if let Some(at) = scheme.filter(|at| head.get(*at..).is_some_and(|s| starts_with(s, "mailto:")))
    {
        start = at;
    }
    let before = head.get(..start)?.chars().next_back();
    let in_address = |c: char| c.is_alphanumeric() || width::is_mark(c) || "_.+@/:-".contains(c);
    (!before.is_some_and(in_address)).then_some(start)
}

/// How long the domain is that a text begins with, if nothing of an address or a path follows.
fn length_of_domain(text: &str) -> Option<usize> {
    let of_domain = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'.';
    let most = MAX_LABELS * (MAX_LABEL + 1) + 1;
    let length = text.bytes().take(most).take_while(of_domain).count();
    let domain = text.get(..length)?.split("..").next()?;
    let domain = domain.strip_suffix('.').unwrap_or(domain); // it ends the sentence
    let labels = domain.split('.').count();
    let last = domain.rsplit('.').next()?;
    let is_domain = (2..=MAX_LABELS).contains(&labels)
        && domain.split('.').all(|label| (1..=MAX_LABEL).contains(&label.len()))
        && last.len() >= 2
        && last.bytes().all(|b| b.is_ascii_alphabetic());
    let mut after = text.get(domain.len()..)?.chars();
    let in_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let goes_on = match after.next() {
        Some('.') => after.next().is_some_and(in_name),
        Some(':') => after.next().is_some_and(|c| !c.is_whitespace()),
        Some(c) => in_name(c) || width::is_mark(c) || c == '@' || c == '/',
        None => false,
    };
    (is_domain && !goes_on).then_some(domain.len())
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
    let is_site = starts_with(link, "www.");
    if is_site && !has_domain(link) {
        return false;
    }
    // Browsers take a backslash for a slash, and any number of them before the host.
    let slashes = ['/', '\\'];
    let after = if is_site { link } else { link.split_once(':').map_or("", |(_, rest)| rest) };
    let authority = after.trim_start_matches(slashes);
    let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok();
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_literal = host.starts_with('['); // an IPv6 address
    !host.is_empty() && !authority.contains('@') && (is_literal || is_port(port))
}

/// Whether `www.` is followed by a name, and that by another: `www.a` leads nowhere.
fn has_domain(link: &str) -> bool {
    let ends_host = ['/', ':', '?', '#'];
    let mut rest = link.splitn(3, '.').skip(1);
    rest.next().is_some_and(|label| !label.is_empty() && !label.contains(ends_host))
        && rest.next().is_some_and(|tail| {
            !tail.is_empty() && !tail.starts_with('.') && !tail.starts_with(ends_host)
        })
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
        if closing.is_none() && !".,;:!?*_~\\…”’»".contains(last) {
            break;
        }
        closing.into_iter().for_each(|(_, unopened)| *unopened -= 1);
        end = end.get(..end.len() - last.len_utf8()).unwrap_or_default();
    }
    end
}
