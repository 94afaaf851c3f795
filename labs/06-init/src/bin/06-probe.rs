//! `probe`: says which signals it gets, whatever they are, and goes on.

use std::io::{self, Write};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;

fn main() -> io::Result<()> {
    let all = SigSet::all();
    all.thread_block()?;
    let signals = SignalFd::new(&all)?;
    let mut out = io::stdout();
    writeln!(out, "ready")?;
    while let Some(info) = signals.read_signal()? {
        let number = info.ssi_signo.cast_signed();
        match Signal::try_from(number) {
            Ok(name) => writeln!(out, "{number} {name}")?,
            Err(_) => writeln!(out, "{number}")?,
        }
    }
    Ok(())
}
