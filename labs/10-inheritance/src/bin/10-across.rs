//! What goes across `fork`, and what goes across `exec`: a handler, an ignored signal, a blocked one
//! and a pending one.

use std::error::Error;
use std::fs;

use nix::sys::signal::{SigHandler, SigSet, Signal, kill, signal};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, execvp, fork, getpid};

// ANCHOR: across
#[allow(unsafe_code)]
fn main() -> Result<(), Box<dyn Error>> {
    // SAFETY: the handler does nothing, and to ignore a signal runs no code at all.
    unsafe {
        signal_hook::low_level::register(Signal::SIGUSR1 as i32, || ())?;
        signal(Signal::SIGHUP, SigHandler::SigIgn)?;
    }
    SigSet::from(Signal::SIGTERM).thread_block()?;
    kill(getpid(), Signal::SIGTERM)?; // blocked, so it stays pending
    show("before")?;

    // SAFETY: this process has one thread, so nobody holds a lock
    // that the child will want.
    match unsafe { fork() }? {
        ForkResult::Child => return show("fork: in the child"),
        ForkResult::Parent { child } => waitpid(child, None)?,
    };

    // `exec` keeps the process and replaces the program:
    // this one reads the same file.
    println!("exec: in the new program");
    let masks = c"/^(Sig|Shd)[PBIC]/p";
    execvp(c"sed", &[c"sed", c"-nE", masks, c"/proc/self/status"])?;
    Ok(())
}
// ANCHOR_END: across

/// The masks of this process, as the kernel prints them.
fn show(title: &str) -> Result<(), Box<dyn Error>> {
    println!("{title}");
    for line in fs::read_to_string("/proc/self/status")?.lines() {
        if line.starts_with("ShdPnd") || line.starts_with("Sig") && !line.starts_with("SigQ") {
            println!("{line}");
        }
    }
    Ok(())
}
