//! What is read, what is refused, and that a written value is read back.

use proptest::prelude::*;

use super::*;
use crate::limits;

fn fault(text: &str) -> Fault {
    parse(text).expect_err(text).fault
}

#[test]
fn every_kind_of_value_is_read() {
    let text = r#" {"a":[1,-2,0,1.5,2e3],"b":"\u00e9\n\ud83d\ude00/\/","c":null,"d":true} "#;
    let value = parse(text).unwrap();
    assert_eq!(
        value.get("a").unwrap().as_array().unwrap(),
        [
            Value::Integer(1),
            Value::Integer(-2),
            Value::Integer(0),
            Value::Float(1.5),
            Value::Float(2000.0)
        ]
    );
    assert_eq!(value.get("b").unwrap().as_str(), Some("é\n😀//"));
    assert_eq!(value.get("c"), Some(&Value::Null));
    assert_eq!(value.get("d").unwrap().as_bool(), Some(true));
    assert_eq!(value.get("e"), None);
}

#[test]
fn what_is_not_strict_json_is_refused_where_it_goes_wrong() {
    let cases = [
        ("", Fault::Ends),
        ("{", Fault::Ends),
        ("\u{feff}{}", Fault::Unexpected),
        ("{}{}", Fault::Trailing),
        ("{} x", Fault::Trailing),
        ("{'a':1}", Fault::Unexpected),
        ("{\"a\":1,}", Fault::Unexpected),
        ("[1,]", Fault::Unexpected),
        ("[1 2]", Fault::Unexpected),
        ("NaN", Fault::Unexpected),
        ("// x", Fault::Unexpected),
        ("01", Fault::Number),
        ("-", Fault::Number),
        ("1.", Fault::Number),
        ("1e", Fault::Number),
        ("1e999999", Fault::Number),
        ("\"\\ud800\"", Fault::Escape),
        ("\"\\udc00\\ud800\"", Fault::Escape),
        ("\"\\ud800\\u0041\"", Fault::Escape),
        ("\"\\u+123\"", Fault::Escape),
        ("\"\\x41\"", Fault::Escape),
        ("\"\n\"", Fault::Control),
        ("\"\0\"", Fault::Control),
        ("\"abc", Fault::Ends),
        ("{\"t\":1,\"t\":2}", Fault::DuplicateKey),
        ("{\"t\":1,\"\\u0074\":2}", Fault::DuplicateKey),
        ("tru", Fault::Unexpected),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), expected, "{text:?}");
    }
}

#[test]
fn depth_and_members_are_bounded() {
    assert!(parse(&format!("{}{}", "[".repeat(16), "]".repeat(16))).is_ok());
    assert_eq!(fault(&"[".repeat(60_000)), Fault::TooDeep);
    assert_eq!(fault(&"{\"a\":".repeat(10_000)), Fault::TooDeep);
    let members =
        |count: usize| (0..count).map(|n| format!("\"{n}\":{n}")).collect::<Vec<_>>().join(",");
    assert!(parse(&format!("{{{}}}", members(64))).is_ok());
    assert_eq!(fault(&format!("{{{}}}", members(65))), Fault::TooManyMembers);
    let list = |count: usize| format!("[{}1]", "1,".repeat(count - 2)); // the list is a value too
    assert!(parse(&list(limits::JSON_VALUES)).is_ok());
    assert_eq!(fault(&list(limits::JSON_VALUES + 1)), Fault::TooManyValues);
}

#[test]
fn integers_that_do_not_fit_64_bits_are_not_seqs() {
    assert_eq!(parse("9223372036854775808").unwrap().as_u64(), None);
    assert_eq!(parse("-1").unwrap().as_u64(), None);
    assert_eq!(parse("1.0").unwrap().as_u64(), None);
    assert_eq!(parse("-0").unwrap().as_u64(), Some(0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_survives_writing_and_reading(text: String) {
        let json = quoted(&text);
        prop_assert_eq!(parse(&json).unwrap(), Value::String(text.clone()));
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
