//! A supervisor: starts a worker, passes SIGTERM and SIGINT on to it, and ends with its exit status.

use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};
use std::thread;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Blocked in every thread, so that each signal waits for the one that asks for it.
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    signals.thread_block()?;

    let mut worker = Command::new("/worker").spawn()?;
    let pid = Pid::from_raw(worker.id().try_into()?);
    thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            println!("supervisor: {signal}");
            kill(pid, signal).expect("the worker is there until this process ends");
        }
    });

    let status = worker.wait()?;
    println!("supervisor: the worker ended, {status}");
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(ExitCode::from(u8::try_from(code.unwrap_or(255))?))
}
