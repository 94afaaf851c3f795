//! The server as it should be: SIGINT and SIGTERM stop it, the exit status tells which.

use std::process::ExitCode;

use anyhow::Result;
use lab_02_pid1::serve;
use nix::sys::signal::Signal::{SIGINT, SIGTERM};
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

// ANCHOR: main
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    // First of all: until these two lines have run, the kernel
    // throws both signals away.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let reason = serve(async {
        select! {
            _ = interrupt.recv() => SIGINT,
            _ = terminate.recv() => SIGTERM,
        }
    })
    .await?;

    println!("server stopped by {reason}");
    Ok(ExitCode::from(128 + reason as u8))
}
// ANCHOR_END: main
