//! JSON: any text, against `serde_json`.

use talk::json::{self, Fault, Value};
use talk::limits;

/// We accept what `serde_json` accepts and read the same, except what we refuse on purpose: a duplicate
/// key, too deep or too wide a text. What is read is written and read again as it was.
pub(crate) fn any_bytes(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    any_text(text);
}

fn any_text(text: &str) {
    let theirs = serde_json::from_str::<serde_json::Value>(text);
    match json::parse(text) {
        Ok(value) => {
            let theirs = theirs.unwrap_or_else(|error| panic!("only we accept it: {error}"));
            assert!(is_same(&value, &theirs), "{value:?} is not {theirs:?}");
            assert!(depth(text) <= limits::JSON_DEPTH);
            let written = value.to_string();
            assert_eq!(json::parse(&written).as_ref(), Ok(&value), "{written}");
            assert!(!written.contains(|c| c < ' '), "{written:?} is one line");
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.at), "{error:?}");
            let Ok(theirs) = theirs else { return };
            let explained = match error.fault {
                Fault::TooDeep => depth(text) > limits::JSON_DEPTH,
                Fault::DuplicateKey => colons(text) > members(&theirs),
                Fault::TooManyMembers => colons(text) > limits::JSON_MEMBERS,
                Fault::TooManyValues => text.len() > limits::JSON_VALUES,
                Fault::Ends
                | Fault::Unexpected
                | Fault::Number
                | Fault::Escape
                | Fault::Control
                | Fault::Trailing => false,
            };
            assert!(explained, "only serde_json accepts it: {error:?}");
        }
    }
}

fn is_same(ours: &Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Theirs;
    match (ours, theirs) {
        (Value::Null, Theirs::Null) => true,
        (Value::Bool(ours), Theirs::Bool(theirs)) => ours == theirs,
        (Value::String(ours), Theirs::String(theirs)) => ours == theirs,
        // serde_json keeps the sign of -0, and its last digits of a large number are not always the nearest.
        (Value::Integer(0), Theirs::Number(theirs)) => theirs.as_f64() == Some(0.0),
        (Value::Integer(ours), Theirs::Number(theirs)) => theirs.as_i64() == Some(*ours),
        (Value::Float(ours), Theirs::Number(theirs)) => theirs
            .as_f64()
            .is_some_and(|theirs| (ours - theirs).abs() <= 4.0 * ours.abs() * f64::EPSILON),
        (Value::Array(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(ours), Theirs::Object(theirs)) => {
            let same = |(key, value): &(String, Value)| {
                theirs.get(key).is_some_and(|theirs| is_same(value, theirs))
            };
            ours.len() == theirs.len() && ours.iter().all(same)
        }
        _ => false,
    }
}

/// How deep brackets go, in a text that is JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in outside_strings(text) {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

fn colons(text: &str) -> usize {
    outside_strings(text).filter(|byte| *byte == b':').count()
}

fn outside_strings(text: &str) -> impl Iterator<Item = u8> {
    let (mut inside, mut escaped) = (false, false);
    text.bytes().filter(move |byte| {
        let quote = *byte == b'"' && !escaped;
        escaped = inside && *byte == b'\\' && !escaped;
        let outside = !inside && !quote;
        inside ^= quote;
        outside
    })
}

/// Members of all objects; serde_json keeps one of a duplicate key.
fn members(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items.iter().map(members).sum(),
        serde_json::Value::Object(object) => {
            object.len() + object.values().map(members).sum::<usize>()
        }
        _ => 0,
    }
}
