//! Local time without a library: a TZif file (RFC 9636) or a POSIX `TZ` rule, as an offset from UTC;
//! and times and days as a chat shows them.

use talk::time;

/// The offsets from UTC of a place, past and future.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TimeZone {
    /// Each change of the offset: from this Unix time on, this offset; ascending.
    changes: Vec<(i64, i32)>,
    /// The offset before the first change.
    first: i32,
    /// The rule for the time after the last change.
    rule: Option<PosixRule>,
}

/// A POSIX rule: `CET-1CEST,M3.5.0,M10.5.0/3`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PosixRule {
    standard: i32,
    summer: Option<DaylightTime>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct DaylightTime {
    offset: i32,
    starts: Transition,
    ends: Transition,
}

/// A moment of every year, in seconds of local time from the start of its day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Transition {
    day: TransitionDay,
    seconds: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TransitionDay {
    /// `M3.5.0`: month, week (5: the last), weekday (0: Sunday).
    Weekday { month: i64, week: i64, weekday: i64 },
    /// `J60`: 1 to 365, 29 February never counted.
    Julian(i64),
    /// `59`: 0 to 365.
    Zero(i64),
}

impl TimeZone {
    /// Reads a TZif file of any version; `None` if it is none.
    pub(crate) fn from_file(file: &[u8]) -> Option<TimeZone> {
        let (first, rest) = Block::parse(file, 4)?;
        if first.version == 0 {
            return first.zone(None);
        }
        // From version 2 on, the same again with 64-bit times, and a rule for the time after.
        let (second, footer) = Block::parse(rest, 8)?;
        let footer = footer.strip_prefix(b"\n")?;
        let line = footer.get(..footer.iter().position(|byte| *byte == b'\n')?)?;
        second.zone(PosixRule::parse(std::str::from_utf8(line).ok()?))
    }

    /// Reads a POSIX rule, as `TZ` may hold.
    pub(crate) fn from_rule(rule: &str) -> Option<TimeZone> {
        PosixRule::parse(rule).map(|rule| TimeZone { rule: Some(rule), ..TimeZone::default() })
    }

    /// A Unix time in milliseconds as local seconds.
    pub(crate) fn local(&self, at: u64) -> i64 {
        let seconds = i64::try_from(at / 1000).unwrap_or(0);
        seconds + i64::from(self.offset(seconds))
    }

    /// Local seconds as a Unix time in milliseconds. Of a time that comes twice, when summer ends, the first; one
    /// that does not come, when it begins, is as much later. JavaScript's `Date` does the same.
    pub(crate) fn unix_ms(&self, local: i64) -> u64 {
        let before = local - i64::from(self.offset(local - time::DAY));
        let after = local - i64::from(self.offset(local + time::DAY));
        let is_local = |at: &i64| at + i64::from(self.offset(*at)) == local;
        let at = [before, after].into_iter().find(is_local).unwrap_or(before);
        u64::try_from(at).unwrap_or_default().saturating_mul(1_000)
    }

    /// Seconds to add to UTC at the Unix time `at`.
    fn offset(&self, at: i64) -> i32 {
        let passed = self.changes.partition_point(|(from, _)| *from <= at);
        match (&self.rule, passed.checked_sub(1).and_then(|last| self.changes.get(last))) {
            (Some(rule), _) if passed == self.changes.len() => rule.offset(at),
            (_, Some((_, offset))) => *offset,
            (_, None) => self.first,
        }
    }
}

/// One of the two data blocks of a file.
struct Block<'a> {
    version: u8,
    time_size: usize,
    times: &'a [u8],
    kinds: &'a [u8],
    kind_table: &'a [u8],
}

impl<'a> Block<'a> {
    /// The block at the start of `input`, whose times are `time_size` bytes, and what follows it.
    fn parse(input: &'a [u8], time_size: usize) -> Option<(Block<'a>, &'a [u8])> {
        let (header, mut rest) = input.split_at_checked(44)?;
        let version = *header.strip_prefix(b"TZif")?.first()?;
        let count = |at: usize| {
            let bytes = header.get(20 + 4 * at..24 + 4 * at)?;
            usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
        };
        let (is_ut, is_std, leap) = (count(0)?, count(1)?, count(2)?);
        let (time, kind, name) = (count(3)?, count(4)?, count(5)?);
        let mut take = |size: usize, each: usize| {
            let (taken, left) = rest.split_at_checked(size.checked_mul(each)?)?;
            rest = left;
            Some(taken)
        };
        let (times, kinds, kind_table) = (take(time, time_size)?, take(time, 1)?, take(kind, 6)?);
        take(name, 1)?;
        take(leap, time_size + 4)?;
        take(is_std, 1)?;
        take(is_ut, 1)?;
        Some((Block { version, time_size, times, kinds, kind_table }, rest))
    }

