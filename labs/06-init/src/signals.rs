//! Signals as numbers: nix's `Signal` ends at 31, and Docker can send real-time signals, too.

use std::fmt::{self, Display, Formatter};
use std::os::fd::AsFd;
use std::time::Instant;

use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;

/// The signals that come to this process, to be read one after the other.
pub struct Signals(SignalFd);

impl Signals {
    // ANCHOR: block
    /// Blocks every signal: what comes is kept until we read it.
    pub fn block() -> nix::Result<Signals> {
        let all = SigSet::all();
        all.thread_set_mask()?;
        // What our parent ignores, exec leaves ignored: for us, to whom an ignored
        // SIGCHLD means children that vanish, and for a command that would not stop.
        let unchangeable = [Signal::SIGKILL, Signal::SIGSTOP];
        for number in Signal::iterator().filter(|number| !unchangeable.contains(number)) {
            // SAFETY: no handler is installed, so no code of ours runs at a bad moment.
            #[allow(unsafe_code)]
            unsafe { signal(number, SigHandler::SigDfl) }?;
        }
        SignalFd::with_flags(&all, SfdFlags::SFD_CLOEXEC).map(Signals)
    }
    // ANCHOR_END: block

    /// The next signal, or `None` when `until` has come before one did.
    pub fn next(&self, until: Option<Instant>) -> nix::Result<Option<c_int>> {
        loop {
            match self.read(until) {
                Ok(Some(info)) if is_broken_pipe_of_ours(&info) => {}
                Ok(info) => return Ok(info.map(|info| info.ssi_signo.cast_signed())),
                Err(Errno::EINTR) => {} // stopped and continued
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&self, until: Option<Instant>) -> nix::Result<Option<siginfo>> {
        if let Some(until) = until {
            // What is due comes first: no flood of signals holds an alarm back.
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return Ok(None);
            };
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            if ppoll(&mut fds, Some(TimeSpec::from_duration(left)), None)? == 0 {
                return Ok(None);
            }
        }
        self.0.read_signal()
    }
}

/// Whoever read our stderr has gone. That is none of the command's business.
fn is_broken_pipe_of_ours(info: &siginfo) -> bool {
    info.ssi_signo.cast_signed() == libc::SIGPIPE && info.ssi_pid == std::process::id()
}

/// Sends a signal to a process or, where `to` is negative, to a process group.
pub fn send(to: Pid, signal: c_int) -> nix::Result<()> {
    // SAFETY: two numbers, and no memory of ours.
    #[allow(unsafe_code)]
    Errno::result(unsafe { libc::kill(to.as_raw(), signal) }).map(drop)
}

// ANCHOR: reap
/// One child that has ended, and the exit code a shell would give it; `None` if all are
/// alive, an error if there are none.
///
/// nix's `waitpid` reaps a child that a real-time signal has killed, and returns EINVAL.
pub fn reap() -> nix::Result<Option<(Pid, u8)>> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    #[allow(unsafe_code)]
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    let pid = Errno::result(pid)?;
    let code = match libc::WIFEXITED(status) {
        true => libc::WEXITSTATUS(status),
        false => 128 + libc::WTERMSIG(status),
    };
    Ok((pid > 0).then_some((Pid::from_raw(pid), code.unsigned_abs() as u8)))
}
// ANCHOR_END: reap

/// A signal's number, shown with its name; the real-time ones have none.
pub struct Name(pub c_int);

impl Display for Name {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match Signal::try_from(self.0) {
            Ok(known) => write!(f, "{known}"),
            Err(_) => write!(f, "signal {}", self.0),
        }
    }
}

/// A signal by number, 1 to 64, or by name: `15`, `TERM`, `sigterm`, `RTMIN+3`.
pub fn parse(text: &str) -> Option<c_int> {
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let number = match name.strip_prefix("RTMIN") {
        Some("") => libc::SIGRTMIN(),
        Some(more) => libc::SIGRTMIN().checked_add(more.strip_prefix('+')?.parse().ok()?)?,
        None => name
            .parse()
            .or_else(|_| {
                format!("SIG{name}")
                    .parse()
                    .map(|known: Signal| known as c_int)
            })
            .ok()?,
    };
    (1..=libc::SIGRTMAX()).contains(&number).then_some(number)
}
