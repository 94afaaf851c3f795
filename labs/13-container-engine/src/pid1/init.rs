//! The init of `--init`: PID 1 that hands signals on to its one child, collects every orphan, and
//! ends as the child does. It is this same program under another name.

use std::ffi::{CString, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::ptr;

use nix::libc::{self, SIG_SETMASK};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::{ForkResult, Pid, execvp, fork, setpgid};
use rustix::process::{WaitOptions, wait};

use crate::pid1::program::die;
use crate::pid1::slate;
use crate::pidfd::exit_code;

/// Signals that a program gets for its own faults: handing them on would make no sense.
const OWN: [i32; 9] = [
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGSYS,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

// ANCHOR: init
/// The whole life of the init; `args` is what follows its name. Returns the exit
/// code.
#[allow(unsafe_code)]
pub(crate) fn run(args: impl Iterator<Item = OsString>) -> u8 {
    // In a pid namespace that is not its own, orphans would go past it.
    let _ = nix::sys::prctl::set_child_subreaper(true);
    let _ = nix::sys::prctl::set_name(c"docker-init");
    let mut argv: Vec<CString> = args
        .filter_map(|arg| CString::new(arg.into_vec()).ok())
        .collect();
    if argv.first().is_some_and(|first| first.as_bytes() == b"--") {
        argv.remove(0);
    }
    // Block everything first, then fork: a signal that comes before the child is
    // there waits, and is handed on afterwards. PID 1 that does not block it would
    // have dropped it.
    let mut all = all_signals();
    let mut before = all_signals();
    // SAFETY: reads and writes two sets that live on; both are initialised.
    unsafe { libc::sigprocmask(SIG_SETMASK, &raw const all, &raw mut before) };
    // Whoever writes to a terminal in the background is stopped by these; the init
    // must not be.
    // SAFETY: no handler is installed, so no code of ours can run at a
    // bad moment.
    let _ = unsafe {
        let one = signal(Signal::SIGTTOU, SigHandler::SigIgn);
        one.and(signal(Signal::SIGTTIN, SigHandler::SigIgn))
    };
    // SAFETY: this program has one thread, so no other held a lock when the memory
    // was copied.
    let child = match unsafe { fork() } {
        Ok(ForkResult::Parent { child }) => child,
        Ok(ForkResult::Child) => become_child(&argv, &before),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "init: cannot fork: {error}");
            return 1;
        }
    };
    for signal in OWN {
        // SAFETY: `all` is initialised, and the number is one of the C library's.
        unsafe { libc::sigdelset(&raw mut all, signal) };
    }
    loop {
        // Sleep until a signal is pending, and take it: no handler, so no race with
        // one.
        // SAFETY: reads an initialised set; a null pointer says that the
        // number is all we want.
        let signal = unsafe { libc::sigwaitinfo(&raw const all, ptr::null_mut()) };
        if signal == libc::SIGCHLD {
            if let Some(code) = reap(child) {
                return code;
            }
        } else if signal > 0 {
            // SAFETY: two integers. The child cannot be another process: we have
            // not reaped it.
            unsafe { libc::kill(child.as_raw(), signal) };
        }
    }
}

/// Collects every child that has ended. Several SIGCHLD count as one while pending,
/// so one signal may stand for many children: go on until the kernel has no more.
/// Returns the exit code of `main` if it is among them.
fn reap(main: Pid) -> Option<u8> {
    let mut code = None;
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if pid.as_raw_pid() == main.as_raw() {
            let signal = status.terminating_signal();
            code = Some(exit_code(status.exit_status(), signal));
        }
    }
    code
}
// ANCHOR_END: init

/// Every signal that there is.
#[allow(unsafe_code)]
fn all_signals() -> libc::sigset_t {
    // SAFETY: a set is an array of integers, for which zeros are valid; sigfillset writes within it.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigfillset(&raw mut set);
        set
    }
}

/// The child: a group of its own, in the foreground if there is a terminal, then the command.
#[allow(unsafe_code)]
fn become_child(argv: &[CString], before: &libc::sigset_t) -> ! {
    let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    let _ = nix::unistd::tcsetpgrp(std::io::stdin(), nix::unistd::getpid());
    slate::wipe();
    // SAFETY: reads a set that is initialised: the mask that the init itself began with.
    unsafe { libc::sigprocmask(SIG_SETMASK, before, ptr::null_mut()) };
    let Some(program) = argv.first() else { die(1) };
    let Err(error) = execvp(program, argv);
    let name = program.to_string_lossy();
    let _ = writeln!(
        std::io::stderr(),
        "[FATAL tini ({})] exec {name} failed: {}",
        nix::unistd::getpid(),
        error.desc()
    );
    die(match error {
        nix::errno::Errno::ENOENT => 127,
        nix::errno::Errno::EACCES => 126,
        _ => 1,
    })
}
