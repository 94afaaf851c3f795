//! Wrong: however the worker ended, the supervisor ends with 0.

use std::error::Error;
use std::process::{Command, ExitCode};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Handlers, and no mask: exec takes handlers away, so the worker starts with neither.
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGCHLD])?;

    let mut worker = Command::new("/worker").spawn()?;
    let pid = Pid::from_raw(worker.id().try_into()?);
    loop {
        for signal in signals.wait() {
            if signal != SIGCHLD {
                let signal = Signal::try_from(signal)?;
                println!("supervisor: {signal}");
                // One thread signals and reaps: as long as this runs, the number is the worker's.
                kill(pid, signal)?;
            } else if let Some(status) = worker.try_wait()? {
                println!("supervisor: the worker ended, {status}");
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}
