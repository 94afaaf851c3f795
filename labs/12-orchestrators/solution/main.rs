//! Solved: who depends on another stops before it.

use anyhow::Result;
use lab_12_orchestrators::Inbox;
use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGUSR1};

fn main() -> Result<()> {
    let mut inbox = Inbox::open([SIGCHLD, SIGTERM, SIGUSR1])?;

    let store = inbox.start("/store", &[])?;
    let writer = inbox.start("/writer", &[&store.id().to_string()])?;
    println!("all ready");

    inbox.next_of([SIGTERM])?;
    inbox.stop(writer)?;
    inbox.stop(store)?;
    Ok(())
}
