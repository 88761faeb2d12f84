//! Command-line flags: parsing, `--help` and shell completions, all from one table of flags.
//!
//! Depends on strings; never on the process: arguments and environment come in by argument, and
//! nothing prints or exits.

mod completions; // completions for shells

use std::ffi::OsString;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// A binary's command line: its usage, what it does, and its flags in the order of `--help`.
#[derive(Debug)]
pub struct Command {
    /// The binary's name and the words it takes: `"server [COMMAND]"`.
    pub usage: &'static str,
    /// One sentence above the flags.
    pub about: &'static str,
    /// The table of flags.
    pub flags: &'static [Flag],
    /// Text below the flags, e.g. examples; may be empty.
    pub epilogue: &'static str,
}

/// One flag. A secret must be a [`Flag::variable`]: a process list shows every argument.
#[derive(Debug)]
pub struct Flag {
    /// The name, without dashes.
    name: &'static str,
    /// Another name, without dashes.
    alias: Option<&'static str>,
    /// The one-letter form.
    short: Option<char>,
    /// The name of its value in `--help`; `None` for a switch.
    placeholder: Option<&'static str>,
    /// A spelling and a variable of earlier versions, which still count and are shown nowhere.
    former: Option<(&'static str, &'static str)>,
    /// The environment variable used when the flag is not given.
    env: Option<&'static str>,
    /// The value when neither is given.
    default: Option<&'static str>,
    /// Its text in `--help`.
    help: &'static str,
    /// Whether only the environment can give it.
    only_env: bool,
}

impl Flag {
    /// `--name`: on, off, or counted.
    pub const fn switch(name: &'static str, help: &'static str) -> Flag {
        let (alias, short, placeholder, env, former) = (None, None, None, None, None);
        Flag { name, alias, short, placeholder, former, env, default: None, help, only_env: false }
    }

    /// `--name VALUE` or `--name=VALUE`. The last one counts, except in [`Args::all`].
    pub const fn value(name: &'static str, placeholder: &'static str, help: &'static str) -> Flag {
        Flag { placeholder: Some(placeholder), ..Flag::switch(name, help) }
    }

    /// A value that only the environment can give.
    pub const fn variable(name: &'static str, env: &'static str, help: &'static str) -> Flag {
        Flag { env: Some(env), only_env: true, ..Flag::value(name, "", help) }
    }

    /// Another spelling, e.g. `--nick` for `--user`.
    pub const fn alias(self, alias: &'static str) -> Flag {
        Flag { alias: Some(alias), ..self }
    }

    /// The spelling and the variable that the flag had in earlier versions.
    pub const fn formerly(self, name: &'static str, env: &'static str) -> Flag {
        Flag { former: Some((name, env)), ..self }
    }

    /// The one-letter form of a switch; `-vv` counts twice.
    pub const fn short(self, short: char) -> Flag {
        Flag { short: Some(short), ..self }
    }

    /// The environment variable used when the flag is not given; an empty one counts as not set.
    pub const fn env(self, env: &'static str) -> Flag {
        Flag { env: Some(env), ..self }
    }

    /// The value when neither flag nor variable is given.
    pub const fn default(self, default: &'static str) -> Flag {
        Flag { default: Some(default), ..self }
    }

    fn is_called(&self, name: &str) -> bool {
        let former = self.former.map(|(former, _)| former);
        !self.only_env && (self.name == name || [self.alias, former].contains(&Some(name)))
    }
}

