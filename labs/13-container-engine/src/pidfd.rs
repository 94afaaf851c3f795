//! A handle on one process that can never mean another one: `pidfd_open(2)`.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A process, dead or alive.
#[derive(Debug)]
pub(crate) struct PidFd(OwnedFd);

impl PidFd {
    /// Takes over the descriptor that `clone3(2)` gave.
    #[allow(unsafe_code)]
    pub(crate) fn from_raw(fd: RawFd) -> Self {
        // SAFETY: called once, right after the kernel made `fd` for us.
        Self(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// The process `pid`. Between reading the number somewhere and this call, the process may have
    /// ended and the number may be another's: compare [`start_ticks`] afterwards.
    #[allow(unsafe_code)]
    pub(crate) fn open(pid: i32) -> io::Result<Self> {
        // SAFETY: takes two integers, returns a new descriptor or -1.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        match RawFd::try_from(fd) {
            Ok(fd) if fd >= 0 => Ok(Self::from_raw(fd)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Sends a signal: `pidfd_send_signal(2)`.
    #[allow(unsafe_code)]
    pub(crate) fn send(&self, signal: i32) -> io::Result<()> {
        let nothing = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: the descriptor is open, and a null siginfo means "as kill(2) would".
        let done = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                signal,
                nothing,
                0,
            )
        };
        if done == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
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
    pub(crate) fn reap(&self) -> nix::Result<u8> {
        let fd = self.as_fd().as_raw_fd().cast_unsigned();
        collect(libc::P_PIDFD, fd, 0).map(|child| child.map_or(255, |(_, code)| code))
    }
}

// ANCHOR: exit_code
/// One child that has ended, and the exit code that a shell and Docker would show: the low eight bits
/// of what it gave to `exit`, or 128 and the number of its signal. `which` and `id` say whose child:
/// `waitid(2)`. `None` if `flags` say not to wait, and there is none.
///
/// The C function and not nix's: that one has no name for a real-time signal, and returns an error for
/// a child that died of one. By then it is reaped, and its status lost.
#[allow(unsafe_code)]
pub(crate) fn collect(
    which: libc::idtype_t,
    id: libc::id_t,
    flags: libc::c_int,
) -> nix::Result<Option<(i32, u8)>> {
    loop {
        // SAFETY: all zeros is a valid siginfo, and waitid leaves it so where there is no child.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: `info` lives on.
        let done = unsafe { libc::waitid(which, id, &raw mut info, libc::WEXITED | flags) };
        match Errno::result(done) {
            Err(Errno::EINTR) => continue,
            done => done?,
        };
        // SAFETY: waitid fills in these two.
        let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
        let code = match info.si_code {
            libc::CLD_EXITED => status & 0xff,
            _ => 128 + status,
        };
        return Ok((pid != 0).then_some((pid, u8::try_from(code).unwrap_or(255))));
    }
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
            assert_eq!(fd.reap(), Ok(want), "{script}");
            assert!(child.wait().is_err(), "reaped already");
        }
    }

    #[test]
    fn the_start_time_is_there() {
        assert!(start_ticks(i32::try_from(id()).expect("a pid")).is_some_and(|ticks| ticks > 0));
        assert_eq!(start_ticks(-1), None);
    }
}