    fn zone(&self, rule: Option<PosixRule>) -> Option<TimeZone> {
        let offset = |kind: usize| {
            let bytes = self.kind_table.get(6 * kind..6 * kind + 4)?;
            Some(i32::from_be_bytes(bytes.try_into().ok()?))
        };
        let times = self.times.chunks_exact(self.time_size).map(signed);
        let changes =
            times.zip(self.kinds).map(|(time, kind)| Some((time, offset((*kind).into())?)));
        Some(TimeZone { changes: changes.collect::<Option<_>>()?, first: offset(0)?, rule })
    }
}

fn signed(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |byte| i64::from(byte.cast_signed()));
    bytes.iter().skip(1).fold(first, |number, byte| number << 8 | i64::from(*byte))
}

impl PosixRule {
    fn parse(text: &str) -> Option<PosixRule> {
        let rest = name(text)?;
        let (standard, rest) = time(rest)?;
        if rest.is_empty() {
            return Some(PosixRule { standard: -standard, summer: None });
        }
        let rest = name(rest)?;
        let (summer, rest) = match rest.strip_prefix(',') {
            Some(_) => (standard - 3600, rest),
            None => time(rest)?,
        };
        let (starts, ends) = rest.strip_prefix(',')?.split_once(',')?;
        let summer = DaylightTime {
            offset: -summer,
            starts: Transition::parse(starts)?,
            ends: Transition::parse(ends)?,
        };
        Some(PosixRule { standard: -standard, summer: Some(summer) })
    }

    fn offset(&self, at: i64) -> i32 {
        let Some(summer) = &self.summer else { return self.standard };
        let (year, ..) = time::date(at + i64::from(self.standard));
        let starts = summer.starts.local(year) - i64::from(self.standard);
        let ends = summer.ends.local(year) - i64::from(summer.offset);
        let is_summer = if starts <= ends {
            (starts..ends).contains(&at) // the north
        } else {
            !(ends..starts).contains(&at) // the south, where summer spans the new year
        };
        if is_summer { summer.offset } else { self.standard }
    }
}

impl Transition {
    fn parse(text: &str) -> Option<Transition> {
        let (day, clock) = text.split_once('/').unwrap_or((text, "2"));
        let (seconds, "") = time(clock)? else { return None };
        let day = if let Some(day) = day.strip_prefix('M') {
            let mut parts = day.splitn(3, '.').map(str::parse);
            let (month, week, weekday) =
                (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
            let fits =
                (1..=12).contains(&month) && (1..=5).contains(&week) && (0..7).contains(&weekday);
            fits.then_some(TransitionDay::Weekday { month, week, weekday })?
        } else if let Some(day) = day.strip_prefix('J') {
            TransitionDay::Julian(day.parse().ok().filter(|day| (1..=365).contains(day))?)
        } else {
            TransitionDay::Zero(day.parse().ok().filter(|day| (0..=365).contains(day))?)
        };
        Some(Transition { day, seconds })
    }

    /// The moment in `year`, in seconds of local time since 1970.
    fn local(&self, year: i64) -> i64 {
        let new_year = time::days(year, 1, 1);
        let day = match self.day {
            TransitionDay::Weekday { month, week, weekday } => {
                let first = time::days(year, month, 1);
                let day = first + (weekday - time::weekday(first)).rem_euclid(7) + 7 * (week - 1);
                let next = time::days(year + month / 12, month % 12 + 1, 1);
                if day < next { day } else { day - 7 }
            }
            TransitionDay::Julian(day) => {
                let is_leap = time::days(year, 3, 1) - new_year == 60;
                new_year + day - 1 + i64::from(is_leap && day >= 60)
            }
            TransitionDay::Zero(day) => new_year + day,
        };
        day * 86_400 + i64::from(self.seconds)
    }
}

/// Skips a zone's name, `CET` or `<+0330>`.
fn name(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('<') {
        return quoted.split_once('>').map(|(_, rest)| rest);
    }
    let rest = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    (text.len() - rest.len() >= 3).then_some(rest)
}

/// `[+-]hh[:mm[:ss]]` in seconds, and what follows.
fn time(text: &str) -> Option<(i32, &str)> {
    let end = text.find(|c: char| !matches!(c, '+' | '-' | ':' | '0'..='9')).unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let (sign, clock) = match clock.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, clock.strip_prefix('+').unwrap_or(clock)),
    };
    let mut seconds = 0;
    for (part, unit) in clock.splitn(3, ':').zip([3600, 60, 1]) {
        seconds += unit * part.parse::<i32>().ok().filter(|part| (0..=167).contains(part))?;
    }
    Some((sign * seconds, rest))
}

