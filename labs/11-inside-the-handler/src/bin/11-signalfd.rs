//! signalfd: no handler at all. The signals are blocked, and pending ones are read from a descriptor.

use std::io;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

// ANCHOR: way
fn main() -> io::Result<()> {
    let mask = SigSet::from_iter([Signal::SIGHUP, Signal::SIGTERM]);
    mask.thread_block()?;
    let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC)?;
    println!("ready");

    while let Some(info) = signals.read_signal()? {
        match Signal::try_from(info.ssi_signo as i32)? {
            Signal::SIGHUP => println!("reload"),
            _ => break,
        }
    }
    println!("stop");
    Ok(())
}
// ANCHOR_END: way
