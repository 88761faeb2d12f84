//! Time: a reading of both clocks, and dates of the proleptic Gregorian calendar in whole numbers.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One moment, read from both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The monotonic clock, for waits.
    pub instant: Instant,
    /// Unix time in ms, for what is stored over a restart.
    pub unix_ms: u64,
}

impl Now {
    /// Reads both clocks.
    #[must_use]
    pub fn read() -> Now {
        Now { instant: Instant::now(), unix_ms: unix_ms() }
    }
}

/// Unix time in ms; 0 for a clock set before 1970.
#[must_use]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// The names of the days, as RFC 9110 §5.6.7 spells them, from Sunday.
pub const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// The names of the months, likewise.
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month (from 1) and day of a time in seconds since 1970.
///
/// The year is counted from March, so that a leap day is its last, and the months' lengths repeat
/// every five: 153 days. (The method is Howard Hinnant's `civil_from_days`.)
///
/// ```
/// assert_eq!(talk::time::date(951_827_696), (2000, 2, 29));
/// ```
#[must_use]
pub fn date(seconds: i64) -> (i64, i64, i64) {
    let days = seconds.div_euclid(DAY) + 719_468; // since 0000-03-01
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, date)
}

/// The day of a time in seconds since 1970, in days since then.
#[must_use]
pub fn day(seconds: i64) -> i64 {
    seconds.div_euclid(DAY)
}

/// Days since 1970 of a date.
#[must_use]
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

/// The day of the week of a day since 1970: 0 for Sunday. Day 0 was a Thursday.
#[must_use]
pub fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// Unix time in ms in the format of RFC 3339: `2026-11-22T23:59:01.250Z`.
#[must_use]
pub fn utc(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX);
    let ((year, month, day), [hour, minute, second]) = (date(seconds), time(seconds));
    let ms = unix_ms % 1_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// Unix time in ms as an IMF-fixdate (RFC 9110 §5.6.7), the format of HTTP's `Date`.
///
/// ```
/// assert_eq!(talk::time::http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
#[must_use]
pub fn http_date(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX);
    let ((year, month, day), [hour, minute, second]) = (date(seconds), time(seconds));
    let (weekday, month) =
        (name_at(&WEEKDAYS, weekday(self::day(seconds))), name_at(&MONTHS, month - 1));
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Unix time in seconds of an IMF-fixdate; `None` for anything else.
#[must_use]
pub fn read_http_date(date: &str) -> Option<i64> {
    let [_, day, month, year, time, "GMT"] = date.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let month = MONTHS.into_iter().zip(1..).find(|(name, _)| *name == month)?.1;
    let [hour, minute, second] = time.split(':').collect::<Vec<_>>()[..] else { return None };
    let number = |text: &str, max: i64| text.parse().ok().filter(|n: &i64| (0..=max).contains(n));
    let days = days(number(year, 9_999)?, month, number(day, 31)?);
    let minutes = (days * 24 + number(hour, 23)?) * 60 + number(minute, 59)?;
    Some(minutes * 60 + number(second, 60)?)
}

/// The name with the index `at`; empty beyond the last.
#[must_use]
pub fn name_at(names: &[&'static str], at: i64) -> &'static str {
    usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
}

/// Hour, minute and second.
fn time(seconds: i64) -> [i64; 3] {
    let second = seconds.rem_euclid(DAY);
    [second / 3_600, second / 60 % 60, second % 60]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_known_from_elsewhere_come_out_right() {
        for (days_since, date_of, on) in [
            (0, (1970, 1, 1), "Thu"),
            (-1, (1969, 12, 31), "Wed"),
            (11_016, (2000, 2, 29), "Tue"),
            (20_779, (2026, 11, 22), "Sun"),
        ] {
            assert_eq!(date(days_since * DAY), date_of);
            assert_eq!(date(days_since * DAY + DAY - 1), date_of);
            let (year, month, day) = date_of;
            assert_eq!(days(year, month, day), days_since);
            assert_eq!(name_at(&WEEKDAYS, weekday(days_since)), on);
        }
    }

    #[test]
    fn every_day_of_eight_centuries_has_its_own_date_and_back() {
        for day in -150_000..150_000 {
            let (year, month, of_month) = date(day * DAY);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(utc(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(utc(951_827_696_789), "2000-02-29T12:34:56.789Z");
        assert_eq!(utc(1_767_225_599_999), "2025-12-31T23:59:59.999Z");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn an_http_date_is_written_and_read_as_others_do() {
        for seconds in (0..253_402_300_799).step_by(86_399 * 365) {
            let at = UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            let written = http_date(seconds * 1_000 + 999);
            assert_eq!(written, httpdate::fmt_http_date(at));
            assert_eq!(read_http_date(&written), i64::try_from(seconds).ok());
        }
    }

    #[test]
    fn a_text_that_is_not_an_http_date_is_rejected() {
        for bad in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 anF 1994 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 24:49:37 GMT",
        ] {
            assert_eq!(read_http_date(bad), None, "{bad}");
        }
    }
}
