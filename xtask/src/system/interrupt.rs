//! Ctrl-C, Ctrl-\\, SIGTERM, SIGHUP and an output that cannot be written: noticed at once, acted on in order.
//!
//! Nothing is done inside the handler but to note the exit status and to make a pipe readable (the self-pipe
//! trick, signal-safety(7)). The byte is never read, so every poll(2) that watches the pipe, in every
//! thread, from then on returns at once. The runner unwinds, cleans up, and ends with that status.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

struct Interrupt {
    /// The exit status to end with; 0 as long as nothing asks for the end.
    status: Arc<AtomicUsize>,
    readable: OwnedFd,
    writable: OwnedFd,
}

static INTERRUPT: OnceLock<Interrupt> = OnceLock::new();

/// The error that unwinds an interrupted run: [`caught`] has the exit status.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Installs the handlers. Called once, before anything is started that would have to be cleaned up.
pub fn install() -> Result<()> {
    let (readable, writable) = nix::unistd::pipe().context("cannot make a pipe")?;
    let status = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
        // In this order: whoever sees the pipe readable finds the status already there.
        let ended_by = usize::from(ended_by(number));
        signal_hook::flag::register_usize(number, Arc::clone(&status), ended_by)?;
        signal_hook::low_level::pipe::register(number, writable.try_clone()?)?;
    }
    INTERRUPT.get_or_init(|| Interrupt {
        status,
        readable,
        writable,
    });
    Ok(())
}

/// The exit status of a shell's child that signal `number` ended: 128+N.
pub fn ended_by(number: i32) -> u8 {
    u8::try_from(128 + number).expect("signal numbers are 1 to 64")
}

/// The exit status to end with, if something asked for the end.
pub fn caught() -> Option<u8> {
    let status = INTERRUPT.get()?.status.load(Ordering::SeqCst);
    u8::try_from(status).ok().filter(|status| *status != 0)
}

/// An error if something asked for the end.
pub fn check() -> Result<(), Interrupted> {
    caught().map_or(Ok(()), |_| Err(Interrupted))
}

/// Ends the run as a signal does, with this exit status, unless something has asked for the end before.
pub fn trigger(status: u8) {
    if let Some(interrupt) = INTERRUPT.get() {
        let (none, wanted) = (0, usize::from(status));
        let _ = interrupt
            .status
            .compare_exchange(none, wanted, Ordering::SeqCst, Ordering::SeqCst);
        // A full pipe is a readable pipe: an error changes nothing.
        let _ = nix::unistd::write(&interrupt.writable, b"!");
    }
}

/// Readable from the moment something asked for the end. `None` before [`install`] (unit tests).
pub fn fd() -> Option<BorrowedFd<'static>> {
    INTERRUPT.get().map(|interrupt| interrupt.readable.as_fd())
}
