//! The default action of every standard signal, measured: a child with default dispositions sends
//! itself the signal, and the parent reads from the wait status what became of it.

use std::env;
use std::fs;
use std::io;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, Signal, kill, raise, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pause, setpgid};

pub(crate) fn run() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    keep_cores_in(folder.path())?;
    default_dispositions()?;
    for signal in Signal::iterator() {
        println!(
            "{:2} {:10} {}",
            signal as i32,
            signal.as_str(),
            default_action(signal)?
        );
    }
    Ok(())
}

// ANCHOR: measure
fn default_action(signal: Signal) -> io::Result<&'static str> {
    let child = child(|| raise(signal))?;
    match waitpid(child, Some(WaitPidFlag::WUNTRACED))? {
        WaitStatus::Signaled(_, by, core) if by == signal => Ok(if core {
            "terminate, core dump"
        } else {
            "terminate"
        }),
        WaitStatus::Stopped(_, by) if by == signal => end(child).and(Ok("stop")),
        // The child ran on, to its end. Does the signal do more
        // for a child that is stopped?
        WaitStatus::Exited(_, 0) if continues(signal)? => Ok("continue"),
        WaitStatus::Exited(_, 0) => Ok("ignore"),
        other => Err(io::Error::other(format!("{signal}: unexpected {other:?}"))),
    }
}

fn continues(signal: Signal) -> io::Result<bool> {
    let child = child(|| raise(Signal::SIGSTOP).map(|()| pause()))?;
    waitpid(child, Some(WaitPidFlag::WUNTRACED))?;
    kill(child, signal)?;
    let options = WaitPidFlag::WCONTINUED | WaitPidFlag::WNOHANG;
    let status = waitpid(child, Some(options))?;
    end(child)?;
    Ok(matches!(status, WaitStatus::Continued(_)))
}
// ANCHOR_END: measure

/// A child that does this, and then exits with 0. A signal that it raises has been delivered when
/// `raise` returns.
#[allow(unsafe_code)]
fn child(act: impl FnOnce() -> nix::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so no other one can hold a lock that the child would need.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            // A process group of its own, with a parent outside. The first group of a container is an
            // orphaned one, where SIGTSTP, SIGTTIN and SIGTTOU stop nobody; see
            // <https://pubs.opengroup.org/onlinepubs/9799919799/functions/V2_chap02.html#tag_16_04_03>.
            let done = setpgid(Pid::from_raw(0), Pid::from_raw(0)).and_then(|()| act());
            signal_hook::low_level::exit(i32::from(done.is_err()))
        }
    }
}

fn end(child: Pid) -> io::Result<()> {
    kill(child, Signal::SIGKILL)?;
    waitpid(child, None)?;
    Ok(())
}

/// Undoes what this process inherited, and what Rust's runtime did before main.
#[allow(unsafe_code)]
fn default_dispositions() -> io::Result<()> {
    let fixed = [Signal::SIGKILL, Signal::SIGSTOP];
    for settable in Signal::iterator().filter(|signal| !fixed.contains(signal)) {
        // SAFETY: the default action runs no code of ours.
        unsafe { signal(settable, SigHandler::SigDfl) }?;
    }
    Ok(SigSet::empty().thread_set_mask()?)
}

/// The flag "core dumped" is set only if there was a dump. Let there be one, but a small one and where
/// it can be thrown away; see <https://man7.org/linux/man-pages/man5/core.5.html>.
fn keep_cores_in(folder: &Path) -> io::Result<()> {
    let pattern = fs::read("/proc/sys/kernel/core_pattern")?;
    let limit = match pattern.first() {
        // To a program: the kernel pipes in spite of the limit, and the program can see that it is 0.
        Some(b'|') => 0,
        Some(b'/' | b'@' | b'\n') | None => {
            let pattern = String::from_utf8_lossy(&pattern);
            let why = "cannot keep core files out of your system: kernel.core_pattern is";
            return Err(io::Error::other(format!("{why} {}", pattern.trim_end())));
        }
        // A file in the current folder. Below one page the kernel does not begin.
        Some(_) => 64 << 10,
    };
    env::set_current_dir(folder)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, limit, hard).map_err(|error| {
        io::Error::other(format!(
            "cannot allow core files ({error}): see `ulimit -Hc`"
        ))
    })
}
