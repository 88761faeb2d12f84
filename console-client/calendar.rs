//! Days and dates: the proleptic Gregorian calendar in whole numbers, and how a chat writes them.
//!
//! Room: numbers.

/// A day as a chat names it: `Mon, 22 Nov 2026`.
pub(crate) fn day_name(days: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let nth = |names: &[&'static str], at: i64| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
    };
    let (year, month, day) = date(days * 86_400);
    format!("{}, {day} {} {year}", nth(&WEEKDAYS, weekday(days)), nth(&MONTHS, month - 1))
}

/// `HH:MM` of a local time in seconds since 1970.
pub(crate) fn clock(local: i64) -> String {
    let minutes = local.rem_euclid(86_400) / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Year, month and day of a time in seconds since 1970.
///
/// The year is counted from March, so that a leap day is its last, and the months' lengths repeat
/// every five: 153 days. (The method is Howard Hinnant's `civil_from_days`.)
pub(crate) fn date(seconds: i64) -> (i64, i64, i64) {
    let days = seconds.div_euclid(86_400) + 719_468; // since 0000-03-01
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, turned) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + turned, month, date)
}

/// Days since 1970 of a date.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

/// 0 for Sunday; day 0 was a Thursday.
pub(crate) fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_known_from_elsewhere_come_out_right() {
        for (days_since, date_of, name) in [
            (0, (1970, 1, 1), "Thu, 1 Jan 1970"),
            (-1, (1969, 12, 31), "Wed, 31 Dec 1969"),
            (11_016, (2000, 2, 29), "Tue, 29 Feb 2000"),
            (20_779, (2026, 11, 22), "Sun, 22 Nov 2026"),
        ] {
            assert_eq!(date(days_since * 86_400), date_of);
            assert_eq!(date(days_since * 86_400 + 86_399), date_of);
            let (year, month, day) = date_of;
            assert_eq!(days(year, month, day), days_since);
            assert_eq!(day_name(days_since), name);
        }
    }

    #[test]
    fn every_day_of_eight_centuries_has_its_own_date_and_back() {
        for day in -150_000..150_000 {
            let (year, month, of_month) = date(day * 86_400);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn a_clock_shows_hours_and_minutes_before_1970_too() {
        assert_eq!(clock(0), "00:00");
        assert_eq!(clock(45_296), "12:34");
        assert_eq!(clock(-1), "23:59");
    }
}