impl Command {
    /// Parses `arguments` (without the program's name), then adds environment and defaults.
    ///
    /// # Errors
    /// An unknown flag, a missing or superfluous value, text that is not UTF-8.
    pub fn parse(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Args, Error> {
        let mut args = Args { given: Vec::new(), words: Vec::new() };
        let mut arguments = arguments.into_iter().map(utf8).peekable();
        let mut only_words = false;
        while let Some(argument) = arguments.next().transpose()? {
            let Some(long) = argument.strip_prefix("--").filter(|_| !only_words) else {
                match argument.strip_prefix('-').filter(|rest| !only_words && !rest.is_empty()) {
                    Some(letters) => self.parse_short_flags(letters, &mut args)?,
                    None => args.words.push(argument),
                }
                continue;
            };
            if long.is_empty() {
                only_words = true;
                continue;
            }
            let (name, inline) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let flag = self.find_flag(name)?;
            let value = match (flag.placeholder, inline) {
                (None, Some(_)) => return Err(Error(format!("--{name} takes no value"))),
                (None, None) => String::new(),
                (Some(_), Some(value)) => value,
                (Some(_), None) => arguments
                    .next_if(|next| !next.as_ref().is_ok_and(|next| next.starts_with("--")))
                    .unwrap_or_else(|| Err(Error(format!("--{name} needs a value"))))?,
            };
            args.given.push(GivenFlag { name: flag.name, spelling: format!("--{name}"), value });
        }
        self.flags.iter().try_for_each(|flag| flag.apply_default(&env, &mut args))?;
        Ok(args)
    }

    /// The table for people, aligned, at most 80 columns wide.
    pub fn help(&self) -> String {
        let left: Vec<String> = self.flags.iter().map(Flag::left_column).collect();
        let column = left.iter().map(String::len).max().unwrap_or(0) + 2;
        let mut help = format!("{}\n\nUsage: {}\n\n", self.about, self.usage);
        for (flag, left) in self.flags.iter().zip(&left) {
            let mut line = format!("{left:column$}");
            for word in flag.right_column().split(' ') {
                if line.len() + word.len() > 79 && line.trim_end().len() > column {
                    help.push_str(line.trim_end());
                    help.push('\n');
                    line = " ".repeat(column);
                }
                line.push_str(word);
                line.push(' ');
            }
            help.push_str(line.trim_end());
            help.push('\n');
        }
        if !self.epilogue.is_empty() {
            help.push('\n');
            help.push_str(self.epilogue);
            help.push('\n');
        }
        help
    }

    fn parse_short_flags(&self, letters: &str, args: &mut Args) -> Result<(), Error> {
        for letter in letters.chars() {
            let flag = self.flags.iter().find(|flag| flag.short == Some(letter));
            let flag = flag.ok_or_else(|| Error(format!("unknown flag -{letter} (try --help)")))?;
            let spelling = format!("-{letter}");
            args.given.push(GivenFlag { name: flag.name, spelling, value: String::new() });
        }
        Ok(())
    }

    fn find_flag(&self, name: &str) -> Result<&Flag, Error> {
        self.flags.iter().find(|flag| flag.is_called(name)).ok_or_else(|| {
            let named = self.flags.iter().filter(|flag| !flag.only_env);
            let names = named.flat_map(|flag| [Some(flag.name), flag.alias]).flatten();
            Error(match nearest(name, names) {
                Some(near) => format!("unknown flag --{name} (did you mean --{near}?)"),
                None => format!("unknown flag --{name} (try --help)"),
            })
        })
    }
}

impl Flag {
    /// Adds the value of the environment or the default, when the flag is not given.
    fn apply_default(
        &self,
        env: impl Fn(&str) -> Option<OsString>,
        args: &mut Args,
    ) -> Result<(), Error> {
        if args.has(self.name) {
            return Ok(());
        }
        let variables = [self.env, self.former.map(|(_, former)| former)];
        let set = variables
            .into_iter()
            .flatten()
            .find_map(|name| Some((name, env(name).filter(|v| !v.is_empty())?)));
        let (spelling, value) = match (set, self.default) {
            (Some((name, value)), _) => (name.to_owned(), utf8(value)?),
            (None, Some(default)) => (format!("--{}", self.name), default.to_owned()),
            (None, None) => return Ok(()),
        };
        let given = GivenFlag { name: self.name, spelling, value };
        match (self.placeholder, given.value.as_str()) {
            (Some(_), _) => args.given.push(given),
            (None, "1" | "yes" | "true" | "on") => args.given.push(given),
            (None, "0" | "no" | "false" | "off") => {}
            (None, _) => return Err(given.is_not("yes or no")),
        }
        Ok(())
    }

    fn left_column(&self) -> String {
        if self.only_env {
            return format!("      {}", self.env.unwrap_or_default());
        }
        let short = self.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
        let placeholder = self.placeholder.map_or(String::new(), |name| format!(" {name}"));
        format!("  {short}--{}{placeholder}", self.name)
    }

    fn right_column(&self) -> String {
        let default = self.default.map_or(String::new(), |value| format!(" [default: {value}]"));
        let env = self.env.filter(|_| !self.only_env);
        let env = env.map_or(String::new(), |name| format!(" [${name}]"));
        let alias = self.alias.map_or(String::new(), |name| format!(" [or --{name}]"));
        format!("{}{alias}{default}{env}", self.help)
    }
}

/// A parsed command line. Names are those of the table, without dashes; a name that is not in the
/// table counts as not given.
#[derive(Debug)]
pub struct Args {
    /// Flags with their values, in order; those of the environment and defaults last.
    given: Vec<GivenFlag>,
    /// Arguments that are neither flags nor values, in order.
    words: Vec<String>,
}

/// A flag with its value.
#[derive(Debug)]
struct GivenFlag {
    /// The name in the table.
    name: &'static str,
    spelling: String, // `--nick`, `-q` or `TALK_USER`: what an error names
    /// The value; empty for a switch.
    value: String,
}

impl Args {
    /// Whether the flag was given, directly or by its variable or default.
    pub fn has(&self, name: &str) -> bool {
        self.count(name) > 0
    }

