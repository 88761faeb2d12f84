//! `--limit NAME=VALUE`, and `server limits`, which lists the limits.

use std::ffi::OsString;

use talk::cli::{Args, Command, Flag, duration, nearest};
use talk::server::{DiskLimits, LIMITS, LimitValue, Limits, TunableLimit};

use crate::exit::Failure;

const COMMAND: Command = Command {
    usage: "server limits [FLAGS]",
    about: "Lists the limits that --limit NAME=VALUE can change.",
    flags: &[
        Flag::switch("markdown", "as the table in docs/limits.md"),
        Flag::switch("help", "print this help").short('h'),
    ],
    epilogue: "\
A size may end with KiB or MiB; a time ends with ms, s, m, h or d.

Example:
  server --limit message=256KiB --limit hello-wait=30s",
};

/// The limits, as `--limit` changes them.
///
/// # Errors
/// For an unknown limit, or a value that it may not have.
pub(crate) fn limits(args: &Args) -> Result<Limits, Failure> {
    let disk = DiskLimits { max_data: size(args, "max-data")?, min_free: size(args, "min-free")? };
    let mut limits = Limits { disk, ..Limits::default() };
    for given in args.all("limit") {
        let Some((name, value)) = given.split_once('=') else {
            return Err(usage(given, "is not NAME=VALUE, like message=256KiB"));
        };
        let Some(limit) = TunableLimit::find(name) else {
            let near = nearest(name, LIMITS.iter().map(|limit| limit.name));
            let hint = near.map_or(String::new(), |near| format!(", did you mean {near}?"));
            return Err(usage(given, &format!("is not a limit{hint} (see server limits)")));
        };
        let (number, like) = match limit.of(limits) {
            LimitValue::Bytes(_) => (bytes(value), "a size like 4096, 64KiB or 1MiB"),
            LimitValue::Count(_) => (value.parse().ok(), "a number"),
            LimitValue::Wait(_) => (millis(value), "a time like 500ms, 10s or 5m"),
        };
        let number = number.ok_or_else(|| usage(given, &format!("is not {like}")))?;
        limit
            .set(&mut limits, number)
            .map_err(|[min, max]| usage(given, &format!("is not between {min} and {max}")))?;
    }
    Ok(limits)
}

/// The size that a flag names.
fn size(args: &Args, name: &str) -> Result<Option<u64>, Failure> {
    let read = |given: &str| {
        let what = || format!("--{name} must be a size like 500MiB or 20GiB, not {given:?}");
        bytes(given).ok_or_else(|| Failure::Usage(what()))
    };
    args.get(name).map(read).transpose()
}

fn usage(given: &str, what: &str) -> Failure {
    Failure::Usage(format!("--limit: {given:?} {what}"))
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let factor = match unit {
        "" => 1,
        "KiB" | "K" => 1024,
        "MiB" | "M" => 1024 * 1024,
        "GiB" | "G" => 1024 * 1024 * 1024,
        "TiB" | "T" => 1024 * 1024 * 1024 * 1024,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn millis(text: &str) -> Option<u64> {
    duration(text).and_then(|wait| u64::try_from(wait.as_millis()).ok())
}

/// The output of `server limits` with these arguments.
///
/// # Errors
/// For an unknown argument.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<String, Failure> {
    let args = COMMAND.parse(arguments, env)?;
    if let Some(word) = args.words().first() {
        return Err(Failure::Usage(format!("server limits takes no arguments: {word:?}")));
    }
    Ok(if args.has("help") { COMMAND.help() } else { list(&args) })
}

/// The output of `server limits`.
fn list(args: &Args) -> String {
    let default = |limit: &TunableLimit| limit.of(Limits::default()).to_string();
    let mut list = String::new();
    if args.has("markdown") {
        list.push_str("| limit | default | protects | a client sees |\n|---|---|---|---|\n");
        for limit in LIMITS {
            let TunableLimit { name, protects, seen, .. } = limit;
            list.push_str(&format!("| `{name}` | {} | {protects} | {seen} |\n", default(limit)));
        }
        return list;
    }
    for limit in LIMITS {
        let TunableLimit { name, protects, seen, .. } = limit;
        list.push_str(&format!("{name:<17} {:>6}  {protects}\n", default(limit)));
        list.push_str(&format!("{:25} a client sees: {seen}\n", ""));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_waits_have_units() {
        assert_eq!(bytes("4096"), Some(4096));
        assert_eq!(bytes("64KiB"), Some(65_536));
        assert_eq!(bytes("2M"), Some(2 * 1024 * 1024));
        assert_eq!((bytes("3GiB"), bytes("1T")), (Some(3 << 30), Some(1 << 40)));
        for wrong in ["", "KiB", "64kb", "-1", "18446744073709551615MiB"] {
            assert_eq!(bytes(wrong), None, "{wrong:?}");
        }
        assert_eq!(millis("10s"), Some(10_000));
        assert_eq!(millis("10"), None);
    }
}
