//! A coordinator: starts the store, then the writer; stops the writer, then the store.
//!
//! `main` reads as the order of things; each step waits for what the last one promised.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use lab_12_orchestrators::Inbox;
use nix::sys::signal::Signal::{SIGCHLD, SIGTERM, SIGUSR1};

// ANCHOR: main
fn main() -> Result<ExitCode> {
    let mut inbox = Inbox::open([SIGCHLD, SIGTERM, SIGUSR1])?;

    let store = inbox.start("/store", &[])?;
    let writer = inbox.start("/writer", &[&store.id().to_string()])?;
    println!("all ready");

    // The end of a part is no reason to go on without it:
    // whatever comes first ends both.
    let reason = inbox.next_of([SIGTERM, SIGCHLD])?;
    println!("coordinator: {reason}");

    // Who depends on another goes first.
    let stopped = [writer, store].map(|part| inbox.stop(part));
    for status in stopped {
        let status = status?;
        ensure!(status.success(), "a part ended with {status}");
    }
    Ok(ExitCode::from(if reason == SIGTERM { 0 } else { 1 }))
}
// ANCHOR_END: main
