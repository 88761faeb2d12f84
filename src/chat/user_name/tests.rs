//! Names that are valid, names that may be claimed, and names that look alike.

use super::*;

#[test]
fn names_of_many_scripts_are_valid() {
    let names = [
        "bob",
        "B.o-b_9",
        "José",
        "Zoë",
        "Łukasz",
        "Nguyễn",
        "Ωμέγα",
        "Борис",
        "محمد",
        "שרה",
        "हिन्दी",
        "क्षत्रिय",
        "ਸਿੰਘ",
        "বাংলা",
        "தமிழ்",
        "සිංහල",
        "น้ำฝน",
        "ມ້າ",
        "བསྒྲུབས",
        "မြွှေ",
        "ខ្មែរ",
        "ދިވެހި",
        "李小龍",
        "さくら",
        "ガンダム",
        "김철수",
        "ㅋㅋ",
        "አበበ",
        "გიორგი",
        "Արամ",
        "ᏣᎳᎩ",
        "𞤀𞤣𞤤𞤢𞤥",
        "𠮷野",
        "٣٤",
        "bob3",
        "Борис3",
        "محمد٣",
        "Ἀθηνᾶ",
        "健一",
        "佐々木",
        "ラーメン",
        "李小龍Bruce",
        "Tanakaさん",
        "철수Kim李",
        "ㄅㄆbob",
        "Aliʻi",
        "Дем\u{2bc}ян",
        "Ɗanladi",
        "Kɔfi",
        "Əli",
        "फ़िरोज़",
        "क़ादिर",
        "三〇2",
        "Neil",
        "сосо",
    ];
    for name in names {
        let parsed = name.parse::<UserName>();
        assert_eq!(parsed.as_ref().map(UserName::as_str), Ok(name));
        assert_eq!(parsed.and_then(|name| name.check_claimable()), Ok(()), "{name}");
    }
}

#[test]
fn a_new_name_has_one_script_plain_letters_and_one_kind_of_digits() {
    let other_script = [
        "bօb",
        "alᎥce",
        "ꓮlice",
        "ⲉve",
        "b০b",
        "bഠb",
        "٥le",
        "a٣",
        "Aא",
        "aק",
        "ラㅋ",
        "金さ김",
        "ㄅさ",
        "李א",
    ];
    let phonetic = ["ɑlice", "ɡreɡ", "aliᴄe", "ꜱam", "ʙob", "aꞮice", "ǀan", "ƿat", "alǃce", "ſam"];
    let modifiers = ["bobˈ", "bobˌ", "ʹbob"];
    let digits = ["٣۳", "٣3", "१२3"];
    let nothing = ["...", "_", "-._", "ʼʼ"];
    let reserved = ["ta1k", "TaIk", "systern", "Server_", "-talk", "ЅУЅТЕМ"];
    // Another spelling of 각, 豈, ά.
    let spelled_twice = ["\u{1100}\u{1161}\u{11a8}", "\u{f900}", "\u{1f71}"];
    let all: [&[&str]; 7] =
        [&other_script, &phonetic, &modifiers, &digits, &nothing, &reserved, &spelled_twice];
    for name in all.into_iter().flatten() {
        let checked = name.parse::<UserName>().unwrap().check_claimable();
        assert_eq!(checked.map_err(|refusal| refusal.code), Err(ErrorCode::BadName), "{name}");
    }
    for name in ["\u{ac01}", "\u{8c48}", "\u{3ac}"] {
        assert_eq!(name.parse::<UserName>().unwrap().check_claimable(), Ok(()), "{name}");
    }
}

#[test]
fn east_asian_lines_dots_and_circles_need_a_plain_letter_beside_them_in_a_name_with_latin_ones() {
    let claim = |name: &str| name.parse::<UserName>().unwrap().check_claimable();
    let lines = "karlーh karl丶h karl一h karlㅡh karlㄧh karlノh a丨ice 1ー2 李-丶-Bruce 丶alice";
    let dots = "aliceㆍ alice丶 alice丶丶 alice\u{200ca} alice々 aliceゝ aliceヽ";
    let circles_and_boxes = "alice〇 aliceㅇ b口by bロby b囗by bㅁby";
    for name in [lines, dots, circles_and_boxes].join(" ").split(' ') {
        let refusal = claim(name).map_err(|refusal| refusal.code);
        assert_eq!(refusal, Err(ErrorCode::BadName), "{name}");
    }
    let without_latin = "ローラ 佐々木 ラーメン 一 口 ノ ㅇㅇ 李一 李-一 三〇2";
    let beside_letters = "ローラLola Tシャツ屋 佐々木Ken Ken佐々木 一郎Tom Tom一郎 오ㅇKim 丁一_Li ノエルNoel ㄅㄧbob";
    for name in [without_latin, beside_letters].join(" ").split(' ') {
        assert_eq!(claim(name), Ok(()), "{name}");
    }
}

