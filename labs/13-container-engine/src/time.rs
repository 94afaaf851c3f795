//! Points in time: nanoseconds since 1970, printed and parsed as Docker does, always in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970-01-01T00:00:00Z; 0 is "never".
pub(crate) type Nanos = u64;

const SECOND: u64 = 1_000_000_000;

/// This moment.
pub(crate) fn now() -> Nanos {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}

/// `2026-11-23T01:38:19.305804911Z`, always nine digits: how events and logs print it.
pub(crate) fn fixed(time: Nanos) -> String {
    format!("{}.{:09}Z", seconds(time), time % SECOND)
}

/// The same without trailing zeros: how `inspect` prints it. "Never" is Go's zero time.
pub(crate) fn short(time: Nanos) -> String {
    if time == 0 {
        return "0001-01-01T00:00:00Z".to_owned();
    }
    let fraction = format!(".{:09}", time % SECOND);
    format!(
        "{}{}Z",
        seconds(time),
        fraction.trim_end_matches('0').trim_end_matches('.')
    )
}

/// `2026-11-23T01:38:19`. The calendar arithmetic counts years from March, so that a leap day is
/// the last day of a year.
fn seconds(time: Nanos) -> String {
    let (days, rest) = (time / SECOND / 86_400, time / SECOND % 86_400);
    let since_march_0000 = days + 719_468;
    let (era, day_of_era) = (since_march_0000 / 146_097, since_march_0000 % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// A time as `--since` and `--until` take it: seconds since 1970 (`1795398319.5`), a time ago
/// (`10s`, `1m30s`, `2h`) or a date (`2026-11-23T01:38:19.3Z`).
pub(crate) fn parse(text: &str, now: Nanos) -> Option<Nanos> {
    if let Some(date) = parse_date(text) {
        return Some(date);
    }
    if text.starts_with(|c: char| c.is_ascii_digit())
        && !text.ends_with(|c: char| c.is_ascii_digit())
    {
        return Some(now.saturating_sub(parse_duration(text)?));
    }
    parse_fraction(text)
}

/// `12.5` in units of 10^-9.
fn parse_fraction(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: u64 = format!("{fraction:0<9}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(SECOND)?
        .checked_add(nanos)
}

/// `1h2m3.5s`, in nanoseconds.
fn parse_duration(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let units = [
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
            ("h", 3600 * SECOND),
            ("m", 60 * SECOND),
            ("s", SECOND),
        ];
        let (unit, size) = units.into_iter().find(|(unit, _)| tail.starts_with(unit))?;
        let scaled = u128::from(parse_fraction(number)?) * u128::from(size) / u128::from(SECOND);
        total = total.checked_add(u64::try_from(scaled).ok()?)?;
        rest = &tail[unit.len()..];
    }
    Some(total)
}

/// A date, with or without its time of day; UTC.
fn parse_date(text: &str) -> Option<Nanos> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, clock) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let mut parts = date.splitn(3, '-').map(str::parse::<u64>);
    let (year, month, day) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    if !(1970..=2500).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (
        parts.next()?.parse::<u64>().ok()?,
        parts.next()?.parse::<u64>().ok()?,
    );
    if hour > 23 || minute > 59 {
        return None;
    }
    let nanos = parse_fraction(parts.next().unwrap_or("0"))?;
    let (from_march, year) = if month > 2 {
        (month - 3, year)
    } else {
        (month + 9, year - 1)
    };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + day - 1;
    Some(((days - 719_468) * 86_400 + hour * 3600 + minute * 60) * SECOND + nanos)
}

/// `Less than a second`, `5 seconds`, `About a minute`, `3 hours`: how `ps` says how long.
pub(crate) fn human(nanos: u64) -> String {
    let seconds = nanos / SECOND;
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match () {
        () if seconds < 1 => "Less than a second".to_owned(),
        () if seconds == 1 => "1 second".to_owned(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".to_owned(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".to_owned(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 24 * 14 => format!("{} days", hours / 24),
        () if hours < 24 * 60 => format!("{} weeks", hours / 24 / 7),
        () if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", hours / 24 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_print_and_parse_back() {
        let time = 1_795_398_319_202_217_000;
        assert_eq!(fixed(time), "2026-11-23T01:45:19.202217000Z");
        assert_eq!(short(time), "2026-11-23T01:45:19.202217Z");
        assert_eq!(parse(&fixed(time), 0), Some(time));
        assert_eq!(
            fixed(951_782_400 * SECOND),
            "2000-02-29T00:00:00.000000000Z"
        );
        assert_eq!(short(0), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn what_since_takes() {
        assert_eq!(parse("12.5", 0), Some(12_500_000_000));
        assert_eq!(parse("1m30s", 100 * SECOND), Some(10 * SECOND));
        assert_eq!(parse("0s", 7), Some(7));
        for bad in ["", "x", "5q", "-", "1.2.3", "2026-13-01", "1.1234567890"] {
            assert_eq!(parse(bad, 0), None, "{bad}");
        }
    }

    #[test]
    fn durations_in_words() {
        assert_eq!(human(0), "Less than a second");
        assert_eq!(human(59 * SECOND), "59 seconds");
        assert_eq!(human(60 * SECOND), "About a minute");
        assert_eq!(human(7200 * SECOND), "2 hours");
    }
}
