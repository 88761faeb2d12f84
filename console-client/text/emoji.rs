//! Emoji by name: `:tada:`. A message has the name; only a screen shows the emoji.

/// The names that other chat systems use: the table of the page's `static/text/emoji.js`.
const TABLE: &str = "
smile 😄 grin 😁 joy 😂 wink 😉 blush 😊 heart_eyes 😍 sunglasses 😎 thinking 🤔 smirk 😏 neutral_face 😐 confused 😕
cry 😢 sob 😭 angry 😠 rage 😡 scream 😱 flushed 😳 sleeping 😴 tired_face 😫 sweat_smile 😅 upside_down 🙃 exploding_head 🤯
facepalm 🤦 shrug 🤷 wave 👋 +1 👍 -1 👎 ok_hand 👌 clap 👏 raised_hands 🙌 pray 🙏 muscle 💪 point_up ☝️ crossed_fingers 🤞
handshake 🤝 eyes 👀 brain 🧠 heart ❤️ broken_heart 💔 fire 🔥 sparkles ✨ star ⭐ zap ⚡ tada 🎉 rocket 🚀 bug 🐛 crab 🦀
coffee ☕ tea 🍵 beer 🍺 pizza 🍕 cake 🍰 sunny ☀️ rain 🌧️ snowflake ❄️ rainbow 🌈 moon 🌙 warning ⚠️ check ✅ x ❌
question ❓ exclamation ❗ bulb 💡 lock 🔒 key 🔑 hourglass ⌛ memo 📝 wrench 🔧 package 📦 skull 💀
";

/// The longest name that is looked up.
const NAME_MAX: usize = 24;

/// The emoji with this name.
fn find(name: &str) -> Option<&'static str> {
    let mut words = TABLE.split_whitespace();
    std::iter::from_fn(|| Some((words.next()?, words.next()?)))
        .find_map(|(each, picture)| (each == name).then_some(picture))
}

/// Replaces the names of emoji in a text. A name has to begin and end a word, or follow another emoji:
/// not in `std::fire::x` and `12:30:x`.
pub(crate) fn replace(text: &str) -> String {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let bytes = text.as_bytes();
    let mut shown = String::with_capacity(text.len());
    let (mut done, mut from) = (0, 0);
    while let Some((start, end)) = next_name(text, from) {
        from = end;
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let follows_emoji = start == done && !shown.is_empty();
        let is_apart = follows_emoji || !(is_word(before) || before == Some(&b':'));
        let picture = text.get(start + 1..end - 1).and_then(find);
        let Some(picture) = picture.filter(|_| is_apart && !is_word(bytes.get(end))) else {
            continue;
        };
        shown.push_str(text.get(done..start).unwrap_or_default());
        shown.push_str(picture);
        done = end;
    }
    shown.push_str(text.get(done..).unwrap_or_default());
    shown
}

/// Where the next `:name:` begins and ends.
fn next_name(text: &str, mut from: usize) -> Option<(usize, usize)> {
    loop {
        let start = from + text.get(from..)?.find(':')?;
        let rest = text.get(start + 1..)?;
        let is_of_name =
            |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-".contains(b);
        let length = rest.bytes().take(NAME_MAX).take_while(is_of_name).count();
        if length > 0 && rest.as_bytes().get(length) == Some(&b':') {
            return Some((start, start + length + 2));
        }
        from = start + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_page() {
        let page = include_str!("../../static/text/emoji.js");
        let table = page.split_once("const TABLE = `").unwrap().1.split_once("`;").unwrap().0;
        assert_eq!(table, TABLE);
    }

    #[test]
    fn a_name_is_an_emoji_as_a_word_of_its_own_and_text_anywhere_else() {
        let text = ":+1::tada: (:fire:), 好:heart:。 :x:";
        assert_eq!(replace(text), "👍🎉 (🔥), 好❤\u{fe0f}。 ❌");
        for text in [
            "std::fire::x",
            "a::fire::b",
            "12:30:45",
            "at 10:x:y",
            ":nobody:",
            ":FIRE:",
            ": fire:",
            ":fire",
            "fire:",
            "a:fire:",
            ":fire:b",
            "::",
            ":nobody:fire:",
            "日",
            "",
        ] {
            assert_eq!(replace(text), text);
        }
        assert_eq!(replace(&":".repeat(50)), ":".repeat(50));
    }
}