/// A day as a chat shows it: `Mon, 22 Nov 2026`.
pub(crate) fn day_name(days: i64) -> String {
    let (year, month, day) = time::date(days * time::DAY);
    format!(
        "{}, {day} {} {year}",
        time::name_at(&time::WEEKDAYS, time::weekday(days)),
        time::name_at(&time::MONTHS, month - 1)
    )
}

/// `HH:MM` of a local time in seconds since 1970.
pub(crate) fn clock(local: i64) -> String {
    let minutes = local.rem_euclid(time::DAY) / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    /// A file as zic writes them: an empty version 1 block, then `changes` and the rule.
    fn file(changes: &[(i64, u8)], offsets: &[i32], rule: &str) -> Vec<u8> {
        let header = |changes: usize, kinds: usize| {
            let mut header = b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
            for count in [0, 0, 0, changes, kinds, 4] {
                header.extend(u32::try_from(count).unwrap().to_be_bytes());
            }
            header
        };
        let mut file = [header(0, 1), vec![0; 6], b"UTC\0".to_vec()].concat();
        file.extend(header(changes.len(), offsets.len()));
        changes.iter().for_each(|(time, _)| file.extend(time.to_be_bytes()));
        changes.iter().for_each(|(_, kind)| file.push(*kind));
        offsets.iter().for_each(|offset| {
            file.extend(offset.to_be_bytes());
            file.extend([0, 0]);
        });
        file.extend(b"UTC\0");
        file.extend(format!("\n{rule}\n").bytes());
        file
    }

    #[test]
    fn a_file_holds_for_the_past_and_its_rule_for_the_time_after() {
        let file = file(&[(-1000, 1), (1000, 0)], &[3600, 7200], BERLIN);
        let zone = TimeZone::from_file(&file).unwrap();
        let offsets = [-1001, -1000, 999].map(|at| zone.offset(at));
        assert_eq!(offsets, [3600, 7200, 7200]);
        assert_eq!(zone.offset(1_795_392_000), 3600); // November 2026
        assert_eq!(zone.offset(1_782_864_000), 7200); // July 2026
        for cut in 0..file.len() {
            assert_eq!(TimeZone::from_file(&file[..cut]), None, "cut at byte {cut}");
        }
    }

    #[test]
    fn summer_starts_and_ends_at_its_very_second() {
        let berlin = TimeZone::from_rule(BERLIN).unwrap();
        let starts = 1_774_746_000; // 2026-03-29 01:00 UTC
        let ends = 1_792_890_000; // 2026-10-25 01:00 UTC
        let offsets = [starts - 1, starts, ends - 1, ends].map(|at| berlin.offset(at));
        assert_eq!(offsets, [3600, 7200, 7200, 3600]);
    }

    #[test]
    fn summer_in_the_south_spans_the_new_year() {
        let sydney = TimeZone::from_rule("AEST-10AEDT,M10.1.0,M4.1.0/3").unwrap();
        assert_eq!(sydney.offset(1_767_225_600), 39_600); // 2026-01-01
        assert_eq!(sydney.offset(1_782_864_000), 36_000); // 2026-07-01
    }

    #[test]
    fn rules_come_in_many_shapes() {
        for (rule, offset) in [
            ("UTC0", 0),
            ("<+0330>-3:30", 12_600),
            ("EST5EDT,M3.2.0,M11.1.0", -18_000),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 0), // Ireland, whose winter is the exception
            ("XXX3YYY2:30,J60,300/-1", -10_800),
        ] {
            let zone = TimeZone::from_rule(rule).unwrap();
            assert_eq!(zone.offset(1_767_225_600), offset, "{rule} on 2026-01-01");
        }
        for bad in ["", "Europe/Berlin", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "C-1"] {
            assert_eq!(TimeZone::from_rule(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_file_and_no_rule_breaks_the_reader(
            bytes in prop::collection::vec(any::<u8>(), 0..200), rule in ".*|[A-Z<>0-9,./:MJ+-]*"
        ) {
            let mut file = b"TZif2".to_vec();
            file.extend(bytes);
            _ = TimeZone::from_file(&file).map(|zone| zone.offset(0));
            _ = TimeZone::from_rule(&rule).map(|zone| zone.offset(i64::MAX / 1000));
        }
    }

    #[test]
    fn a_day_is_shown_with_its_weekday_and_month() {
        assert_eq!(day_name(0), "Thu, 1 Jan 1970");
        assert_eq!(day_name(-1), "Wed, 31 Dec 1969");
        assert_eq!(day_name(20_779), "Sun, 22 Nov 2026");
    }

    #[test]
    fn a_clock_shows_hours_and_minutes_before_1970_too() {
        assert_eq!(clock(0), "00:00");
        assert_eq!(clock(45_296), "12:34");
        assert_eq!(clock(-1), "23:59");
    }
}
