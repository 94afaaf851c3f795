//! Your turn: everything is stopped, nothing is killed, the exit status is 0. And yet a record is lost. Why?

use anyhow::Result;
use lab_12_orchestrators::Inbox;
use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGUSR1};

fn main() -> Result<()> {
    let mut inbox = Inbox::open([SIGCHLD, SIGTERM, SIGUSR1])?;

    let store = inbox.start("/store", &[])?;
    let writer = inbox.start("/writer", &[&store.id().to_string()])?;
    println!("all ready");

    inbox.next_of([SIGTERM])?;
    // TODO: the writer says that its last record is lost.
    for part in [store, writer] {
        inbox.stop(part)?;
    }
    Ok(())
}
