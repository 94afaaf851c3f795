//! Wrong: it ends with the code that stands in the chapter, whatever the command says.

use std::env;
use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Blocked, so that none is lost between two calls of `wait`.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;

    let mut words = env::args_os().skip(1);
    let program = words.next().ok_or("no command")?;
    // SAFETY: there is one thread, so the child may do whatever its parent could.
    #[allow(unsafe_code)]
    let command = match unsafe { fork() }? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            // A mask survives exec, and this command wants to hear SIGTERM.
            signals.thread_unblock()?;
            return Err(Command::new(program).args(words).exec().into());
        }
    };

    loop {
        match signals.wait()? {
            Signal::SIGCHLD => {
                // One SIGCHLD says that some child has ended: one, or a hundred.
                while let Some(pid) = reap()? {
                    if pid == command {
                        return Ok(ExitCode::from(143));
                    }
                }
            }
            signal => kill(command, signal)?,
        }
    }
}

/// A child that has ended; `None` if there is none.
fn reap() -> nix::Result<Option<Pid>> {
    match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, _, _)) => Ok(Some(pid)),
        Ok(_) | Err(Errno::ECHILD) => Ok(None),
        Err(error) => Err(error),
    }
}
