//! The flag lexer on a small table: values, environment, defaults, errors, help.

use super::*;

const SERVER: Command = Command {
    usage: "server [flags]",
    about: "Serves a chat.",
    flags: &[
        Flag::value("bind", "HOST:PORT", "where to listen")
            .env("TALK_BIND")
            .default("127.0.0.1:8080"),
        Flag::value("user", "NAME", "who you are").alias("nick"),
        Flag::value("room", "ROOM", "a room to join; may be repeated, or separated by commas")
            .env("TALK_ROOM"),
        Flag::value("rate", "N", "posts per second"),
        Flag::value("hold", "TIME", "how long a name is held"),
        Flag::switch("plain", "no escape sequences").env("TALK_PLAIN"),
        Flag::switch("verbose", "say more").short('v'),
        Flag::switch("quiet", "say less").short('q'),
        Flag::variable("password", "TALK_PASSWORD", "the server's password"),
    ],
    epilogue: "See the README.",
};

fn parse(line: &str, env: &[(&str, &str)]) -> Result<Args, Error> {
    let set = |name: &str| env.iter().find(|(set, _)| *set == name).map(|(_, v)| v.into());
    SERVER.parse(line.split_whitespace().map(OsString::from), set)
}

fn refusal(line: &str) -> String {
    parse(line, &[]).unwrap_err().0
}

#[test]
fn a_value_comes_after_a_space_or_an_equals_sign_and_the_last_one_wins() {
    let args = parse("--bind a:1 --bind=b:2 --nick=bob --user=", &[]).unwrap();
    assert_eq!(args.get("bind"), Some("b:2"));
    assert_eq!(args.get("user"), Some(""));
    assert_eq!(args.get("rate"), None);
}

#[test]
fn short_switches_cluster_and_count_and_everything_after_two_dashes_is_a_word() {
    let args = parse("-vqv verify - -- --bind -x", &[]).unwrap();
    assert_eq!((args.count("verbose"), args.has("quiet")), (2, true));
    assert_eq!(args.words(), ["verify", "-", "--bind", "-x"]);
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_the_default() {
    let env = [("TALK_BIND", "env:1"), ("TALK_PLAIN", "yes"), ("TALK_PASSWORD", "hush")];
    assert_eq!(parse("--bind flag:1", &env).unwrap().get("bind"), Some("flag:1"));
    let args = parse("", &env).unwrap();
    assert_eq!((args.get("bind"), args.has("plain")), (Some("env:1"), true));
    assert_eq!(args.get("password"), Some("hush"));
    let unset = [("TALK_BIND", ""), ("TALK_PLAIN", "0")];
    let args = parse("", &unset).unwrap();
    assert_eq!((args.get("bind"), args.has("plain")), (Some("127.0.0.1:8080"), false));
}

#[test]
fn a_repeatable_flag_gives_all_its_values_and_commas_separate_them() {
    let env = [("TALK_ROOM", "lobby,rust")];
    assert_eq!(parse("", &env).unwrap().all("room"), ["lobby", "rust"]);
    assert_eq!(parse("--room a --room b,c", &env).unwrap().all("room"), ["a", "b", "c"]);
}

#[test]
fn numbers_and_times_are_read_with_their_limits() {
    let args = parse("--rate 5 --hold 7d", &[]).unwrap();
    assert_eq!(args.number("rate", 0..=10), Ok(Some(5)));
    assert_eq!(args.number("room", 0..=10), Ok(None));
    assert_eq!(args.duration("hold"), Ok(Some(Duration::from_secs(604_800))));
    assert_eq!(args.parsed::<u8>("rate"), Ok(Some(5)));
    assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
    for bad in ["", "10", "s", "1.5h", "-1s", "10 s", "99999999999999999999s", "99999999999999d"] {
        assert_eq!(duration(bad), None, "{bad}");
    }
}

#[test]
fn an_error_is_a_sentence_that_says_what_to_try() {
    assert_eq!(refusal("--bnid x"), "unknown flag --bnid (did you mean --bind?)");
    assert_eq!(refusal("--nik x"), "unknown flag --nik (did you mean --nick?)");
    assert_eq!(refusal("--verb"), "unknown flag --verb (did you mean --verbose?)");
    assert_eq!(refusal("--rmoo x"), "unknown flag --rmoo (did you mean --room?)", "a swap is one");
    assert_eq!(refusal("--frobnicate"), "unknown flag --frobnicate (try --help)");
    assert_eq!(refusal("--password x"), "unknown flag --password (try --help)");
    assert_eq!(refusal("-x"), "unknown flag -x (try --help)");
    assert_eq!(refusal("--bind"), "--bind needs a value");
    assert_eq!(refusal("--nick --plain"), "--nick needs a value");
    assert_eq!(refusal("--plain=1"), "--plain takes no value");
    let plain = parse("", &[("TALK_PLAIN", "maybe")]).unwrap_err();
    assert_eq!(plain.0, "TALK_PLAIN: \"maybe\" is not yes or no");
    let args = parse("--rate abc --hold 10 --nick a", &[]).unwrap();
    let error = args.number("rate", 1..=9).unwrap_err();
    assert_eq!(error.0, "--rate: \"abc\" is not a number");
    let error = args.duration("hold").unwrap_err();
    assert_eq!(error.0, "--hold: \"10\" is not a time like 10s, 5m, 2h or 7d");
    let error = args.parsed::<u8>("user").unwrap_err();
    assert_eq!(error.0, "--nick: \"a\": invalid digit found in string");
    let args = parse("--rate 50", &[]).unwrap();
    let error = args.number("rate", 1..=9).unwrap_err();
    assert_eq!(error.0, "--rate: \"50\" is not between 1 and 9");
}

#[test]
fn help_is_the_table_aligned_and_wrapped() {
    let help = SERVER.help();
    assert!(help.starts_with("Serves a chat.\n\nUsage: server [flags]\n\n"), "{help}");
    let lines = [
        "      --bind HOST:PORT  where to listen [default: 127.0.0.1:8080] [$TALK_BIND]",
        "      --room ROOM       a room to join; may be repeated, or separated by commas",
        "                        [$TALK_ROOM]",
        "      --user NAME       who you are [or --nick]",
        "  -v, --verbose         say more",
        "      TALK_PASSWORD     the server's password",
    ];
    assert!(lines.iter().all(|line| help.contains(&format!("{line}\n"))), "{help}");
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    assert!(help.ends_with("\n\nSee the README.\n"), "{help}");
}

#[test]
fn the_nearest_word_is_at_most_half_wrong() {
    let near = |word| nearest(word, ["list", "edit", "history", "q"].into_iter());
    for (word, wanted) in [
        ("lsit", Some("list")), // two letters swapped are one mistake
        ("lis", Some("list")),
        ("his", Some("history")), // it starts so
        ("histroy", Some("history")),
        ("eidt", Some("edit")),
        ("x", None),
        ("paswd", None),
        (&"l".repeat(1_000_000), None), // as fast as any other
    ] {
        assert_eq!(near(word), wanted, "{word:.20}");
    }
}
