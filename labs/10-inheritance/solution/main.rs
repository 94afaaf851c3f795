//! A supervisor: starts a worker, passes SIGTERM and SIGINT on to it, and ends with its exit status.

use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Handlers, and no mask: exec takes handlers away, so the worker starts with neither.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;

    let mut worker = Command::new("/worker").spawn()?;
    let pid = Pid::from_raw(worker.id().try_into()?);
    thread::spawn(move || {
        for signal in signals.forever() {
            let signal = Signal::try_from(signal).expect("one of the two above");
            println!("supervisor: {signal}");
            kill(pid, signal).expect("the worker is there until this process ends");
        }
    });

    let status = worker.wait()?;
    println!("supervisor: the worker ended, {status}");
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(ExitCode::from(u8::try_from(code.unwrap_or(255))?))
}
