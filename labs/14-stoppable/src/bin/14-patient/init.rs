//! A small init, as tini is without -g, and with it: passes signals on to its one child, reaps, and ends with its child.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Runs `command` as the child of an init. With `group` the whole process group of the child is told.
pub fn run(command: &[OsString], group: bool) -> Result<ExitCode> {
    let mut signals =
        signal_hook::iterator::Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    let child = Command::new(&command[0])
        .args(&command[1..])
        .process_group(0)
        .spawn()
        .context("cannot start")?;
    let child = Pid::from_raw(child.id().cast_signed());
    for signal in signals.forever() {
        if signal != SIGCHLD {
            let to = if group {
                Pid::from_raw(-child.as_raw())
            } else {
                child
            };
            let _ = kill(to, Signal::try_from(signal)?); // it may have ended
        }
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            match status {
                WaitStatus::Exited(pid, code) if pid == child => {
                    return Ok(ExitCode::from(u8::try_from(code)?));
                }
                WaitStatus::Signaled(pid, signal, _) if pid == child => {
                    return Ok(ExitCode::from(128 + signal as u8));
                }
                WaitStatus::StillAlive => break,
                _ => {}
            }
        }
    }
    bail!("no more signals")
}