#[test]
fn names_with_invisible_or_look_alike_characters_are_rejected() {
    let names = [
        "",
        "a b",
        " a",
        "a\n",
        "a\0",
        "\u{1b}[2J",
        "#x",
        "@x",
        "a+b",
        "a/b",
        "аdmin",
        "admіn",
        "αdmin",
        "яω",
        "admin\u{200b}",
        "\u{202e}nimda",
        "a\u{feff}",
        "a\u{e0041}",
        "a\u{ad}",
        "a\u{200d}b",
        "Jose\u{301}",
        "Z\u{363}",
        "ก\u{e47}\u{e47}",
        "ก\u{e34}\u{e48}\u{e34}\u{e48}\u{e34}",
        "a\u{e47}",
        "1\u{94d}",
        "\u{94d}",
        "_\u{e31}",
        "x\u{345}",
        "ω\u{345}",
        "\u{3164}",
        "\u{115f}a",
        "ａdmin",
        "𝐚dmin",
        "Ⓐdmin",
        "admin²",
        "\u{212a}im",
        "ﬁn",
        "µ",
        "½",
        "system",
        "SERVER",
        "Talk",
        "ſerver",
        "😀",
        "a\u{85}",
        "a\u{fe0f}",
        "a\u{a0}b",
        "𒀱",
        "abcdefghijklmnopqrstuvwxy",
    ];
    for name in names {
        let refusal = name.parse::<UserName>().expect_err(name);
        assert_eq!(refusal.code, ErrorCode::BadName, "{name:?}");
    }
}

#[test]
fn spellings_that_differ_only_in_case_are_one_claim() {
    for (one, other) in
        [("Bob", "bOB"), ("ΟΔΟΣ", "οδος"), ("Straße", "STRASSE"), ("БОРИС", "борис")]
    {
        let (one, other): (UserName, UserName) = (one.parse().unwrap(), other.parse().unwrap());
        assert!(one.is_same_claim(&other), "{one} {other}");
    }
    let (one, other): (UserName, UserName) = ("bob".parse().unwrap(), "rob".parse().unwrap());
    assert!(!one.is_same_claim(&other));
}

#[test]
fn names_that_look_alike_have_a_skeleton_in_common_and_others_do_not() {
    let have_one_in_common = |one: &str, other: &str| {
        let (one, other) = (UserName::from_trusted(one), UserName::from_trusted(other));
        one.skeletons().iter().any(|skeleton| other.skeletons().contains(skeleton))
    };
    let alike = [
        "alice aIice",
        "alice a1ice",
        "alice Alice_",
        "ALICE ALlCE",
        "bob bob.",
        "bob -bob",
        "bob b0b",
        "bob BOB__",
        "a.b a--b",
        "mary rnary",
        "will vvill",
        "ole 0le",
        "ă ǎ",
        "ş ș",
        "lan Ian",
        "ali all",
        "Aliʻi Alii",
        "bobꞌ bob",
        "coco сосо",
        "Nav Ναν",
        "hota НОТА",
        "Ahha Анна",
        "hoh НОН",
        "bob ꓐꓳꓐ",
        "李一 李ー",
        "力士 カ士",
        "alice a丨ice",
        "alice aㅣice",
        "alice alicɛ",
        "ALICE ALICƐ",
        "\u{995}\u{9cb} \u{995}\u{9c7}\u{9be}",
        "\u{958} \u{915}\u{93c}",
    ];
    for pair in alike {
        let (one, other) = pair.split_once(' ').unwrap();
        assert!(have_one_in_common(one, other), "{pair}");
    }
    let different = [
        "jose josé",
        "e é",
        "bob rob",
        "bob bob2",
        "bob1 bob2",
        "anna ana",
        "a.b ab",
        "Борис Boris",
        "Ольга Olga",
        "李 季",
        "健一 健",
        "김 킴",
        "zoë zoe",
        "ø o",
        "nan van",
        "Νίκος Nikos",
        "Гот yot",
        "anton Антон",
    ];
    for pair in different {
        let (one, other) = pair.split_once(' ').unwrap();
        assert!(!have_one_in_common(one, other), "{pair}");
    }
}

#[test]
fn a_name_has_at_most_24_characters_of_any_size() {
    assert!("𠮷".repeat(24).parse::<UserName>().is_ok());
    assert!("𠮷".repeat(25).parse::<UserName>().is_err());
}
