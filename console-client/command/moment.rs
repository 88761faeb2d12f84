//! A day, or a time of a day, as `/goto` takes it. `tests/vectors/goto.json` says what each means.

use talk::time;

/// A day and a time of it, both of the person's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Without one: the last such time.
    pub(crate) day: Option<Day>,
    /// Minutes after midnight.
    pub(crate) minutes: Option<u32>,
}

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Day {
    Today,
    Yesterday,
    /// Year, month and day of the month.
    Date(i64, i64, i64),
}

impl Moment {
    /// Reads `2026-11-27`, `yesterday`, `14:30`, `2026-11-27 14:30`.
    pub(crate) fn parse(text: &str) -> Option<Moment> {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        match *words.as_slice() {
            [word] => match Day::parse(word) {
                Some(day) => Some(Moment { day: Some(day), minutes: None }),
                None => Some(Moment { day: None, minutes: Some(minutes(word)?) }),
            },
            [day, time] => {
                Some(Moment { day: Some(Day::parse(day)?), minutes: Some(minutes(time)?) })
            }
            _ => None,
        }
    }

    /// In local seconds since 1970. `now` is in local seconds as well.
    pub(crate) fn local(self, now: i64) -> i64 {
        let seconds = i64::from(self.minutes.unwrap_or_default()) * 60;
        let at = |day: i64| day * time::DAY + seconds;
        let today = time::day(now);
        match self.day {
            Some(Day::Today) => at(today),
            Some(Day::Yesterday) => at(today - 1),
            Some(Day::Date(year, month, day)) => at(time::days(year, month, day)),
            None if at(today) > now => at(today - 1),
            None => at(today),
        }
    }
}

impl Day {
    fn parse(word: &str) -> Option<Day> {
        match word {
            "today" => return Some(Day::Today),
            "yesterday" => return Some(Day::Yesterday),
            _ => {}
        }
        let parts: Vec<&str> = word.split('-').collect();
        let [year, month, day] = *parts.as_slice() else { return None };
        let date = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
        let (year, month, day) = date;
        let is_date = time::date(time::days(year, month.clamp(1, 12), day) * time::DAY) == date;
        (is_date && year >= 1970).then_some(Day::Date(year, month, day))
    }
}

/// `14:30` in minutes after midnight.
fn minutes(word: &str) -> Option<u32> {
    let (hours, minutes) = word.split_once(':')?;
    let hours = digits(hours, hours.len().clamp(1, 2)).filter(|hours| *hours < 24)?;
    let minutes = digits(minutes, 2).filter(|minutes| *minutes < 60)?;
    u32::try_from(hours * 60 + minutes).ok()
}

/// The number that so many digits are.
fn digits(text: &str, count: usize) -> Option<i64> {
    let is_digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}
