//! What the other side asks of a tracer, one line each.

use super::set::Sig;

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// All processes as they are now.
    Processes,
    /// Say so when nothing has happened for this many milliseconds and everybody sleeps.
    Quiet(u64),
    /// Say so when somebody listens on this TCP port.
    Listening(u16),
    /// From now on, tell of TCP connections to the container's ports.
    Connections,
    /// Make an orphan, and say whether PID 1 reaps it within this many milliseconds.
    Orphan(u64),
    /// Send a signal to a process.
    Signal(i32, Sig),
}

impl Request {
    /// Reads a line.
    pub fn parse(line: &str) -> Option<Request> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        Some(match words[..] {
            ["processes"] => Request::Processes,
            ["quiet", time] => Request::Quiet(time.parse().ok()?),
            ["listening", port] => Request::Listening(port.parse().ok()?),
            ["connections"] => Request::Connections,
            ["orphan", time] => Request::Orphan(time.parse().ok()?),
            ["signal", pid, signal] => Request::Signal(
                pid.parse().ok().filter(|pid| *pid > 0)?,
                Sig::parse(signal)?,
            ),
            _ => return None,
        })
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Request::Processes => write!(f, "processes"),
            Request::Quiet(time) => write!(f, "quiet {time}"),
            Request::Listening(port) => write!(f, "listening {port}"),
            Request::Connections => write!(f, "connections"),
            Request::Orphan(time) => write!(f, "orphan {time}"),
            Request::Signal(pid, signal) => write!(f, "signal {pid} {}", signal.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_back_and_rubbish_is_refused() {
        for request in [
            Request::Processes,
            Request::Quiet(300),
            Request::Connections,
            Request::Orphan(1),
            Request::Signal(7, Sig(37)),
        ] {
            assert_eq!(Request::parse(&request.to_string()), Some(request));
        }
        for line in [
            "",
            "process",
            "quiet",
            "quiet x",
            "signal -1 9",
            "signal 0 9",
            "signal 1 99",
        ] {
            assert_eq!(Request::parse(line), None, "{line}");
        }
    }
}
