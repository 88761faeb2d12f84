//! Days and times as a chat writes them.
//!
//! Room: numbers.

use talk::time::DAY;
use talk::time::MONTHS;
use talk::time::WEEKDAYS;
use talk::time::date;
use talk::time::name_at;
use talk::time::weekday;

/// A day as a chat names it: `Mon, 22 Nov 2026`.
pub(crate) fn day_name(days: i64) -> String {
    let (year, month, day) = date(days * DAY);
    format!("{}, {day} {} {year}", name_at(&WEEKDAYS, weekday(days)), name_at(&MONTHS, month - 1))
}

/// `HH:MM` of a local time in seconds since 1970.
pub(crate) fn clock(local: i64) -> String {
    let minutes = local.rem_euclid(DAY) / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_as_people_do() {
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
