//! The command: a child with a session, a terminal and a clean slate of its own.

use std::convert::Infallible;

use nix::errno::Errno;
use nix::libc::{self, STDIN_FILENO};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::unistd;

use crate::options::Options;
use crate::say;

nix::ioctl_none_bad!(tiocnotty, libc::TIOCNOTTY);
nix::ioctl_write_int_bad!(tiocsctty, libc::TIOCSCTTY);

// ANCHOR: terminal
/// Gives up the controlling terminal, so that the command's session can have it.
///
/// When a session leader does that, the kernel sends SIGHUP and SIGCONT to the
/// foreground group, that is, to us. They are not meant for the command. To ignore
/// a signal throws away a pending one, even if it is blocked.
pub fn leave_terminal(options: &Options) {
    let leader = unistd::getsid(None) == Ok(unistd::getpid());
    // SAFETY: no memory and no code of ours is involved, only numbers.
    #[allow(unsafe_code)]
    unsafe {
        if tiocnotty(STDIN_FILENO).is_err() {
            return; // there was none
        }
        if leader {
            for number in [Signal::SIGHUP, Signal::SIGCONT] {
                let _ = signal(number, SigHandler::SigIgn);
                let _ = signal(number, SigHandler::SigDfl);
            }
        }
    }
    options.log(format_args!("left the controlling terminal"));
}
// ANCHOR_END: terminal

// ANCHOR: exec
/// Becomes the command. What comes back is the exit code of a
/// failure, as a shell has it.
pub fn exec(options: &Options) -> u8 {
    let Err(error) = become_command(options);
    let name = options.command[0].to_string_lossy();
    say(format_args!("{name}: {}", error.desc()));
    if error == Errno::ENOENT { 127 } else { 126 }
}

fn become_command(options: &Options) -> nix::Result<Infallible> {
    if options.session {
        unistd::setsid()?;
        // SAFETY: a number. It fails where there is no terminal
        // to take: nothing is lost.
        #[allow(unsafe_code)]
        let _ = unsafe { tiocsctty(STDIN_FILENO, 0) };
    }
    // A mask survives exec. Whatever was sent to us before now is delivered here.
    SigSet::empty().thread_set_mask()?;
    unistd::execvp(&options.command[0], &options.command)
}
// ANCHOR_END: exec
