//! How a message and a name look: `tests/vectors/markup.json` and `hues.json`.

use serde_json::Value;
use serde_json::json;

use talk::chat::UserName;

use super::check;
use super::text;
use crate::text::markup::Markup;
use crate::text::pieces::Marks;
use crate::text::pieces::Piece;
use crate::text::style::Style;

const NAMES: [(Marks, &str); 7] = [
    (Marks::BLOCK, "block"),
    (Marks::CODE, "code"),
    (Marks::DEL, "del"),
    (Marks::EM, "em"),
    (Marks::LINK, "link"),
    (Marks::QUOTE, "quote"),
    (Marks::STRONG, "strong"),
];

/// The pieces of a text, each with the names of its marks.
fn pieces(case: &Value) -> Value {
    let pieces = Markup::Styled { emoji: true }.parse(text(&case["text"]));
    let pieces = pieces.into_iter().filter(|piece| !piece.text.is_empty());
    let named = pieces.map(|Piece { text, marks }| {
        let names = NAMES.iter().filter(|(mark, _)| marks.has(*mark)).map(|(_, name)| json!(name));
        std::iter::once(json!(text)).chain(names).collect::<Value>()
    });
    named.collect()
}

/// The hue of a name, in degrees.
fn hue(case: &Value) -> Value {
    let name: UserName = text(&case["name"]).parse().unwrap();
    let Style::Name(hue) = Style::of_name(&name.key()) else { panic!("{name} has no hue") };
    match f64::from(hue) * 22.5 {
        whole if whole.fract() == 0.0 => json!(whole as u64),
        half => json!(half),
    }
}

#[test]
fn a_text_has_the_pieces_that_the_table_says() {
    check("markup", pieces);
}

#[test]
fn a_name_has_the_hue_that_the_table_says() {
    check("hues", hue);
}
