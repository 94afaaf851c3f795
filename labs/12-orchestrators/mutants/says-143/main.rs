//! Wrong: all is stopped in order, and the exit status says that the coordinator was killed.

use std::process::ExitCode;

use anyhow::Result;
use lab_12_orchestrators::Inbox;
use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGUSR1};

fn main() -> Result<ExitCode> {
    let mut inbox = Inbox::open([SIGCHLD, SIGTERM, SIGUSR1])?;

    let store = inbox.start("/store", &[])?;
    let writer = inbox.start("/writer", &[&store.id().to_string()])?;
    println!("all ready");

    inbox.next_of([SIGTERM])?;
    inbox.stop(writer)?;
    inbox.stop(store)?;
    Ok(ExitCode::from(143))
}
