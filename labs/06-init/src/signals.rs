//! Signals as numbers: nix's `Signal` ends at 31, and Docker can send real-time signals, too.

use std::fmt::{self, Display, Formatter};
use std::mem::MaybeUninit;
use std::ptr;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc::{self, c_int, siginfo_t};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;

/// The signals that come to this process, to be taken one after the other.
pub struct Signals(SigSet);

impl Signals {
    // ANCHOR: block
    /// Blocks every signal: what comes is kept until we take it.
    pub fn block() -> nix::Result<Signals> {
        let all = SigSet::all();
        all.thread_set_mask()?;
        // What our parent ignores, exec leaves ignored: for us, to whom
        // an ignored SIGCHLD means children that vanish, and for a
        // command that would not stop.
        let unchangeable = [Signal::SIGKILL, Signal::SIGSTOP];
        for number in Signal::iterator().filter(|it| !unchangeable.contains(it)) {
            // SAFETY: no handler is installed, so no code of
            // ours runs at a bad moment.
            #[allow(unsafe_code)]
            unsafe { signal(number, SigHandler::SigDfl) }?;
        }
        Ok(Signals(all))
    }
    // ANCHOR_END: block

    // ANCHOR: take
    /// The next signal, or `None` when `until` has come before one did.
    pub fn next(&self, until: Option<Instant>) -> nix::Result<Option<c_int>> {
        loop {
            let now = Instant::now();
            let left = until.map(|until| until.saturating_duration_since(now));
            // What is due comes first: no flood of signals holds an alarm back.
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            match self.take(left) {
                Ok(info) if is_broken_pipe_of_ours(&info) => {}
                Ok(info) => return Ok(Some(info.si_signo)),
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EINTR) => {} // stopped and continued
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for a pending signal and takes it; EAGAIN if none came in time. nix's
    /// `SigSet::wait` knows neither a time nor a real-time signal.
    #[allow(unsafe_code)]
    fn take(&self, limit: Option<Duration>) -> nix::Result<siginfo_t> {
        let limit = limit.map(TimeSpec::from_duration);
        let limit = limit.as_ref().map(AsRef::<libc::timespec>::as_ref);
        let limit = limit.map_or(ptr::null(), ptr::from_ref);
        let mut info = MaybeUninit::uninit();
        // SAFETY: all three live on, and on success the kernel has filled `info`.
        unsafe {
            Errno::result(libc::sigtimedwait(
                self.0.as_ref(),
                info.as_mut_ptr(),
                limit,
            ))?;
            Ok(info.assume_init())
        }
    }
    // ANCHOR_END: take
}

/// Whoever read our stderr has gone. That is none of the command's business.
#[allow(unsafe_code)]
fn is_broken_pipe_of_ours(info: &siginfo_t) -> bool {
    // SAFETY: the kernel sends SIGPIPE with the PID of the writer: sigaction(2), SI_USER.
    info.si_signo == libc::SIGPIPE && unsafe { info.si_pid() } == std::process::id().cast_signed()
}

/// Sends a signal to a process or, where `to` is negative, to a process group.
pub fn send(to: Pid, signal: c_int) -> nix::Result<()> {
    // SAFETY: two numbers, and no memory of ours.
    #[allow(unsafe_code)]
    Errno::result(unsafe { libc::kill(to.as_raw(), signal) }).map(drop)
}

// ANCHOR: reap
/// One child that has ended, and the exit code a shell would give it; `None` if all
/// are alive, an error if there are none.
///
/// nix's `waitpid` reaps a child that a real-time signal has
/// killed, and returns EINVAL.
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
