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

/// What asks for the end: a descriptor that becomes readable then, and the exit status to end with.
#[derive(Debug)]
pub struct Interrupt {
    /// 0 as long as nothing asks for the end.
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
    let interrupt = Interrupt::new()?;
    for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
        // In this order: whoever sees the pipe readable finds the status already there.
        let ended_by = usize::from(ended_by(number));
        signal_hook::flag::register_usize(number, Arc::clone(&interrupt.status), ended_by)?;
        signal_hook::low_level::pipe::register(number, interrupt.writable.try_clone()?)?;
    }
    INTERRUPT.get_or_init(|| interrupt);
    Ok(())
}

impl Interrupt {
    /// One that nothing has triggered.
    pub fn new() -> Result<Interrupt> {
        let (readable, writable) = nix::unistd::pipe().context("cannot make a pipe")?;
        Ok(Interrupt {
            status: Arc::new(AtomicUsize::new(0)),
            readable,
            writable,
        })
    }

    /// Asks for the end, with this exit status, unless something has asked for it before.
    pub fn trigger(&self, status: u8) {
        let (none, wanted) = (0, usize::from(status));
        let _ = self
            .status
            .compare_exchange(none, wanted, Ordering::SeqCst, Ordering::SeqCst);
        // A full pipe is a readable pipe: an error changes nothing.
        let _ = nix::unistd::write(&self.writable, b"!");
    }

    /// An error if something asked for the end.
    pub fn check(&self) -> Result<(), Interrupted> {
        self.caught().map_or(Ok(()), |_| Err(Interrupted))
    }

    fn caught(&self) -> Option<u8> {
        let status = self.status.load(Ordering::SeqCst);
        u8::try_from(status).ok().filter(|status| *status != 0)
    }
}

/// Readable from the moment something asked for the end.
impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.readable.as_fd()
    }
}

/// The exit status of a shell's child that signal `number` ended: 128+N.
pub fn ended_by(number: i32) -> u8 {
    u8::try_from(128 + number).expect("signal numbers are 1 to 64")
}

/// The exit status to end with, if something asked for the end.
pub fn caught() -> Option<u8> {
    INTERRUPT.get()?.caught()
}

/// An error if something asked for the end.
pub fn check() -> Result<(), Interrupted> {
    INTERRUPT.get().map_or(Ok(()), Interrupt::check)
}

/// Ends the run as a signal does, with this exit status, unless something has asked for the end before.
pub fn trigger(status: u8) {
    if let Some(interrupt) = INTERRUPT.get() {
        interrupt.trigger(status);
    }
}

/// The runner's own. `None` before [`install`] (unit tests).
pub fn installed() -> Option<&'static Interrupt> {
    INTERRUPT.get()
}
