//! Points in time: nanoseconds since 1970, printed as Docker does, always in UTC. `cli::since` reads them.

use nix::libc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970-01-01T00:00:00Z; 0 is "never".
pub(crate) type Nanos = u64;

pub(crate) const SECOND: u64 = 1_000_000_000;

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

/// Reads what [`fixed`] printed.
pub(crate) fn read_fixed(text: &str) -> Option<Nanos> {
    let (date, fraction) = text.strip_suffix('Z')?.split_once('.')?;
    let mut numbers = date
        .split(['-', 'T', ':'])
        .map(|part| part.parse::<i32>().ok());
    let mut fields = [0; 6];
    for field in &mut fields {
        *field = numbers.next()??;
    }
    let seconds = u64::try_from(moment(fields)?).ok()?;
    seconds
        .checked_mul(SECOND)?
        .checked_add(fraction.parse().ok()?)
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

/// `2026-11-23T01:38:19`, by the C library: `gmtime(3)`.
#[allow(unsafe_code)]
fn seconds(time: Nanos) -> String {
    let moment = i64::try_from(time / SECOND).unwrap_or(i64::MAX);
    // SAFETY: all zeros is a valid tm, and both pointers are ours for the time of the call.
    let tm = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        libc::gmtime_r(&raw const moment, &raw mut tm);
        tm
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        i64::from(tm.tm_year) + 1900,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec
    )
}

/// Seconds since 1970 of year, month, day, hour, minute, second in UTC; `None` if that month has no such day:
/// `timegm(3)` turns 31 February into 3 March, and says so.
#[allow(unsafe_code)]
pub(crate) fn moment([year, month, day, hour, minute, second]: [i32; 6]) -> Option<i64> {
    // SAFETY: all zeros is a valid tm, and the pointer is ours for the time of the call.
    let (seconds, tm) = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        (tm.tm_year, tm.tm_mon, tm.tm_mday) = (year - 1900, month - 1, day);
        (tm.tm_hour, tm.tm_min, tm.tm_sec) = (hour, minute, second);
        (libc::timegm(&raw mut tm), tm)
    };
    (tm.tm_mday == day).then_some(seconds)
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
    fn dates_print() {
        let time = 1_795_398_319_202_217_000;
        assert_eq!(fixed(time), "2026-11-23T01:45:19.202217000Z");
        assert_eq!(read_fixed(&fixed(time)), Some(time));
        assert_eq!(read_fixed("2026-11-23T01:45:19Z"), None);
        assert_eq!(short(time), "2026-11-23T01:45:19.202217Z");
        assert_eq!(
            fixed(951_782_400 * SECOND),
            "2000-02-29T00:00:00.000000000Z"
        );
        assert_eq!(short(0), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn durations_in_words() {
        assert_eq!(human(0), "Less than a second");
        assert_eq!(human(59 * SECOND), "59 seconds");
        assert_eq!(human(60 * SECOND), "About a minute");
        assert_eq!(human(7200 * SECOND), "2 hours");
    }
}
