//! Signals by name and number.

/// The standard signals, by number from 1. Names and numbers: `signal(7)`.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// Other names for the same numbers.
const ALIASES: [(&str, i32); 4] = [("IOT", 6), ("CLD", 17), ("POLL", 29), ("UNUSED", 31)];

/// The first real-time signal that a program may use. The kernel's own begin at 32; the C library
/// keeps 32 and 33 for its threads.
const RTMIN: i32 = 34;
/// The last signal there is.
pub(crate) const RTMAX: i32 = 64;

/// Why a text is no signal; the words are Docker's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadSignal {
    /// Not a name, and not a number above 0.
    Invalid(String),
    /// A number that the kernel or the C library does not hand out.
    Unsupported(i32),
}

/// The number of a signal given as `TERM`, `SIGTERM`, `term`, `15`, `RTMIN+3` or `RTMAX-1`.
pub(crate) fn parse(text: &str) -> Result<i32, BadSignal> {
    let invalid = || BadSignal::Invalid(text.to_owned());
    if let Ok(number) = text.parse::<i32>() {
        return match number {
            1..=31 | RTMIN..=RTMAX => Ok(number),
            0 => Err(invalid()),
            _ => Err(BadSignal::Unsupported(number)),
        };
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    if let Some(index) = NAMES.iter().position(|known| *known == name) {
        return i32::try_from(index + 1).map_err(|_| invalid());
    }
    if let Some((_, number)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
        return Ok(*number);
    }
    let offset = |rest: &str, sign: char| match rest {
        "" => Some(0),
        _ => rest.strip_prefix(sign)?.parse::<u8>().ok().map(i32::from),
    };
    let number = if let Some(rest) = name.strip_prefix("RTMIN") {
        offset(rest, '+').map(|n| RTMIN + n)
    } else if let Some(rest) = name.strip_prefix("RTMAX") {
        offset(rest, '-').map(|n| RTMAX - n)
    } else {
        None
    };
    number
        .filter(|n| (RTMIN..=RTMAX).contains(n))
        .ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::libc;

    #[test]
    fn names_in_every_spelling() {
        for text in ["TERM", "SIGTERM", "term", "SigTerm", "15"] {
            assert_eq!(parse(text), Ok(libc::SIGTERM), "{text}");
        }
        assert_eq!(parse("SIGRTMIN+3"), Ok(37));
        assert_eq!(parse("rtmax-1"), Ok(63));
        assert_eq!(parse("RTMIN"), Ok(34));
        assert_eq!(parse("SIGCLD"), Ok(libc::SIGCHLD));
    }

    #[test]
    fn numbers_agree_with_the_c_library() {
        for (name, number) in [
            ("USR1", libc::SIGUSR1),
            ("CHLD", libc::SIGCHLD),
            ("STOP", libc::SIGSTOP),
            ("WINCH", libc::SIGWINCH),
            ("SYS", libc::SIGSYS),
            ("IO", libc::SIGIO),
        ] {
            assert_eq!(parse(name), Ok(number));
        }
        assert_eq!(libc::SIGRTMIN(), RTMIN);
        assert_eq!(libc::SIGRTMAX(), RTMAX);
    }

    #[test]
    fn what_is_no_signal() {
        for text in [
            "",
            "FOO",
            "SIG",
            "SIGSIGTERM",
            "0",
            "RTMIN+31",
            "RTMIN-1",
            "RTMAX+1",
            "RTMIN+x",
        ] {
            assert_eq!(parse(text), Err(BadSignal::Invalid(text.into())), "{text}");
        }
        for number in [32, 33, 65, 99, -1] {
            assert_eq!(
                parse(&number.to_string()),
                Err(BadSignal::Unsupported(number))
            );
        }
    }
}
