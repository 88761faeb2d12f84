//! Completions and man pages have every flag of the programs, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAMS: [(&str, &str); 2] =
    [("console", env!("CARGO_BIN_EXE_console")), ("server", env!("CARGO_BIN_EXE_server"))];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn printed(program: &str, flags: &[&str]) -> String {
    let output = Command::new(program).args(flags).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The flags and variables of a `--help`: `--user`, `-h`, `$TALK_USER`.
fn flags(help: &str) -> BTreeSet<String> {
    let rows = help.lines().filter(|line| line.starts_with("      ") || line.starts_with("  -"));
    let words = rows.flat_map(|row| row.split(|c: char| c.is_whitespace() || "[],".contains(c)));
    let is_name = |word: &&str| {
        let name = word.trim_start_matches(['-', '$']);
        let begins =
            word.starts_with('-') || word.starts_with("$TALK_") || word.starts_with("TALK_");
        begins
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    words.filter(is_name).map(|word| word.trim_start_matches('$').to_owned()).collect()
}

#[test]
fn completions_in_the_repository_are_those_the_programs_print() {
    for (name, program) in PROGRAMS {
        for shell in ["bash", "zsh", "fish"] {
            let path = docs().join(format!("completions/{name}.{shell}"));
            let kept = fs::read_to_string(&path).unwrap_or_default();
            let made = printed(program, &["--completions", shell]);
            assert!(kept == made, "{}: write it again with --completions {shell}", path.display());
        }
    }
}

#[test]
fn bash_completes_flags_choices_and_commands() {
    let complete = |name: &str, words: &str| {
        let script = docs().join(format!("completions/{name}.bash"));
        let script = script.to_str().unwrap();
        let line = format!(
            ". '{script}'; COMP_WORDS=({name} {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _{name}; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &line]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete("console", "--se"), "--server --send");
    assert_eq!(complete("console", "--since ''"), "now all");
    assert_eq!(complete("console", "--user --pl"), "", "completions do not suggest a user name");
    assert_eq!(complete("server", "--sync int"), "interval");
    assert_eq!(complete("server", "ver"), "verify");
}

#[test]
fn man_pages_list_every_flag_and_no_other() {
    for (name, program) in PROGRAMS {
        let page = fs::read_to_string(docs().join(format!("{name}.1"))).unwrap();
        let (mut known, flags) = (BTreeSet::new(), flags(&printed(program, &["--help"])));
        for line in page.lines().filter(|line| line.starts_with(".It ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let flags = words.windows(2).filter(|pair| pair[0] == "Fl");
            known.extend(flags.map(|pair| format!("-{}", pair[1])));
            let variables = words.windows(2).filter(|pair| pair[0] == "Ev");
            let names = variables.map(|pair| pair[1]).filter(|name| name.starts_with("TALK_"));
            known.extend(names.map(str::to_owned));
        }
        let flags: BTreeSet<_> = flags.iter().filter(|word| !is_of_commands(name, word)).collect();
        let known: BTreeSet<_> = known.iter().filter(|word| !is_of_commands(name, word)).collect();
        assert_eq!(known, flags, "{name}.1");
    }
}

/// Whether a flag belongs to one of the server's commands: these have their own `--help`.
fn is_of_commands(program: &str, flag: &str) -> bool {
    program == "server" && ["--format", "--since"].contains(&flag)
}
