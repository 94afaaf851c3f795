//! Wrong: it ignores SIGCHLD, so the kernel reaps for it and throws the statuses away, the command's, too.

use std::env;
use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, Signal, kill, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Blocked, so that none is lost between two calls of `wait`.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    // SAFETY: to ignore a signal runs no code of ours.
    #[allow(unsafe_code)]
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }?;

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

    kill(command, signals.wait()?)?;
    match waitpid(command, None) {
        Ok(WaitStatus::Exited(_, code)) => Ok(ExitCode::from(code.unsigned_abs() as u8)),
        Ok(WaitStatus::Signaled(_, signal, _)) => Ok(ExitCode::from(128 + signal as u8)),
        Ok(_) | Err(Errno::ECHILD) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}
