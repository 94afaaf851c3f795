//! Wrong: it makes sure that the writer is gone first, by SIGKILL: it takes its record along.

use anyhow::Result;
use lab_12_orchestrators::Inbox;
use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGUSR1};

fn main() -> Result<()> {
    let mut inbox = Inbox::open([SIGCHLD, SIGTERM, SIGUSR1])?;

    let store = inbox.start("/store", &[])?;
    let mut writer = inbox.start("/writer", &[&store.id().to_string()])?;
    println!("all ready");

    inbox.next_of([SIGTERM])?;
    writer.kill()?;
    writer.wait()?;
    inbox.stop(store)?;
    Ok(())
}
