//! Completions for shells, generated from the table of flags.

use super::{Command, Error, Flag};

/// A supported shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// What a flag takes as its value.
#[derive(Debug, PartialEq, Eq)]
enum ValueKind {
    Nothing,
    File,
    Directory,
    /// One of these words, or another value.
    Choice(Vec<&'static str>),
}

impl Command {
    /// A script with which `shell` completes the flags of `program`, and `commands` as its first
    /// word.
    ///
    /// # Errors
    /// The shell is not supported.
    pub fn completions(
        &self,
        program: &str,
        commands: &[&str],
        shell: &str,
    ) -> Result<String, Error> {
        let shell = match shell {
            "bash" => Shell::Bash,
            "zsh" => Shell::Zsh,
            "fish" => Shell::Fish,
            _ => return Err(Error(format!("--completions: {shell:?} is not bash, zsh or fish"))),
        };
        let flags = self.flags.iter().filter(|flag| !flag.only_env);
        let spellings: Vec<FlagSpelling> = flags.flat_map(Flag::spellings).collect();
        let made = format!("# Made by {program} --completions; do not edit.\n");
        Ok(match shell {
            Shell::Bash => made + &bash(program, commands, &spellings),
            Shell::Zsh => {
                format!("#compdef {program}\n{made}") + &zsh(program, commands, &spellings)
            }
            Shell::Fish => made + &fish(program, commands, &spellings),
        })
    }
}

/// One spelling of a flag.
struct FlagSpelling {
    /// The spelling with its dashes.
    dashed: String,
    /// The flag's text in `--help`.
    help: &'static str,
    /// `None`: a switch.
    value: Option<(&'static str, ValueKind)>,
}

impl Flag {
    fn spellings(&self) -> impl Iterator<Item = FlagSpelling> {
        let long = [Some(self.name), self.alias].into_iter().flatten();
        let dashed = long.map(|name| format!("--{name}"));
        let short = self.short.map(|short| format!("-{short}"));
        dashed.chain(short).map(|dashed| FlagSpelling {
            dashed,
            help: self.help,
            value: self.placeholder.map(|name| (name, ValueKind::of(name))),
        })
    }
}

impl ValueKind {
    /// Of `N|now|all`, the words in lower case are literal.
    fn of(placeholder: &'static str) -> ValueKind {
        let is_literal = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        match placeholder {
            "FILE" => ValueKind::File,
            "DIR" => ValueKind::Directory,
            _ => match placeholder.split('|').filter(is_literal).collect::<Vec<_>>() {
                words if words.is_empty() => ValueKind::Nothing,
                words => ValueKind::Choice(words),
            },
        }
    }
}

fn bash(program: &str, commands: &[&str], spellings: &[FlagSpelling]) -> String {
    let mut cases = String::new();
    for FlagSpelling { dashed, value, .. } in spellings {
        let Some((_, value)) = value else { continue };
        let words = match value {
            ValueKind::File | ValueKind::Directory => "return".to_owned(), // the shell's own completion
            ValueKind::Nothing => "words=".to_owned(),
            ValueKind::Choice(words) => format!("words='{}'", words.join(" ")),
        };
        cases.push_str(&format!("        {dashed}) {words} ;;\n"));
    }
    let flags: Vec<&str> = spellings.iter().map(|spelling| spelling.dashed.as_str()).collect();
    let (flags, commands) = (flags.join(" "), commands.join(" "));
    format!(
        "_{program}() {{
    local words='{commands}' word=${{COMP_WORDS[COMP_CWORD]}}
    COMPREPLY=()
    [[ $word == -* ]] && words='{flags}'
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
{cases}    esac
    compopt +o default 2>/dev/null
    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))
}}
complete -o default -F _{program} {program}
"
    )
}

fn zsh(program: &str, commands: &[&str], spellings: &[FlagSpelling]) -> String {
    let mut specs = String::new();
    for FlagSpelling { dashed, help, value } in spellings {
        let mut escaped = String::new();
        for letter in help.chars() {
            match letter {
                '\'' => escaped.push_str("'\\''"),
                '[' | ']' | ':' | '\\' => escaped.extend(['\\', letter]),
                _ => escaped.push(letter),
            }
        }
        let action = match value {
            None => String::new(),
            Some((name, ValueKind::Nothing)) => format!(":{}: ", name.replace(':', "\\:")),
            Some((name, ValueKind::File)) => format!(":{name}:_files"),
            Some((name, ValueKind::Directory)) => format!(":{name}:_files -/"),
            Some((name, ValueKind::Choice(words))) => format!(":{name}:({})", words.join(" ")),
        };
        specs.push_str(&format!("        '*{dashed}[{escaped}]{action}' \\\n"));
    }
    let commands = match commands {
        [] => String::new(),
        commands => format!(" '1:command:({})'", commands.join(" ")),
    };
    format!(
        "_{program}() {{
    _arguments -s -S \\
{specs}       {commands}
}}
if [ \"$funcstack[1]\" = _{program} ]; then
    _{program} \"$@\"
else
    compdef _{program} {program}
fi
"
    )
}

fn fish(program: &str, commands: &[&str], spellings: &[FlagSpelling]) -> String {
    let mut script = format!("complete -c {program} -f\n");
    for FlagSpelling { dashed, help, value } in spellings {
        let name = match dashed.strip_prefix("--") {
            Some(long) => format!("-l {long}"),
            None => format!("-s {}", dashed.trim_start_matches('-')),
        };
        let value = match value {
            None => String::new(),
            Some((_, ValueKind::Nothing)) => " -x".to_owned(),
            Some((_, ValueKind::File | ValueKind::Directory)) => " -r -F".to_owned(),
            Some((_, ValueKind::Choice(words))) => format!(" -x -a '{}'", words.join(" ")),
        };
        let help = help.replace('\\', "\\\\").replace('\'', "\\'");
        script.push_str(&format!("complete -c {program} {name}{value} -d '{help}'\n"));
    }
    if !commands.is_empty() {
        let commands = commands.join(" ");
        script
            .push_str(&format!("complete -c {program} -n __fish_use_subcommand -a '{commands}'\n"));
    }
    script
}
