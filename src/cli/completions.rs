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
enum Value {
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
        let rows: Vec<Row> = flags.flat_map(Flag::rows).collect();
        let made = format!("# Made by {program} --completions; do not edit.\n");
        Ok(match shell {
            Shell::Bash => made + &bash(program, commands, &rows),
            Shell::Zsh => format!("#compdef {program}\n{made}") + &zsh(program, commands, &rows),
            Shell::Fish => made + &fish(program, commands, &rows),
        })
    }
}

/// One spelling of a flag.
struct Row {
    dashed: String,
    help: &'static str,
    /// `None`: a switch.
    value: Option<(&'static str, Value)>,
}

impl Flag {
    fn rows(&self) -> impl Iterator<Item = Row> {
        let long = [Some(self.name), self.alias].into_iter().flatten();
        let dashed = long.map(|name| format!("--{name}"));
        let short = self.short.map(|short| format!("-{short}"));
        dashed.chain(short).map(|dashed| Row {
            dashed,
            help: self.help,
            value: self.placeholder.map(|name| (name, Value::of(name))),
        })
    }
}

impl Value {
    /// Of `N|now|all`, the words in lower case are literal.
    fn of(placeholder: &'static str) -> Value {
        let is_literal = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        match placeholder {
            "FILE" => Value::File,
            "DIR" => Value::Directory,
            _ => match placeholder.split('|').filter(is_literal).collect::<Vec<_>>() {
                words if words.is_empty() => Value::Nothing,
                words => Value::Choice(words),
            },
        }
    }
}

fn bash(program: &str, commands: &[&str], rows: &[Row]) -> String {
    let mut cases = String::new();
    for Row { dashed, value, .. } in rows {
        let Some((_, value)) = value else { continue };
        let words = match value {
            Value::File | Value::Directory => "return".to_owned(), // the shell's own completion
            Value::Nothing => "words=".to_owned(),
            Value::Choice(words) => format!("words='{}'", words.join(" ")),
        };
        cases.push_str(&format!("        {dashed}) {words} ;;\n"));
    }
    let flags: Vec<&str> = rows.iter().map(|row| row.dashed.as_str()).collect();
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

fn zsh(program: &str, commands: &[&str], rows: &[Row]) -> String {
    let mut specs = String::new();
    for Row { dashed, help, value } in rows {
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
            Some((name, Value::Nothing)) => format!(":{}: ", name.replace(':', "\\:")),
            Some((name, Value::File)) => format!(":{name}:_files"),
            Some((name, Value::Directory)) => format!(":{name}:_files -/"),
            Some((name, Value::Choice(words))) => format!(":{name}:({})", words.join(" ")),
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

fn fish(program: &str, commands: &[&str], rows: &[Row]) -> String {
    let mut script = format!("complete -c {program} -f\n");
    for Row { dashed, help, value } in rows {
        let name = match dashed.strip_prefix("--") {
            Some(long) => format!("-l {long}"),
            None => format!("-s {}", dashed.trim_start_matches('-')),
        };
        let value = match value {
            None => String::new(),
            Some((_, Value::Nothing)) => " -x".to_owned(),
            Some((_, Value::File | Value::Directory)) => " -r -F".to_owned(),
            Some((_, Value::Choice(words))) => format!(" -x -a '{}'", words.join(" ")),
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
