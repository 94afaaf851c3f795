//! A handle on one process that can never mean another one: `pidfd_open(2)`.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};

/// A process, dead or alive.
#[derive(Debug)]
pub(crate) struct PidFd(OwnedFd);

impl PidFd {
    /// Takes over the descriptor that `clone3(2)` gave.
    #[allow(unsafe_code)]
    pub(crate) fn from_raw(fd: RawFd) -> Self {
        // SAFETY: our one caller has just got `fd` from the kernel, and nobody else owns it.
        Self(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// The process `pid`. Between reading the number somewhere and this call, the process may have
    /// ended and the number may be another's: compare [`start_ticks`] afterwards.
    pub(crate) fn open(pid: i32) -> io::Result<Self> {
        let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self(pidfd_open(pid, PidfdFlags::empty())?))
    }

    /// Sends a signal: `pidfd_send_signal(2)`. By the system call: the libraries have no safe name for a real-time
    /// signal.
    #[allow(unsafe_code)]
    pub(crate) fn send(&self, signal: i32) -> io::Result<()> {
        let (fd, call) = (self.0.as_raw_fd(), libc::SYS_pidfd_send_signal);
        let nothing = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: integers, and a pointer that may be null: then the kernel fills in what kill(2) would.
        let done = unsafe { libc::syscall(call, fd, signal, nothing, 0) };
        Ok(Errno::result(done).map(drop)?)
    }

    /// Waits until the process has ended; false when `limit` passed first. `None` waits for ever.
    pub(crate) fn ended_within(&self, limit: Option<Duration>) -> io::Result<bool> {
        // A moment beyond what a clock can show never comes.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            // Rounded up to a millisecond: never early.
            let timeout = match left.map(|left| left.as_nanos().div_ceil(1_000_000)) {
                None => PollTimeout::NONE,
                Some(millis) => PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX),
            };
            match poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Collects the status of a child of ours: waits for its end, and returns its exit code.
    pub(crate) fn reap(&self) -> io::Result<u8> {
        let id = || WaitId::PidFd(self.as_fd());
        let status = retry_on_intr(|| waitid(id(), WaitIdOptions::EXITED))?;
        let status = status.ok_or(io::ErrorKind::WouldBlock)?;
        Ok(exit_code(status.exit_status(), status.terminating_signal()))
    }
}

// ANCHOR: exit_code
/// The exit code that a shell and Docker would show: the low eight bits of what the
/// process gave to `exit`, or 128 and the number of the signal that ended it. A
/// wait status says one or the other: `wait(2)`.
///
/// From numbers, and not from nix's names: there is none for a real-time signal,
/// and an error that says so comes when the child is reaped, and its status lost.
pub(crate) fn exit_code(exited_with: Option<i32>, killed_by: Option<i32>) -> u8 {
    let code = match (exited_with, killed_by) {
        (Some(code), _) => code & 0xff,
        (None, Some(signal)) => 128 + signal,
        // Not an end. Nobody asks for such.
        (None, None) => 255,
    };
    u8::try_from(code).unwrap_or(255)
}
// ANCHOR_END: exit_code

impl AsFd for PidFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// When a process was started, in clock ticks since boot: field 22 of `/proc/PID/stat`, see
/// `proc_pid_stat(5)`. With the number it names one process for good.
pub(crate) fn start_ticks(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, may hold blanks and parentheses: count from the last one.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, id};

    #[test]
    fn a_living_process_has_not_ended_and_a_dead_one_has() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep");
        let fd = PidFd::open(i32::try_from(child.id()).expect("a pid")).expect("pidfd");
        assert!(
            !fd.ended_within(Some(Duration::from_millis(1)))
                .expect("poll")
        );
        fd.send(libc::SIGKILL).expect("kill");
        assert!(fd.ended_within(None).expect("poll"));
        child.wait().expect("wait");
        assert_eq!(
            fd.send(libc::SIGTERM).map_err(|e| e.raw_os_error()),
            Err(Some(libc::ESRCH))
        );
    }

    #[test]
    fn a_child_that_a_real_time_signal_ends_has_a_code_too() {
        for (script, want) in [("exit 7", 7), ("kill -TERM $$", 143), ("kill -37 $$", 165)] {
            let mut child = Command::new("sh").args(["-c", script]).spawn().expect("sh");
            let fd = PidFd::open(i32::try_from(child.id()).expect("a pid")).expect("pidfd");
            assert_eq!(fd.reap().expect("a child"), want, "{script}");
            assert!(child.wait().is_err(), "reaped already");
        }
    }

    #[test]
    fn the_start_time_is_there() {
        assert!(start_ticks(i32::try_from(id()).expect("a pid")).is_some_and(|ticks| ticks > 0));
        assert_eq!(start_ticks(-1), None);
    }
}
