//! A supervisor: starts a worker, passes SIGTERM and SIGINT on to it, and ends with its exit status.

use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Blocked, so that each of them waits until we ask for it.
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD]);
    signals.thread_block()?;

    let mut worker = Command::new("/worker").spawn()?;
    let pid = Pid::from_raw(worker.id().try_into()?);
    loop {
        let signal = signals.wait()?;
        if signal != Signal::SIGCHLD {
            println!("supervisor: {signal}");
            // One thread signals and reaps: as long as this runs, the number is the worker's.
            kill(pid, signal)?;
        } else if let Some(status) = worker.try_wait()? {
            println!("supervisor: the worker ended, {status}");
            let code = status.code().or(status.signal().map(|signal| 128 + signal));
            return Ok(ExitCode::from(u8::try_from(code.unwrap_or(255))?));
        }
    }
}
