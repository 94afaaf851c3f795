//! Wrong: it signals the writer once more when that has been waited for: its number names nobody.

use anyhow::Result;
use lab_12_orchestrators::{Inbox, pid};
use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGUSR1};
use nix::sys::signal::kill;

fn main() -> Result<()> {
    let mut inbox = Inbox::open([SIGCHLD, SIGTERM, SIGUSR1])?;

    let store = inbox.start("/store", &[])?;
    let writer = inbox.start("/writer", &[&store.id().to_string()])?;
    println!("all ready");

    inbox.next_of([SIGTERM])?;
    let number = pid(&writer);
    inbox.stop(writer)?;
    kill(number, SIGTERM)?;
    inbox.stop(store)?;
    Ok(())
}
