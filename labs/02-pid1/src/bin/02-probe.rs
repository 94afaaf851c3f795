//! Has every standard signal sent to it, by itself and by a child, and tells who lives.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::Result;
use nix::sys::prctl;
use nix::sys::signal::Signal::{SIGKILL, SIGSTOP};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, pause};

fn main() -> Result<()> {
    default_dispositions()?;
    match env::args().nth(1) {
        None => probe(),
        Some(number) => child(number.parse::<i32>()?.try_into()?),
    }
}

// ANCHOR: probe
fn probe() -> Result<()> {
    println!("signal        PID {}  its child", Pid::this());
    for signal in Signal::iterator() {
        // POSIX: an unblocked signal to oneself is delivered before kill() returns.
        kill(Pid::this(), signal)?;
        let other = action_on_child(signal)?;
        // Whoever prints this line has survived both.
        println!("{:2} {:9}  lives  {other}", signal as i32, signal.as_str());
    }
    println!("all sent");
    loop {
        pause();
    }
}

/// The child's whole life: one signal to the parent, the same to itself.
fn child(signal: Signal) -> Result<()> {
    prctl::set_dumpable(false)?; // no core files
    kill(Pid::parent(), signal)?;
    kill(Pid::this(), signal)?;
    Ok(())
}
// ANCHOR_END: probe

fn action_on_child(signal: Signal) -> Result<String> {
    let child = Command::new("/proc/self/exe")
        .arg((signal as i32).to_string())
        // Not in our process group: SIGTSTP, SIGTTIN and SIGTTOU stop nobody in an
        // orphaned one, and the group of a container's PID 1 is orphaned.
        .process_group(0)
        .spawn()?;
    let child = Pid::from_raw(child.id().try_into()?);
    Ok(match waitpid(child, Some(WaitPidFlag::WUNTRACED))? {
        WaitStatus::Exited(_, 0) => "lives".into(),
        WaitStatus::Signaled(_, by, _) if by == signal => "dies".into(),
        WaitStatus::Stopped(_, by) if by == signal => {
            kill(child, SIGKILL)?;
            waitpid(child, None)?;
            "stops".into()
        }
        surprise => format!("{surprise:?}"),
    })
}

/// Rust starts `main` with SIGPIPE ignored, and with handlers of its own for SIGSEGV and
/// SIGBUS (they tell a stack overflow). This program is to have neither.
fn default_dispositions() -> Result<()> {
    let fixed = [SIGKILL, SIGSTOP];
    for number in Signal::iterator().filter(|number| !fixed.contains(number)) {
        #[allow(unsafe_code)]
        // SAFETY: the default disposition runs no code of ours.
        unsafe {
            signal(number, SigHandler::SigDfl)?;
        }
    }
    Ok(())
}
