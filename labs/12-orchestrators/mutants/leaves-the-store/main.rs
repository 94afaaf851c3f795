//! Wrong: it stops the writer and leaves: the store ends with the container, records and all.

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
    Ok(())
}
