//! The writer: at SIGTERM it hands its last record to the store, whose process number is its argument.

use std::env;

use anyhow::{Context, Result};
use lab_12_orchestrators::{Inbox, ready};
use nix::sys::signal::Signal::{SIGTERM, SIGUSR1};
use nix::sys::signal::kill;
use nix::unistd::Pid;

fn main() -> Result<()> {
    let store: i32 = env::args().nth(1).context("the store's pid")?.parse()?;

    let mut inbox = Inbox::open([SIGTERM])?;
    println!("writer: open");
    ready()?;

    inbox.next_of([SIGTERM])?;
    match kill(Pid::from_raw(store), SIGUSR1) {
        Ok(()) => println!("writer: the last record is handed over"),
        Err(error) => println!("writer: the last record is lost: {error}"),
    }
    Ok(())
}
