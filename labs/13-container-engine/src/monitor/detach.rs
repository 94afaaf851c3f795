//! How a client leaves a monitor behind: a child that belongs to nobody's terminal, session or pipeline.

use nix::fcntl::{OFlag, open};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, fork, setsid};

use crate::error::{Context, Result};

/// Forks; the child has left the session, terminal and streams of whoever started us. A Ctrl-C that comes before it has
/// left is the client's, and not the end of the child.
#[allow(unsafe_code)]
pub(crate) fn fork_detached(name: &str) -> Result<ForkResult> {
    let held = SigSet::all()
        .thread_swap_mask(SigmaskHow::SIG_BLOCK)
        .context("block signals")?;
    // SAFETY: pocket's clients have one thread (those that have more start no container), so no lock is held by
    // another at this moment, and the child may go on as a program of its own.
    let forked = unsafe { fork() };
    if let Ok(ForkResult::Child) = forked {
        leave(&format!("pocket: {name}"));
    } else {
        held.thread_set_mask().context("unblock signals")?;
    }
    forked.context("start a monitor")
}

#[allow(unsafe_code)]
fn leave(name: &str) {
    let _ = setsid();
    // What is pending was sent to the group that we have just left: to fetch it is to drop it (signalfd(2)).
    if let Ok(pending) = SignalFd::with_flags(&SigSet::all(), SfdFlags::SFD_NONBLOCK) {
        while let Ok(Some(_)) = pending.read_signal() {}
    }
    let short: String = name.chars().take(15).collect();
    let _ = std::ffi::CString::new(short).map(|name| nix::sys::prctl::set_name(&name));
    // A reader that went away is an error of a write to us, not a reason to die.
    // SAFETY: ignoring installs no handler, so no code of ours runs at a bad moment. The container's process resets it.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
    // A blocked signal would stay blocked in all that we start; and nothing here needs one.
    let _ = SigSet::empty().thread_set_mask();
    if let Ok(null) = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty()) {
        let _ = dup2_stdin(&null)
            .and(dup2_stdout(&null))
            .and(dup2_stderr(&null));
    }
    let _ = std::env::set_current_dir("/");
}
