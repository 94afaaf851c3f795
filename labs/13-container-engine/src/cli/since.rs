//! The times that `--since` and `--until` take, read as Docker's client reads them: `GetTimestamp` in
//! <https://github.com/moby/moby/blob/v28.2.2/api/types/time/timestamp.go>, and Go's `time.Parse` below it.

use nix::libc;

use crate::time::{Nanos, SECOND, moment};

/// A time ago (`10s`, `1h30m`), a date with or without its time of day (`2026-11-23`, `2026-11-23T01:38`,
/// `2026-11-23T01:38:19.3+01:00`; local time where it has no zone), or seconds since 1970 (`1795398319.5`). What lies
/// before 1970 is 0. The error is the reason, in Docker's words.
pub(crate) fn parse(text: &str, now: Nanos) -> Result<Nanos, String> {
    if text != "0"
        && let Some(ago) = duration(text)
    {
        // In whole seconds, as Docker hands it to its daemon.
        let then = i128::from(now) - ago;
        return Ok(nanos(then - then.rem_euclid(SECOND.into())));
    }
    match date(text) {
        Ok(time) => Ok(time),
        Err(error) if text.contains('-') => Err(error),
        Err(_) => fraction(text)
            .ok_or_else(|| format!("failed to parse value as time or duration: \"{text}\"")),
    }
}

fn nanos(time: i128) -> Nanos {
    u64::try_from(time.max(0)).unwrap_or(u64::MAX)
}

/// `12.5` in units of 10^-9.
fn fraction(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.len() > 9 || !digits(fraction) || !digits(whole) {
        return None;
    }
    let nanos: u64 = format!("{fraction:0<9}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(SECOND)?
        .checked_add(nanos)
}

/// `1h2m3.5s`, `-1m`: in nanoseconds. As Go's `time.ParseDuration`.
fn duration(text: &str) -> Option<i128> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", SECOND),
        ("m", 60 * SECOND),
        ("h", 3600 * SECOND),
    ];
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, tail) = tail.split_at(end.unwrap_or(tail.len()));
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        // `.5s` and `1.s` are numbers, `.s` is none.
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && part.is_empty() {
            return None;
        }
        let part = part.get(..9).unwrap_or(part);
        let whole = if whole.is_empty() { "0" } else { whole };
        let scaled = fraction(&format!("{whole}.{part}"))?;
        total += i128::from(scaled) * i128::from(*size) / i128::from(SECOND);
        rest = tail;
    }
    (total <= i128::from(i64::MAX)).then_some(sign * total)
}

/// A date. Which parts it must have is decided first, by the letters in it.
fn date(text: &str) -> Result<Nanos, String> {
    let dashes = text.matches('-').count();
    let local = !text.contains(['z', 'Z', '+']) && dashes != 3;
    let mut colons = text.matches(':').count();
    if !local && !text.contains(['z', 'Z']) {
        colons = colons.saturating_sub(1);
    }
    let layout = match (text.contains('.'), text.contains('T'), colons) {
        (true, ..) => "2006-01-02T15:04:05.999999999",
        (_, false, _) => "2006-01-02",
        (_, _, 0) => "2006-01-02T15",
        (_, _, 1) => "2006-01-02T15:04",
        _ => "2006-01-02T15:04:05",
    };
    let zone = if local { "" } else { "Z07:00" };
    let mut value = Value {
        whole: text,
        layout: format!("{layout}{zone}"),
        rest: text,
    };
    let mut tm = [1970, 1, 1, 0, 0, 0];
    const PARTS: [(&str, &str, usize, std::ops::RangeInclusive<i32>); 6] = [
        ("", "2006", 4, 0..=9999),
        ("-", "01", 2, 1..=12),
        ("-", "02", 2, 0..=99),
        ("T", "15", 2, 0..=23),
        (":", "04", 2, 0..=59),
        (":", "05", 2, 0..=59),
    ];
    for ((before, name, digits, range), field) in PARTS.into_iter().zip(&mut tm) {
        if !layout.contains(name) {
            break;
        }
        value.literal(before)?;
        *field = value.number(name, digits)?;
        if !range.contains(field) {
            let names = ["year", "month", "day", "hour", "minute", "second"];
            let which = PARTS.iter().position(|part| part.1 == name);
            return Err(value.out_of_range(names[which.unwrap_or_default()]));
        }
    }
    let part = if layout.contains("05") {
        value.fraction()
    } else {
        0
    };
    let offset = if local { offset_now() } else { value.zone()? };
    if !value.rest.is_empty() {
        return Err(format!(
            "parsing time \"{text}\": extra text: {:?}",
            value.rest
        ));
    }
    let seconds = moment(tm).ok_or_else(|| value.out_of_range("day"))?;
    Ok(nanos(
        (i128::from(seconds) - i128::from(offset)) * i128::from(SECOND) + i128::from(part),
    ))
}

/// What is being read, and what is left of it.
struct Value<'a> {
    whole: &'a str,
    layout: String,
    rest: &'a str,
}

