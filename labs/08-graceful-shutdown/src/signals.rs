//! The signals that ask the server to stop, one after another.

use std::io;

use nix::sys::signal::Signal::{self, SIGINT, SIGQUIT, SIGTERM};
use tokio::select;
use tokio::signal::unix::{self, SignalKind, signal};

/// SIGINT, SIGQUIT and SIGTERM, caught from the moment when this is made.
pub struct Signals {
    interrupt: unix::Signal,
    quit: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    /// Installs the handlers.
    pub fn new() -> io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one. A signal that came before this call is remembered.
    pub async fn next(&mut self) -> Signal {
        select! {
            _ = self.interrupt.recv() => SIGINT,
            _ = self.quit.recv() => SIGQUIT,
            _ = self.terminate.recv() => SIGTERM,
        }
    }
}
