//! Dispositions and masks, and the two ways to fetch a blocked signal.

use anyhow::{Context, Result};
use nix::sys::signal::{SigHandler, SigSet, Signal};
use nix::sys::signalfd::SignalFd;

use crate::Wish;

/// `TERM,INT`.
pub fn parse(text: &str) -> Result<Vec<Signal>> {
    text.split(',')
        .map(|name| {
            format!("SIG{name}")
                .parse()
                .with_context(|| format!("{name} is no signal"))
        })
        .collect()
}

fn set(signals: &[Signal]) -> SigSet {
    signals.iter().copied().collect()
}

/// Ignores and blocks.
#[allow(unsafe_code)]
pub fn prepare(wish: &Wish) -> Result<()> {
    for signal in &wish.ignore {
        // SAFETY: SIG_IGN runs no code of ours.
        unsafe { nix::sys::signal::signal(*signal, SigHandler::SigIgn)? };
    }
    for blocked in [&wish.block, &wish.sigwait, &wish.signalfd] {
        set(blocked).thread_block()?;
    }
    Ok(())
}

/// Waits for a signal in the way that was asked for; `None` if none was.
pub fn fetched(wish: &Wish) -> Result<Option<()>> {
    if !wish.sigwait.is_empty() {
        set(&wish.sigwait).wait()?;
        return Ok(Some(()));
    }
    if !wish.signalfd.is_empty() {
        SignalFd::new(&set(&wish.signalfd))?.read_signal()?;
        return Ok(Some(()));
    }
    Ok(None)
}

/// Raises a signal with its default action, as programs do that clean up and then want to die of it.
#[allow(unsafe_code)]
pub fn again(signal: i32) -> Result<()> {
    let signal = Signal::try_from(signal)?;
    // SAFETY: SIG_DFL runs no code of ours.
    unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl)? };
    Ok(nix::sys::signal::raise(signal)?)
}
