//! Ctrl-C, SIGTERM, SIGHUP and a closed output pipe: noticed at once, acted on in order.
//!
//! Nothing is done inside the handler but to note the signal and to make a pipe readable (the self-pipe
//! trick, signal-safety(7)). The byte is never read, so every poll(2) that watches the pipe, in every
//! thread, from then on returns at once. The runner unwinds, cleans up, and ends with 128+N.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

struct Interrupt {
    signal: Arc<AtomicUsize>,
    readable: OwnedFd,
    writable: OwnedFd,
}

static INTERRUPT: OnceLock<Interrupt> = OnceLock::new();

/// The error that unwinds an interrupted run. `main` turns it into exit status 128+N.
#[derive(Debug, thiserror::Error)]
#[error("interrupted by signal {0}")]
pub struct Interrupted(pub i32);

/// Installs the handlers. Called once, before anything is started that would have to be cleaned up.
pub fn install() -> Result<()> {
    let (readable, writable) = nix::unistd::pipe().context("cannot make a pipe")?;
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: whoever sees the pipe readable finds the number already there.
        let value = usize::try_from(number).expect("signal numbers are positive");
        signal_hook::flag::register_usize(number, Arc::clone(&signal), value)?;
        signal_hook::low_level::pipe::register(number, writable.try_clone()?)?;
    }
    INTERRUPT.get_or_init(|| Interrupt {
        signal,
        readable,
        writable,
    });
    Ok(())
}

/// The signal that asked for the end, if one did.
pub fn caught() -> Option<i32> {
    match INTERRUPT.get()?.signal.load(Ordering::SeqCst) {
        0 => None,
        number => i32::try_from(number).ok(),
    }
}

/// An error if a signal asked for the end.
pub fn check() -> Result<(), Interrupted> {
    caught().map_or(Ok(()), |number| Err(Interrupted(number)))
}

/// Ends the run as if `number` had been received: what a closed output pipe does.
pub fn trigger(number: i32) {
    if let Some(interrupt) = INTERRUPT.get() {
        let value = usize::try_from(number).unwrap_or(0);
        let _ = interrupt
            .signal
            .compare_exchange(0, value, Ordering::SeqCst, Ordering::SeqCst);
        // A full pipe is a readable pipe: an error changes nothing.
        let _ = nix::unistd::write(&interrupt.writable, b"!");
    }
}

/// Readable from the moment a signal asked for the end. `None` before [`install`] (unit tests).
pub fn fd() -> Option<BorrowedFd<'static>> {
    INTERRUPT.get().map(|interrupt| interrupt.readable.as_fd())
}
