//! Runs a command that ends when this program does: a launcher that is killed leaves no cargo at work behind it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> io::Result<ExitStatus> {
    #[cfg(target_os = "linux")]
    dies_with_us(command);
    command.status()
}

/// The kernel sends SIGTERM to the child when we end (PR_SET_PDEATHSIG, prctl(2)). A crate for this one call would have
/// to be compiled before the launcher.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "prctl(2) has no safe function in std")]
fn dies_with_us(command: &mut Command) {
    use std::ffi::{c_int, c_ulong};
    const PR_SET_PDEATHSIG: c_int = 1;
    const SIGTERM: c_ulong = 15;
    unsafe extern "C" {
        fn prctl(option: c_int, argument: c_ulong) -> c_int;
    }
    let ask = || {
        // SAFETY: the call takes two numbers, no memory; and it is a bare system call, which is allowed between
        // fork and exec (signal-safety(7)).
        match unsafe { prctl(PR_SET_PDEATHSIG, SIGTERM) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: `ask` allocates nothing and takes no lock.
    unsafe { command.pre_exec(ask) };
}