    /// How often it was given: `-vv` is 2.
    pub fn count(&self, name: &str) -> usize {
        self.given.iter().filter(|given| given.name == name).count()
    }

    /// The value of the flag; if it was not given, that of its variable; else the default. If the
    /// flag was given several times, the last one counts.
    pub fn get(&self, name: &str) -> Option<&str> {
        Some(&self.find_given(name)?.value)
    }

    /// Every value of a repeatable flag. One value may be a list with commas
    /// (`TALK_ROOM=lobby,rust`).
    pub fn all(&self, name: &str) -> Vec<&str> {
        let given = self.given.iter().filter(|given| given.name == name);
        given.flat_map(|given| given.value.split(',')).filter(|value| !value.is_empty()).collect()
    }

    /// The value parsed as a `T`.
    ///
    /// # Errors
    /// The error of `T`, after the flag (or variable) and the value.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(GivenFlag { spelling, value, .. }) = self.find_given(name) else {
            return Ok(None);
        };
        let refuse = |error| Error(format!("{spelling}: {value:?}: {error}"));
        value.parse().map(Some).map_err(refuse)
    }

    /// The value as a number within `range`.
    ///
    /// # Errors
    /// Not a number, or out of range.
    pub fn number(&self, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Error> {
        let Some(given) = self.find_given(name) else { return Ok(None) };
        let number = given.value.parse().map_err(|_| given.is_not("a number"))?;
        if range.contains(&number) {
            return Ok(Some(number));
        }
        Err(given.is_not(&format!("between {} and {}", range.start(), range.end())))
    }

    /// The value as a duration: a whole number with `ms`, `s`, `m`, `h` or `d`.
    ///
    /// # Errors
    /// No unit, no number, or too large.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, Error> {
        let Some(given) = self.find_given(name) else { return Ok(None) };
        match duration(&given.value) {
            Some(duration) => Ok(Some(duration)),
            None => Err(given.is_not("a time like 10s, 5m, 2h or 7d")),
        }
    }

    /// The words that are neither flags nor values, in order.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    fn find_given(&self, name: &str) -> Option<&GivenFlag> {
        self.given.iter().rfind(|given| given.name == name)
    }
}

impl GivenFlag {
    fn is_not(&self, what: &str) -> Error {
        Error(format!("{}: {:?} is not {what}", self.spelling, self.value))
    }
}

/// What is wrong with a command line, as a sentence for the user.
#[derive(Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// The candidate that `word` was most likely meant to be. It starts with `word`, or its edit
/// distance is at most two and at most half the length of `word`.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let distance = |to: &str| match to.chars().count().abs_diff(length) {
        _ if to.starts_with(word) => 1,
        0..=2 => edit_distance(word, to),
        difference => difference, // at least as many letters are missing: a long word costs nothing
    };
    let near = candidates.map(|candidate| (distance(candidate), candidate));
    let (edit_distance, near) = near.min_by_key(|(edit_distance, _)| *edit_distance)?;
    (edit_distance <= 2 && 2 * edit_distance <= length).then_some(near)
}

/// How many mistakes lead from `a` to `b`: a letter added, dropped, changed, or swapped with the next (the
/// Damerau-Levenshtein distance, where no letter takes part in two swaps).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = Vec::new(); // the row before the last
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut before = None; // the character of `a` before `from`
    for (index, from) in a.chars().enumerate() {
        let mut row = vec![index + 1];
        for (at, to) in b.iter().enumerate() {
            let cell =
                |cells: &[usize], at: usize| cells.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut least = (cell(&last, at) + usize::from(from != *to))
                .min(cell(&row, at) + 1)
                .min(cell(&last, at + 1) + 1);
            let swapped_with = at.checked_sub(1).and_then(|at| b.get(at));
            if before == Some(*to) && swapped_with == Some(&from) {
                least = least.min(cell(&above, at - 1) + 1);
            }
            row.push(least);
        }
        above = std::mem::replace(&mut last, row);
        before = Some(from);
    }
    last.last().copied().unwrap_or(0)
}

/// A whole number with `ms`, `s`, `m`, `h` or `d` as a duration.
pub fn duration(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(millis).map(Duration::from_millis)
}

fn utf8(argument: OsString) -> Result<String, Error> {
    argument.into_string().map_err(|argument| Error(format!("{argument:?} is not valid UTF-8")))
}

#[cfg(test)]
mod tests;