impl Value<'_> {
    fn wrong(&self, name: &str) -> String {
        let Self {
            whole,
            layout,
            rest,
        } = self;
        format!("parsing time \"{whole}\" as \"{layout}\": cannot parse {rest:?} as \"{name}\"")
    }

    fn out_of_range(&self, what: &str) -> String {
        format!("parsing time \"{}\": {what} out of range", self.whole)
    }

    fn literal(&mut self, text: &str) -> Result<(), String> {
        self.rest = self
            .rest
            .strip_prefix(text)
            .ok_or_else(|| self.wrong(text))?;
        Ok(())
    }

    fn number(&mut self, name: &str, digits: usize) -> Result<i32, String> {
        let number = self.rest.get(..digits);
        let number = number.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|text| text.parse().ok());
        let number = number.ok_or_else(|| self.wrong(name))?;
        self.rest = &self.rest[digits..];
        Ok(number)
    }

    /// `.3`, if it is there; digits past the ninth do not count.
    fn fraction(&mut self) -> u64 {
        let Some(rest) = self.rest.strip_prefix(['.', ',']) else {
            return 0;
        };
        let end = rest.find(|c: char| !c.is_ascii_digit());
        let (digits, tail) = rest.split_at(end.unwrap_or(rest.len()));
        if digits.is_empty() {
            return 0;
        }
        self.rest = tail;
        let digits = digits.get(..9).unwrap_or(digits);
        format!("{digits:0<9}").parse().unwrap_or_default()
    }

    /// `Z`, `+01:00`: how many seconds it is ahead of UTC.
    fn zone(&mut self) -> Result<i64, String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let wrong = self.wrong("Z07:00");
        let sign = match self.rest.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(wrong),
        };
        self.rest = &self.rest[1..];
        let hours = self.number("", 2).map_err(|_| wrong.clone())?;
        self.literal(":").map_err(|_| wrong.clone())?;
        let minutes = self.number("", 2).map_err(|_| wrong.clone())?;
        if hours > 24 {
            return Err(self.out_of_range("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(self.out_of_range("time zone offset minute"));
        }
        Ok(sign * i64::from(hours * 3600 + minutes * 60))
    }
}

/// How many seconds the local zone is ahead of UTC now: Docker takes this for other seasons, too. From `TZ` or
/// /etc/localtime: `tzset(3)`.
#[allow(unsafe_code)]
fn offset_now() -> i64 {
    // SAFETY: all zeros is a valid tm, all pointers are ours for the time of the calls, and this process has one
    // thread, which changes no environment.
    unsafe {
        let now = libc::time(std::ptr::null_mut());
        let mut tm: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const now, &raw mut tm);
        tm.tm_gmtoff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400 * SECOND;

    #[test]
    fn what_since_takes() {
        for (text, want) in [
            ("12.5", 12_500_000_000),
            ("0", 0),
            ("1m30s", 10 * SECOND),
            ("1.5s", 98 * SECOND),
            ("-1m", 160 * SECOND),
            ("0s", 100 * SECOND),
            ("1970-01-02Z", DAY),
            ("1970-01-02T00Z", DAY),
            ("1970-01-02T00:01Z", DAY + 60 * SECOND),
            ("1970-01-02T00:00:01.5Z", DAY + SECOND * 3 / 2),
            ("1970-01-02T02:00:00+02:00", DAY),
            ("1970-01-02T00:00:00-01:30", DAY + 5400 * SECOND),
            ("1970-01-01T00:00:00+02:00", 0),
            ("2000-02-29T00:00:00Z", 951_782_400 * SECOND),
        ] {
            assert_eq!(parse(text, 100 * SECOND), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_it_refuses_and_how() {
        for (text, want) in [
            ("", "failed to parse value as time or duration: \"\""),
            ("5q", "failed to parse value as time or duration: \"5q\""),
            (
                "1.2.3",
                "failed to parse value as time or duration: \"1.2.3\"",
            ),
            (
                "2026-02-31",
                "parsing time \"2026-02-31\": day out of range",
            ),
            (
                "2026-01-00Z",
                "parsing time \"2026-01-00Z\": day out of range",
            ),
            (
                "2026-13-01",
                "parsing time \"2026-13-01\": month out of range",
            ),
            (
                "2026-01-01T24:00:00",
                "parsing time \"2026-01-01T24:00:00\": hour out of range",
            ),
            (
                "2026-1-01",
                "parsing time \"2026-1-01\" as \"2006-01-02\": cannot parse \"1-01\" as \"01\"",
            ),
            (
                "2026-01-01x",
                "parsing time \"2026-01-01x\": extra text: \"x\"",
            ),
            (
                "2026-01-01T00:00:00z",
                "parsing time \"2026-01-01T00:00:00z\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"z\" as \"Z07:00\"",
            ),
        ] {
            assert_eq!(parse(text, 0), Err(want.to_owned()), "{text}");
        }
    }
}
