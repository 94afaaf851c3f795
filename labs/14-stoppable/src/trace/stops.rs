//! What a raw wait status of a tracee means, ptrace(2).

use nix::libc;

use super::event::End;
use super::set::Sig;

/// Why a tracee stopped, or that it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A signal is about to be delivered.
    Signal(Sig),
    /// The whole process stopped, by this signal.
    Group(Sig),
    /// A new tracee's first stop, an interrupt, or the end of a group-stop.
    Trap,
    /// It made a process or a thread.
    Fork,
    /// It became another program.
    Exec,
    /// It is about to end.
    Exiting,
    /// At a system call.
    Call,
    /// It has ended.
    Ended(End),
}

/// Takes a raw status apart; `None` for what no tracer of ours can see.
pub fn decode(status: i32) -> Option<Stop> {
    if !libc::WIFSTOPPED(status) {
        return end(status).map(Stop::Ended);
    }
    let signal = libc::WSTOPSIG(status);
    Some(match status >> 16 {
        0 if signal == libc::SIGTRAP | 0x80 => Stop::Call,
        0 => Stop::Signal(Sig(signal)),
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => Stop::Fork,
        libc::PTRACE_EVENT_EXEC => Stop::Exec,
        libc::PTRACE_EVENT_EXIT => Stop::Exiting,
        // A stop by one of the four stopping signals is a group-stop; any other one comes with SIGTRAP.
        128 if signal == libc::SIGTRAP => Stop::Trap,
        128 => Stop::Group(Sig(signal)),
        _ => return None,
    })
}

/// How a process ended, from a status as wait(2) and `PTRACE_EVENT_EXIT` give it.
pub fn end(status: i32) -> Option<End> {
    if libc::WIFEXITED(status) {
        Some(End::Code(libc::WEXITSTATUS(status)))
    } else if libc::WIFSIGNALED(status) {
        Some(End::Killed(Sig(libc::WTERMSIG(status))))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_apart() {
        let stopped = |signal: i32, event: i32| event << 16 | signal << 8 | 0x7f;
        assert_eq!(decode(stopped(15, 0)), Some(Stop::Signal(Sig::TERM)));
        assert_eq!(decode(stopped(37, 0)), Some(Stop::Signal(Sig(37))));
        assert_eq!(decode(stopped(5 | 0x80, 0)), Some(Stop::Call));
        assert_eq!(decode(stopped(5, 128)), Some(Stop::Trap));
        assert_eq!(decode(stopped(19, 128)), Some(Stop::Group(Sig(19))));
        assert_eq!(decode(stopped(5, 6)), Some(Stop::Exiting));
        assert_eq!(decode(7 << 8), Some(Stop::Ended(End::Code(7))));
        assert_eq!(decode(9), Some(Stop::Ended(End::Killed(Sig::KILL))));
    }
}
