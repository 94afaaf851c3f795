//! /proc/PID/status: whose child a process is, and what it does with signals (proc_pid_status(5)).

use super::set::Set;

/// What one task's status file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The name of the program, at most 15 bytes.
    pub name: String,
    /// R, S, D, T, t, Z, X ...
    pub state: char,
    /// The process that a thread belongs to.
    pub process: i32,
    /// Its parent in our PID namespace, 0 for one outside.
    pub parent: i32,
    /// Who traces it; 0 for nobody.
    pub tracer: i32,
    /// Waiting for this thread or for its process.
    pub pending: Set,
    /// The mask.
    pub blocked: Set,
    /// SIG_IGN.
    pub ignored: Set,
    /// With a handler.
    pub caught: Set,
}

/// Reads the status of a process or a thread; `None` when it is gone.
pub fn read(task: i32) -> Option<Status> {
    parse(&std::fs::read_to_string(format!("/proc/{task}/status")).ok()?)
}

/// Takes the lines apart; those that are not known are passed over.
fn parse(text: &str) -> Option<Status> {
    let mut status = Status {
        state: '?',
        ..Status::default()
    };
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        let set = || u64::from_str_radix(value, 16).map(Set).ok();
        match key {
            "Name" => value.clone_into(&mut status.name),
            "State" => status.state = value.chars().next()?,
            "Tgid" => status.process = value.parse().ok()?,
            "PPid" => status.parent = value.parse().ok()?,
            "TracerPid" => status.tracer = value.parse().ok()?,
            "SigPnd" | "ShdPnd" => status.pending = status.pending.with(set()?),
            "SigBlk" => status.blocked = set()?,
            "SigIgn" => status.ignored = set()?,
            "SigCgt" => status.caught = set()?,
            _ => {}
        }
    }
    (status.process != 0).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::set::Sig;

    #[test]
    fn a_status_file_is_read() {
        let text = "Name:\tsh\nState:\tS (sleeping)\nTgid:\t7\nPPid:\t1\nTracerPid:\t0\nSigPnd:\t0000000000000000\n\
                    ShdPnd:\t0000000000004000\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000000006\n\
                    SigCgt:\t0000000000010002\n";
        let status = parse(text).unwrap();
        assert_eq!(
            (
                status.name.as_str(),
                status.state,
                status.process,
                status.parent
            ),
            ("sh", 'S', 7, 1)
        );
        assert!(status.pending.has(Sig::TERM) && status.blocked.has(Sig::CHLD));
        assert!(
            status.ignored.has(Sig::INT)
                && status.ignored.has(Sig::QUIT)
                && !status.ignored.has(Sig::TERM)
        );
        assert_eq!(parse("Name:\tsh\n"), None);
        assert_eq!(parse("Tgid:\t7\nSigBlk:\tx\n"), None);
    }

    #[test]
    fn we_ourselves_are_alive() {
        let own = std::process::id().cast_signed();
        assert_eq!(read(own).map(|status| status.process), Some(own));
        assert_eq!(read(i32::MAX), None);
    }
}
