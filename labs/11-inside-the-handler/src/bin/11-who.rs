//! Says of each signal who sent it, as far as the kernel tells.

use std::io;

use nix::libc;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::alarm;

// ANCHOR: who
fn main() -> io::Result<()> {
    let three = [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGALRM];
    let mask = SigSet::from_iter(three);
    mask.thread_block()?;
    let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC)?;

    raise(Signal::SIGUSR1)?; // from ourselves
    alarm::set(1); // from the kernel
    while let Some(info) = signals.read_signal()? {
        let signal = Signal::try_from(info.ssi_signo as i32)?;
        let code = match info.ssi_code {
            libc::SI_USER => "SI_USER",
            libc::SI_TKILL => "SI_TKILL",
            libc::SI_KERNEL => "SI_KERNEL",
            libc::SI_QUEUE => "SI_QUEUE",
            _ => "another code",
        };
        println!(
            "{signal}: {code}, pid {}, uid {}",
            info.ssi_pid, info.ssi_uid
        );
    }
    Ok(())
}
// ANCHOR_END: who
