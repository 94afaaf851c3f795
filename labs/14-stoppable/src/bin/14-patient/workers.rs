//! A master with workers, as servers have them; and a parent that leaves zombies.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Workers that drain for as long as the master would.
pub fn start(count: usize, drain: Duration) -> Result<Vec<Child>> {
    let drain = drain.as_millis().to_string();
    let worker = || {
        Command::new("/proc/self/exe")
            .args(["--on", "TERM", "--drain", &drain])
            .stdin(Stdio::null())
            .spawn()
    };
    (0..count)
        .map(|_| worker().context("cannot start a worker"))
        .collect()
}

/// Passes SIGTERM on.
pub fn tell(workers: &[Child]) {
    for worker in workers {
        let _ = kill(Pid::from_raw(worker.id().cast_signed()), Signal::SIGTERM); // it may have ended
    }
}

/// Waits for all.
pub fn wait(workers: &mut [Child]) {
    for worker in workers {
        let _ = worker.wait();
    }
}

/// Children that end at once. Whoever reaps waits for them, and for every orphan that comes later.
pub fn litter(count: usize, reap: bool) -> Result<()> {
    for _ in 0..count {
        Command::new("/proc/self/exe")
            .arg("--help")
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start a child")?;
    }
    if reap {
        let mut ends = signal_hook::iterator::Signals::new([Signal::SIGCHLD as i32])?;
        std::thread::spawn(move || {
            loop {
                // Several ends may be one signal (signal(7)): wait until nobody is left to be waited for.
                while nix::sys::wait::waitpid(None, Some(nix::sys::wait::WaitPidFlag::WNOHANG))
                    .is_ok_and(|status| status != nix::sys::wait::WaitStatus::StillAlive)
                {
                }
                ends.forever().next();
            }
        });
    }
    Ok(())
}
