//! The console's filter: any text, as if another user had written it.

use crate::text::line::Line;
use crate::text::markup::Markup;
use crate::text::sanitize::Sanitized;
use crate::text::style::Style;
use crate::text::width;

/// No control character and no invisible one passes, in any form of display; filtering twice equals
/// filtering once; plain text passes unchanged; no row is too wide.
pub(crate) fn any_bytes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Sanitized::lines(&text);
    assert_eq!(lines.len(), text.split('\n').count(), "as many lines as were written");
    lines.push(Sanitized::one_line(&text));
    lines.iter().for_each(|line| harmless(line.as_str()));
    // Each of these takes longer than all the checks above.
    match bytes.len() % 4 {
        0 => lines.iter().for_each(settled),
        1 => drawn(&text, 8 + bytes.len() % 60),
        2 => {
            let plain: String = text.chars().filter(|c| matches!(c, ' '..='~')).collect();
            assert_eq!(Sanitized::one_line(&plain).as_str(), plain, "what is plain comes through");
        }
        _ => {}
    }
}

/// Filtering twice equals filtering once, and combining marks are limited.
fn settled(line: &Sanitized) {
    assert_eq!(&Sanitized::one_line(line.as_str()), line, "filtering twice is filtering once");
    let mut tower = 0;
    for c in line.as_str().chars() {
        tower = if width::is_combining(c) { tower + 1 } else { 0 };
        assert!(tower <= 9, "a tower of marks: {line:?}");
    }
}

/// No row is too wide or harmful.
fn drawn(text: &str, columns: usize) {
    let head = || Line::indented(6).with(Style::Strong, "bob ");
    let message = head().with_message(Style::Plain, text, Some("bob".to_owned()));
    let rows = head().with_text(Style::Plain, text).rows(columns).into_iter();
    let marked = message.screen_rows(columns, Markup::Styled { emoji: true });
    for row in rows.chain(marked).chain(message.screen_rows(columns, Markup::Raw)) {
        let row: String = row.into_iter().map(|(_, text)| text).collect();
        harmless(&row);
        assert!(width::of_text(&row) <= columns, "{row:?} in {columns} columns");
    }
}

/// The rule again without the filter's own tables: controls of ECMA-48, Unicode's line separators,
/// direction overrides and isolates, and characters of no width.
fn harmless(text: &str) {
    for c in text.chars() {
        let hostile = matches!(c,
            '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{200b}' | '\u{2060}'
            | '\u{feff}' | '\u{ad}' | '\u{e0001}'..='\u{e007f}');
        assert!(!hostile, "{c:?} in {text:?}");
    }
}
