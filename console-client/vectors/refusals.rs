//! What is refused for good, and what of it the person gets back: `tests/vectors/refusals.json`.

use serde_json::Value;
use serde_json::json;

use talk::chat::ErrorCode;
use talk::chat::protocol::ClientMessage;
use talk::json;

use super::check;
use super::list;
use super::table;
use super::text;
use crate::chat::refusals;

#[test]
fn each_code_is_final_or_not_as_the_table_says() {
    let codes = list(&table("refusals"), "codes");
    for row in &codes {
        let code = ErrorCode::from_wire(text(&row["code"]));
        assert_eq!(json!(code.is_final()), row["is_final"], "{row}");
    }
    let listed: Vec<&str> = codes.iter().map(|row| text(&row["code"])).collect();
    assert_eq!(listed, ErrorCode::WORDS);
}

#[test]
fn what_is_refused_for_good_comes_back_as_the_table_says() {
    check("refusals", |case| {
        let json = case["submission"].to_string();
        let message = ClientMessage::parse(&json, 100, json::Limits::default()).unwrap();
        let ClientMessage::Submit { operation, .. } = message else { panic!("{case}") };
        json!(refusals::typed(&operation, case.get("outside").and_then(Value::as_str)))
    });
}
