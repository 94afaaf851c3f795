//! The store: each SIGUSR1 is a record to keep, SIGTERM closes it.

use anyhow::Result;
use lab_12_orchestrators::{Inbox, ready};
use nix::sys::signal::Signal::{SIGTERM, SIGUSR1};

fn main() -> Result<()> {
    let mut inbox = Inbox::open([SIGTERM, SIGUSR1])?;
    println!("store: open");
    ready()?;

    let mut records = 0;
    // A record that is pending together with SIGTERM comes first: 10 is less than 15 (see `Inbox::read`).
    while inbox.next_of([SIGUSR1, SIGTERM])? == SIGUSR1 {
        records += 1;
    }
    println!("store: closed with {records} record");
    Ok(())
}
