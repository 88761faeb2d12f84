//! What the console and the page do alike, held to the tables of `tests/vectors`.
//!
//! Each file gives the cases of its tables to the console, and compares what the console makes of them.
//! Depends on the parts of the console that a table is about; never on the terminal. No part depends on it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

mod commands; // what a typed line means
mod refusals; // what is refused for good
mod rooms; // mentions, edits, what is unread
mod completion; // what Tab completes
mod markup; // how a message and a name look

fn table(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/{name}.json"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Compares what `actual` makes of each case with what the table says of the console.
fn check(name: &str, actual: impl Fn(&Value) -> Value) {
    let table = table(name);
    let defaults = table.get("defaults").cloned().unwrap_or_else(|| json!({}));
    let mut wrong = Vec::new();
    for case in table["cases"].as_array().unwrap() {
        let expected = case.get("console").or_else(|| case.get("both")).unwrap();
        let actual = actual(&with_fields(defaults.clone(), case));
        if actual != *expected {
            wrong.push(format!("{}\n  case     {case}\n  actual   {actual}", case["about"]));
        }
    }
    assert!(wrong.is_empty(), "{} wrong in {name}.json:\n{}", wrong.len(), wrong.join("\n"));
}

fn with_fields(mut object: Value, fields: &Value) -> Value {
    let more = fields.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(more);
    object
}

fn list(case: &Value, key: &str) -> Vec<Value> {
    case.get(key).map_or(Vec::new(), |list| list.as_array().unwrap().clone())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
